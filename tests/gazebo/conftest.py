"""What the tests compare: the robot's description, what libsdformat makes of it, and what MuJoCo compiles of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import xacro
from libsdformat import NONE_FOUND, Libsdformat, installed

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "sim" / name) for name in ("common", "mujoco")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each libsdformat; one that is skipped where there is none."""
    if "libsdformat" in metafunc.fixturenames:
        none = pytest.param(None, marks=pytest.mark.skip(reason=NONE_FOUND), id="none")
        metafunc.parametrize("libsdformat", installed() or (none,), ids=str, scope="session")


def described(**arguments: str) -> str:
    """The URDF that the xacro file makes."""
    return xacro.process_file(str(ROOT / "urdf" / "reacher.urdf.xacro"), mappings=arguments).toxml()


@pytest.fixture(scope="session")
def urdf() -> str:
    """What the planner, MuJoCo and Gazebo Classic read."""
    return (ROOT / "urdf" / "reacher.urdf").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def gazebo_urdf() -> str:
    """What is spawned into modern Gazebo."""
    return described(sim="gazebo")


@pytest.fixture(scope="session")
def world() -> str:
    return (ROOT / "sim" / "gazebo" / "worlds" / "reacher.sdf").read_text(encoding="utf-8")


@pytest.fixture(scope="session", params=["reacher.urdf", "reacher.urdf.xacro"])
def model(request: pytest.FixtureRequest, libsdformat: Libsdformat, urdf: str, gazebo_urdf: str):
    """The robot as Gazebo has it."""
    return libsdformat.convert(urdf if request.param == "reacher.urdf" else gazebo_urdf, ".urdf")
