"""Commands as a motion over time: the mean commanded velocity between two times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

_NS_PER_S = 1e9


class Commands(Protocol):
    """Commands of one section."""

    def mean_velocity(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Mean commanded velocities `[N, J]` in rad/s between stamps `[N]` and `[N]` (ns). A row is NaN if no command
        was in force for some of the time."""
        ...


class HeldVelocities:
    """Velocity set-points, each in force until the next one, but no longer than `hold_ns`."""

    def __init__(self, stamps: np.ndarray, velocities: np.ndarray, hold_ns: int) -> None:
        """stamps `[M]` ascending, velocities `[M, J]` in rad/s."""
        self._integral = _Integral(stamps, velocities, hold_ns)

    def mean_velocity(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        integral = self._integral
        mean = (integral.at(ends) - integral.at(starts)) / (ends - starts)[:, None]
        mean[~integral.covers(starts, ends)] = np.nan
        return mean


class HeldPositions:
    """Position set-points, each in force until the next one, but no longer than `hold_ns`."""

    def __init__(self, stamps: np.ndarray, positions: np.ndarray, hold_ns: int) -> None:
        """stamps `[M]` ascending, positions `[M, J]` in rad."""
        self._stamps, self._positions = stamps, positions
        self._integral = _Integral(stamps, np.zeros_like(positions), hold_ns)

    def mean_velocity(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        if len(self._stamps) == 0:
            return np.full((len(starts), self._positions.shape[1]), np.nan)
        first, last = (np.searchsorted(self._stamps, at, side="right") - 1 for at in (starts, ends))
        moved = self._positions[last.clip(0)] - self._positions[first.clip(0)]
        mean = moved * _NS_PER_S / (ends - starts)[:, None]
        mean[~self._integral.covers(starts, ends)] = np.nan
        return mean


@dataclass(frozen=True)
class CommandedTrajectory:
    """A trajectory: its start (ns), and the times since then (ns) `[K]` and positions `[K, J]` (rad) of its points."""

    start: int
    times: np.ndarray
    positions: np.ndarray


class Trajectories:
    """Trajectories as a joint trajectory controller follows them: from its start on, each replaces the one before it
    and begins at the position that one had reached. Positions are linear between points; the last point is held."""

    def __init__(self, trajectories: Sequence[CommandedTrajectory], joints: int) -> None:
        """`trajectories` are in the order of their starts; `joints` is the number of joints."""
        times: list[np.ndarray] = []
        places: list[np.ndarray] = []
        running: tuple[np.ndarray, np.ndarray] | None = None
        for trajectory in trajectories:
            stamps = trajectory.start + trajectory.times
            if running is None:
                # The positions before the first point are unknown.
                running = stamps, trajectory.positions
                continue
            kept = running[0] < trajectory.start
            times.append(running[0][kept])
            places.append(running[1][kept])
            here = _interpolate(np.array([trajectory.start]), *running)
            ahead = trajectory.times > 0
            running = (
                np.concatenate(([trajectory.start], stamps[ahead])),
                np.concatenate((here, trajectory.positions[ahead])),
            )
        if running is not None:
            times.append(running[0])
            places.append(running[1])
        self._times = np.concatenate(times) if times else np.empty(0, dtype=np.int64)
        self._places = np.concatenate(places) if places else np.empty((0, joints))

    def mean_velocity(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        if len(self._times) == 0:
            return np.full((len(starts), self._places.shape[1]), np.nan)
        moved = _interpolate(ends, self._times, self._places) - _interpolate(starts, self._times, self._places)
        mean = moved * _NS_PER_S / (ends - starts)[:, None]
        mean[starts < self._times[0]] = np.nan
        return mean


class _Integral:
    """Time integral of held set-points, and the time for which one was in force."""

    def __init__(self, stamps: np.ndarray, values: np.ndarray, hold_ns: int) -> None:
        self._stamps, self._values, self._hold = stamps, values, hold_ns
        held = np.minimum(np.diff(stamps, append=stamps[-1:]), hold_ns)
        self._before = np.concatenate((np.zeros((1, values.shape[1])), np.cumsum(values * held[:, None], axis=0)))
        self._in_force = np.concatenate(([0], np.cumsum(held)))

    def at(self, stamps: np.ndarray) -> np.ndarray:
        """Integral from the first set-point to stamps `[N]`: `[N, J]`, in units of a value times ns."""
        if len(self._stamps) == 0:
            return np.zeros((len(stamps), self._values.shape[1]))
        index, since = self._locate(stamps)
        return self._before[index] + self._values[index] * since[:, None]

    def covers(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Whether a set-point was in force throughout, between stamps `[N]` and `[N]`: bool `[N]`."""
        if len(self._stamps) == 0:
            return np.zeros(len(starts), dtype=bool)
        first, last = self._locate(starts), self._locate(ends)
        in_force = self._in_force[last[0]] + last[1] - self._in_force[first[0]] - first[1]
        return (starts >= self._stamps[0]) & (in_force == ends - starts)

    def _locate(self, stamps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The index of the set-point at each stamp `[N]`, and the time since it came into force (ns) `[N]`."""
        index = (np.searchsorted(self._stamps, stamps, side="right") - 1).clip(0)
        return index, (stamps - self._stamps[index]).clip(0, self._hold)


def _interpolate(at: np.ndarray, times: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Places `[K, J]` at times `[K]` -> places `[N, J]` at stamps `[N]`, held before the first and after the last."""
    # As floats, stamps would be off by a quarter of a microsecond; their differences are exact.
    since, knots = at - times[0], times - times[0]
    return np.stack([np.interp(since, knots, column) for column in places.T], axis=1)
