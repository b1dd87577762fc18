"""A forward_command_controller for Float64MultiArray, with a timeout. Independent of ROS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from .errors import RejectedMessage

CommandsMode = Literal["velocity", "position"]
COMMANDS_MODES: tuple[CommandsMode, ...] = get_args(CommandsMode)

TIMEOUT_NS = 200_000_000
"""How long a command is in force. Without a newer one, the robot then stops."""


class CommandController:
    """Forwards the latest command: joint velocities [rad/s] or positions [rad], in the joint order of the robot."""

    def __init__(self, joint_names: Sequence[str], mode: CommandsMode, position_gain: float) -> None:
        """`position_gain` (1/s) converts a position error into a velocity in mode `position`."""
        self._joint_names = list(joint_names)
        self._mode = mode
        self._position_gain = position_gain
        self._values: np.ndarray | None = None
        self._received_ns = 0

    def command(self, values: Sequence[float], now_ns: int) -> None:
        """Sets the command `[J]`. Raises RejectedMessage, and keeps the previous one, if it is not valid."""
        row = np.array(values, dtype=np.float64)
        names = ", ".join(self._joint_names)
        if row.shape != (len(self._joint_names),):
            raise RejectedMessage(f"commands: found {row.size} numbers, expected {len(self._joint_names)} ({names}).")
        if not np.isfinite(row).all():
            raise RejectedMessage(f"commands: found {row.tolist()}, expected finite numbers ({names}).")
        self._values = row
        self._received_ns = now_ns

    def drop(self) -> None:
        """Discards the command."""
        self._values = None

    def velocity_setpoint(self, now_ns: int, position: np.ndarray) -> np.ndarray | None:
        """Joint velocities `[J]` in rad/s for the robot at `position [J]` (rad); None once the command has timed
        out."""
        if self._values is None or now_ns - self._received_ns >= TIMEOUT_NS:
            return None
        if self._mode == "velocity":
            return self._values
        return self._position_gain * (self._values - position)
