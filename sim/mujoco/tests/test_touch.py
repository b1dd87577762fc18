"""What touches what, what is below a point, and how the tip moves with the joints."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("MUJOCO_GL", "osmesa")

import numpy as np
import pytest
from jepa_mpc_sim.joint_limits import RobotOptions
from jepa_mpc_sim.scene import parse_scene

from jepa_mpc_mujoco.plant import Plant
from jepa_mpc_mujoco.world import World

ROOT = Path(__file__).resolve().parents[3]
UR5E, REACHER = ((ROOT / "urdf" / name).read_text() for name in ("ur5e.urdf", "reacher.urdf"))
SCENE = parse_scene("""
objects:
  - {name: stool, shape: box, size: [0.2, 0.2, 0.1], position: [0.4, 0, 0.05]}
  - {name: ball, shape: sphere, radius: 0.05, position: [0.4, 0, 0.15], free: true, mass: 0.1}
""")
_INERTIA = '<inertial><mass value="1"/><inertia ixx="0.1" ixy="0" ixz="0" iyy="0.1" iyz="0" izz="0.1"/></inertial>'
_LIMIT = '<limit lower="-1" upper="1" velocity="1" acceleration="5" effort="30"/>'
FOLLOWING = f"""
<robot name="r">
  <link name="base"/><link name="first">{_INERTIA}</link><link name="second">{_INERTIA}</link><link name="end"/>
  <joint name="a" type="revolute"><parent link="base"/><child link="first"/><axis xyz="0 1 0"/>{_LIMIT}</joint>
  <joint name="b" type="revolute"><parent link="first"/><child link="second"/><origin xyz="0.3 0 0"/><axis xyz="0 0 1"/>
    {_LIMIT}<mimic joint="a" multiplier="-0.5" offset="0.2"/></joint>
  <joint name="c" type="fixed"><parent link="second"/><child link="end"/><origin xyz="0 0.2 0"/></joint>
</robot>
"""


@pytest.mark.parametrize("urdf", [UR5E, REACHER, FOLLOWING], ids=["UR5e", "planar", "with a follower"])
def test_the_jacobians_are_what_place_and_axis_change_by(urdf: str) -> None:
    plant, step = Plant(urdf), 1e-6
    limits, rng = plant.limits, np.random.default_rng(0)
    for _ in range(5):
        pose = rng.uniform(limits.lowest_drawn, limits.highest_drawn)
        tip = plant.tip(pose)
        assert tip.place == pytest.approx(plant.fingertip(pose))
        for joint, move in enumerate(np.eye(len(pose)) * step):
            moved = plant.tip(pose + move)
            assert tip.place_jacobian[:, joint] == pytest.approx((moved.place - tip.place) / step, abs=1e-4)
            assert tip.axis_jacobian[:, joint] == pytest.approx((moved.axis - tip.axis) / step, abs=1e-4)


def test_a_tool_points_away_from_the_link_that_moves_it() -> None:
    plant = Plant(UR5E)
    down = np.array([0.0, -1.35, 1.75, -1.97, -np.pi / 2, 0.0])
    assert plant.tip(down).axis == pytest.approx((0, 0, -1), abs=0.01)
    # The flange is at the origin of its link: it points along the last axis.
    flange = Plant(UR5E, options=RobotOptions(tip="tool0"))
    assert flange.tip(down).axis == pytest.approx((0, 0, -1), abs=0.01)


def test_touches_are_those_at_the_pose_that_is_asked_for() -> None:
    plant = Plant(UR5E, world=World(SCENE))
    over, into = (np.array([0.0, lift, 1.75, -1.97, -np.pi / 2, 0.0]) for lift in (-1.35, -0.8))
    named = {frozenset(touch[:2]) for touch in plant.touches(over)}
    assert named <= {frozenset(("ball", "stool"))}
    deepest = max(plant.touches(into), key=lambda touch: touch.depth_m)
    assert {deepest.first, deepest.second} & {"base_link", "stool"}
    assert deepest.depth_m > 0.005
    assert plant.touches(over) == plant.touches(over), "asking changes nothing"
    assert Plant(UR5E).touches(into) == [], "without contacts nothing touches"


def test_a_camera_looks_at_what_is_in_its_image() -> None:
    plant = Plant(UR5E, world=World(SCENE))
    assert plant.is_in_view(np.array([0.4, 0.0, 0.1]))
    for point in ((2.5, -2.5, 1.4), (0.4, 0.0, 2.0), (1.1, -1.2, 0.0)):
        assert not plant.is_in_view(np.array(point)), "behind the camera, or beyond an edge of its image"


def test_the_surface_below_a_point_is_fixed() -> None:
    plant = Plant(UR5E, world=World(SCENE))
    points = ((0.4, 0, 0.5), (0.4, 0, 0.06), (0.7, 0, 0.5), (9, 0, 1))
    heights = [plant.surface_below(np.array(point)) for point in points]
    assert heights == pytest.approx([0.1, 0.0, 0.0, -np.inf])
    assert plant.moves("ball") and plant.moves("pusher") and not plant.moves("stool") and not plant.moves("base_link")
