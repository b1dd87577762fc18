"""Decides which updates end with an image. Independent of ROS."""

from __future__ import annotations

from fractions import Fraction

from .errors import StartupError


class CameraSchedule:
    """Distributes images over updates as evenly as whole updates allow (30 Hz at 100 Hz: every third or fourth)."""

    def __init__(self, rate_hz: float, period_ns: int) -> None:
        """Raises StartupError unless 0 < `rate_hz` <= one image per update."""
        limit_hz = 1e9 / period_ns
        if not 0 < rate_hz <= limit_hz:
            raise StartupError(f"camera_rate: found {rate_hz:g} Hz, expected more than 0 and at most {limit_hz:g} Hz.")
        # Exact arithmetic: a rounding error would shift an image by one update, and runs could not be compared.
        self._images_per_update = Fraction(rate_hz).limit_denominator(1000) * period_ns / 10**9
        self._updates = 0

    def restart(self) -> None:
        """Call this after an image outside the schedule: the next one is due one interval from now."""
        self._updates = 0

    def advance(self, updates: int = 1) -> bool:
        """Counts updates. Returns whether an image has become due with them."""
        before = self._updates * self._images_per_update // 1
        self._updates += updates
        return self._updates * self._images_per_update // 1 > before
