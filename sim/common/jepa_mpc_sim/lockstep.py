"""When the next lockstep period may run: steps wait in order for the commands that they name. No ROS here."""

from __future__ import annotations

from collections import deque


class StepGate:
    """Queue of `~/step` messages and count of the commands that have come since the last reset."""

    def __init__(self) -> None:
        self._steps: deque[int] = deque()
        self.commands_seen = 0

    @property
    def commands_expected(self) -> int | None:
        """How many commands the first step in the queue waits for; None while no step waits."""
        return self._steps[0] if self._steps else None

    def add_step(self, commands_expected: int) -> None:
        """Queues a step that may run once `commands_expected` commands have come."""
        self._steps.append(commands_expected)

    def add_command(self) -> None:
        """Counts a command; one that was rejected counts too, since its sender counts it."""
        self.commands_seen += 1

    def take_step(self) -> bool:
        """Takes the first step off the queue if it may run."""
        if not self._steps or self.commands_seen < self._steps[0]:
            return False
        self._steps.popleft()
        return True

    def reset(self) -> None:
        """Starts to count anew; steps that still wait belong to the run before and are dropped."""
        self._steps.clear()
        self.commands_seen = 0
