"""Whether velocities change sooner than the acceleration limits allow, by the time at which commands were sent."""

from __future__ import annotations

from collections import deque

import numpy as np

from .limits import Limits
from .steps import TOLERANCE, Finding

_WINDOW = 150
"""Commands that velocities are compared with: 3 s of 20 ms, so that slow joints have time to brake."""


class VelocityChange:
    """A joint at speed v is not at rest sooner than v/a later, however many steps a sender makes of it."""

    def __init__(self, limits: Limits, slack_s: float) -> None:
        """`slack_s`: time by which two commands may be closer than they were made."""
        self._limits = limits
        self._slack_s = slack_s
        self._kept: deque[tuple[float, np.ndarray]] = deque(maxlen=_WINDOW)

    def restart(self) -> None:
        """Forgets all commands."""
        self._kept.clear()

    def findings(self, time_s: float, velocity: np.ndarray, *, is_late: bool = False) -> list[Finding]:
        """Notes a command with these velocities `[J]`. `is_late`: what follows is not compared with it."""
        found: list[Finding] = []
        if self._kept and np.isfinite(velocity).all():
            times_s = np.array([sent_s for sent_s, _ in self._kept])
            changes = np.abs(np.array([kept for _, kept in self._kept]) - velocity)
            allowed = np.outer(time_s - times_s + self._slack_s, self._limits.acceleration)
            beyond = changes - allowed * (1 + TOLERANCE)
            row, joint = np.unravel_index(int(np.argmax(beyond)), beyond.shape)
            if beyond[row, joint] > TOLERANCE:
                found = [("velocity change", int(joint), float(changes[row, joint]), float(allowed[row, joint]))]
                # Otherwise each command that follows would be found as well.
                self._kept.clear()
        if not is_late and np.isfinite(velocity).all():
            self._kept.append((time_s, velocity))
        return found
