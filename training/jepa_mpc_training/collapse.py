"""Keeps latents from collapsing, and detects when they have."""

from __future__ import annotations

import torch
from torch import Tensor

_KNOTS = 9
_MAX_FREQUENCY = 3.0


class CollapseError(RuntimeError):
    """The latents carry almost no information: the model predicts itself perfectly and knows nothing."""


def sigreg(latents: Tensor, projections: int, generator: torch.Generator) -> Tensor:
    """Sketched isotropic Gaussian regularisation of latents `[N, D]`; 0 is best.

    Compares the characteristic function of random one-dimensional projections with a standard normal's
    (Epps-Pulley). Balestriero and LeCun 2025, "LeJEPA", arXiv 2511.08544.
    """
    directions = torch.randn(latents.shape[1], projections, generator=generator).to(latents.device)
    directions = directions / directions.norm(dim=0)
    frequency = torch.linspace(0, _MAX_FREQUENCY, _KNOTS, device=latents.device)
    normal = torch.exp(-0.5 * frequency**2)
    angle = (latents @ directions).unsqueeze(-1) * frequency
    real, imaginary = angle.cos().mean(0), angle.sin().mean(0)
    error = ((real - normal) ** 2 + imaginary**2) * normal
    return 2 * torch.trapezoid(error, frequency, dim=-1).mean()


def latent_spread(latents: Tensor) -> dict[str, float]:
    """Mean standard deviation over the dimensions of latents `[N, D]`, and their effective rank.

    The effective rank is the exponential of the entropy of the covariance's spectrum (Roy and Vetterli 2007): how many
    dimensions are in use.
    """
    mean_std = float(latents.std(0).mean())
    eigenvalues = torch.linalg.eigvalsh(torch.cov(latents.T.double())).clamp_min(0)
    share = eigenvalues / eigenvalues.sum().clamp_min(1e-12)
    rank = float(torch.exp(-(share * share.clamp_min(1e-12).log()).sum()))
    return {"mean_std": mean_std, "effective_rank": rank}


def check_collapse(latents: Tensor, degrees_of_freedom: int) -> dict[str, float]:
    """Returns `latent_spread`. Raises CollapseError if the latents cannot tell that many degrees of freedom apart."""
    spread = latent_spread(latents)
    if spread["mean_std"] < 0.1 or spread["effective_rank"] < degrees_of_freedom:
        raise CollapseError(
            f"latents: found standard deviation {spread['mean_std']:.3f} and effective rank "
            f"{spread['effective_rank']:.1f}, expected at least 0.1 and {degrees_of_freedom}. "
            "The model collapsed, or was trained for too few steps: raise train.regulariser or train.steps."
        )
    return spread
