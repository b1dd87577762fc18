"""The place of the tip in the joint part of latents."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from jepa_mpc_sim.joint_limits import AS_DESCRIBED, joint_limits, moved_joints
from jepa_mpc_sim.urdf import read_robot
from tiny_run import URDF

from jepa_mpc_training.export import export_graph
from jepa_mpc_training.exporters.errors import ExportRefusedError
from jepa_mpc_training.joint_code import JointPart, joint_kinds
from jepa_mpc_training.kinematics import LinkPlaces
from jepa_mpc_training.tip_place import PLACE_SCALE_M, TipPlace

UR5E = URDF.with_name("ur5e.urdf").read_text()
SLIDING = """
<robot name="crane">
  <link name="base"/><link name="arm"/><link name="held"/><link name="slide"/><link name="hook"/><link name="finger"/>
  <joint name="turn" type="revolute"><parent link="base"/><child link="arm"/><origin xyz="0 0 0.3" rpy="0.2 0 1"/>
    <axis xyz="0 0 1"/><limit lower="-2" upper="2" velocity="1" effort="1" acceleration="2"/></joint>
  <joint name="mast" type="fixed"><parent link="arm"/><child link="held"/><origin xyz="0.2 0 0" rpy="0 0.4 0"/></joint>
  <joint name="reach" type="prismatic"><parent link="held"/><child link="slide"/><origin xyz="0.1 0.1 0" rpy="1 0 0"/>
    <axis xyz="0 0.6 0.8"/><limit lower="0.1" upper="0.5" velocity="1" effort="1" acceleration="2"/></joint>
  <joint name="end" type="fixed"><parent link="slide"/><child link="hook"/><origin xyz="0 0 -0.1"/></joint>
  <joint name="grip" type="prismatic"><parent link="hook"/><child link="finger"/><axis xyz="1 0 0"/>
    <limit lower="0" upper="0.4" velocity="1" effort="1"/><mimic joint="reach" multiplier="0.5"/></joint>
</robot>
"""


def _part(urdf: str, tip: str) -> tuple[JointPart, LinkPlaces, torch.Tensor]:
    """The joint part with the place of a link, the places of all links, and random joint positions `[64, J]`."""
    robot = read_robot(urdf)
    moved = moved_joints(robot, AS_DESCRIBED)
    limits = joint_limits(robot, moved, AS_DESCRIBED)
    kinds = joint_kinds(limits)
    rng = np.random.default_rng(0)
    positions = rng.uniform(limits.lowest_drawn, limits.highest_drawn, (64, len(moved)))
    part = JointPart(kinds, TipPlace.of_robot(robot, moved, kinds.prismatic, tip))
    return part, LinkPlaces(robot, moved), torch.from_numpy(positions).float()


@pytest.mark.parametrize(("urdf", "tip"), [(UR5E, "fingertip"), (UR5E, "wrist_1_link"), (SLIDING, "hook")])
def test_the_part_has_the_place_of_the_tip_whether_the_joints_are_measured_or_read(urdf: str, tip: str) -> None:
    part, places, positions = _part(urdf, tip)
    still = torch.cat((positions, torch.zeros_like(positions)), dim=1)
    expected = places(positions)[:, places.links.index(tip)]
    found = part.of(still)
    assert found.shape[1] == part.width == part.still + part.joints
    torch.testing.assert_close(found[:, part.size : part.still] * PLACE_SCALE_M, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(part.at_rest(part.targets(positions)), found)


def test_a_part_is_restored_with_the_place_and_exported_with_it(tmp_path) -> None:
    part, _, positions = _part(UR5E, "fingertip")
    again = JointPart.restore(part.state_dict())
    states = part.normalised(torch.cat((positions, positions), dim=1))
    torch.testing.assert_close(again(states), part(states))
    export_graph(again, {"state": states[:8]}, "part", tmp_path / "part.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "part.onnx")
    for count in (1, 64):
        (found,) = session.run(None, {"state": states[:count].numpy()})
        np.testing.assert_allclose(found, part(states[:count]).numpy(), atol=1e-5)


def test_a_tip_that_a_follower_carries_is_refused() -> None:
    refused = r"^train\.tip_place: found a tip that grip carries, which follows reach"
    with pytest.raises(ExportRefusedError, match=refused):
        _part(SLIDING, "finger")
