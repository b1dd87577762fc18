"""Gazebo's own check has nothing against the world and the robot."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from conftest import described
from libsdformat import Libsdformat

TWO_OF_A_NAME = '<sdf version="1.7"><model name="m"><link name="l"/><link name="l"/></model></sdf>'
NO_SUCH_LINK = """
<sdf version="1.7"><model name="m"><link name="l"/>
  <joint name="j" type="fixed"><parent>l</parent><child>other</child></joint>
</model></sdf>
"""


@pytest.mark.parametrize("broken", [TWO_OF_A_NAME, NO_SUCH_LINK], ids=["two of a name", "no such link"])
def test_the_check_finds_what_is_wrong(libsdformat: Libsdformat, broken: str) -> None:
    assert libsdformat.errors(broken, ".sdf") != ""


def test_nothing_is_wrong_with_the_world(libsdformat: Libsdformat, world: str) -> None:
    assert libsdformat.errors(world, ".sdf") == ""


@pytest.mark.parametrize("fortress", ["false", "true"])
@pytest.mark.parametrize("driver", ["ros2_control", "native", "none"])
def test_nothing_is_wrong_with_the_robot(libsdformat: Libsdformat, driver: str, fortress: str) -> None:
    assert libsdformat.errors(described(sim="gazebo", driver=driver, fortress=fortress), ".urdf") == ""


def test_nothing_is_wrong_with_the_arm_alone(libsdformat: Libsdformat, urdf: str) -> None:
    assert libsdformat.errors(urdf, ".urdf") == ""


def test_the_robot_can_be_in_the_world(libsdformat: Libsdformat, world: str, gazebo_urdf: str) -> None:
    root = ElementTree.fromstring(world)
    root.find("world").append(libsdformat.convert(gazebo_urdf, ".urdf"))
    assert libsdformat.errors(ElementTree.tostring(root, encoding="unicode"), ".sdf") == ""
