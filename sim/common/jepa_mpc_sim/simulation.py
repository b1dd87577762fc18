"""The plant under its controllers, and the time it has reached. No ROS here."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from .command_controller import CommandController, CommandsMode
from .plant import Plant
from .trajectory_controller import DesiredState, Trajectory, TrajectoryController

UPDATE_PERIOD_NS = 10_000_000
"""How often the controllers give the plant a new velocity set-point. The same in both modes: the same motion."""

POSITION_GAIN = 20.0
"""Velocity per position error, in 1/s: well below the update rate, so that it cannot oscillate."""

_NS_PER_S = 1e9
_NS_PER_MS = 1e6

_Desired = tuple[np.ndarray, np.ndarray | None]
"""Velocities `[J]` and, where the joints are also to be somewhere, positions `[J]`."""


class Simulation:
    """A robot that obeys the last command given to it, whichever kind it was, and holds its pose without one."""

    def __init__(self, plant: Plant, commands_mode: CommandsMode, start_ns: int, delay_ms: float = 0.0) -> None:
        """The robot is at rest at the plant's pose; `start_ns` is the time on its stamps.

        What is desired reaches the joints after `delay_ms`, in whole updates.
        """
        self.plant = plant
        self.time_ns = start_ns
        self._trajectories = TrajectoryController(plant.joint_names, plant.position)
        self._commands = CommandController(plant.joint_names, commands_mode, POSITION_GAIN)
        self._obeys_commands = False
        self._updates_late = round(delay_ms * _NS_PER_MS / UPDATE_PERIOD_NS)
        self._on_their_way: deque[_Desired] = deque()
        self._hold()

    def follow(self, trajectory: Trajectory) -> None:
        """Starts a trajectory; raises RejectedMessage where it is not valid."""
        # After a stream of commands there is no desired trajectory: the motion starts from where the robot is.
        start = DesiredState(self.plant.position, self.plant.velocity) if self._obeys_commands else None
        self._trajectories.follow(trajectory, self.time_ns, start)
        self._obeys_commands = False
        self._commands.drop()

    def command(self, values: Sequence[float]) -> None:
        """Takes one command `[J]`; raises RejectedMessage where it is not valid."""
        self._commands.command(values, self.time_ns)
        self._obeys_commands = True

    def teleport(self, position: np.ndarray, time_ns: int) -> None:
        """Puts the robot at rest at `position [J]` without a command; its time is `time_ns` from now on."""
        self.plant.reset(position)
        self.time_ns = time_ns
        self._hold()

    def skip_to(self, time_ns: int) -> None:
        """Time jumps: the robot stays where it is, and what it was told for the time skipped is dropped."""
        self.time_ns = time_ns
        self._hold()

    def advance(self, duration_ns: int) -> None:
        """Simulates `duration_ns`, a multiple of UPDATE_PERIOD_NS."""
        for _ in range(duration_ns // UPDATE_PERIOD_NS):
            self.plant.step(self.velocity_setpoint(), UPDATE_PERIOD_NS / _NS_PER_S)
            self.time_ns += UPDATE_PERIOD_NS

    def velocity_setpoint(self) -> np.ndarray:
        """What the joints should do from now until the next update, `[J]` in rad/s, within the velocity limits.

        For a plant whose time passes by itself: set `time_ns` to its time first, and ask every UPDATE_PERIOD_NS.
        """
        self._on_their_way.append(self._desired())
        velocity, position = self._on_their_way.popleft()
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
        # The set-point stays for the whole update, so it is the mean desired velocity that must be fed forward.
        return (then - now) / (UPDATE_PERIOD_NS / _NS_PER_S), now

    def _hold(self) -> None:
        position = self.plant.position
        self._on_their_way = deque([(np.zeros_like(position), position)] * self._updates_late)
        self._obeys_commands = False
        self._commands.drop()
        self._trajectories.hold(self.plant.position)
