"""The rules for URDFs that node, simulators and training share: tests/fixtures/urdf-rules.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from jepa_mpc_sim.joint_limits import JointLimits, RobotOptions, joint_limits
from jepa_mpc_sim.urdf import UrdfError, read_robot

_TABLE = Path(__file__).resolve().parents[3] / "tests" / "fixtures" / "urdf-rules.yaml"
_CASES: list[dict[str, Any]] = yaml.safe_load(_TABLE.read_text(encoding="utf-8"))["cases"]


def _text_of(case: dict[str, Any]) -> str:
    if "text" in case:
        return case["text"]
    joints = case["joints"]
    links = "".join(f'<link name="link_{index}"/>' for index in range(len(joints) + 1))
    elements = "".join(
        f'<joint name="{joint["name"]}" type="{joint["type"]}"><parent link="link_{index}"/>'
        f'<child link="link_{index + 1}"/>{joint["xml"]}</joint>'
        for index, joint in enumerate(joints)
    )
    return f'<robot name="r">{links}{elements}</robot>'


def _limits_of(case: dict[str, Any]) -> JointLimits:
    robot = read_robot(_text_of(case))
    return joint_limits(robot, case.get("chosen", robot.independent), RobotOptions(**case.get("options", {})))


@pytest.mark.parametrize("case", [case for case in _CASES if "refused" not in case], ids=lambda case: case["name"])
def test_what_is_read(case: dict[str, Any]) -> None:
    if "independent" in case:
        assert read_robot(_text_of(case)).independent == case["independent"]
    found = _limits_of(case)
    columns = (found.units, found.lower, found.upper, found.velocity, found.acceleration, found.effort)
    assert [list(row) for row in zip(*columns, strict=True)] == case["limits"]


@pytest.mark.parametrize("case", [case for case in _CASES if "refused" in case], ids=lambda case: case["name"])
def test_what_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(UrdfError) as caught:
        _limits_of(case)
    assert caught.value.code == case["refused"]["code"]
    for part in case["refused"]["says"]:
        assert part in str(caught.value)
