"""A model and held-out episodes, as the probes of planning take them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .dataset import Dataset
from .nets import rollout

_NUMBERS = 400_000
"""Numbers of all latents that a probe predicts in one step, unless few starts have more: a large latent is probed from
fewer starts."""
_MIN_STARTS = 4

Objective = Callable[[Tensor, Tensor], Tensor]
"""Latents `[B, D]` and goals `[B, D]` -> what they cost `[B]`, lower is better."""


@dataclass(frozen=True)
class Probed:
    """A model with the objective of its planner, and E held-out episodes of T periods.

    latents `[E, V, T + 1, D]` of every frame in every view, `goals` of the same shape: what the frames are as goals
    that are given as pictures; positions and velocities `[E, T + 1, J]` in rad or m, and per second; actions
    `[E, T, J]` per second, held for `period_ms`. Starts are seen in the first view, goals in the last one.
    """

    joints: Sequence[str]
    prismatic: Sequence[bool]
    lower: np.ndarray
    """Lower ends of the joints' ranges `[J]`, in rad or m; -inf: continuous."""
    upper: np.ndarray
    velocity: np.ndarray
    """Velocity limits `[J]`, which are the bounds of the actions."""
    predictor: Callable[[Tensor, Tensor], Tensor]
    """History `[B, W, 1, D]` and raw actions `[B, block * J]` -> next latents `[B, 1, D]`."""
    block: int
    """Raw actions in a predictor step."""
    window: int
    """Latents in a history."""
    objective: Objective
    unit: str
    """Unit of the objective with a blank before it, or nothing."""
    horizon: int
    """Predictor steps of a plan."""
    steps: str
    """Which of them count: `PlannerConfig.steps`."""
    latents: Tensor
    goals: Tensor
    positions: np.ndarray
    velocities: np.ndarray
    actions: np.ndarray
    period_ms: int

    @classmethod
    def of_episodes(
        cls, dataset: Dataset, episodes: np.ndarray, latents: Tensor, goals: Tensor | None, **model: Any
    ) -> Probed:
        """The `episodes` of a data set, with the latents of all. `goals`: None if a frame's latent is its goal's.
        `model`: the other fields."""
        return cls(
            latents=latents[episodes],
            goals=(latents if goals is None else goals)[episodes],
            positions=dataset.positions[episodes],
            velocities=dataset.velocities[episodes],
            actions=dataset.actions[episodes],
            period_ms=dataset.period_ms,
            **model,
        )

    @property
    def step_s(self) -> float:
        """Duration of a predictor step."""
        return self.block * self.period_ms / 1000

    @property
    def first(self) -> int:
        """The first frame with a whole history before it."""
        return self.block * (self.window - 1)

    @property
    def continuous(self) -> np.ndarray:
        """Which joints have no ends `[J]`."""
        return ~np.isfinite(self.lower)

    def starts(self, most: int, candidates: int) -> int:
        """How many starts to probe from, `most` at most, with that many candidates each."""
        return min(most, max(_MIN_STARTS, _NUMBERS // (candidates * self.latents.shape[3])))

    def history(self, episode: np.ndarray, at: np.ndarray) -> Tensor:
        """What a planner has at the frames `at [B]` of the episodes `[B]`: `[B, W, 1, D]`."""
        frames = at[:, None] - self.block * np.arange(self.window)[::-1]
        return self.latents[episode[:, None], 0, frames].unsqueeze(2)

    def predict(self, history: Tensor, candidates: np.ndarray) -> Tensor:
        """Latents `[B, N, K, D]` that follow histories `[B, W, 1, D]` with raw actions `[B, N, K, block * J]`."""
        count = candidates.shape[1]
        actions = torch.from_numpy(candidates.astype(np.float32)).flatten(0, 1)
        with torch.no_grad():
            predicted = rollout(self.predictor, history.repeat_interleave(count, 0), actions)
        return predicted.squeeze(2).unflatten(0, (len(history), count))

    def cost(self, latents: Tensor, goals: Tensor) -> np.ndarray:
        """The objective at latents `[B, ..., D]` with goals `[B, D]`: `[B, ...]`."""
        lead = latents.shape[:-1]
        wanted = goals.view(len(goals), *[1] * (len(lead) - 1), -1).expand(latents.shape)
        with torch.no_grad():
            return self.objective(latents.flatten(0, -2), wanted.flatten(0, -2)).view(lead).double().numpy()

    def uniform(self, rng: np.random.Generator, starts: int, candidates: int, steps: int) -> np.ndarray:
        """Random raw actions inside their bounds `[starts, candidates, steps, block * J]`."""
        shape = (starts, candidates, steps, self.block, len(self.velocity))
        return rng.uniform(-self.velocity, self.velocity, shape).reshape(*shape[:3], -1)


def squared_distance(used: int) -> Objective:
    """The squared distance of the first `used` numbers of latents."""
    return lambda latents, goals: (latents - goals)[:, :used].square().sum(1)
