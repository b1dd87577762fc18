"""The time that a sender lives by whose clock is `/clock`, at the moments at which it sent its commands."""

from __future__ import annotations

from collections import deque

_KEPT = 2000


class SimulatedTime:
    """Time that has passed on `/clock`, by what the sender was given. Where the clock goes back, no time passes."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, float]] = deque(maxlen=_KEPT)
        self._last_ns: int | None = None
        self.elapsed_s = 0.0

    def note(self, wall_s: float, clock_ns: int) -> None:
        """A message on `/clock`, sent at this wall-clock time."""
        if self._last_ns is not None:
            self.elapsed_s += max(0, clock_ns - self._last_ns) / 1e9
        self._last_ns = clock_ns
        self._marks.append((wall_s, self.elapsed_s))

    def at(self, wall_s: float) -> float | None:
        """Time that had passed by the last message before this wall-clock time, s; None before the first."""
        return next((elapsed_s for sent_s, elapsed_s in reversed(self._marks) if sent_s <= wall_s), None)
