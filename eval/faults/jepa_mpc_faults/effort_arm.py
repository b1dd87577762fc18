"""A robot that takes efforts, for the interface `effort`: the simulator shows its pose to the camera."""

from __future__ import annotations

import time

import numpy as np
from sensor_msgs.msg import JointState

INERTIA = 0.05
"""kg m² of each joint."""
FRICTION = 0.02
"""N m s/rad."""
_STEP_S = 0.001


class EffortArm:
    """Joints that turn on their own, in a plane: inertia and friction, nothing else. Moves on with the wall clock."""

    def __init__(self, position: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        self.position = position.astype(np.float64)
        self.velocity = np.zeros_like(self.position)
        self._effort = np.zeros_like(self.position)
        self._range = (lower, upper)
        self._moved_s = time.monotonic()

    def command(self, efforts: np.ndarray) -> None:
        """Applies these efforts `[J]`, N m, from now on."""
        self.move()
        self._effort = efforts.copy()

    def put_into(self, message: JointState) -> None:
        """Replaces what a message says by the present state."""
        self.move()
        message.position = self.position.tolist()
        message.velocity = self.velocity.tolist()
        message.effort = self._effort.tolist()

    def move(self) -> None:
        """Moves on to now."""
        now_s = time.monotonic()
        steps = min(int((now_s - self._moved_s) / _STEP_S), 1000)
        self._moved_s += steps * _STEP_S
        if now_s - self._moved_s > 1.0:
            self._moved_s = now_s
        for _ in range(steps):
            self.velocity += (self._effort - FRICTION * self.velocity) / INERTIA * _STEP_S
            self.position += self.velocity * _STEP_S
        stopped = np.clip(self.position, *self._range)
        self.velocity[stopped != self.position] = 0
        self.position = stopped
