"""What an episode of the closed-loop evaluation asks of a robot: problems, and when they are solved."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from jepa_mpc_sim.joint_limits import JointLimits

from .config import TICK_MS
from .objects import Surroundings
from .robot import Robot

SUCCESS_DISTANCE_M = 0.05
"""Of the tip from its place at the goal."""
SUCCESS_SPEED_RAD_S = 0.1
"""Of each joint; in m/s for joints that slide."""
MIN_START_DISTANCE_M = 0.2
"""Between the places of the tip at start and goal."""
PUSHED_DISTANCE_M = 0.04
"""Of an object from its place at the goal."""
PUSH_M = (0.08, 0.25)
"""How far an object has to be pushed."""
_OBJECT_SPEED_M_S = 0.01
_MOVED_MS = 1000

Tip = Callable[[np.ndarray], np.ndarray]
"""Joint positions `[J]` -> position of the tip, `[x, y, z]` in m."""


class Goal(NamedTuple):
    """The picture of a goal, `[H, W, 3]` or that of each camera `[C, H, W, 3]`, and the joint positions `[J]` that it
    shows."""

    frame: np.ndarray
    position: np.ndarray


class Task(Protocol):
    """A task for a robot. An episode begins with `begin`; `observe` is called at every tick."""

    duration_ms: int
    """Time limit of an episode."""
    near_m: float
    """`distance_m` below which it is solved, at rest."""

    def begin(self, robot: Robot, rng: np.random.Generator, delay_ms: int) -> Goal:
        """Puts the robot at a random start; returns a random goal."""
        ...

    def observe(self, robot: Robot, time_ms: int) -> bool:
        """Whether the task is solved now."""
        ...

    def distance_m(self, robot: Robot) -> float:
        """Distance from the goal."""
        ...

    def is_held(self, time_ms: int) -> bool:
        """Whether the robot has to stand still, whatever is planned."""
        ...


class Reach:
    """The tip of the robot rests where a picture shows it."""

    duration_ms, near_m = 6000, SUCCESS_DISTANCE_M

    def __init__(self, tip: Tip) -> None:
        self._tip = tip
        self._goal = np.zeros(3)

    def begin(self, robot: Robot, rng: np.random.Generator, delay_ms: int) -> Goal:
        start, goal = draw_problem(self._tip, robot.plant.limits, rng)
        robot.reset(start, delay_ms)
        self._goal = self._tip(goal)
        return Goal(robot.see_at(goal), goal)

    def observe(self, robot: Robot, time_ms: int) -> bool:
        return self.distance_m(robot) < self.near_m and _rests(robot)

    def distance_m(self, robot: Robot) -> float:
        return float(np.linalg.norm(self._tip(robot.plant.position) - self._goal))

    def is_held(self, time_ms: int) -> bool:
        return False


class Push:
    """The first free object of a scene rests where a picture shows it, and so does the robot.

    With `moves_at_first` the robot stands still for a second, after which the object is suddenly somewhere else: a
    policy that does not look pushes where nothing is.
    """

    duration_ms, near_m = 15000, PUSHED_DISTANCE_M

    def __init__(self, surroundings: Surroundings, moves_at_first: bool = False) -> None:
        self._surroundings, self._moves_at_first = surroundings, moves_at_first
        self._goal, self._last = np.zeros(3), np.zeros(3)
        self._speed_m_s = 0.0
        self._elsewhere: np.ndarray | None = None

    def begin(self, robot: Robot, rng: np.random.Generator, delay_ms: int) -> Goal:
        around = self._surroundings
        start = around.arrange(rng)
        goal = around.poses()
        # The goal is drawn first, then where the objects start.
        before = around.pushed(rng, start, goal, PUSH_M)
        self._elsewhere = around.pushed(rng, start, goal, PUSH_M) if self._moves_at_first else None
        around.put(goal)
        picture = robot.see_at(start)
        around.put(before)
        robot.reset(start, delay_ms)
        self._goal, self._last = goal[0, :3], before[0, :3]
        return Goal(picture, start)

    def observe(self, robot: Robot, time_ms: int) -> bool:
        if self._elsewhere is not None and time_ms >= _MOVED_MS:
            self._surroundings.put(self._elsewhere)
            self._elsewhere = None
        place = self._surroundings.poses()[0, :3]
        self._speed_m_s = float(np.linalg.norm(place - self._last)) / (TICK_MS / 1000)
        self._last = place
        return self.distance_m(robot) < self.near_m and self._speed_m_s < _OBJECT_SPEED_M_S and _rests(robot)

    def distance_m(self, robot: Robot) -> float:
        return float(np.linalg.norm(self._surroundings.poses()[0, :3] - self._goal))

    def is_held(self, time_ms: int) -> bool:
        return self._moves_at_first and time_ms < _MOVED_MS


def draw_problem(tip: Tip, limits: JointLimits, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Start and goal poses, uniform over the joint range, fingertips at least 0.2 m apart."""
    while True:
        start, goal = (rng.uniform(limits.lowest_drawn, limits.highest_drawn) for _ in range(2))
        if np.linalg.norm(tip(start) - tip(goal)) >= MIN_START_DISTANCE_M:
            return start, goal


def _rests(robot: Robot) -> bool:
    return bool(np.all(np.abs(robot.plant.velocity) < SUCCESS_SPEED_RAD_S))
