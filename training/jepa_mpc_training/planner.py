"""The node's default planner: the cross-entropy method over raw actions, in latent space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .config import PlannerConfig

REST_PATIENCE_MS = 1000.0
"""Rest after which any plan that is cheaper than rest is followed: the node's parameter rest.patience_s."""
MOVE_SHARE = 1 / 3
"""The margin returns within this share of the patience, in a move that began because the patience had run out."""
MAX_STRETCH = 8
"""Largest factor on the patience, which doubles with each such move."""


class WorldModel(Protocol):
    """What the planner needs of a model; all arrays float32."""

    def predict(self, history: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """history `[B, W, N, D]`, normalised actions `[B, A]` -> next latent `[B, N, D]`."""
        ...

    def distance(self, latents: np.ndarray, goal: np.ndarray) -> np.ndarray:
        """latents `[B, N, D]`, goals `[B, N, D]` -> predictor steps `[B]`."""
        ...


class Noise(Protocol):
    """A source of noise, such as a `np.random.Generator`."""

    def standard_normal(self, size: tuple[int, int, int]) -> np.ndarray:
        """Standard normals of that shape."""
        ...


@dataclass(frozen=True)
class ActionSpace:
    """Raw actions: bounds and normalisation, `[J]` each, how long each is held, and how many a predictor step has."""

    lower: np.ndarray
    upper: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    period_ms: float
    block: int

    @property
    def step_ms(self) -> float:
        """Duration of a predictor step."""
        return self.period_ms * self.block


class CemPlanner:
    """Cross-entropy method with a warm start (Rubinstein 1999; in latent space Hafner et al. 2019).

    The same as the node's planner `cem` with its default parameters, inside its RestingPlanner and its ProposalPlanner
    (src/planning/), number for number in float32; tests of both compare with tests/fixtures/cem-plans.json.

    The initial standard deviation is `initial_std` of half the action range, around the last plan shifted in time, or
    around the proposal of the inverse dynamics where that costs less. The mean, the best sequence so far (in the first
    iteration the one of last plan and proposal that it does not start around) and rest are candidates of every
    iteration, in addition to the samples. The elites determine the mean and the unbiased standard deviation of the
    next iteration. The plan is the last mean if it is not more expensive than any mean before it, and else the best
    sequence; the next plan starts from it. If the plan is not cheaper than rest by `rest_margin`, it is rest, subject
    to the node's default patience (`RestRule`). If it is not cheaper than the proposal by `proposal_margin`, it is the
    proposal.
    """

    def __init__(
        self, model: WorldModel, actions: ActionSpace, config: PlannerConfig, weights: np.ndarray | float = 1.0
    ) -> None:
        """`weights [N, D]`: how much each number of a latent counts in its squared distance from the goal."""
        self._model = model
        self._weights = weights
        self._actions = actions
        self._config = config
        self._lower = -_rounded_down(-actions.lower)
        self._upper = _rounded_down(actions.upper)
        self._last: np.ndarray | None = None
        self._rest_rule = RestRule(config.rest_margin, actions.period_ms)

    def plan(
        self,
        history: np.ndarray,
        goal: np.ndarray,
        committed: np.ndarray,
        shift: float,
        noise: Noise,
        proposal: np.ndarray | None = None,
    ) -> np.ndarray:
        """Plans from the latents `[W, N, D]` to `goal [N, D]`.

        `committed [any, J]` are the raw actions of the first periods, which are fixed; `shift` is the number of periods
        by which the history is newer than that of the last plan. `proposal [any, J]`: raw actions that the plan may
        start around. Returns raw actions `[K, J]` inside the bounds.

        Raises ValueError if no candidate has a finite cost.
        """
        config = self._config
        shape = (config.horizon * self._actions.block, len(self._lower))
        half_range = (self._upper - self._lower).astype(np.float64) / 2
        warm = None if self._last is None else shifted(self._last, shift)
        rest = self._allowed(np.zeros(shape), committed)
        mean = rest if warm is None else self._allowed(warm, committed)
        std = np.broadcast_to(config.initial_std * half_range, shape).astype(np.float32)
        proposed = self._proposed(proposal, rest, committed)
        sound_proposal = proposed[0] if proposed else None
        if proposed:
            mean_cost, proposed_cost = self.cost(history, goal, np.stack((mean, *proposed)))
            if np.isfinite(proposed_cost) and not mean_cost <= proposed_cost:
                mean, proposed = proposed[0], [mean]
        best, best_cost, min_mean_cost = None, np.inf, np.inf
        for _ in range(config.iterations):
            samples = mean + std * noise.standard_normal((config.samples, *shape))
            known = [mean, *proposed, rest] if best is None else [mean, best, rest]
            samples[: len(known)] = known[: len(samples)]
            samples = self._allowed(samples, committed)
            costs = self.cost(history, goal, samples)
            elites = _elites(costs, config.elites)
            if costs[elites[0]] < best_cost:
                best, best_cost = samples[elites[0]], costs[elites[0]]
            min_mean_cost = np.fmin(min_mean_cost, costs[0])
            chosen = samples[elites].astype(np.float64)
            mean = self._allowed(chosen.mean(0), committed)
            spread = chosen.std(0, ddof=1) if len(elites) > 1 else np.zeros(shape)
            std = np.maximum(spread, config.min_std * half_range).astype(np.float32)
        is_sound = self.cost(history, goal, np.stack((mean, best)))[0] <= min_mean_cost
        self._last = mean if is_sound else best
        if config.rest_margin > 0:
            plan_cost, rest_cost = self.cost(history, goal, np.stack((self._last, rest))).astype(np.float64)
            if self._rest_rule.decide(rest_cost - plan_cost, bool(np.isfinite(plan_cost)), shift):
                self._last = rest
        if config.proposal_margin > 0 and sound_proposal is not None:
            pair = np.stack((self._last, sound_proposal))
            plan_cost, proposed_cost = self.cost(history, goal, pair).astype(np.float64)
            if np.isfinite(proposed_cost) and not plan_cost < proposed_cost - config.proposal_margin:
                self._last = sound_proposal
                self._rest_rule.move()
        return self._last

    def _proposed(self, proposal: np.ndarray | None, rest: np.ndarray, committed: np.ndarray) -> list[np.ndarray]:
        """The proposal as a candidate, if it is finite: cut or filled up with rest `[K, J]`."""
        if proposal is None or not np.isfinite(proposal).all():
            return []
        sequence = rest.copy()
        sequence[: len(proposal)] = proposal[: len(rest)]
        return [self._allowed(sequence, committed)]

    def _allowed(self, sequences: np.ndarray, committed: np.ndarray) -> np.ndarray:
        """Sequences `[..., K, J]` clipped to the bounds, with the committed actions at their front; float32."""
        allowed = sequences.astype(np.float32).clip(self._lower, self._upper)
        allowed[..., : len(committed), :] = committed[: allowed.shape[-2]]
        return allowed

    def cost(self, history: np.ndarray, goal: np.ndarray, samples: np.ndarray) -> np.ndarray:
        """Costs `[B]` of raw action sequences `[B, K, J]`, lower is better; float32."""
        config, space = self._config, self._actions
        count = len(samples)
        normalised = ((samples - space.mean) / space.std).astype(np.float32)
        blocks = normalised.reshape(count, config.horizon, -1)
        goals = np.broadcast_to(goal, (count, *goal.shape))
        window = np.broadcast_to(history, (count, *history.shape)).astype(np.float32)
        total = np.zeros(count)
        for step, weight in enumerate(step_weights(config.steps, config.horizon)):
            latent = self._model.predict(window, blocks[:, step])
            window = np.concatenate((window[:, 1:], latent[:, None]), axis=1)
            if weight > 0:
                total += weight * self._distance(latent, goals)
        max_action = np.maximum(np.abs(self._lower), np.abs(self._upper)).astype(np.float64)
        effort = np.square(samples / max_action).mean(axis=(1, 2))
        return (total + config.action_penalty * effort).astype(np.float32)

    def _distance(self, latents: np.ndarray, goals: np.ndarray) -> np.ndarray:
        if self._config.objective == "temporal_distance":
            return self._model.distance(latents, np.ascontiguousarray(goals))
        return (self._weights * np.square(latents - goals)).sum(axis=(1, 2))


class RestRule:
    """Decides whether to rest, as src/planning/resting-planner.ts does."""

    def __init__(self, margin: float, period_ms: float) -> None:
        self._margin, self._patience_periods = margin, REST_PATIENCE_MS / period_ms
        self._rested, self._used, self._stretch = False, 0.0, 1

    def decide(self, gain: float, is_plan_finite: bool, shift: float) -> bool:
        """Whether to rest if the plan is cheaper than rest by `gain`, `shift` periods after the last decision."""
        patiences = max(0.0, shift) / self._patience_periods
        change = patiences / self._stretch if self._rested else -patiences / MOVE_SHARE
        self._used = min(max(0.0, self._used + change), 1.0)
        if gain > self._margin or (np.isnan(gain) and is_plan_finite):
            self._rested, self._used, self._stretch = False, 0.0, 1
        elif gain > self._margin * (1 - self._used):
            if self._rested:
                self._rested, self._used, self._stretch = False, 1.0, min(2 * self._stretch, MAX_STRETCH)
        elif not self._rested:
            self._rested, self._used = True, 0.0
        return self._rested

    def move(self) -> None:
        """The robot moves, whatever was decided."""
        self._rested = False


def shifted(mean: np.ndarray, shift: float) -> np.ndarray | None:
    """The plan `[K, J]`, `shift` periods later: interpolated in time, its last action repeated.

    None if the plan is from the future, entirely past, or not finite.
    """
    if not (0 <= shift < len(mean) and np.isfinite(mean).all()):
        return None
    last = len(mean) - 1
    at = np.arange(len(mean)) + shift
    low = np.floor(at).astype(int)
    weight = (at - low)[:, None]
    return (1 - weight) * mean[np.minimum(low, last)] + weight * mean[np.minimum(low + 1, last)]


def step_weights(steps: str, horizon: int) -> np.ndarray:
    """Weight of each predictor step, `[H]` with sum 1, as in src/core/objective-spec.ts."""
    weights = {
        "last": np.arange(horizon) == horizon - 1,
        "all": np.ones(horizon),
        "weighted": 2.0 ** np.arange(1 - horizon, 1),
    }[steps]
    return weights / weights.sum()


def _elites(costs: np.ndarray, count: int) -> np.ndarray:
    """Indices of at most `count` candidates with the smallest finite costs `[B]`, cheapest first; ties in their
    order."""
    finite = np.flatnonzero(np.isfinite(costs))
    if len(finite) == 0:
        raise ValueError(f"costs: found none of {len(costs)} finite, expected at least one.")
    return finite[np.argsort(costs[finite], kind="stable")][:count]


def _rounded_down(bounds: np.ndarray) -> np.ndarray:
    """The largest float32 values that are not above the bounds `[J]`."""
    nearest = np.asarray(bounds, dtype=np.float64).astype(np.float32)
    return np.where(nearest > bounds, np.nextafter(nearest, np.float32(-np.inf)), nearest)
