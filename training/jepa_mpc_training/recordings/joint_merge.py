"""Joint states in pieces become positions of all joints: by the rules of the node (`src/timeline/joint-merge.ts`).

Both run `tests/fixtures/joint-merge.json`.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence


class JointMerge:
    """Merges states of single joints, in whatever pieces, order and delay they come.

    The positions are for the newest time that every joint is known at: the stamp of the joint that is furthest behind.
    Each is the joint's own at that time, linear between its states around it.
    """

    def __init__(self, joints: Sequence[str], max_gap_ns: int, continuous: Sequence[str] = ()) -> None:
        """`max_gap_ns`: states of a joint that are further apart say nothing of the time between them. `continuous`:
        joints whose whole revolutions do not count."""
        self._joints = tuple(joints)
        self._wraps = tuple(joint in continuous for joint in joints)
        self._max_gap_ns = max_gap_ns
        self._stamps: list[list[int]] = [[] for _ in joints]
        self._positions: list[list[float]] = [[] for _ in joints]
        self._last_ns: int | None = None
        self.unused = 0
        """Messages that are not used: they came after a newer reading, or hold a position that is not finite."""

    def add(self, stamp_ns: int, names: Sequence[str], positions: Sequence[float]) -> tuple[int, list[float]] | None:
        """Takes a message. Returns stamp (ns) and positions `[J]` that it completes; None while joints are missing."""
        places = {name: place for place, name in reversed(list(enumerate(names)))}
        found = [(joint, float(positions[places[name]])) for joint, name in enumerate(self._joints) if name in places]
        if not found:
            return None
        if not all(math.isfinite(position) for _, position in found):
            self.unused += 1
            return None
        self.unused += self._last_ns is not None and stamp_ns < self._last_ns
        for joint, position in found:
            stamps = self._stamps[joint]
            row = bisect_left(stamps, stamp_ns)
            # Of two with the same stamp the first counts.
            if row == len(stamps) or stamps[row] != stamp_ns:
                stamps.insert(row, stamp_ns)
                self._positions[joint].insert(row, position)
        return self._take()

    def _take(self) -> tuple[int, list[float]] | None:
        if not all(self._stamps):
            return None
        stamp_ns = min(stamps[-1] for stamps in self._stamps)
        if self._last_ns is not None and stamp_ns <= self._last_ns:
            return None
        rows = [bisect_left(stamps, stamp_ns) for stamps in self._stamps]
        if not all(self._is_known(joint, row, stamp_ns) for joint, row in enumerate(rows)):
            return None
        self._last_ns = stamp_ns
        return stamp_ns, [self._position(joint, row, stamp_ns) for joint, row in enumerate(rows)]

    def _is_known(self, joint: int, row: int, stamp_ns: int) -> bool:
        stamps = self._stamps[joint]
        return stamps[row] == stamp_ns or (row > 0 and stamps[row] - stamps[row - 1] <= self._max_gap_ns)

    def _position(self, joint: int, row: int, stamp_ns: int) -> float:
        """The position of a joint at a time, between its states `row - 1` and `row`; forgets those before it."""
        stamps, positions = self._stamps[joint], self._positions[joint]
        if stamps[row] == stamp_ns:
            position = positions[row]
            del stamps[:row], positions[:row]
            return position
        begin, end = positions[row - 1], positions[row]
        moved = end - begin
        if self._wraps[joint]:
            moved -= 2 * math.pi * round(moved / (2 * math.pi))
        share = (stamp_ns - stamps[row - 1]) / (stamps[row] - stamps[row - 1])
        del stamps[: row - 1], positions[: row - 1]
        return begin + share * moved
