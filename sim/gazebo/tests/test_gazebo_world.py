"""How a URDF is prepared for Gazebo Classic. Needs no Gazebo."""

from __future__ import annotations

import pytest
from jepa_mpc_sim.held_joints import moved_robot
from jepa_mpc_sim.joint_limits import RobotOptions
from jepa_mpc_sim.urdf import UrdfError, parse_urdf

from jepa_mpc_gazebo.world import gazebo_urdf, refuse_followers

_LIMIT = '<limit lower="0" upper="1" velocity="1" effort="{}" acceleration="1"/>'


def _arm(*joints: tuple[str, str, str]) -> str:
    links = "".join(f'<link name="link_{index}"/>' for index in range(len(joints) + 1))
    elements = "".join(
        f'<joint name="{name}" type="{kind}"><parent link="link_{index}"/><child link="link_{index + 1}"/>{xml}</joint>'
        for index, (name, kind, xml) in enumerate(joints)
    )
    return f'<robot name="arm">{links}{elements}</robot>'


def test_an_effort_of_0_is_no_limit_and_a_joint_that_is_held_is_fixed() -> None:
    joints = [(name, "revolute", _LIMIT.format(effort)) for name, effort in (("a", 0), ("b", 5), ("c", 0))]
    robot = moved_robot(_arm(*joints), RobotOptions(joints=("a", "b")))
    written = parse_urdf(gazebo_urdf(robot))
    efforts = [None if limit is None else limit.get("effort") for limit in (j.find("limit") for j in written)]
    kinds = {joint.get("name"): joint.get("type") for joint in written.findall("joint")}
    assert [kinds[name] for name in "abc"] == ["revolute", "revolute", "fixed"]
    assert [effort for effort in efforts if effort is not None] == ["-1", "5"]


def test_a_follower_of_a_joint_that_is_moved_is_refused_with_what_helps() -> None:
    mirror = '<mimic joint="finger"/>'
    urdf = _arm(
        ("turn", "revolute", _LIMIT.format(5)),
        ("finger", "prismatic", _LIMIT.format(5)),
        ("mirror", "prismatic", mirror),
    )
    with pytest.raises(UrdfError, match=r"joint 'mirror'.*joint 'finger'.*--joints turn\."):
        refuse_followers(moved_robot(urdf, RobotOptions()))
    refuse_followers(moved_robot(urdf, RobotOptions(joints=("turn",))))
