"""Decides when the next lockstep period may run: steps wait, in order, for a number of commands. Independent of ROS."""

from __future__ import annotations

from collections import deque


class StepGate:
    """Queue of `~/step` messages, and count of the commands received since the last reset."""

    def __init__(self) -> None:
        self._steps: deque[int] = deque()
        self.commands_seen = 0

    @property
    def commands_expected(self) -> int | None:
        """Number of commands that the first step in the queue waits for; None if no step is waiting."""
        return self._steps[0] if self._steps else None

    def add_step(self, commands_expected: int) -> None:
        """Adds a step that may run once `commands_expected` commands have been received."""
        self._steps.append(commands_expected)

    def add_command(self) -> None:
        """Counts a command. Rejected ones count as well, because their sender counts them."""
        self.commands_seen += 1

    def take_step(self) -> bool:
        """Removes the first step from the queue if it may run; returns whether it did."""
        if not self._steps or self.commands_seen < self._steps[0]:
            return False
        self._steps.popleft()
        return True

    def reset(self) -> None:
        """Restarts the count and drops the waiting steps, which belong to the run before."""
        self._steps.clear()
        self.commands_seen = 0
