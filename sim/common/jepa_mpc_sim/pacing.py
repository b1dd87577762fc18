"""Keeps the real-time mode in step with the wall clock. Independent of ROS."""

from __future__ import annotations

from dataclasses import dataclass

MAX_LAG_NS = 100_000_000
"""If the simulation is farther behind the wall clock than this, it does not try to catch up."""

MAX_LEAD_NS = 50_000_000
"""If the simulation is farther ahead of the wall clock than this, the clock must have been set back."""


@dataclass(frozen=True)
class Due:
    """What to do now: run `updates` periods; or, if `jump` is set, continue from the current time without running
    any."""

    updates: int
    jump: bool = False


def due(simulated_ns: int, wall_ns: int, period_ns: int) -> Due:
    """Periods to run for a simulation that has reached `simulated_ns`, so that it is never ahead of the wall clock.

    They are counted from the absolute time instead of the last wake-up, so that small delays do not accumulate.
    """
    lag_ns = wall_ns - simulated_ns
    if lag_ns > MAX_LAG_NS or lag_ns < -MAX_LEAD_NS:
        return Due(0, jump=True)
    return Due(max(0, lag_ns // period_ns))
