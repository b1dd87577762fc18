"""The robot for ros2_control is the arm of the URDF, with its hardware chosen by `sim`."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import xacro

URDF = Path(__file__).resolve().parents[2] / "urdf" / "reacher.urdf"


def expanded(sim: str) -> ElementTree.Element:
    document = xacro.process_file(str(URDF.with_suffix(".urdf.xacro")), mappings={"sim": sim})
    return ElementTree.fromstring(document.toxml())


def canonical(element: ElementTree.Element) -> str:
    return ElementTree.canonicalize(ElementTree.tostring(element, encoding="unicode"), strip_text=True)


@pytest.mark.parametrize("sim", ["none", "mock", "gazebo"])
def test_the_arm_is_the_same_whatever_drives_it(sim: str) -> None:
    robot = expanded(sim)
    for block in robot.findall("ros2_control"):
        robot.remove(block)
    assert canonical(robot) == canonical(ElementTree.parse(URDF).getroot())


@pytest.mark.parametrize(
    ("sim", "plugin"),
    [("mock", "mock_components/GenericSystem"), ("gazebo", "gz_ros2_control/GazeboSimSystem")],
)
def test_every_movable_joint_can_be_commanded(sim: str, plugin: str) -> None:
    robot = expanded(sim)
    (block,) = robot.findall("ros2_control")
    assert block.findtext("hardware/plugin") == plugin
    movable = [joint.get("name") for joint in robot.findall("joint") if joint.get("type") != "fixed"]
    assert [joint.get("name") for joint in block.findall("joint")] == movable
    for joint in block.findall("joint"):
        assert [interface.get("name") for interface in joint.findall("command_interface")] == [
            "position",
            "velocity",
            "effort",
        ]


def test_without_a_simulator_there_is_no_hardware() -> None:
    assert expanded("none").findall("ros2_control") == []


def test_an_unknown_simulator_is_refused_with_the_known_ones() -> None:
    with pytest.raises(xacro.XacroException, match="found sim:=webots; expected none, gazebo, mock"):
        expanded("webots")
