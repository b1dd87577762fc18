"""Exploration by travels, for an arm that takes long to reach its speed and for one that does not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from jepa_mpc_sim.joint_limits import JointLimits

from jepa_mpc_training.config import TICK_MS
from jepa_mpc_training.explore import exploration
from jepa_mpc_training.limiter import CommandLimiter
from jepa_mpc_training.travel import Traveller

PERIOD_MS = 100
SECONDS = 60
Target = Callable[[np.ndarray], np.ndarray]


def _limits(acceleration: float) -> JointLimits:
    ones = np.ones(3)
    return JointLimits(("rad",) * 3, -ones, ones, 3 * ones, 10 * ones, acceleration * ones)


def _driven(
    limits: JointLimits, target: Target, period_ms: int = PERIOD_MS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets, desired positions and desired velocities `[T, J]`, period by period."""
    limiter = CommandLimiter(limits, TICK_MS / 1000)
    rows = []
    for _ in range(1000 * SECONDS // period_ms):
        action = target(limiter.position)
        rows.append((action, limiter.position, limiter.velocity))
        for _ in range(period_ms // TICK_MS):
            limiter.tick(action)
    actions, positions, velocities = (np.stack(column) for column in zip(*rows, strict=True))
    return actions, positions, velocities


def _travelled(
    limits: JointLimits, seed: int = 0, period_ms: int = PERIOD_MS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    target = Traveller(np.random.default_rng(seed), limits, period_ms / 1000).target
    return _driven(limits, target, period_ms)


@pytest.mark.parametrize(("acceleration", "period_ms"), [(1.0, 100), (3.0, 100), (10.0, 100), (10.0, 20), (10.0, 200)])
def test_travels_cover_the_range_move_fast_and_come_to_rest(acceleration: float, period_ms: int) -> None:
    limits = _limits(acceleration)
    actions, positions, velocities = _travelled(limits, period_ms=period_ms)
    assert (np.abs(actions) <= limits.velocity).all()
    assert (np.ptp(positions, axis=0) > 1.8).all(), "the range is 2 rad"
    fastest = min(3.0, np.sqrt(acceleration * 2.0))
    assert np.abs(velocities).max() > 0.75 * fastest, "as fast as the range allows"
    at_rest = (np.abs(velocities) < 0.02).all(axis=1)
    assert 0.02 < at_rest.mean() < 0.6
    # Rest is not at the limits only: the motion brakes in time.
    assert (np.abs(positions[at_rest]) < 0.9).any(axis=0).all()


def test_a_slow_arm_stops_between_its_limits_as_it_does_not_between_random_segments() -> None:
    limits = _limits(1.0)
    actions = iter(
        exploration(np.random.default_rng(0), 1000 * SECONDS // PERIOD_MS, limits.velocity, PERIOD_MS / 1000)
    )

    def stops(target: Target) -> int:
        _, positions, velocities = _driven(limits, target)
        return int(((np.abs(velocities) < 0.05) & (np.abs(positions) < 0.9)).all(axis=1)[1:].sum())

    travelled, at_random = (
        stops(Traveller(np.random.default_rng(0), limits, PERIOD_MS / 1000).target),
        stops(lambda position: next(actions)),
    )
    assert travelled >= 3 * at_random, (travelled, at_random)


@pytest.mark.parametrize("period_s", [0.02, 0.1])
def test_segments_of_exploration_last_as_long_whatever_the_period(period_s: float) -> None:
    actions = exploration(np.random.default_rng(0), int(600 / period_s), np.ones(1), period_s)[:, 0]
    changes = np.flatnonzero(np.diff(actions == 0))
    # From the first change to rest on, every second stretch is of rest, of one segment or of several.
    rests_s = np.diff(changes)[int(actions[0] == 0) :: 2] * period_s
    assert rests_s.min() == pytest.approx(0.2)
    assert np.median(rests_s) == pytest.approx(0.75, abs=0.15)


def test_the_same_seed_travels_the_same_way() -> None:
    limits = _limits(3.0)
    first, again, other = (_travelled(limits, seed)[0] for seed in (1, 1, 2))
    assert (first == again).all()
    assert not (first == other).all()
