"""How far predictions are from what came, by how many steps ahead, on episodes that training does not see."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from .config import BLOCK, WINDOW
from .dataset import Dataset
from .nets import rollout

ROLLOUT_STEPS = 10
"""How many steps ahead a model is probed: twice what it plans."""

_EPISODES = 32
"""At most so many: the same every time, spread over those that were held back."""


def rollout_errors(jepa: Any, dataset: Dataset, episodes: np.ndarray, steps: int) -> np.ndarray:
    """Mean squared error of latents predicted 1 to `steps` steps ahead, over that of predicting that nothing moves:
    `[steps]`, fewer where episodes are shorter. 1 is worth nothing; latents grow and shrink while a model trains, this
    number does not.

    Frames are as they were recorded, the first view alone.
    """
    some = episodes[np.linspace(0, len(episodes) - 1, min(_EPISODES, len(episodes))).astype(int)]
    frames, actions = dataset.frames[some][:, 0, ::BLOCK], dataset.actions[some]
    length = frames.shape[1]
    steps = min(steps, length - WINDOW)
    with torch.no_grad():
        latents = jepa.see(frames)
        blocks = torch.from_numpy(actions[:, : (length - 1) * BLOCK]).unflatten(1, (length - 1, BLOCK)).flatten(2)
        blocks = blocks.to(latents.device)
        starts = range(length - WINDOW - steps + 1)
        history = torch.cat([latents[:, start : start + WINDOW] for start in starts])
        told = torch.cat([blocks[:, start + WINDOW - 1 : start + WINDOW - 1 + steps] for start in starts])
        came = torch.cat([latents[:, start + WINDOW : start + WINDOW + steps] for start in starts])
        predicted = rollout(jepa.predictor, history.unsqueeze(2), told).squeeze(2)
        wrong = (predicted - came).square().mean((0, 2))
        still = (history[:, -1:] - came).square().mean((0, 2))
    return (wrong / still.clamp_min(1e-12)).cpu().numpy().astype(np.float64)
