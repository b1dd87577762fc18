"""What simulators make of a URDF besides its limits, and the options of a user. The rules for joints and
limits, which the planner node has too, are in test_urdf_rules.py."""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from jepa_mpc_sim.joint_limits import AS_DESCRIBED, RobotOptions, add_options, joint_limits, moved_joints, options_from
from jepa_mpc_sim.urdf import UrdfError, parse_urdf, read_robot

FULL = '<limit lower="-2" upper="2" velocity="2" effort="20" acceleration="10"/>'


def arm(*joints: tuple[str, str, str]) -> str:
    """A chain of joints (name, type, content)."""
    links = "".join(f'<link name="link_{index}"/>' for index in range(len(joints) + 1))
    elements = "".join(
        f'<joint name="{name}" type="{kind}"><parent link="link_{index}"/><child link="link_{index + 1}"/>{xml}</joint>'
        for index, (name, kind, xml) in enumerate(joints)
    )
    return f'<robot name="arm">{links}{elements}</robot>'


def test_an_entity_is_not_expanded() -> None:
    bomb = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><robot name="&b;"><link name="l"/></robot>'
    with pytest.raises(UrdfError, match="an entity"):
        parse_urdf(bomb)


def test_a_damaged_urdf_is_read_or_refused() -> None:
    whole = arm(("shoulder", "revolute", FULL), ("mirror", "prismatic", '<mimic joint="shoulder"/>'))
    for seed in range(500):
        rng, text = random.Random(seed), whole
        for _ in range(rng.randint(1, 3)):
            start = rng.randrange(len(text))
            text = text[:start] + rng.choice(["", "<", '"', "/>", "$", "é", "0"]) + text[start + rng.randint(0, 4) :]
        try:
            robot = read_robot(text)
            joint_limits(robot, robot.independent, AS_DESCRIBED)
        except UrdfError as error:
            assert error.code in ("urdf.invalid", "urdf.no-limits"), text


def test_a_joint_without_limits_is_refused_with_the_choice_of_those_that_have_some() -> None:
    robot = read_robot(arm(("base", "revolute", ""), ("shoulder", "revolute", FULL), ("elbow", "revolute", FULL)))
    with pytest.raises(UrdfError, match=r"joint 'base'.*--joints shoulder,elbow\."):
        joint_limits(robot, robot.independent, AS_DESCRIBED)
    chosen = RobotOptions(joints=("shoulder", "elbow"))
    assert joint_limits(robot, moved_joints(robot, chosen), chosen).velocity.tolist() == [2, 2]


def test_an_acceleration_limit_is_not_needed_where_no_commands_are_made() -> None:
    robot = read_robot(arm(("shoulder", "revolute", FULL.replace('acceleration="10"', ""))))
    assert joint_limits(robot, ["shoulder"], AS_DESCRIBED, needs_acceleration=False).acceleration.tolist() == [np.inf]
    with pytest.raises(UrdfError, match="acceleration"):
        joint_limits(robot, ["shoulder"], AS_DESCRIBED)


def test_a_robot_without_joints_has_nothing_to_move() -> None:
    with pytest.raises(UrdfError, match="no joint that moves independently"):
        moved_joints(read_robot(arm(("mount", "fixed", ""))), AS_DESCRIBED)


def test_poses_of_a_continuous_joint_are_drawn_from_one_revolution() -> None:
    robot = read_robot(arm(("wheel", "continuous", FULL), ("finger", "prismatic", FULL)))
    limits = joint_limits(robot, robot.independent, AS_DESCRIBED)
    assert limits.lowest_drawn.tolist() == [-np.pi, -2]
    assert limits.highest_drawn.tolist() == [np.pi, 2]
    assert limits.per_joint(0.1, 0.01).tolist() == [0.1, 0.01]


def test_the_command_line_chooses_joints_and_default_accelerations() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    assert options_from(parser.parse_args([])) == AS_DESCRIBED
    given_options = ["--joints", "b, a", "--default-acceleration", "3", "--default-acceleration-m", "0.5"]
    assert options_from(parser.parse_args(given_options)) == RobotOptions(("b", "a"), 3.0, 0.5)


def test_each_file_of_a_list_gets_a_verdict(tmp_path: Path) -> None:
    whole, part, none = (tmp_path / f"{name}.urdf" for name in ("whole", "part", "none"))
    bare = FULL.replace('acceleration="10"', "")
    whole.write_text(arm(("a", "revolute", bare), ("b", "revolute", '<mimic joint="a"/>')), encoding="utf-8")
    part.write_text(arm(("a", "revolute", ""), ("b", "revolute", FULL)), encoding="utf-8")
    none.write_text("<sdf/>", encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "-m", "jepa_mpc_sim.read_urdfs", "--default-acceleration", "5"],
        input="".join(f"{path}\n" for path in (whole, part, none)),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    first, second, third = map(json.loads, found.splitlines())
    assert first == {"error": None, "moves": ["a"]}
    assert second["moves"] == ["b"]
    assert "joint 'a'" in second["error"]
    assert third["moves"] is None
