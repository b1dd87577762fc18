"""A trajectory of a message, and where a robot is that follows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .steps import State

SETTLED_PERIODS = 2
"""Periods at the end of a ramp after which the acceleration before it no longer counts."""


@dataclass(frozen=True)
class Trajectory:
    """Points of one message: times [s] after it was sent, positions and velocities `[P, J]`, joints as the limits."""

    times_s: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray


def followed(first: State, trajectory: Trajectory, since_first_s: float, period_s: float) -> State:
    """The state of a robot that has followed a trajectory for this long after its first point."""
    if since_first_s <= 0:
        return first
    times = trajectory.times_s - trajectory.times_s[0]
    if since_first_s >= times[-1] + SETTLED_PERIODS * period_s or len(times) == 1:
        return State.at_rest(trajectory.positions[-1], period_s)
    position, velocity = _sampled(times, trajectory, since_first_s)
    earlier_s = max(0.0, since_first_s - period_s)
    _, earlier = _sampled(times, trajectory, earlier_s)
    interval_s = since_first_s - earlier_s
    return State(position, velocity, (velocity - earlier) / interval_s, interval_s)


def _sampled(times: np.ndarray, trajectory: Trajectory, time_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Position and velocity between two points, as a controller interpolates: a cubic with both velocities."""
    after = int(np.searchsorted(times, time_s - 1e-9))
    if after == 0:
        return trajectory.positions[0], trajectory.velocities[0]
    if after >= len(times):
        return trajectory.positions[-1], trajectory.velocities[-1]
    if abs(times[after] - time_s) < 1e-9:
        return trajectory.positions[after], trajectory.velocities[after]
    span = float(times[after] - times[after - 1])
    share = (time_s - float(times[after - 1])) / span
    start, end = trajectory.positions[after - 1], trajectory.positions[after]
    v0, v1 = trajectory.velocities[after - 1] * span, trajectory.velocities[after] * span
    square, cube = 3 * (end - start) - 2 * v0 - v1, v0 + v1 - 2 * (end - start)
    position = start + share * (v0 + share * (square + share * cube))
    return position, (v0 + share * (2 * square + 3 * share * cube)) / span
