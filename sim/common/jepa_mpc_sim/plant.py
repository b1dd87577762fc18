"""The interface of a simulated robot to the controllers and the ROS 2 node, independent of the physics engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from .cameras import Camera
from .joint_limits import JointLimits


class Plant(Protocol):
    """A robot whose joints track velocity set-points, with cameras, of which the first is the main one.

    Positions are rad (m for prismatic joints), velocities rad/s, efforts Nm, float64 `[J]` in the order of
    `joint_names`.
    """

    joint_names: Sequence[str]
    limits: JointLimits
    cameras: Sequence[Camera]

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
        """Efforts of the servos `[J]`."""
        ...

    def reset(self, position: np.ndarray) -> None:
        """Puts the robot at rest at `position [J]`. Time does not restart."""
        ...

    def step(self, velocity_setpoint: np.ndarray, duration_s: float) -> None:
        """Simulates `duration_s` with the servos tracking `velocity_setpoint [J]`."""
        ...

    def render(self, camera: int = 0) -> np.ndarray:
        """The current image of one of `cameras`: uint8 `[H, W, 3]`, RGB."""
        ...

    def render_at(self, position: np.ndarray, camera: int = 0) -> np.ndarray:
        """The image of a camera with the robot at `position [J]`. The simulation is not changed."""
        ...


def joint_vector(what: str, values: np.ndarray, joint_names: Sequence[str]) -> np.ndarray:
    """The values as float64 `[J]`. Raises ValueError, with the name `what`, unless there is one finite number a
    joint."""
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (len(joint_names),) or not np.isfinite(array).all():
        names = ", ".join(joint_names)
        raise ValueError(f"{what}: found {array.tolist()}, expected one finite number for each of {names}.")
    return array


def whole_steps(duration_s: float, step_s: float) -> int:
    """Number of physics steps in a duration. Raises ValueError unless it is a positive multiple of `step_s`."""
    count = round(duration_s / step_s)
    if count < 1 or abs(count * step_s - duration_s) > 1e-9:
        raise ValueError(f"duration_s: found {duration_s}, expected a positive multiple of {step_s} s.")
    return count
