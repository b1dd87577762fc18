"""A simulated robot with its joint controller and command stream, stepped in ticks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
from jepa_mpc_sim.plant import Plant

from .config import FRAME_SIZE, TICK_MS
from .limiter import CommandLimiter
from .recordings.images import scaled


class Robot:
    """A plant with a command limiter and a tracking controller (velocity feed-forward and position feedback, as in
    ros2_control). Commands reach the controller after `delay_ms`, rounded down to whole ticks.
    """

    def __init__(
        self,
        plant: Plant,
        tracking_gain: float,
        delay_ms: int = 0,
        frame_size: int = FRAME_SIZE,
        cameras: Sequence[int] = (0,),
    ) -> None:
        """`frame_size`: width and height of the frames; 0: the camera's own. `cameras`: indices of those that see."""
        self.plant = plant
        self.limiter = CommandLimiter(plant.limits, TICK_MS / 1000)
        self._gain = tracking_gain
        self._frame_size = frame_size
        self._cameras = cameras
        self._setpoint = np.zeros(len(plant.joint_names))
        self.reset(plant.position, delay_ms)

    def reset(self, position: np.ndarray, delay_ms: int = 0) -> None:
        """Puts the robot at rest at `position [J]`."""
        self.plant.reset(position)
        self.limiter.reset(position)
        self._setpoint = np.zeros(len(self.plant.joint_names))
        # Desired positions and velocities that have not yet reached the controller, oldest first.
        self._desired = deque([(self.limiter.position, self.limiter.velocity)] * (delay_ms // TICK_MS))

    def tick(self, target_velocity: np.ndarray) -> None:
        """One period of the command stream with `target_velocity [J]`, rad/s."""
        self.command(target_velocity)
        self.advance(TICK_MS / 1000)

    def command(self, target_velocity: np.ndarray) -> None:
        """Advances the desired state by one tick. The robot follows it in `advance`."""
        before = self.limiter.position
        self.limiter.tick(target_velocity)
        self._desired.append((before, self.limiter.velocity))
        position, velocity = self._desired.popleft()
        self._setpoint = velocity + self._gain * (position - self.plant.position)

    def advance(self, duration_s: float) -> None:
        """Simulates `duration_s`, at most one tick, while the joint controller tracks the desired state."""
        self.plant.step(self._setpoint, duration_s)

    def see(self) -> np.ndarray:
        """The camera's frame in the size of the recordings, uint8 `[H, W, 3]`; those of C cameras `[C, H, W, 3]`."""
        return self._frame(self.plant.render)

    def see_at(self, position: np.ndarray) -> np.ndarray:
        """The frame with the robot at `position [J]`. The robot itself is not moved."""
        return self._frame(lambda camera: self.plant.render_at(position, camera))

    def _frame(self, image_of: Callable[[int], np.ndarray]) -> np.ndarray:
        images = [self._sized(image_of(camera)) for camera in self._cameras]
        return images[0] if len(images) == 1 else np.stack(images)

    def _sized(self, image: np.ndarray) -> np.ndarray:
        return scaled(image, self._frame_size) if self._frame_size else image
