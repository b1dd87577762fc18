"""Stage 3: a temporal-distance head on the frozen latents, in predictor steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from .config import DistanceConfig
from .moments import Goals, random_views
from .nets import DistanceHead
from .steps_to_objects import StepsToObjects, load_steps_to_objects

_FASTEST_SHARE = 0.05
"""The fastest of the recorded steps: this share of them counts as full speed when the head is calibrated."""


def train_distance(
    latents: Tensor,
    config: DistanceConfig,
    stride: int,
    folder: Path,
    goals: Tensor | None = None,
    ignored: int = 0,
    first: int = 0,
) -> dict[str, Any]:
    """Trains a head on latents `[E, V, T + 1, D]` and writes `distance.pt` to `folder`; returns figures. `stride` and
    `goals`: see `fit_distance`; `ignored`, `first`: see `DistanceHead`."""
    torch.manual_seed(config.seed)
    dim = latents.shape[3]
    head = DistanceHead(config, dim, ignored, first)
    figures = fit_distance(head, latents, config, stride, goals)
    state = {
        "config": config.__dict__,
        "latent_dim": dim,
        "ignored": ignored,
        "first": first,
        "head": head.state_dict(),
    }
    torch.save(state, folder / "distance.pt")
    return figures


def fit_distance(
    head: DistanceHead, latents: Tensor, config: DistanceConfig, stride: int, goals: Tensor | None = None
) -> dict[str, Any]:
    """Trains on latents `[E, V, T + 1, ...]` of any shape that the head takes; a predictor step is `stride` of them.

    `goals`: the `pictures` of `Goals`.

    Quasimetric reinforcement learning (Wang et al. 2023, arXiv 2304.01203): pushes random pairs apart, while no
    recorded step may be longer than 1. The distance between two states becomes that of the shortest chain of recorded
    steps. A step may begin in one view and end in another; two views of one moment are at distance 0.
    """
    generator = torch.Generator().manual_seed(config.seed)
    # The softplus of this is the multiplier of the constraint, which grows while steps are too long.
    multiplier = torch.tensor(0.0, requires_grad=True)
    optimizer = torch.optim.AdamW(head.parameters(), lr=config.learning_rate)
    dual_optimizer = torch.optim.Adam([multiplier], lr=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps, config.learning_rate * 0.01)
    everything = latents.flatten(0, 2)
    targets = Goals(latents, goals, config.picture_share, generator)

    progress = tqdm(range(config.steps), desc="distance", unit="step")
    for step in progress:
        near, next_ = _steps(latents, targets, config.batch, stride, generator)
        state = _sample(everything, config.batch, generator)
        goal = targets.anywhere(config.batch)
        drawn = torch.cat((near, next_, state, goal, *_same(latents, targets, config.batch, generator))).float()
        embedded = head.embed(drawn).chunk(6)
        local = _length(embedded[0] - embedded[1])
        far = _length(embedded[2] - embedded[3])
        spread = functional.softplus(config.offset - far, beta=0.1).mean()
        excess = (local - 1).clamp_min(0).square().mean() - config.slack**2
        same = _length(embedded[4] - embedded[5]).square().mean()
        weight = functional.softplus(multiplier)
        loss = spread + config.same * same + weight.detach() * excess - weight * excess.detach()
        optimizer.zero_grad()
        dual_optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        dual_optimizer.step()
        schedule.step()
        if step % 50 == 0:
            progress.set_postfix(random_pairs=f"{far.mean():.2f}", one_step=f"{local.mean():.2f}")
    return _calibrate(head, latents, stride)


def load_distance(path: Path) -> DistanceHead | StepsToObjects:
    """Reads a file of `train_distance` or `train_steps_to_objects`."""
    state = torch.load(path, weights_only=True)
    if "numbers" in state:
        return load_steps_to_objects(state)
    config, ignored, first = DistanceConfig(**state["config"]), state.get("ignored", 0), state.get("first", 0)
    head = DistanceHead(config, state["latent_dim"], ignored, first)
    head.load_state_dict(state["head"])
    return head.eval()


def _calibrate(head: DistanceHead, latents: Tensor, stride: int) -> dict[str, float]:
    """Scales the head so that the fastest recorded steps have length 1. Needs no joint angles."""
    with torch.no_grad():
        # One episode at a time: all latents may not fit in memory.
        steps = torch.cat(
            [
                head(episode[:, :-stride].flatten(0, 1).float(), episode[:, stride:].flatten(0, 1).float())
                for episode in latents
            ]
        )
        head.scale /= torch.quantile(steps, 1 - _FASTEST_SHARE)
    return {"scale": float(head.scale), "mean_step": float(steps.mean() * head.scale)}


def _steps(latents: Tensor, goals: Goals, count: int, stride: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random recorded pairs one predictor step apart, each in a random view."""
    episode, view, other = random_views(latents, count, generator)
    start = torch.randint(latents.shape[2] - stride, (count,), generator=generator)
    return latents[episode, view, start], goals.at(episode, other, start + stride)


def _same(latents: Tensor, goals: Goals, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random recorded moments, each in two random views, which may be the same."""
    episode, view, other = random_views(latents, count, generator)
    at = torch.randint(latents.shape[2], (count,), generator=generator)
    return latents[episode, view, at], goals.at(episode, other, at)


def _sample(everything: Tensor, count: int, generator: torch.Generator) -> Tensor:
    return everything[torch.randint(len(everything), (count,), generator=generator)]


def _length(difference: Tensor) -> Tensor:
    return (difference.square().sum(1) + 1e-8).sqrt()
