"""The robot for ros2_control is the arm of the URDF, with its hardware chosen by `sim`."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import xacro

URDF = Path(__file__).resolve().parents[2] / "urdf" / "reacher.urdf"


def expanded(sim: str = "none", **arguments: str) -> ElementTree.Element:
    document = xacro.process_file(str(URDF.with_suffix(".urdf.xacro")), mappings={"sim": sim, **arguments})
    return ElementTree.fromstring(document.toxml())


def canonical(element: ElementTree.Element) -> str:
    return ElementTree.canonicalize(ElementTree.tostring(element, encoding="unicode"), strip_text=True)


@pytest.mark.parametrize("name", ["reacher", "ur5e"])
def test_the_urdf_is_what_the_xacro_makes(name: str) -> None:
    made = ElementTree.fromstring(xacro.process_file(str(URDF.with_name(f"{name}.urdf.xacro"))).toxml())
    found = ElementTree.parse(URDF.with_name(f"{name}.urdf")).getroot()
    assert canonical(made) == canonical(found), f"run: cd urdf && xacro {name}.urdf.xacro -o {name}.urdf"


@pytest.mark.parametrize("driver", ["none", "native", "ros2_control"])
@pytest.mark.parametrize("sim", ["mock", "gazebo"])
def test_the_arm_is_the_same_whatever_drives_it(sim: str, driver: str) -> None:
    arm = [canonical(element) for element in expanded()]
    assert [canonical(element) for element in expanded(sim, driver=driver)][: len(arm)] == arm


def test_gazebo_adds_nothing_that_moves_weighs_or_collides() -> None:
    added = list(expanded("gazebo"))[len(list(expanded())) :]
    assert all(joint.get("type") == "fixed" for joint in added if joint.tag == "joint")
    assert all(len(link) == 0 for link in added if link.tag == "link")


def test_every_visual_has_the_colour_of_its_material_in_gazebo() -> None:
    robot = expanded("gazebo")
    colours = {material.get("name"): material.find("color").get("rgba") for material in robot.findall("material")}
    given = {entry.get("reference"): entry.find("visual/material") for entry in robot.findall("gazebo")}
    visuals = robot.findall("link/visual")
    assert len(visuals) == 6
    for visual in visuals:
        colour = colours[visual.find("material").get("name")]
        material = given[visual.get("name")]
        assert (material.findtext("ambient"), material.findtext("diffuse")) == (colour, colour)


def test_gazebos_own_controller_has_gains_and_the_efforts_of_the_joints() -> None:
    robot = expanded("gazebo", driver="native")
    assert robot.findall("ros2_control") == []
    controller, states = robot.findall("gazebo/plugin")
    movable = [joint for joint in robot.findall("joint") if joint.get("type") != "fixed"]
    names = [joint.get("name") for joint in movable]
    assert [element.text for element in controller.findall("joint_name")] == names
    assert [element.text for element in states.findall("joint_name")] == names
    efforts = [float(joint.find("limit").get("effort")) for joint in movable]
    for kind in ("position", "velocity"):
        assert [float(element.text) for element in controller.findall(f"{kind}_cmd_max")] == efforts
        assert [-float(element.text) for element in controller.findall(f"{kind}_cmd_min")] == efforts
        # They are 0 where they are not given, and nothing moves.
        assert all(float(element.text) > 0 for element in controller.findall(f"{kind}_p_gain"))


def test_ros2_control_finds_the_controllers_of_the_package() -> None:
    robot = expanded("gazebo")
    assert Path(robot.findtext("gazebo/plugin/parameters")).samefile(URDF.parents[1] / "sim/gazebo/controllers.yaml")
    assert expanded("gazebo", controllers="/own.yaml").findtext("gazebo/plugin/parameters") == "/own.yaml"


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
    assert expanded("gazebo", driver="none").findall("ros2_control") == []


def test_an_unknown_simulator_is_refused_with_the_known_ones() -> None:
    with pytest.raises(xacro.XacroException, match="found sim:=webots; expected none, gazebo, mock"):
        expanded("webots")


def test_an_unknown_driver_is_refused_with_the_known_ones() -> None:
    with pytest.raises(xacro.XacroException, match="found driver:=servo; expected none, native, ros2_control"):
        expanded("gazebo", driver="servo")
