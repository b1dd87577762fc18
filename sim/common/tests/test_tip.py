"""Which link is the tip of a robot. The cases that the planner node has too are in tests/fixtures/last-links.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from jepa_mpc_sim.tip import last_link, tip_link
from jepa_mpc_sim.urdf import Robot, UrdfError, read_robot

_TABLE = Path(__file__).resolve().parents[3] / "tests" / "fixtures" / "last-links.yaml"
_CASES: list[dict[str, Any]] = yaml.safe_load(_TABLE.read_text(encoding="utf-8"))["cases"]


def _robot(joints: list[list[str]]) -> Robot:
    links = dict.fromkeys(link for _, _, parent, child in joints for link in (parent, child))
    elements = "".join(
        f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/></joint>'
        for name, kind, parent, child in joints
    )
    return read_robot(f'<robot name="r">{"".join(f"<link name={link!r}/>" for link in links)}{elements}</robot>')


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case["name"])
def test_the_last_link(case: dict[str, Any]) -> None:
    assert last_link(_robot(case["joints"]), case["moved"]) == case["last"]


def test_a_link_named_fingertip_is_the_tip_wherever_it_is() -> None:
    robot = _robot([["a", "revolute", "base", "fingertip"], ["b", "revolute", "fingertip", "hand"]])
    assert tip_link(robot, ["a", "b"]) == "fingertip"
    assert tip_link(robot, ["a", "b"], "base") == "base"


def test_a_tip_that_does_not_exist_is_refused_with_the_nearest_name() -> None:
    robot = _robot([["a", "revolute", "base", "hand"]])
    with pytest.raises(UrdfError, match=r"--tip: found 'hnd', expected .* base, hand. Did you mean 'hand'"):
        tip_link(robot, ["a"], "hnd")
