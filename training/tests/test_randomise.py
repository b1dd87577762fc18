"""Random draws stay in their ranges, depend on the generator alone, and change pixels and motion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from jepa_mpc_mujoco.appearance import Appearance
from jepa_mpc_mujoco.dynamics import Dynamics

from jepa_mpc_training.config import PhotometryConfig, RandomiseConfig
from jepa_mpc_training.photometry import draw_photometry
from jepa_mpc_training.randomise import draw_appearance, draw_dynamics

PARTS, LINKS, JOINTS = ["table", "tip"], ["upper_link"], ["shoulder", "elbow"]
ALWAYS = RandomiseConfig(nominal_share=0.0)


def test_looks_stay_in_their_ranges_and_fill_them() -> None:
    rng = np.random.default_rng(0)
    looks = [draw_appearance(rng, ALWAYS, PARTS) for _ in range(300)]
    light = np.array([look.light_direction for look in looks])
    assert (light[:, 2] <= -np.cos(np.deg2rad(ALWAYS.light_tilt_deg)) + 1e-9).all()
    shift = np.array([look.camera_shift_m for look in looks])
    assert 0.8 * ALWAYS.camera_shift_m < np.abs(shift).max() <= ALWAYS.camera_shift_m
    tilt = np.rad2deg([look.camera_tilt_rad for look in looks])
    assert 0.8 * ALWAYS.camera_tilt_deg < np.abs(tilt).max() <= ALWAYS.camera_tilt_deg
    assert all(set(look.tints) == set(PARTS) for look in looks)
    tints = np.array([factors for look in looks for factors in look.tints.values()])
    assert 0.9 * ALWAYS.tint < np.abs(tints - 1).max() <= ALWAYS.tint
    patterned = np.mean([look.pattern is not None for look in looks])
    assert patterned == pytest.approx(ALWAYS.pattern_share, abs=0.1)


def test_robots_stay_in_their_ranges_and_delays_are_whole_ticks() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_dynamics(rng, ALWAYS, LINKS, JOINTS) for _ in range(300)]
    assert {delay for _, delay in drawn} == {0, 20, 40, 60, 80, 100, 120, 140}
    scales = [dynamics.mass_scale["upper_link"] for dynamics, _ in drawn]
    assert min(scales) >= ALWAYS.mass_low
    assert max(scales) <= ALWAYS.mass_high
    assert all(set(dynamics.damping) == set(JOINTS) for dynamics, _ in drawn)


def test_the_same_generator_gives_the_same_draw_and_some_are_nominal() -> None:
    def draws(seed: int) -> list[object]:
        rng = np.random.default_rng(seed)
        config = RandomiseConfig(nominal_share=0.5)
        looks = [draw_appearance(rng, config, PARTS) for _ in range(20)]
        return looks + [draw_dynamics(rng, config, LINKS, JOINTS) for _ in range(20)]

    assert draws(1) == draws(1) != draws(2)
    assert Appearance() in draws(1)
    assert (Dynamics(), 0) in draws(1)


def _views(level: float = 128.0) -> torch.Tensor:
    return torch.full((40, 2, 3, 8, 8), level).to(torch.uint8)


def test_pixels_stay_in_range_and_views_differ_but_not_the_light_within_one() -> None:
    config = PhotometryConfig(nominal_share=0.0, noise_high=0.0, blur_share=0.0)
    seen = draw_photometry(config, 40, (8, 8), torch.Generator().manual_seed(0)).apply(_views())
    assert float(seen.min()) >= 0
    assert float(seen.max()) <= 255
    torch.testing.assert_close(seen[:, 0], seen[:, 1])
    means = seen.mean((1, 2, 3, 4))
    assert float(means.min()) < 100
    assert float(means.max()) > 150
    assert float(draw_photometry(config, 40, (8, 8), torch.Generator().manual_seed(0)).apply(_views(255)).max()) == 255


def test_noise_is_new_in_every_frame_and_a_nominal_view_is_left_alone() -> None:
    config = PhotometryConfig(nominal_share=0.0, noise_share=1.0)
    seen = draw_photometry(config, 40, (8, 8), torch.Generator().manual_seed(0)).apply(_views())
    assert float((seen[:, 0] - seen[:, 1]).abs().amax((1, 2, 3)).min()) > 0
    nominal = draw_photometry(replace(config, nominal_share=1.0), 40, (8, 8), torch.Generator().manual_seed(0))
    assert torch.equal(nominal.apply(_views()), _views().float())
