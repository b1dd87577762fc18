"""Random exploration: the motion of a robot that collects data."""

from __future__ import annotations

import numpy as np

MODES = ("white", "smooth", "hold", "full", "slow", "rest")
_WEIGHTS = (0.2, 0.2, 0.15, 0.15, 0.15, 0.15)
_SEGMENT_S = (0.2, 1.2)
_SMOOTHING = 0.7
_SLOW = 0.2


def exploration(rng: np.random.Generator, periods: int, velocity_limit: np.ndarray, period_s: float) -> np.ndarray:
    """Target velocities `[periods, J]` in rad/s, held for `period_s` each: a sequence of segments of random modes for
    each joint.

    Full speed shows how far one step can reach, which calibrates the temporal distance. Slow motion and rest show the
    neighbourhood of a goal.
    """
    joints = len(velocity_limit)
    shortest, longest = (periods_in(duration_s, period_s) for duration_s in _SEGMENT_S)
    actions = np.empty((periods, joints))
    for joint in range(joints):
        start = 0
        while start < periods:
            length = int(rng.integers(shortest, longest, endpoint=True))
            mode = MODES[rng.choice(len(MODES), p=_WEIGHTS)]
            segment = _segment(rng, mode, length)[: periods - start]
            actions[start : start + length, joint] = segment * velocity_limit[joint]
            start += length
    return actions


def periods_in(duration_s: float, period_s: float) -> int:
    """Whole periods nearest to a duration above 0, at least one."""
    return max(1, round(duration_s / period_s))


def _segment(rng: np.random.Generator, mode: str, length: int) -> np.ndarray:
    """One joint's segment in units of its velocity limit, `[length]` in [-1, 1]."""
    if mode == "white":
        return rng.uniform(-1, 1, length)
    if mode == "hold":
        return np.full(length, rng.uniform(-1, 1))
    if mode == "full":
        return np.full(length, rng.choice((-1.0, 1.0)))
    if mode == "slow":
        return _smooth(rng, length) * _SLOW
    if mode == "smooth":
        return _smooth(rng, length)
    return np.zeros(length)


def _smooth(rng: np.random.Generator, length: int) -> np.ndarray:
    """An autoregressive random walk `[length]` with a standard deviation of about 0.7, clipped to [-1, 1]."""
    values = np.empty(length)
    value = rng.normal() * 0.7
    for index in range(length):
        value = _SMOOTHING * value + np.sqrt(1 - _SMOOTHING**2) * 0.7 * rng.normal()
        values[index] = value
    return values.clip(-1, 1)
