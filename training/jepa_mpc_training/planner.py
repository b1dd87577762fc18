"""The sampling planner as the node has it: cross-entropy method over raw actions, in latent space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .config import BLOCK, PlannerConfig


class WorldModel(Protocol):
    """What the planner needs of a model; all arrays float32."""

    def predict(self, history: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """history `[B, W, N, D]`, normalised actions `[B, A]` -> next latent `[B, N, D]`."""
        ...

    def distance(self, latents: np.ndarray, goal: np.ndarray) -> np.ndarray:
        """latents `[B, N, D]`, goals `[B, N, D]` -> predictor steps `[B]`."""
        ...


@dataclass(frozen=True)
class ActionSpace:
    """Raw actions: bounds and normalisation, `[J]` each."""

    lower: np.ndarray
    upper: np.ndarray
    mean: np.ndarray
    std: np.ndarray


class CemPlanner:
    """Cross-entropy method with a warm start (Rubinstein 1999; in latent space Hafner et al. 2019), as the node has it.

    The first deviation is `initial_std` of half the action range, around the last plan shifted in time. The mean, the
    best sequence so far and rest are candidates of every iteration besides the sampled ones. The elites give mean and
    deviation of the next iteration; the last mean is the plan.
    """

    def __init__(self, model: WorldModel, actions: ActionSpace, config: PlannerConfig) -> None:
        self._model = model
        self._actions = actions
        self._config = config
        self._mean: np.ndarray | None = None

    def plan(
        self, history: np.ndarray, goal: np.ndarray, committed: np.ndarray, shift: float, rng: np.random.Generator
    ) -> np.ndarray:
        """Plans from the latents `[W, N, D]` to `goal [N, D]`.

        `committed [C, J]` are the raw actions already decided for the first periods; `shift` says how many periods the
        history is newer than the last plan's. Returns raw actions `[K, J]` inside the bounds.
        """
        config, space = self._config, self._actions
        joints, length, fixed = len(space.lower), config.horizon * BLOCK, len(committed)
        half_range = (space.upper - space.lower) / 2
        rest = np.zeros((length, joints))
        mean = rest.copy() if self._mean is None else shifted(self._mean, shift)
        mean[:fixed] = committed
        std = np.broadcast_to(config.initial_std * half_range, mean.shape)
        best, best_cost = None, np.inf
        for _ in range(config.iterations):
            samples = mean + std * rng.standard_normal((config.samples, length, joints))
            known = [mean, rest] if best is None else [mean, best, rest]
            samples[: len(known)] = known
            samples = samples.clip(space.lower, space.upper)
            samples[:, :fixed] = committed
            costs = self.cost(history, goal, samples)
            order = np.argsort(costs)
            if costs[order[0]] < best_cost:
                best, best_cost = samples[order[0]], costs[order[0]]
            elites = samples[order[: config.elites]]
            mean = elites.mean(0)
            std = np.maximum(elites.std(0), config.min_std * half_range)
        self._mean = mean
        return mean

    def cost(self, history: np.ndarray, goal: np.ndarray, samples: np.ndarray) -> np.ndarray:
        """Costs `[B]` of raw action sequences `[B, K, J]`, lower is better."""
        config, space = self._config, self._actions
        count = len(samples)
        normalised = ((samples - space.mean) / space.std).astype(np.float32)
        blocks = normalised.reshape(count, config.horizon, -1)
        goals = np.broadcast_to(goal, (count, *goal.shape))
        window = np.broadcast_to(history, (count, *history.shape)).astype(np.float32)
        total = np.zeros(count)
        for step in range(config.horizon):
            latent = self._model.predict(window, blocks[:, step])
            window = np.concatenate((window[:, 1:], latent[:, None]), axis=1)
            if config.steps == "all":
                total += self._distance(latent, goals) / config.horizon
            elif step == config.horizon - 1:
                total = self._distance(latent, goals).astype(np.float64)
        effort = np.square(samples / np.maximum(np.abs(space.lower), np.abs(space.upper))).mean(axis=(1, 2))
        return total + config.action_penalty * effort

    def _distance(self, latents: np.ndarray, goals: np.ndarray) -> np.ndarray:
        if self._config.objective == "temporal_distance":
            return self._model.distance(latents, np.ascontiguousarray(goals))
        return np.square(latents - goals).mean(axis=(1, 2))


def shifted(mean: np.ndarray, shift: float) -> np.ndarray:
    """The plan `[K, J]` as seen `shift` periods later: interpolated in time, its last action repeated."""
    last = len(mean) - 1
    at = np.arange(len(mean)) + shift
    low = np.floor(at).astype(int)
    weight = (at - low)[:, None]
    return (1 - weight) * mean[np.minimum(low, last)] + weight * mean[np.minimum(low + 1, last)]
