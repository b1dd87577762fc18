"""Gazebo's own check has nothing against the world and the robot."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from conftest import described
from libsdformat import Libsdformat

TWO_OF_A_NAME = '<sdf version="1.7"><model name="m"><link name="l"/><link name="l"/></model></sdf>'
NO_COLOUR = '<sdf version="1.7"><light name="l" type="point"><diffuse>red</diffuse></light></sdf>'


@pytest.mark.parametrize("broken", [TWO_OF_A_NAME, NO_COLOUR], ids=["two links of a name", "no colour"])
def test_the_check_finds_what_is_wrong(checker: Libsdformat, broken: str) -> None:
    assert checker.errors(broken, ".sdf") != ""


def test_nothing_is_wrong_with_the_world(checker: Libsdformat, world: str) -> None:
    assert checker.errors(world, ".sdf") == ""


@pytest.mark.parametrize("fortress", ["false", "true"])
@pytest.mark.parametrize("driver", ["ros2_control", "native", "none"])
def test_nothing_is_wrong_with_the_robot(checker: Libsdformat, driver: str, fortress: str) -> None:
    assert checker.errors(described(sim="gazebo", driver=driver, fortress=fortress), ".urdf") == ""


def test_nothing_is_wrong_with_the_arm_alone(checker: Libsdformat, urdf: str) -> None:
    assert checker.errors(urdf, ".urdf") == ""


def test_the_robot_can_be_in_the_world(checker: Libsdformat, world: str, gazebo_urdf: str) -> None:
    root = ElementTree.fromstring(world)
    root.find("world").append(checker.convert(gazebo_urdf, ".urdf"))
    assert checker.errors(ElementTree.tostring(root, encoding="unicode"), ".sdf") == ""
