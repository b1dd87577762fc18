"""Whether a sender takes more steps than time passes: each step is within the limits only if it takes its period."""

from __future__ import annotations

import math
from collections import deque

from .steps import Finding

_WINDOW = 200
"""Commands that a pace is compared with."""

_JITTER = 2.0
"""Periods that any two commands may be closer than their steps: the first was sent late, as on a busy machine."""

_USUAL_JITTER = 0.8
"""The same against all but the quarter of the commands that was sent earliest in its period: few are ever late."""

_ENOUGH = 20
"""Commands from which on it is known when in its period the sender usually sends."""


class Pace:
    """Counts the steps that a sender takes, against the time that it has for them.

    A timer that ticks late, leaves ticks out, or whose command is sent late only ever adds time. So from a command that
    was sent on time, the steps up to another one never exceed the periods in between.
    """

    def __init__(self, period_s: float, jitter: float = _JITTER, usual_jitter: float = _USUAL_JITTER) -> None:
        """`jitter`, `usual_jitter`: periods, see above; the second may be infinite."""
        self._period_s = period_s
        self._jitter = jitter
        self._usual_jitter = usual_jitter
        self.restart()

    def restart(self) -> None:
        """Forgets all commands."""
        self._begun_s: float | None = None
        self._steps = 0
        # Periods since the first command, less the steps taken since: when in its period a command was sent.
        self._phases: deque[float] = deque(maxlen=_WINDOW)

    def findings(self, time_s: float, steps: int, *, is_late: bool = False) -> list[Finding]:
        """Notes a command that was sent at `time_s`, so many steps after the last; 0 for one that does not move.

        `is_late`: it is known to be sent long after it was made, so what follows is not compared with it.
        """
        if self._begun_s is None:
            self._begun_s = time_s
        self._steps += steps
        phase = (time_s - self._begun_s) / self._period_s - self._steps
        ahead = self._ahead(phase) if steps > 0 else 0.0
        if ahead > 0:
            # Otherwise each command that follows would be found as well.
            self._phases.clear()
        if not is_late:
            self._phases.append(phase)
        return [("pace", 0, steps + ahead, float(steps))] if ahead > 0 else []

    def _ahead(self, phase: float) -> float:
        """Steps too many."""
        if not self._phases:
            return 0.0
        ahead = max(self._phases) - phase - self._jitter
        if len(self._phases) >= _ENOUGH and math.isfinite(self._usual_jitter):
            usual = sorted(self._phases)[len(self._phases) // 4]
            ahead = max(ahead, usual - phase - self._usual_jitter)
        return ahead
