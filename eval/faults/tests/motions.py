"""Motions within limits, made without any code of the node."""

from __future__ import annotations

import numpy as np

from jepa_mpc_faults.limits import Limits
from jepa_mpc_faults.trajectory import Trajectory

PERIOD_S = 0.02
LIMITS = Limits(
    ("one", "two"),
    lower=np.array([-2.0, -1.0]),
    upper=np.array([2.0, 1.0]),
    velocity=np.array([1.5, 1.0]),
    acceleration=np.array([10.0, 5.0]),
    jerk=np.array([250.0, 125.0]),
    effort=np.array([20.0, 10.0]),
)


def smooth_motion(steps: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Positions and velocities `[N, 2]` that begin at rest, and move back and forth with three sines each."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(steps) * PERIOD_S
    positions, velocities = np.zeros((steps, 2)), np.zeros((steps, 2))
    for joint in range(2):
        rates = rng.uniform(0.3, 2.0, 3)
        amplitudes = 0.1 * LIMITS.velocity[joint] / rates
        for rate, amplitude in zip(rates, amplitudes, strict=True):
            # A sine that rises from rest: its jerk stays small at the start too.
            positions[:, joint] += amplitude * (1 - np.cos(rate * time_s))
            velocities[:, joint] += amplitude * rate * np.sin(rate * time_s)
    return positions, velocities


def with_ramp(position: np.ndarray, velocity: np.ndarray, before: np.ndarray) -> Trajectory:
    """A message: this state after a period, then a smooth ramp to rest. `before`: acceleration `[2]` up to it."""
    length = 60
    share = np.arange(1, length + 1) / length
    # The velocity falls as a quintic would, with the given acceleration at its start.
    duration_s = length * PERIOD_S
    fall = 1 - 10 * share**3 + 15 * share**4 - 6 * share**5
    rise = duration_s * (share - 6 * share**3 + 8 * share**4 - 3 * share**5)
    velocities = np.outer(fall, velocity) + np.outer(rise, before)
    velocities[-1] = 0
    velocities = np.vstack([velocity, velocities])
    steps = (velocities[1:] + velocities[:-1]) * (PERIOD_S / 2)
    positions = np.vstack([position, position + np.cumsum(steps, axis=0)])
    return Trajectory(np.arange(1, length + 2) * PERIOD_S, positions, velocities)
