"""Starts the simulator as a process of its own, in the ROS domain of the test run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from jepa_mpc_mujoco.rendering import choose_backend

# Once for all the processes of a test run, since trying a backend takes most of a second.
choose_backend()

PACKAGE_ROOT = Path(__file__).resolve().parents[1]
URDF = PACKAGE_ROOT.parents[1] / "urdf" / "reacher.urdf"
STOP_TIMEOUT_S = 10


def _environment(changes: Mapping[str, str]) -> dict[str, str]:
    own = {"PYTHONUNBUFFERED": "1"}
    return {**os.environ, **own, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", **changes}


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "jepa_mpc_mujoco", *arguments]


def run_to_end(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a simulator that is expected to end by itself."""
    result = subprocess.run(
        _command(arguments), env=_environment(environment), capture_output=True, text=True, timeout=30, check=False
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

    def stop(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Exit status and stderr after a signal."""
        self._process.send_signal(number)
        _, errors = self._process.communicate(timeout=STOP_TIMEOUT_S)
        return self._process.returncode, errors
