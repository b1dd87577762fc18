"""When commands of a stream were sent: how many periods may lie between two of them, and whether that many do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .limits import Limits
from .pace import Pace
from .steps import Finding, State
from .trajectory import SETTLED_PERIODS
from .velocity_change import VelocityChange

_JITTER_PERIODS = 0.3
"""How far, in command periods, the time between two commands may be from what the sender takes it for."""

_BUSY_JITTER_PERIODS = 1.0
"""The same around gaps that are irregular: on a busy machine a command may be sent well after it was made."""

_SLACK_PERIODS = 2.0
"""By how many periods two commands may be closer than they were made: the first was sent late."""

_UNPACED_SLACK_PERIODS = 5.0
"""The same where a clock that is relayed makes the sender's ticks: they come in bursts after the relay had to wait."""

LATE_PERIODS = 10
"""A command that was sent at most this long after its time may be late; after a longer silence the sender was idle."""


class Step(NamedTuple):
    """An explanation of a command: so many periods after the last one. `moves`: whether it or the last one moves."""

    findings: list[Finding]
    state: State
    steps: int
    moves: bool


class Timing:
    """The times at which the commands of a stream were sent."""

    def __init__(self, limits: Limits, period_s: float, *, is_paced: bool, counts_steps: bool = True) -> None:
        """`is_paced`: the sender's ticks are those of the wall clock. Otherwise they may come in bursts.

        `counts_steps`: whether to check that steps take their time.
        """
        self._counts_steps = counts_steps
        self._period_s = period_s
        self._is_paced = is_paced
        self._last_s: float | None = None
        self._was_regular = True
        # Periods by which the last command was late: its sender makes up for them.
        self._owed = 0
        slack = _SLACK_PERIODS if is_paced else _UNPACED_SLACK_PERIODS
        self._pace = Pace(period_s) if is_paced else Pace(period_s, slack, math.inf)
        self._change = VelocityChange(limits, slack * period_s)

    def restart(self, time_s: float) -> None:
        """The motion begins anew with a command that was sent now."""
        self._last_s = time_s
        self._pace.restart()
        self._change.restart()

    def possible_steps(self, time_s: float, ramp_s: float) -> list[int]:
        """How many periods may lie between the last command, with a ramp of this length, and one sent now."""
        if self._last_s is None:
            return [1]
        gap_s = time_s - self._last_s
        least = self._least_steps(gap_s)
        most = max(1, math.floor(gap_s / self._period_s + self._jitter(gap_s))) + self._owed
        if not self._is_paced:
            least, most = 1, max(most, round(ramp_s / self._period_s) + SETTLED_PERIODS)
        return list(range(least, min(most, least + 500) + 1))

    def findings(self, time_s: float, velocity: np.ndarray, fitting: Sequence[Step]) -> list[Finding]:
        """Notes a command, whichever of these steps it is. What the time at which it was sent violates."""
        fewest = min(fitting, key=lambda step: step.steps)
        steps = fewest.steps if fewest.moves else 0
        gap_s = self._period_s if self._last_s is None else time_s - self._last_s
        due = self._least_steps(gap_s)
        is_late = steps < due <= LATE_PERIODS
        self._owed = due - steps if is_late and fewest.moves else 0
        self._was_regular = _is_regular(gap_s / self._period_s)
        self._last_s = time_s
        if not self._counts_steps:
            return []
        pace = self._pace.findings(time_s, steps, is_late=is_late)
        return pace + self._change.findings(time_s, velocity, is_late=is_late)

    def _least_steps(self, gap_s: float) -> int:
        return max(1, math.floor(gap_s / self._period_s - self._jitter(gap_s)))

    def _jitter(self, gap_s: float) -> float:
        is_regular = _is_regular(gap_s / self._period_s) and self._was_regular
        return _JITTER_PERIODS if is_regular else _BUSY_JITTER_PERIODS


def _is_regular(periods: float) -> bool:
    return abs(periods - 1) <= _JITTER_PERIODS
