"""The simulator under test is chosen by JEPA_MPC_SIMULATOR: each simulator has to keep this contract."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from simulator_process import SIMULATOR, URDF

from jepa_mpc_sim.plant import Plant


@pytest.fixture(scope="session", autouse=True)
def _is_there() -> None:
    if SIMULATOR == "gazebo" and not os.environ.get("JEPA_MPC_GAZEBO_ROOT"):
        pytest.skip("needs Gazebo Classic: JEPA_MPC_GAZEBO_ROOT is not set; npm run test:gazebo says why there is none")


@pytest.fixture(scope="session")
def plant(_is_there: None) -> Iterator[Plant]:
    """One robot for all tests that bring it into a pose of their own first."""
    urdf = URDF.read_text(encoding="utf-8")
    if SIMULATOR == "gazebo":
        from jepa_mpc_gazebo.plant import GazeboPlant

        made = GazeboPlant(urdf)
    else:
        from jepa_mpc_mujoco.plant import Plant as MujocoPlant

        made = MujocoPlant(urdf)
    yield made
    made.close()
