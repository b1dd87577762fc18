"""A small JointTrajectoryController that behaves as the one of ros2_control. Independent of ROS."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .errors import RejectedMessage

_NS_PER_S = 1e9
_REST_VELOCITY = float(np.finfo(np.float32).eps)
"""A final velocity below this counts as zero, as in ros2_control."""


@dataclass(frozen=True)
class DesiredState:
    """Desired positions [rad] and velocities [rad/s] of the joints, `[J]` each."""

    position: np.ndarray
    velocity: np.ndarray


@dataclass(frozen=True)
class TrajectoryPoint:
    """One waypoint, in the joint order of its trajectory. `velocities` may be empty, `positions` may not."""

    time_from_start_ns: int
    positions: Sequence[float]
    velocities: Sequence[float] = ()


@dataclass(frozen=True)
class Trajectory:
    """Waypoints of named joints. `start_ns` is the header's stamp; None (stamp 0) means now."""

    joint_names: Sequence[str]
    points: Sequence[TrajectoryPoint]
    start_ns: int | None = None


@dataclass(frozen=True)
class _Knot:
    """A waypoint at its absolute time, in the joint order of the robot."""

    time_ns: int
    position: np.ndarray
    velocity: np.ndarray | None


class TrajectoryController:
    """Interpolates the latest trajectory, from the state that was desired when it arrived, and then holds its last
    point.

    Between two points with velocities the interpolation is cubic, otherwise linear.
    """

    def __init__(self, joint_names: Sequence[str], position: np.ndarray) -> None:
        """Holds `position [J]` until a trajectory arrives."""
        self._joint_names = list(joint_names)
        self._knots: list[_Knot] = []
        self._times_ns: list[int] = []
        self.hold(position)

    def hold(self, position: np.ndarray) -> None:
        """Drops the current trajectory and holds `position [J]`."""
        self._replace([_Knot(0, np.array(position, dtype=np.float64), np.zeros(len(self._joint_names)))])

    def follow(self, trajectory: Trajectory, now_ns: int, start: DesiredState | None = None) -> None:
        """Replaces the current trajectory from `now_ns` on.

        The motion starts from `start`; by default, from the currently desired state. Raises RejectedMessage, and keeps
        the current trajectory, if the new one is not valid.
        """
        columns = self._columns(trajectory.joint_names)
        start_ns = now_ns if trajectory.start_ns is None else trajectory.start_ns
        knots = self._checked_knots(trajectory, columns, start_ns)
        if knots[-1].time_ns < now_ns:
            late_s = (now_ns - knots[-1].time_ns) / _NS_PER_S
            raise RejectedMessage(
                f"joint_trajectory: found a stamp with which it ended {late_s:.3f} s ago, expected an end in the "
                "future. Use stamp 0 to start at once, or the simulator's time."
            )
        present = self.sample(now_ns) if start is None else start
        self._replace([_Knot(now_ns, present.position, present.velocity), *knots])

    def sample(self, time_ns: int) -> DesiredState:
        """The state desired at `time_ns`. Before the start it is the first point, after the end the last one, at
        rest."""
        after = bisect_right(self._times_ns, time_ns)
        if after == 0:
            return _at_rest(self._knots[0])
        if after == len(self._knots):
            return _at_rest(self._knots[-1])
        return _interpolate(self._knots[after - 1], self._knots[after], time_ns)

    def _replace(self, knots: list[_Knot]) -> None:
        # Points whose time had passed when the trajectory arrived lie before the first knot and are skipped.
        self._knots = [knots[0], *(knot for knot in knots[1:] if knot.time_ns >= knots[0].time_ns)]
        self._times_ns = [knot.time_ns for knot in self._knots]

    def _columns(self, names: Sequence[str]) -> list[int]:
        """Index in the message of each joint of the robot. Raises RejectedMessage if the names do not fit."""
        expected = ", ".join(self._joint_names)
        unknown = [name for name in names if name not in self._joint_names]
        missing = [name for name in self._joint_names if name not in names]
        if unknown or missing or len(names) != len(self._joint_names):
            found = ", ".join(names) or "none"
            wrong = {"unknown": unknown, "missing": missing}
            details = [f"{kind}: {', '.join(those)}" for kind, those in wrong.items() if those]
            detail = f" ({'; '.join(details)})" if details else ""
            raise RejectedMessage(
                f"joint_trajectory: found joint_names {found}{detail}, expected each of {expected} once, in any order."
            )
        return [list(names).index(name) for name in self._joint_names]

    def _checked_knots(self, trajectory: Trajectory, columns: list[int], start_ns: int) -> list[_Knot]:
        if not trajectory.points:
            raise RejectedMessage("joint_trajectory: found no points, expected at least one.")
        knots: list[_Knot] = []
        previous_ns = -1
        for index, point in enumerate(trajectory.points):
            where = f"joint_trajectory: points[{index}]"
            if point.time_from_start_ns <= previous_ns:
                expected = "0 or more"
                if index > 0:
                    expected = f"more than the {previous_ns / _NS_PER_S:g} s of the point before"
                raise RejectedMessage(
                    f"{where}.time_from_start: found {point.time_from_start_ns / _NS_PER_S:g} s, expected {expected}."
                )
            previous_ns = point.time_from_start_ns
            position = _row(f"{where}.positions", point.positions, columns)
            velocity = _row(f"{where}.velocities", point.velocities, columns) if len(point.velocities) else None
            knots.append(_Knot(start_ns + point.time_from_start_ns, position, velocity))
        final = knots[-1].velocity
        if final is not None and (np.abs(final) > _REST_VELOCITY).any():
            raise RejectedMessage(
                f"joint_trajectory: found velocities {final.tolist()} at the last point, expected zeros: the robot "
                "stays there afterwards."
            )
        return knots


def _row(where: str, values: Sequence[float], columns: list[int]) -> np.ndarray:
    row = np.asarray(values, dtype=np.float64)
    if row.shape != (len(columns),):
        raise RejectedMessage(f"{where}: found {row.size} numbers, expected {len(columns)}, one for each joint.")
    if not np.isfinite(row).all():
        raise RejectedMessage(f"{where}: found {row.tolist()}, expected finite numbers.")
    return row[columns]


def _at_rest(knot: _Knot) -> DesiredState:
    return DesiredState(knot.position, np.zeros_like(knot.position))


def _interpolate(start: _Knot, end: _Knot, time_ns: int) -> DesiredState:
    duration_s = (end.time_ns - start.time_ns) / _NS_PER_S
    elapsed_s = (time_ns - start.time_ns) / _NS_PER_S
    mean_velocity = (end.position - start.position) / duration_s
    if start.velocity is None or end.velocity is None:
        return DesiredState(start.position + elapsed_s * mean_velocity, mean_velocity)
    # The cubic with both positions and both velocities, in powers of the elapsed time.
    square = (3 * mean_velocity - 2 * start.velocity - end.velocity) / duration_s
    cube = (start.velocity + end.velocity - 2 * mean_velocity) / duration_s**2
    return DesiredState(
        start.position + elapsed_s * (start.velocity + elapsed_s * (square + elapsed_s * cube)),
        start.velocity + elapsed_s * (2 * square + 3 * elapsed_s * cube),
    )
