"""Whether the objective tells the candidates of a planner apart, and recorded actions from random ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from .planner import step_weights
from .probed import Probed

CANDIDATES = 64
_FEWEST = 30
"""Stretches that a verdict on recorded actions needs."""
_STARTS = 64
_SEGMENTS = 128
_HARDLY = 1 / 3
"""A spread of costs below this share of that of the times is hardly one: trained models have 0.6 to 0.9 of it, one with
an untrained predictor 0.1."""
_ORDERED = 0.5
"""Rank correlation of costs and times: 0.8 for the temporal distance of an arm that reaches its goals, 0.2 for the
squared distance of the same latents, 0 for an untrained predictor."""
_AHEAD, _ROUGHLY = 0.1, 0.35
"""Median share of random candidates that cost less than the recorded actions. Chance is 0.5, and 0.35 is 3 standard
errors below it where all of `_SEGMENTS` are there."""


def spread(probed: Probed) -> dict[str, Any]:
    """How far the costs of random candidates lie apart, from held-out starts to held-out goals.

    `relative`: their standard deviation as a share of their mean, median over the starts. `of_times`: the same of the
    minimum times to the goal after the same actions. `rank_correlation` of the two, median.
    """
    rng = np.random.default_rng(0)
    episodes, length = probed.positions.shape[:2]
    first, count = probed.first, probed.starts(_STARTS, CANDIDATES)
    episode, at = rng.integers(episodes, size=count), rng.integers(first, length, size=count)
    goal_episode, goal_at = rng.integers(episodes, size=count), rng.integers(length, size=count)
    candidates = probed.uniform(rng, count, CANDIDATES, probed.horizon)
    weights = step_weights(probed.steps, probed.horizon)
    predicted = probed.predict(probed.history(episode, at), candidates)
    costs = probed.cost(predicted, probed.goals[goal_episode, -1, goal_at]) @ weights
    goals = probed.positions[goal_episode, goal_at]
    times = _times(probed, probed.positions[episode, at], candidates, goals) @ weights
    return {
        "relative": _relative_spread(costs),
        "of_times": _relative_spread(times),
        "rank_correlation": round(
            float(np.median([_rank_correlation(*rows) for rows in zip(costs, times, strict=True)])), 3
        ),
    }


def spread_in_words(figures: dict[str, Any]) -> str:
    """A sentence on the figures of `spread`."""
    relative, of_times = figures["relative"], figures["of_times"]
    apart = f"{100 * relative:.1f} % of their mean, the times that they need by {100 * of_times:.1f} %"
    if relative < _HARDLY * of_times:
        return f"the objective hardly tells candidates apart: their costs differ by {apart}"
    order = f"rank correlation {figures['rank_correlation']:.2f}"
    if figures["rank_correlation"] < _ORDERED:
        return f"the objective tells candidates apart ({apart}), but hardly in the order of these times ({order})"
    return f"the objective tells candidates apart ({apart}), in the order of these times ({order})"


def demonstrated(probed: Probed) -> dict[str, Any] | None:
    """How recorded actions rank among random ones, if the goal is the frame that they led to.

    `rank`: the share of random candidates whose predicted last latent costs less, median over held-out stretches of
    `steps` predictor steps, none of which is taken twice. None if the episodes are too short.
    """
    rng = np.random.default_rng(0)
    episodes, length = probed.positions.shape[:2]
    first, block = probed.first, probed.block
    steps = min(probed.horizon, (length - 1 - first) // block)
    if steps < 1:
        return None
    episode, at = (rows.ravel() for rows in np.indices((episodes, length - steps * block - first)))
    count = min(len(episode), probed.starts(_SEGMENTS, CANDIDATES + 1))
    chosen = rng.choice(len(episode), count, replace=False)
    episode, at = episode[chosen], at[chosen] + first
    periods = at[:, None] + np.arange(steps * block)
    recorded = probed.actions[episode[:, None], periods].reshape(count, 1, steps, -1)
    candidates = np.concatenate((recorded, probed.uniform(rng, count, CANDIDATES, steps)), axis=1)
    last = probed.predict(probed.history(episode, at), candidates)[:, :, -1]
    costs = probed.cost(last, probed.goals[episode, -1, at + steps * block])
    # Equal costs count half, so that an objective that is the same everywhere is at chance.
    below = (costs[:, 1:] < costs[:, :1]).mean(1) + (costs[:, 1:] == costs[:, :1]).mean(1) / 2
    return {"rank": round(float(np.median(below)), 4), "steps": steps, "stretches": count}


def demonstrated_in_words(figures: dict[str, Any], step_s: float) -> str:
    """A sentence on the figures of `demonstrated`, of steps of `step_s`."""
    rank = figures["rank"]
    if figures["stretches"] < _FEWEST:
        return (
            f"the held-out episodes have {figures['stretches']} stretches of {figures['steps'] * step_s:g} s, too few "
            "to say whether the objective prefers recorded actions"
        )
    verdict = "prefers" if rank <= _AHEAD else "hardly prefers" if rank <= _ROUGHLY else "does not prefer"
    return (
        f"the objective {verdict} the recorded actions of {figures['steps'] * step_s:g} s that lead to a goal: "
        f"they cost less than {100 * (1 - rank):.0f} % of random ones (median; chance is 50 %)"
    )


def _times(probed: Probed, start: np.ndarray, candidates: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """Minimum times to goals `[B, J]`, in predictor steps, after each step of raw actions `[B, N, K, block * J]` from
    positions `[B, J]`: `[B, N, K]`."""
    joints = len(probed.velocity)
    moved = candidates.reshape(*candidates.shape[:3], probed.block, joints).sum(3).cumsum(2) * probed.period_ms / 1000
    away = (start[:, None, None] + moved).clip(probed.lower, probed.upper) - goal[:, None, None]
    away = np.where(probed.continuous, (away + np.pi) % (2 * np.pi) - np.pi, away)
    return (np.abs(away) / (probed.velocity * probed.step_s)).max(3)


def _relative_spread(costs: np.ndarray) -> float:
    """The median over starts of the standard deviation of costs `[S, N]` as a share of their mean."""
    mean = np.abs(costs.mean(1))
    return round(float(np.median(costs.std(1) / np.where(mean > 0, mean, 1))), 4)


def _rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's correlation; 0 if one of the two is the same everywhere."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(*(np.argsort(np.argsort(values)) for values in (first, second)))[0, 1])
