"""The limits that the planner node's command stream applies on every tick."""

from __future__ import annotations

import numpy as np
from jepa_mpc_sim.joint_limits import JointLimits


class CommandLimiter:
    """Turns target velocities into a desired state `(position, velocity)` inside the joint limits.

    On each tick the desired velocity moves towards the target: within the velocity limit, within the velocity from
    which the joint can still brake before its position limit, and within the acceleration limit.
    """

    def __init__(self, limits: JointLimits, tick_s: float) -> None:
        self._limits = limits
        self._tick_s = tick_s
        self.position = np.zeros_like(limits.lower)
        self.velocity = np.zeros_like(limits.lower)

    def reset(self, position: np.ndarray) -> None:
        """Starts at rest at `position [J]`, rad."""
        self.position = np.asarray(position, dtype=np.float64).copy()
        self.velocity = np.zeros_like(self.position)

    def tick(self, target_velocity: np.ndarray) -> None:
        """Advances the desired state by one tick towards `target_velocity [J]`, rad/s."""
        limits, tick_s = self._limits, self._tick_s
        above = braking_velocity(limits.upper - self.position, limits.acceleration, tick_s)
        below = braking_velocity(self.position - limits.lower, limits.acceleration, tick_s)
        highest, lowest = np.minimum(limits.velocity, above), -np.minimum(limits.velocity, below)
        change = limits.acceleration * tick_s
        target = np.clip(target_velocity, lowest, highest)
        self.velocity = np.clip(target, self.velocity - change, self.velocity + change)
        self.position = self.position + self.velocity * tick_s


def braking_velocity(room: np.ndarray, acceleration: np.ndarray, period_s: float) -> np.ndarray:
    """Largest velocity that, held for one period and then braked, stays within `room`: v*dt + v^2 / (2a) = room."""
    step = acceleration * period_s
    return np.sqrt(step**2 + 2 * acceleration * np.maximum(room, 0.0)) - step
