"""Contacts, gravity and objects around the robot in MuJoCo."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("MUJOCO_GL", "osmesa")

import numpy as np
import pytest
from jepa_mpc_sim.scene import Pose, Scene, SceneError, parse_scene

from jepa_mpc_mujoco.plant import Plant
from jepa_mpc_mujoco.world import World

ROOT = Path(__file__).resolve().parents[3]
URDF = (ROOT / "urdf" / "reacher.urdf").read_text()
# Its table is at z = 0; the upper link sweeps from 0.03 to 0.07 m, out to 0.38 m.
CUBE = """
objects:
  - {name: cube, shape: box, size: [0.06, 0.06, 0.1], position: [0.25, 0.2, 0.05], free: true, mass: 0.1,
     friction: 0.5, colour: [1, 0.6, 0]}
"""
_INERTIA = '<inertial><mass value="1"/><inertia ixx="0.1" ixy="0" ixz="0" iyy="0.1" iyz="0" izz="0.1"/></inertial>'
_LIMIT = '<limit lower="-3" upper="3" velocity="1" acceleration="5" effort="30"/>'


def scene_of(text: str) -> Scene:
    return parse_scene(text)


def swept(world: World) -> Plant:
    """The arm after its upper link has turned by 0.9 rad, across where the cube is."""
    plant = Plant(URDF, world=world)
    for _ in range(90):
        plant.step(np.array([0.5, 0.0]), 0.02)
    return plant


def two_links(collision: str = '<collision><geometry><box size="0.5 0.05 0.05"/></geometry></collision>') -> str:
    """An arm in the vertical plane, whose third link can be turned back into its first."""
    links = "".join(
        f'<link name="l{index}">{_INERTIA}{collision.replace("<geometry>", at + "<geometry>")}</link>'
        for index, at in enumerate(['<origin xyz="0.25 0 0"/>'] * 3)
    )
    joints = "".join(
        f'<joint name="j{index}" type="revolute"><parent link="l{index}"/><child link="l{index + 1}"/>'
        f'<origin xyz="0.55 0 0"/><axis xyz="0 1 0"/>{_LIMIT}</joint>'
        for index in range(2)
    )
    return f'<robot name="r">{links}{joints}</robot>'


def test_an_object_at_rest_stays_and_one_in_the_air_falls() -> None:
    falling = CUBE.replace("0.2, 0.05]", "0.5, 0.5]").replace("name: cube", "name: high")
    plant = Plant(URDF, world=World(scene_of(CUBE + falling.split("objects:\n")[1])))
    assert plant.objects == ["cube", "high"]
    plant.step(np.zeros(2), 1.0)
    assert plant.object_pose("cube").position == pytest.approx((0.25, 0.2, 0.05), abs=2e-3)
    assert plant.object_pose("high").position == pytest.approx((0.25, 0.5, 0.05), abs=5e-3)


def test_the_robot_pushes_a_free_object_unless_collisions_are_off() -> None:
    pushed = swept(World(scene_of(CUBE))).object_pose("cube").position
    assert np.linalg.norm(np.array(pushed) - (0.25, 0.2, 0.05)) > 0.05
    passed = swept(World(scene_of(CUBE), collisions=False))
    assert passed.position[0] == pytest.approx(0.9, abs=0.02)
    # Nothing holds the cube up, either.
    assert passed.object_pose("cube").position[2] < -1


def test_a_fixed_object_stops_the_robot() -> None:
    wall = CUBE.replace("free: true, mass: 0.1,", "")
    plant = swept(World(scene_of(wall)))
    assert plant.objects == []
    assert plant.position[0] < 0.75
    assert swept(World()).position[0] == pytest.approx(0.9, abs=0.02)


def test_without_a_scene_links_touch_only_if_asked_to() -> None:
    def folded(world: World) -> float:
        plant = Plant(two_links(), world=world)
        for _ in range(200):
            plant.step(np.array([0.0, 1.0]), 0.02)
        return float(plant.position[1])

    # Neighbours never touch, though the boxes of a sharply bent elbow overlap.
    assert folded(World()) == pytest.approx(3.0, abs=0.05)
    assert folded(World(collisions=True)) == pytest.approx(3.0, abs=0.05)

    def rolled_up(world: World) -> np.ndarray:
        plant = Plant(two_links(), world=world)
        for _ in range(200):
            plant.step(np.array([1.0, 1.0]), 0.02)
        return plant.position

    np.testing.assert_allclose(rolled_up(World()), [3.0, 3.0], atol=0.05)
    assert rolled_up(World(collisions=True)).min() < 2.9, "the third link rests on the first"


def test_links_that_touch_at_the_zero_pose_never_do() -> None:
    wide = two_links('<collision><geometry><box size="1.5 0.05 0.05"/></geometry></collision>')
    plant = Plant(wide, world=World(collisions=True))
    for _ in range(50):
        plant.step(np.array([1.0, -1.0]), 0.02)
    np.testing.assert_allclose(plant.position, [1.0, -1.0], atol=0.02)


def test_gravity_pulls_the_robot_only_if_it_is_on() -> None:
    held = Plant(two_links())
    held.step(np.zeros(2), 1.0)
    np.testing.assert_allclose(held.position, [0.0, 0.0], atol=1e-6)
    pulled = Plant(two_links(), world=World(gravity="on"))
    pulled.step(np.zeros(2), 1.0)
    assert pulled.position[0] > 1e-3


def test_a_reset_puts_objects_where_they_start_or_were_placed_last() -> None:
    plant = Plant(URDF, world=World(scene_of(CUBE)))
    start = plant.object_pose("cube")
    plant.place_object("cube", Pose((0.1, 0.4, 0.05), (0.0, 0.0, 1.0, 0.0)))
    assert plant.object_pose("cube").position == (0.1, 0.4, 0.05)
    plant.step(np.zeros(2), 0.2)
    plant.reset(np.array([0.5, 0.5]))
    assert plant.object_pose("cube") == Pose((0.1, 0.4, 0.05), (0.0, 0.0, 1.0, 0.0))
    plant.place_object("cube", start)
    for _ in range(90):
        plant.step(np.array([0.5, 0.0]), 0.02)
    plant.reset(np.zeros(2))
    assert plant.object_pose("cube") == start
    with pytest.raises(KeyError):
        plant.place_object("ball", start)


def test_an_image_of_another_pose_shows_objects_where_they_are() -> None:
    plant = Plant(URDF, world=World(scene_of(CUBE)))
    there = Pose((-0.4, 0.4, 0.05))
    plant.place_object("cube", there)
    seen = plant.render_at(np.array([0.3, 0.4]))
    assert plant.object_pose("cube") == there
    plant.reset(np.array([0.3, 0.4]))
    np.testing.assert_array_equal(plant.render(), seen)
    plant.place_object("cube", Pose((-0.4, -0.4, 0.05)))
    assert (plant.render_at(np.array([0.3, 0.4])) != seen).any()
    plant.close()


def test_the_same_commands_move_objects_the_same_way() -> None:
    first, second = (swept(World(scene_of(CUBE))).object_pose("cube") for _ in range(2))
    assert first == second


def test_appearance_and_dynamics_are_those_of_the_robot_alone() -> None:
    plant, alone = Plant(URDF, world=World(scene_of(CUBE))), Plant(URDF)
    assert (plant.link_names, plant.part_names) == (alone.link_names, alone.part_names)


def test_an_object_with_the_name_of_a_link_is_refused() -> None:
    with pytest.raises(SceneError, match="object 'upper_link': found the name of a link"):
        Plant(URDF, world=World(scene_of(CUBE.replace("name: cube", "name: upper_link"))))
