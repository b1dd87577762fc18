"""Delays messages, as a real camera or bus does. Independent of ROS."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np

from .draws import Draws

_NS_PER_MS = 1e6

T = TypeVar("T")


class Late(Generic[T]):
    """Delays each item by a constant plus or minus a jitter, never below 0, and keeps their order.

    The first item, and the first one after each restart, is not delayed: the robot has just been placed, and is treated
    as if it had been there before.
    """

    def __init__(self, delay_ms: float, jitter_ms: float, draws: Draws, spacing_ns: int = 0) -> None:
        """The jitter is uniform over +/- `jitter_ms`. Items are due at least `spacing_ns` apart."""
        self._delay_ms = delay_ms
        self._jitter_ms = jitter_ms
        self._draws = draws
        self._spacing_ns = spacing_ns
        self._held: deque[tuple[int, T]] = deque()
        self._last_due_ns: int | None = None

    @property
    def due_ns(self) -> int | None:
        """Time at which the next item is due; None if there is none."""
        return self._held[0][0] if self._held else None

    def add(self, item: T, taken_ns: int) -> None:
        """Adds an item that was taken at `taken_ns`. Times must not decrease between restarts."""
        if self._last_due_ns is None:
            due_ns = taken_ns
        else:
            due_ns = max(taken_ns + self._lateness_ns(), self._last_due_ns + self._spacing_ns)
        self._last_due_ns = due_ns
        self._held.append((due_ns, item))

    def take_due(self, now_ns: int) -> list[T]:
        """Removes and returns the items that are due at `now_ns`, oldest first."""
        items = []
        while self._held and self._held[0][0] <= now_ns:
            items.append(self._held.popleft()[1])
        return items

    def restart(self, pose: Sequence[float] | np.ndarray) -> None:
        """Drops the items that are not yet due. The next item is not delayed, and the jitter begins anew: that of
        `pose [J]`, where the robot is placed."""
        self._held.clear()
        self._last_due_ns = None
        self._draws.restart(pose)

    def _lateness_ns(self) -> int:
        jitter_ms = self._draws.rng.uniform(-self._jitter_ms, self._jitter_ms) if self._jitter_ms > 0 else 0.0
        return round(max(0.0, self._delay_ms + jitter_ms) * _NS_PER_MS)
