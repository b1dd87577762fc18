"""Starts the simulator under test as a process of its own, in the ROS domain of the test run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

SIMULATOR = os.environ.get("JEPA_MPC_SIMULATOR", "mujoco")
"""Which one is under test: mujoco or gazebo."""
NODE = f"{SIMULATOR}_sim"
URDF = Path(__file__).resolve().parents[3] / "urdf" / "reacher.urdf"
STOP_TIMEOUT_S = 30
RUN_END_S = 60

if SIMULATOR == "mujoco":
    from jepa_mpc_mujoco.rendering import choose_backend

    # Once for all the processes of a test run, since trying a backend takes most of a second.
    choose_backend()


def _environment(changes: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", **changes}


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", f"jepa_mpc_{SIMULATOR}", *arguments]


def run_to_end(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a simulator that is expected to end by itself."""
    result = subprocess.run(
        _command(arguments),
        env=_environment(environment),
        capture_output=True,
        text=True,
        timeout=RUN_END_S,
        check=False,
    )
    return result.returncode, result.stdout, result.stderr


class SimulatorProcess:
    """A running simulator; stops with the `with` block."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            _command(["--urdf", str(URDF), *arguments]),
            env=_environment({}),
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> SimulatorProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    @property
    def pid(self) -> int:
        """Of the simulator's process."""
        return self._process.pid

    def ended(self) -> tuple[int, str]:
        """Exit status and stderr of a simulator that ends by itself."""
        _, errors = self._process.communicate(timeout=STOP_TIMEOUT_S)
        return self._process.returncode, errors

    def stop(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Exit status and stderr after a signal."""
        self._process.send_signal(number)
        _, errors = self._process.communicate(timeout=STOP_TIMEOUT_S)
        return self._process.returncode, errors
