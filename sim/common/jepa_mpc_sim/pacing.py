"""How the real-time mode keeps to the wall clock. No ROS here."""

from __future__ import annotations

from dataclasses import dataclass

MAX_LAG_NS = 100_000_000
"""Farther behind the wall clock than this the simulation does not try to catch up."""

MAX_LEAD_NS = 50_000_000
"""Farther ahead of the wall clock than this the wall clock must have been set back."""


@dataclass(frozen=True)
class Due:
    """What to do now: run `updates` periods, or, where `jump` is set, go to the present without running any."""

    updates: int
    jump: bool = False


def due(simulated_ns: int, wall_ns: int, period_ns: int) -> Due:
    """Periods to run for a simulation that has reached `simulated_ns`, so that it never is ahead of the wall clock.

    Counting from the absolute time, and not from the last wake-up, keeps small delays from adding up.
    """
    lag_ns = wall_ns - simulated_ns
    if lag_ns > MAX_LAG_NS or lag_ns < -MAX_LEAD_NS:
        return Due(0, jump=True)
    return Due(max(0, lag_ns // period_ns))
