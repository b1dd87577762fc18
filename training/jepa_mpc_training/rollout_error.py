"""Errors of predictions on held-out episodes, by the number of steps ahead."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .dataset import Dataset
from .nets import rollout

ROLLOUT_STEPS = 10
"""Steps ahead that a model is probed for: twice its planning horizon."""

_EPISODES = 32
"""Maximum number of episodes: always the same, spread over those that were held out."""

_USEFUL = 0.5
"""Error relative to predicting that nothing moves, below which predictions count as useful."""


def rollout_errors(jepa: Any, dataset: Dataset, episodes: np.ndarray, steps: int) -> np.ndarray:
    """Mean squared error of latents predicted 1 to `steps` steps ahead, relative to predicting that nothing moves:
    `[steps]`, fewer if episodes are shorter.

    A model at 1 predicts nothing. The ratio does not depend on the scale of the latents, which changes during training.
    Takes the first view of each frame, without photometry. `jepa`: a `Jepa`, or a model with its
    `latents`, `predictor`, `block` and `window`.
    """
    block, window = jepa.block, jepa.window
    some = episodes[np.linspace(0, len(episodes) - 1, min(_EPISODES, len(episodes))).astype(int)]
    frames, actions = dataset.frames[some][:, 0, ::block], dataset.actions[some]
    states = dataset.states[some][:, ::block]
    length = frames.shape[1]
    steps = min(steps, length - window)
    with torch.no_grad():
        latents = jepa.latents(frames, states)
        blocks = torch.from_numpy(actions[:, : (length - 1) * block]).unflatten(1, (length - 1, block)).flatten(2)
        blocks = blocks.to(latents.device)
        starts = range(length - window - steps + 1)
        history = torch.cat([latents[:, start : start + window] for start in starts])
        taken = torch.cat([blocks[:, start + window - 1 : start + window - 1 + steps] for start in starts])
        actual = torch.cat([latents[:, start + window : start + window + steps] for start in starts])
        predicted = rollout(jepa.predictor, history.unsqueeze(2), taken).squeeze(2)
        errors = relative_errors(predicted, actual, history[:, -1:])
    return errors.cpu().numpy().astype(np.float64)


def relative_errors(predicted: Tensor, actual: Tensor, newest: Tensor) -> Tensor:
    """Mean squared error of latents `[B, K, D]`, relative to predicting that they stay as the `newest [B, 1, D]`:
    `[K]`."""
    error = (predicted - actual).square().mean((0, 2))
    still_error = (newest - actual).square().mean((0, 2))
    return error / still_error.clamp_min(1e-12)


def errors_in_words(errors: np.ndarray, horizon: int, step_s: float) -> list[str]:
    """A sentence on the errors of `rollout_errors` after `horizon` steps of `step_s`, or after fewer if that is all;
    none without errors."""
    steps = min(horizon, len(errors))
    if steps == 0:
        return []
    error = float(errors[steps - 1])
    ahead = f"predictions {steps * step_s:g} s ahead"
    share = f"{100 * error:.0f} % of the error of predicting that nothing moves"
    if error >= 1:
        return [f"{ahead} are of no use: they have {share}"]
    return [f"{ahead} have {share}" if error < _USEFUL else f"{ahead} are of little use: they have {share}"]
