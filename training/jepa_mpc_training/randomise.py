"""Draws appearances of the scene and dynamics of the robot, within the ranges of `RandomiseConfig`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jepa_mpc_mujoco.appearance import Appearance
from jepa_mpc_mujoco.dynamics import Dynamics
from jepa_mpc_mujoco.patterns import make_patterns

from .config import TICK_MS, VIEWS, CollectConfig, RandomiseConfig


def view_count(collect: CollectConfig, randomise: RandomiseConfig) -> int:
    """Views of each motion: one if all of them would show the simulator's default appearance.

    With motions in Gazebo there are two, because its camera and MuJoCo's show different images.
    """
    return 1 if randomise.nominal_share >= 1 and collect.gazebo_episodes == 0 else VIEWS


def draw_appearance(rng: np.random.Generator, config: RandomiseConfig, parts: Sequence[str]) -> Appearance:
    """An appearance of the scene with the visuals `parts`; sometimes the nominal one."""
    if rng.random() < config.nominal_share:
        return Appearance()
    tilt, heading = np.deg2rad(rng.uniform(0, config.light_tilt_deg)), rng.uniform(0, 2 * np.pi)
    light = (np.sin(tilt) * np.cos(heading), np.sin(tilt) * np.sin(heading), -np.cos(tilt))
    camera_share = rng.random()
    return Appearance(
        light_direction=light,
        light_strength=rng.uniform(config.light_low, config.light_high),
        ambient=rng.uniform(config.ambient_low, config.ambient_high),
        tints={part: tuple(1 + rng.uniform(-config.tint, config.tint, 3)) for part in parts},
        pattern=str(rng.choice(list(make_patterns()))) if rng.random() < config.pattern_share else None,
        camera_shift_m=tuple(rng.uniform(-1, 1, 3) * camera_share * config.camera_shift_m),
        camera_tilt_rad=tuple(rng.uniform(-1, 1, 3) * camera_share * np.deg2rad(config.camera_tilt_deg)),
        fov_scale=1 + rng.uniform(-config.fov, config.fov),
    )


def draw_dynamics(
    rng: np.random.Generator, config: RandomiseConfig, links: Sequence[str], joints: Sequence[str]
) -> tuple[Dynamics, int]:
    """Dynamics of the robot, and its delay from command to motion in ms, a multiple of TICK_MS; sometimes nominal."""
    if rng.random() < config.nominal_share:
        return Dynamics(), 0
    low, high = np.log((config.servo_gain_low, config.servo_gain_high))
    dynamics = Dynamics(
        mass_scale={link: rng.uniform(config.mass_low, config.mass_high) for link in links},
        damping={joint: rng.uniform(0, config.damping_high) for joint in joints},
        servo_gain_scale=float(np.exp(rng.uniform(low, high))),
    )
    return dynamics, TICK_MS * int(rng.integers(int(config.delay_high_ms) // TICK_MS, endpoint=True))
