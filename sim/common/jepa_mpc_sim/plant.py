"""What a simulated robot is to the controllers and the ROS 2 node, whichever physics it runs in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from .urdf import Camera, JointLimits


class Plant(Protocol):
    """A robot whose joints track velocity set-points, and the camera that sees it.

    Positions are rad (m for prismatic joints), velocities rad/s, efforts Nm, float64 `[J]` in the order of
    `joint_names`.
    """

    joint_names: Sequence[str]
    limits: JointLimits
    camera: Camera

    @property
    def position(self) -> np.ndarray:
        """Joint positions `[J]`."""
        ...

    @property
    def velocity(self) -> np.ndarray:
        """Joint velocities `[J]`."""
        ...

    @property
    def effort(self) -> np.ndarray:
        """What the servos apply `[J]`."""
        ...

    def reset(self, position: np.ndarray) -> None:
        """Puts the robot at rest at `position [J]`. Time goes on."""
        ...

    def step(self, velocity_setpoint: np.ndarray, duration_s: float) -> None:
        """Simulates `duration_s` with the servos tracking `velocity_setpoint [J]`."""
        ...

    def render(self) -> np.ndarray:
        """What the camera sees now: uint8 `[H, W, 3]`, RGB."""
        ...

    def render_at(self, position: np.ndarray) -> np.ndarray:
        """What the camera would see with the robot at `position [J]`; the simulation is not disturbed."""
        ...


def joint_vector(what: str, values: np.ndarray, joint_names: Sequence[str]) -> np.ndarray:
    """float64 `[J]` of one finite number for each joint; raises ValueError, calling it `what`, for anything else."""
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (len(joint_names),) or not np.isfinite(array).all():
        names = ", ".join(joint_names)
        raise ValueError(f"{what}: found {array.tolist()}, expected one finite number for each of {names}.")
    return array


def whole_steps(duration_s: float, step_s: float) -> int:
    """How many physics steps a duration has; raises ValueError unless it is a positive multiple of `step_s`."""
    count = round(duration_s / step_s)
    if count < 1 or abs(count * step_s - duration_s) > 1e-9:
        raise ValueError(f"duration_s: found {duration_s}, expected a positive multiple of {step_s} s.")
    return count
