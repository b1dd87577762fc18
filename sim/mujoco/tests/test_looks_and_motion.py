"""A plant takes on another look and other masses, and goes back to the URDF's."""

from __future__ import annotations

import os
import re
from pathlib import Path

os.environ.setdefault("MUJOCO_GL", "osmesa")

import numpy as np
import pytest

from jepa_mpc_mujoco.appearance import Appearance
from jepa_mpc_mujoco.dynamics import Dynamics
from jepa_mpc_mujoco.patterns import make_patterns
from jepa_mpc_mujoco.plant import Plant

URDF = (Path(__file__).resolve().parents[3] / "urdf" / "reacher.urdf").read_text()
POSE = np.array([0.4, 1.0])


@pytest.fixture
def plant():
    plant = Plant(URDF)
    yield plant
    plant.close()


def _tip(image: np.ndarray) -> np.ndarray:
    """Where the green disc is, `[row, column]`."""
    levels = image.astype(int)
    return np.argwhere((levels[..., 1] > levels[..., 0] + 40) & (levels[..., 1] > levels[..., 2] + 40)).mean(axis=0)


@pytest.mark.parametrize(
    "look",
    [
        Appearance(light_direction=(0.7, 0.0, -0.7)),
        Appearance(light_strength=0.2),
        Appearance(ambient=0.2),
        Appearance(tints={"table": (0.8, 1.0, 1.1)}),
        Appearance(camera_shift_m=(0.0, 0.05, 0.0)),
        Appearance(camera_tilt_rad=(0.0, 0.0, 0.08)),
        Appearance(fov_scale=1.04),
        *(Appearance(pattern=name) for name in make_patterns()),
    ],
)
def test_a_look_shows_and_the_default_brings_the_first_one_back(plant: Plant, look: Appearance) -> None:
    before = plant.render_at(POSE)
    plant.set_appearance(look)
    assert (plant.render_at(POSE) != before).mean() > 0.005
    plant.set_appearance(Appearance())
    assert (plant.render_at(POSE) == before).all()


def test_the_live_camera_takes_on_the_look_too(plant: Plant) -> None:
    plant.reset(POSE)
    plant.set_appearance(Appearance(pattern="checker_4", camera_shift_m=(0.0, 0.05, 0.0)))
    assert (plant.render() == plant.render_at(POSE)).all()


def test_a_shift_to_the_left_and_a_tilt_move_the_picture_as_a_camera_does(plant: Plant) -> None:
    straight = _tip(plant.render_at(POSE))
    plant.set_appearance(Appearance(camera_shift_m=(0.0, 0.05, 0.0)))
    # 5 cm of a view of some 1.6 m are 4 of 128 pixels; what is seen moves to the right.
    assert _tip(plant.render_at(POSE)) - straight == pytest.approx([0.0, 4.0], abs=0.7)
    plant.set_appearance(Appearance(camera_tilt_rad=(0.0, 0.0, np.deg2rad(5.0))))
    moved = _tip(plant.render_at(POSE)) - straight
    assert moved[1] == pytest.approx(11.0, abs=2.0)


def test_the_tip_is_where_it_was_on_every_pattern(plant: Plant) -> None:
    straight = _tip(plant.render_at(POSE))
    for name in make_patterns():
        plant.set_appearance(Appearance(pattern=name))
        assert _tip(plant.render_at(POSE)) == pytest.approx(straight, abs=0.2)


@pytest.mark.parametrize("look", [Appearance(tints={"roof": (1, 1, 1)}), Appearance(pattern="tartan")])
def test_a_part_or_pattern_that_there_is_not_is_refused_by_name(plant: Plant, look: Appearance) -> None:
    with pytest.raises(ValueError, match=r"roof|tartan"):
        plant.set_appearance(look)


def test_weak_servos_and_friction_slow_a_joint_and_the_default_brings_it_back(plant: Plant) -> None:
    def reached() -> np.ndarray:
        plant.reset(POSE)
        plant.step(np.array([1.0, 1.0]), 0.02)
        return plant.velocity

    before = reached()
    plant.set_dynamics(Dynamics(damping={"elbow": 2.0}))
    assert reached()[1] < 0.9 * before[1]
    plant.set_dynamics(Dynamics(servo_gain_scale=0.2))
    assert (reached() < 0.9 * before).all()
    plant.set_dynamics(Dynamics(mass_scale=dict.fromkeys(plant.link_names, 4.0)))
    assert (reached() < before - 0.01).all()
    plant.set_dynamics(Dynamics())
    assert reached() == pytest.approx(before, abs=1e-12)


def test_parts_and_links_are_those_of_the_urdf(plant: Plant) -> None:
    assert plant.part_names == ["table", "pedestal", "upper", "distal", "elbow_cap", "tip"]
    assert plant.link_names == ["upper_link", "distal_link", "fingertip"]


def test_a_robot_that_stands_on_nothing_has_no_surface_for_a_pattern() -> None:
    standing = re.search(r'<visual name="table">.*?</visual>\s*<visual name="pedestal">.*?</visual>', URDF, re.DOTALL)
    floating = Plant(URDF.replace(standing[0], ""))
    before = floating.render_at(POSE)
    floating.set_appearance(Appearance(pattern="checker_4"))
    assert (floating.render_at(POSE) == before).all()
    floating.close()
