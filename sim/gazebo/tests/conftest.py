"""Gazebo Classic for the tests, where the set-up of `npm run test:gazebo` has made one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jepa_mpc_gazebo.plant import GazeboPlant
from jepa_mpc_gazebo.server import ROOT_VARIABLE, Installation

os.environ["JEPA_MPC_SIMULATOR"] = "gazebo"
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common" / "contract"))


@pytest.fixture(scope="session")
def installation() -> Installation:
    """Skips where there is none."""
    if not os.environ.get(ROOT_VARIABLE):
        pytest.skip(f"needs Gazebo Classic: {ROOT_VARIABLE} is not set; npm run test:gazebo says why there is none")
    return Installation.of_environment()


@pytest.fixture(scope="session")
def plant(installation: Installation) -> Iterator[GazeboPlant]:
    """One Gazebo for all tests that leave it in a pose of their own."""
    from simulator_process import URDF

    plant = GazeboPlant(URDF.read_text(encoding="utf-8"), installation)
    yield plant
    plant.close()
