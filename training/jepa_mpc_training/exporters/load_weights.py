"""Weights in the form that a network takes them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from .errors import ExportRefusedError


def load_weights(network: nn.Module, weights: Mapping[str, Tensor], subject: str) -> None:
    """Makes `weights` the parameters of `network`; weights that it does not have are ignored.

    Raises ExportRefusedError if one is missing or has another shape. `subject` is the file, for the error.
    """
    names = set(network.state_dict())
    try:
        with torch.no_grad():
            network.load_state_dict({name: weights[name] for name in names}, assign=True)
    except (KeyError, RuntimeError) as error:
        raise ExportRefusedError(
            subject,
            found=" ".join(str(error).split()),
            expected="weights whose shapes fit one another",
            remedy="Use config.json and weights of one download.",
        ) from error


def linear_weights(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The published embedding `name`, a convolution over time with a kernel of 1, as the linear layer that it is."""
    return {"weight": tensors[f"{name}.patch_embed.weight"].squeeze(-1), "bias": tensors[f"{name}.patch_embed.bias"]}
