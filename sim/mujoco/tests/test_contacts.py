"""What the robot touches, found by MuJoCo."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("MUJOCO_GL", "osmesa")

import numpy as np
import pytest
from jepa_mpc_sim.contacts import Contacts
from jepa_mpc_sim.joint_limits import RobotOptions
from jepa_mpc_sim.scene import parse_scene

from jepa_mpc_mujoco.plant import Plant
from jepa_mpc_mujoco.world import World

ROOT = Path(__file__).resolve().parents[3]
UR5E = (ROOT / "urdf" / "ur5e.urdf").read_text()
WORKING = np.array([0.0, -1.3, 1.9, -2.17, -1.57, 0.0])
"""The tool points down, above the middle of the table, which is a part of the base."""


@pytest.fixture(scope="module")
def arm() -> Plant:
    return Plant(UR5E)


def at(plant: Plant, *changes: tuple[int, float]) -> Contacts | None:
    """What touches with some joints elsewhere than in the working pose."""
    pose = WORKING.copy()
    for joint, position in changes:
        pose[joint] = position
    plant.reset(pose)
    return plant.contacts()


def test_nothing_touches_above_the_table(arm: Plant) -> None:
    assert at(arm) == Contacts([], [])


def test_a_link_that_is_no_tool_touches_the_table(arm: Plant) -> None:
    # The shoulder leans forward: wrists and the tool are below the table's top.
    contacts = at(arm, (1, -0.7))
    assert contacts is not None
    assert ("wrist_2_link", "base_link") in contacts.surroundings
    assert all(link != "pusher" for link, _ in contacts.surroundings), "the tool may touch"
    assert contacts.self_collisions == []


def test_the_tool_alone_may_touch_the_table(arm: Plant) -> None:
    lowest = min(
        (lift for lift in np.linspace(-1.3, -0.7, 100) if _tip_height(arm, lift) < 0), key=lambda lift: abs(lift + 1.3)
    )
    assert at(arm, (1, lowest)) == Contacts([], [])


def _tip_height(arm: Plant, lift: float) -> float:
    pose = WORKING.copy()
    pose[1] = lift
    return float(arm.fingertip(pose)[2])


def test_links_of_the_arm_touch_each_other(arm: Plant) -> None:
    # The wrists folded back onto the forearm and the upper arm.
    contacts = at(arm, (2, 2.5), (3, 0.9), (4, -1.57))
    assert contacts is not None
    assert contacts.self_collisions != []
    moving = set(arm.link_names)
    assert {name for pair in contacts.self_collisions for name in pair} <= moving


def test_neighbours_never_touch(arm: Plant) -> None:
    for lift in np.linspace(-2.0, -0.7, 14):
        contacts = at(arm, (1, float(lift)), (2, 1.0))
        assert contacts is not None
        pairs = [frozenset(pair) for pair in (*contacts.self_collisions, *contacts.surroundings)]
        assert frozenset(("shoulder_link", "upper_arm_link")) not in pairs
        assert frozenset(("shoulder_link", "base_link_inertia")) not in pairs


@pytest.mark.parametrize("collisions", [None, False])
def test_objects_are_surroundings_whether_or_not_contacts_act(collisions: bool | None) -> None:
    wrist = Plant(UR5E, RobotOptions(tip="wrist_1_link")).fingertip(WORKING).tolist()
    ball = f"objects:\n  - {{name: ball, shape: sphere, radius: 0.05, position: {wrist}, colour: [1, 0, 0]}}\n"
    contacts = at(Plant(UR5E, world=World(parse_scene(ball), collisions=collisions)))
    assert contacts is not None
    assert ("wrist_1_link", "ball") in contacts.surroundings


def test_a_robot_without_collision_shapes_has_no_contacts() -> None:
    assert Plant((ROOT / "urdf" / "reacher.urdf").read_text()).contacts() is None


def test_looking_for_contacts_does_not_change_the_motion() -> None:
    watched, other = Plant(UR5E), Plant(UR5E)
    for plant in (watched, other):
        plant.reset(WORKING)
    for _ in range(50):
        for plant in (watched, other):
            plant.step(np.array([0.2, 0.6, 0.0, 0.0, 0.0, 0.2]), 0.02)
        watched.contacts()
    assert watched.contacts() != Contacts([], []), "it passes through the table"
    np.testing.assert_array_equal(watched.position, other.position)
