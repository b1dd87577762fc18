"""The stage `predictor`: further training of the predictor on the frozen latents."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

from .config import PredictorConfig, TrainConfig
from .moments import random_views
from .nets import Predictor, rollout
from .rollout_error import relative_errors
from .tip_place import PLACE_SCALE_M
from .train import Jepa, place_error

_CHECKED = 4096
"""Held-out stretches that the figures are of."""
_MOVED_M = 0.03
"""Displacement within a stretch from which on an object counts as moved: more than how inexactly pictures show it."""


class Motions(NamedTuple):
    """What the predictor learns from, of the same episodes: latents `[E, V, T + 1, D]`, raw actions between the frames
    `[E, T, J]`, and places of objects `[E, T + 1, 3 O]` in m, NaN where they are not known."""

    latents: Tensor
    actions: Tensor
    places: Tensor


def train_predictor(
    jepa: Jepa,
    training: Motions,
    held_out: Motions,
    weights: TrainConfig,
    config: PredictorConfig,
    folder: Path,
) -> dict[str, Any]:
    """Trains the predictor of `jepa` further, with the `weights` of its losses, and writes `predictor.pt` to `folder`.

    Returns the errors of held-out predictions before and after.
    """
    torch.manual_seed(config.seed)
    generator = torch.Generator().manual_seed(config.seed)
    network = jepa.predictor.train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps, config.learning_rate * 0.01)
    before = _errors(jepa, held_out, config)
    progress = tqdm(range(config.steps), desc="predictor", unit="step")
    for step in progress:
        history, blocks, wanted, places = _stretches(jepa, training, config.batch, config.rollout, generator)
        predicted = rollout(network, history.unsqueeze(2), blocks).squeeze(2)
        loss = _loss(jepa, predicted, wanted, places, weights)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            progress.set_postfix(loss=f"{float(loss.detach()):.4f}")
    network.eval()
    torch.save(network.state_dict(), folder / "predictor.pt")
    return {"before": before, "after": _errors(jepa, held_out, config)}


def load_predictor(path: Path, network: Predictor) -> None:
    """Gives a predictor the weights of a file of `train_predictor`."""
    network.load_state_dict(torch.load(path, weights_only=True))


def _loss(jepa: Jepa, predicted: Tensor, wanted: Tensor, places: Tensor, weights: TrainConfig) -> Tensor:
    """The losses of the prediction as in the stage `train`: of what the image shows, of the places of objects and of
    the joint part."""
    shown = predicted.shape[2] - jepa.joint_width
    free = shown - jepa.object_width
    error = (predicted - wanted).square()
    loss = error[..., :free].mean()
    if jepa.joint_width:
        loss = loss + weights.joint_prediction * error[..., shown:].mean()
    if jepa.object_width:
        loss = loss + weights.object_prediction * place_error(predicted[..., free:shown], places)
    return loss


def _stretches(
    jepa: Jepa,
    motions: Motions,
    count: int,
    steps: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Random stretches: histories `[count, W, D]`, blocks of actions `[count, steps, block * J]`, and what follows, as
    latents of a random view `[count, steps, D]` and as the places of objects, in `PLACE_SCALE_M`."""
    latents, actions, places = motions
    block, window = jepa.block, jepa.window
    episode, view, other = random_views(latents, count, generator)
    last = actions.shape[1] - (window - 1 + steps) * block
    start = torch.randint(last + 1, (count,), generator=generator)
    at = start[:, None] + block * torch.arange(window + steps)
    taken = start[:, None] + block * (window - 1) + torch.arange(steps * block)
    return (
        latents[episode[:, None], view[:, None], at[:, :window]],
        actions[episode[:, None], taken].unflatten(1, (steps, block)).flatten(2),
        latents[episode[:, None], other[:, None], at[:, window:]],
        places[episode[:, None], at[:, window:]] / PLACE_SCALE_M,
    )


def _errors(jepa: Jepa, held_out: Motions, config: PredictorConfig) -> dict[str, list[float]]:
    """Squared errors of predictions 1 to `config.rollout` steps ahead, as shares of those of predicting that nothing
    moves, and those of `_of_objects` where there are any."""
    generator = torch.Generator().manual_seed(config.seed)
    history, blocks, wanted, places = _stretches(jepa, held_out, _CHECKED, config.rollout, generator)
    with torch.no_grad():
        predicted = rollout(jepa.predictor, history.unsqueeze(2), blocks).squeeze(2)
    figures = {"relative": relative_errors(predicted, wanted, history[:, -1:])}
    if jepa.object_width:
        shown = predicted.shape[2] - jepa.joint_width
        slots = slice(shown - jepa.object_width, shown)
        figures |= _of_objects(predicted[..., slots], history[:, -1:, slots], places)
    return {name: [round(float(value), 4) for value in values] for name, values in figures.items()}


def _of_objects(predicted: Tensor, still: Tensor, places: Tensor) -> dict[str, Tensor]:
    """Median distances in m of objects from where they are predicted and from where they were read before, at the end
    of the stretches in which they moved."""
    away = [
        ((one - places).unflatten(2, (-1, 3)).norm(dim=3) * PLACE_SCALE_M)[:, -1].flatten()
        for one in (predicted, still.expand_as(predicted))
    ]
    moved = away[1] > _MOVED_M
    known = [one[moved] for one in away]
    names = ("object_m", "object_unmoved_m")
    return {name: one.median()[None] for name, one in zip(names, known, strict=True) if len(one)}
