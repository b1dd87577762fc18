"""The plant with its controllers and its time. Independent of ROS."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from .command_controller import CommandController, CommandsMode
from .plant import Plant
from .trajectory_controller import DesiredState, Trajectory, TrajectoryController

UPDATE_PERIOD_NS = 10_000_000
"""Period of the velocity set-points. It is the same in lockstep and in real time, so that the motion is the same."""

POSITION_GAIN = 20.0
"""Velocity per position error, in 1/s. It is well below the update rate, so that there is no oscillation."""

_NS_PER_S = 1e9
_NS_PER_MS = 1e6

_Desired = tuple[np.ndarray, np.ndarray | None]
"""Velocities `[J]`, and positions `[J]` if the joints are to follow positions as well."""


class Simulation:
    """A robot that follows the latest command of either kind, and holds its pose without one."""

    def __init__(self, plant: Plant, commands_mode: CommandsMode, start_ns: int, delay_ms: float = 0.0) -> None:
        """The robot starts at rest at the plant's pose, at the time `start_ns`.

        Set-points reach the joints after `delay_ms`, rounded to whole updates.
        """
        self.plant = plant
        self.time_ns = start_ns
        self._trajectories = TrajectoryController(plant.joint_names, plant.position)
        self._commands = CommandController(plant.joint_names, commands_mode, POSITION_GAIN)
        self._obeys_commands = False
        self._delay_updates = round(delay_ms * _NS_PER_MS / UPDATE_PERIOD_NS)
        self._delayed: deque[_Desired] = deque()
        self._hold()

    def follow(self, trajectory: Trajectory) -> None:
        """Starts a trajectory. Raises RejectedMessage if it is not valid."""
        # After commands there is no desired trajectory, so the motion starts from the measured state.
        start = DesiredState(self.plant.position, self.plant.velocity) if self._obeys_commands else None
        self._trajectories.follow(trajectory, self.time_ns, start)
        self._obeys_commands = False
        self._commands.drop()

    def command(self, values: Sequence[float]) -> None:
        """Sets a command `[J]`. Raises RejectedMessage if it is not valid."""
        self._commands.command(values, self.time_ns)
        self._obeys_commands = True

    def teleport(self, position: np.ndarray, time_ns: int) -> None:
        """Puts the robot at rest at `position [J]`, without a command, and sets its time to `time_ns`."""
        self.plant.reset(position)
        self.time_ns = time_ns
        self._hold()

    def skip_to(self, time_ns: int) -> None:
        """Sets the time to `time_ns`. The robot holds its pose, and its command is dropped."""
        self.time_ns = time_ns
        self._hold()

    def advance(self, duration_ns: int) -> None:
        """Simulates `duration_ns`, a multiple of UPDATE_PERIOD_NS."""
        for _ in range(duration_ns // UPDATE_PERIOD_NS):
            self.plant.step(self.velocity_setpoint(), UPDATE_PERIOD_NS / _NS_PER_S)
            self.time_ns += UPDATE_PERIOD_NS

    def velocity_setpoint(self) -> np.ndarray:
        """The set-point from now until the next update, `[J]` in rad/s, within the velocity limits.

        For a plant with its own clock, set `time_ns` to its time first, and call this every UPDATE_PERIOD_NS.
        """
        self._delayed.append(self._desired())
        velocity, position = self._delayed.popleft()
        if position is not None:
            velocity = velocity + POSITION_GAIN * (position - self.plant.position)
        limit = self.plant.limits.velocity
        return np.clip(velocity, -limit, limit)

    def _desired(self) -> _Desired:
        if self._obeys_commands:
            setpoint = self._commands.velocity_setpoint(self.time_ns, self.plant.position)
            if setpoint is not None:
                return setpoint, None
            self._obeys_commands = False
            self._trajectories.hold(self.plant.position)
        now = self._trajectories.sample(self.time_ns).position
        then = self._trajectories.sample(self.time_ns + UPDATE_PERIOD_NS).position
        # The set-point is held for the whole update, so the mean desired velocity is fed forward.
        return (then - now) / (UPDATE_PERIOD_NS / _NS_PER_S), now

    def _hold(self) -> None:
        position = self.plant.position
        self._delayed = deque([(np.zeros_like(position), position)] * self._delay_updates)
        self._obeys_commands = False
        self._commands.drop()
        self._trajectories.hold(self.plant.position)
