"""The MuJoCo simulator as a process for the tests of this folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# A real robot is never brand-new to the planner: its camera is tens of milliseconds late, its joint states some.
AGES = ("--camera-delay-ms", "60", "--camera-jitter-ms", "10", "--joint-delay-ms", "10")
SIMULATOR = (sys.executable, "-m", "jepa_mpc_mujoco", "--urdf", str(ROOT / "urdf" / "reacher.urdf"), *AGES)


def simulator_environment() -> dict[str, str]:
    """This process's environment, with the simulator's packages where Python finds them."""
    folders = [str(ROOT / "sim" / name) for name in ("common", "mujoco")]
    return os.environ | {"PYTHONPATH": os.pathsep.join([*folders, os.environ.get("PYTHONPATH", "")])}
