"""Checks a stream of commanded states against the limits of a URDF, millions of steps at a time.

`python -m jepa_mpc_faults.check_stream --urdf robot.urdf --period-ms 20 < raw`: rows of float64 `[q..., v...]`, one a
command period, joints in the order of the URDF. A row of NaN ends a motion: the row after it is where the next begins,
at rest before. Prints a JSON summary; the exit status is 1 if anything is beyond its limit.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from .limits import Limits, read_limits
from .steps import TOLERANCE

_CHUNK_ROWS = 200_000
_KEPT = 20
"""Violations that are listed; all are counted."""


@dataclass
class StreamReport:
    """Outcome of a check. `worst`: by quantity, the largest share of the limit that was used."""

    steps: int = 0
    motions: int = 0
    violations: int = 0
    worst: dict[str, float] = field(default_factory=dict)
    first: list[str] = field(default_factory=list)


@dataclass
class _Carry:
    """The rows `[2, J]` before a chunk: the last two of the same motion, oldest first; rest at the start."""

    positions: np.ndarray
    velocities: np.ndarray


class StreamChecker:
    """Checks chunks of one stream in turn. Every step has the same length."""

    def __init__(self, limits: Limits, period_s: float) -> None:
        self.report = StreamReport()
        self._limits = limits
        self._period_s = period_s
        self._carry: _Carry | None = None

    def check(self, positions: np.ndarray, velocities: np.ndarray) -> None:
        """Checks `[N, J]` positions and velocities that follow on those checked before."""
        ends = np.flatnonzero(np.isnan(positions).all(axis=1) & np.isnan(velocities).all(axis=1))
        start = 0
        for end in [*ends.tolist(), len(positions)]:
            if end > start:
                self._motion(positions[start:end], velocities[start:end])
            if end < len(positions):
                self._carry = None
            start = end + 1

    def _motion(self, positions: np.ndarray, velocities: np.ndarray) -> None:
        if self._carry is None:
            self.report.motions += 1
            # At rest before: two rows in front, so that the first acceleration and jerk count as well.
            rest = np.zeros_like(velocities[0])
            self._carry = _Carry(
                np.stack([positions[0] - velocities[0] * self._period_s / 2] * 2), np.stack([rest] * 2)
            )
        dt = self._period_s
        q = np.concatenate([self._carry.positions, positions])
        v = np.concatenate([self._carry.velocities, velocities])
        base = self.report.steps
        moved = np.diff(q, axis=0)[1:]
        mean_acceleration = np.diff(v, axis=0) / dt
        jerk = np.diff(mean_acceleration, axis=0) / dt
        before = q[1:-1]
        limits = self._limits
        self._compare("position", q[2:], np.maximum(limits.upper, before), base)
        self._compare("position", -q[2:], -np.minimum(limits.lower, before), base)
        self._compare("velocity", np.abs(v[2:]), limits.velocity, base)
        self._compare("mean velocity", np.abs(moved) / dt, limits.velocity, base)
        self._compare("acceleration", np.abs(mean_acceleration[1:]), limits.acceleration, base)
        self._compare("jerk", np.abs(jerk), limits.jerk, base)
        apart = np.abs(moved - (v[1:-1] + v[2:]) * (dt / 2))
        self._compare("displacement", apart, limits.acceleration * dt**2 / 4 + 1e-9, base)
        self.report.steps += len(positions)
        self._carry = _Carry(q[-2:], v[-2:])

    def _compare(self, kind: str, values: np.ndarray, limit: np.ndarray, base: int) -> None:
        allowed = limit + TOLERANCE * np.maximum(np.abs(limit), 1e-3)
        beyond = ~(values <= allowed)
        if kind in ("velocity", "acceleration", "jerk"):
            used = float(np.nanmax(values / limit)) if values.size else 0.0
            self.report.worst[kind] = max(self.report.worst.get(kind, 0.0), used)
        count = int(np.count_nonzero(beyond))
        if count == 0:
            return
        self.report.violations += count
        room = _KEPT - len(self.report.first)
        for row, joint in np.argwhere(beyond)[: max(0, room)]:
            allowed_here = float(np.broadcast_to(limit, values.shape)[row, joint])
            self.report.first.append(
                f"step {base + int(row)}: {kind} of {self._limits.names[joint]} is {values[row, joint]:.9g}, "
                f"limit {allowed_here:.9g}"
            )


def check_stream(positions: np.ndarray, velocities: np.ndarray, limits: Limits, period_s: float) -> StreamReport:
    """Checks `[N, J]` positions and velocities, one row a command period of `period_s`."""
    checker = StreamChecker(limits, period_s)
    checker.check(positions, velocities)
    return checker.report


def read_rows(stream: BinaryIO, joints: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Chunks of positions and velocities from raw float64. Raises ValueError for an incomplete row at the end."""
    row_bytes = 16 * joints
    rest = b""
    while data := stream.read(_CHUNK_ROWS * row_bytes):
        data = rest + data
        whole = len(data) // row_bytes * row_bytes
        rest = data[whole:]
        rows = np.frombuffer(data[:whole], dtype="<f8").reshape(-1, 2 * joints)
        yield rows[:, :joints], rows[:, joints:]
    if rest:
        raise ValueError(f"found {len(rest)} bytes after the last row, expected rows of {row_bytes} bytes")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser("jepa_mpc_faults.check_stream", description=__doc__.split("\n\n")[0])
    parser.add_argument("--urdf", type=Path, required=True)
    parser.add_argument("--period-ms", type=float, required=True)
    parser.add_argument("--joints", default="", help="joints of the rows, if not all of the URDF in its order")
    parser.add_argument("--no-jerk", action="store_true", help="does not check the jerk")
    parser.add_argument("--jerk", type=float, help="jerk limit of every joint, instead of the URDF's")
    parser.add_argument("--margin", type=float, default=0.0, help="distance kept from the position limits")
    options = parser.parse_args()
    limits = read_limits(options.urdf.read_text(encoding="utf-8"))
    if options.joints:
        limits = limits.of([name.strip() for name in options.joints.split(",")])
    if options.no_jerk:
        limits = limits.without_jerk()
    elif options.jerk is not None:
        limits = replace(limits, jerk=np.full_like(limits.jerk, options.jerk))
    limits = replace(limits, lower=limits.lower + options.margin, upper=limits.upper - options.margin)
    checker = StreamChecker(limits, options.period_ms / 1000)
    for positions, velocities in read_rows(sys.stdin.buffer, len(limits.names)):
        checker.check(positions, velocities)
    print(json.dumps(vars(checker.report), indent=2))
    return 1 if checker.report.violations or checker.report.steps == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
