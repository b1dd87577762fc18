"""Conditions for the closed-loop evaluation: scene, camera, image and delay of the robot."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from jepa_mpc_mujoco.appearance import Appearance
from jepa_mpc_sim.imperfections import develop


@dataclass(frozen=True)
class Condition:
    """One condition, the same for the goal image and for every frame. The default is the unchanged simulator."""

    appearance: Appearance = field(default_factory=Appearance)
    brightness: float = 1.0
    """Factor on the grey levels."""
    noise: float = 0.0
    """Standard deviation of each pixel, in grey levels of 255."""
    delay_ms: int = 0
    """Delay from a command to the joint controller."""

    def develop(self, frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A frame, uint8 `[S, S, 3]`, as it reaches the encoder under this condition; the same shape and type."""
        return develop(frame, self.brightness, self.noise, rng)


NOMINAL = Condition()

CONDITIONS = {
    "camera shifted by 3 cm and tilted by 3 degrees": Condition(
        Appearance(camera_shift_m=(0.0, 0.03, 0.0), camera_tilt_rad=(0.0, 0.0, math.radians(3)))
    ),
    "light from the side": Condition(Appearance(light_direction=(0.6, -0.6, -1.0), light_strength=0.7, ambient=0.3)),
    "patterned table": Condition(Appearance(pattern="blotches_8")),
    "brightness x 0.6": Condition(brightness=0.6),
    "brightness x 1.4": Condition(brightness=1.4),
    "noise of 10 grey levels": Condition(noise=10.0),
    "commands 100 ms late": Condition(delay_ms=100),
}
"""Conditions other than the nominal one, by their name in the model card."""
