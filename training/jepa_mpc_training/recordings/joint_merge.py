"""Joint states in pieces become positions of all joints: by the rules of the node (`src/timeline/joint-merge.ts`).

Both run `tests/fixtures/joint-merge.json`.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple


class Reading(NamedTuple):
    """Positions and velocities `[J]` of all joints at a stamp (ns); velocities are NaN where they are not measured."""

    stamp_ns: int
    positions: list[float]
    velocities: list[float]


class JointMerge:
    """Merges states of single joints, in whatever pieces, order and delay they come.

    The values are for the newest time that every joint is known at: the stamp of the joint that is furthest behind.
    Each is the joint's own at that time, linear between its states around it.
    """

    def __init__(self, joints: Sequence[str], max_gap_ns: int, continuous: Sequence[str] = ()) -> None:
        """`max_gap_ns`: states of a joint that are further apart say nothing of the time between them. `continuous`:
        joints whose whole revolutions do not count."""
        self._joints = tuple(joints)
        self._wraps = tuple(joint in continuous for joint in joints)
        self._max_gap_ns = max_gap_ns
        self._stamps: list[list[int]] = [[] for _ in joints]
        self._values: list[list[tuple[float, float]]] = [[] for _ in joints]
        self._last_ns: int | None = None
        self.unused = 0
        """Messages that are not used: they came after a newer reading, or hold a position that is not finite."""

    def add(
        self, stamp_ns: int, names: Sequence[str], positions: Sequence[float], velocities: Sequence[float] = ()
    ) -> Reading | None:
        """Takes a message; `velocities` are empty where the driver measures none. Returns the reading that it
        completes; None while joints are missing."""
        places = {name: place for place, name in reversed(list(enumerate(names)))}
        found = [
            (joint, (float(positions[place]), float(velocities[place]) if len(velocities) else math.nan))
            for joint, place in enumerate(places.get(name) for name in self._joints)
            if place is not None
        ]
        if not found:
            return None
        if not all(math.isfinite(position) for _, (position, _) in found):
            self.unused += 1
            return None
        self.unused += self._last_ns is not None and stamp_ns < self._last_ns
        for joint, values in found:
            stamps = self._stamps[joint]
            row = bisect_left(stamps, stamp_ns)
            # Of two with the same stamp the first counts.
            if row == len(stamps) or stamps[row] != stamp_ns:
                stamps.insert(row, stamp_ns)
                self._values[joint].insert(row, values)
        return self._take()

    def _take(self) -> Reading | None:
        if not all(self._stamps):
            return None
        stamp_ns = min(stamps[-1] for stamps in self._stamps)
        if self._last_ns is not None and stamp_ns <= self._last_ns:
            return None
        rows = [bisect_left(stamps, stamp_ns) for stamps in self._stamps]
        if not all(self._is_known(joint, row, stamp_ns) for joint, row in enumerate(rows)):
            return None
        self._last_ns = stamp_ns
        values = [self._at(joint, row, stamp_ns) for joint, row in enumerate(rows)]
        return Reading(stamp_ns, [position for position, _ in values], [velocity for _, velocity in values])

    def _is_known(self, joint: int, row: int, stamp_ns: int) -> bool:
        stamps = self._stamps[joint]
        return stamps[row] == stamp_ns or (row > 0 and stamps[row] - stamps[row - 1] <= self._max_gap_ns)

    def _at(self, joint: int, row: int, stamp_ns: int) -> tuple[float, float]:
        """Position and velocity of a joint at a time, between its states `row - 1` and `row`; forgets those before."""
        stamps, values = self._stamps[joint], self._values[joint]
        if stamps[row] == stamp_ns:
            exact = values[row]
            del stamps[:row], values[:row]
            return exact
        (begin, slow), (end, fast) = values[row - 1], values[row]
        moved = end - begin
        if self._wraps[joint]:
            moved -= 2 * math.pi * round(moved / (2 * math.pi))
        share = (stamp_ns - stamps[row - 1]) / (stamps[row] - stamps[row - 1])
        del stamps[: row - 1], values[: row - 1]
        return begin + share * moved, slow + share * (fast - slow)
