"""Exploration by pushes: the tip goes behind an object, pushes it in a straight line and retreats, with noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jepa_mpc_mujoco.plant import Plant

from .limiter import braking_velocity
from .reach_map import Pushable, is_free
from .tip_control import TipControl
from .travel import Traveller

_LENGTH_M = (0.05, 0.25)
_SPEED_M_S = (0.06, 0.3)
_APPROACH_M_S = (0.3, 0.8)
_BRAKING_M_S2 = 0.8
_BEHIND_M = (0.04, 0.06)
"""Distance between the tip and the object before a push: room for half the width of a tool."""
_ABOVE_M = 0.05
"""How far above an object the tip passes over it."""
_OFF_CENTRE = 0.4
"""How far a push misses the middle of an object at most, as a share of its radius."""
_BACK_M = (0.0, 0.06)
"""How far the tip goes back after a push."""
_NEAR_M, _THERE_M = 0.03, 0.012
"""Distances at which a place on the way, and the last one, count as reached."""
_SPEED_NOISE, _HEADING_NOISE, _HEADING_MEMORY = 0.2, 0.15, 0.8
"""Standard deviations of the relative speed and of the direction of a push (rad), from period to period, and the
correlation of the latter with that of the period before."""
_CENTRING = 3.0
"""Rate at which the tip returns to its line and its height, in 1/s."""
_TILTED_M = 0.02
"""An object whose middle has risen or sunk so far is not pushed."""
_LONGEST_S = 3.0
_REST_PERIODS = (0, 2)
_EDGE_M = 0.02
"""How far an object stays from the edge of what it rests on; a step in height that is smaller counts as none."""
_TRIES = 60
_WANDERING_PERIODS = 10
_ABOVE_SURFACE_M = 0.008
"""Least height of the tip above what objects rest on."""
_AROUND_RAD = np.pi / 4


@dataclass(frozen=True)
class _Push:
    """A push of a tip from `start [3]` in the `heading [3]`, a level unit vector, over `travel_m`, past an object whose
    middle is at `centre [3]` and that ends below `top_m`."""

    centre: np.ndarray
    start: np.ndarray
    heading: np.ndarray
    travel_m: float
    speed_m_s: float
    top_m: float


class Pusher:
    """Drives a robot that pushes free objects, one push after the other. Where there is none to push, it travels.

    An arm that can lift its tip approaches from above; others go around the object. Before a command would make a link
    touch something fixed or another link, the tip moves up instead.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        plant: Plant,
        control: TipControl,
        pushables: Mapping[str, Pushable],
        period_s: float,
    ) -> None:
        """`pushables`: by their names in `plant`. `period_s`: how long each target velocity is held."""
        self._rng, self._plant, self._control, self._pushables = rng, plant, control, pushables
        self._period_s, self._acceleration = period_s, plant.limits.acceleration
        self._longest = round(_LONGEST_S / period_s)
        self._traveller = Traveller(rng, plant.limits, period_s)
        self._floor = max(one.extent.surface for one in pushables.values()) + _ABOVE_SURFACE_M
        self._position = plant.position
        self._targets = self._drive()

    def target(self, position: np.ndarray) -> np.ndarray:
        """Target velocities `[J]` in rad/s for the next period, at the desired `position [J]`."""
        self._position = position
        wanted = next(self._targets)
        if self._is_safe(wanted):
            return wanted
        upwards = self._control.velocities(position, np.array([0.0, 0.0, _SPEED_M_S[0]]))
        return upwards if self._control.lifts and self._is_safe(upwards) else np.zeros_like(wanted)

    def _is_safe(self, velocities: np.ndarray) -> bool:
        """Whether no link touches anything fixed, or another one, where the robot comes to rest after this period, and
        the tip is above what objects rest on there, or higher than now."""
        braking = velocities * np.abs(velocities) / (2 * self._acceleration)
        ahead = self._position + velocities * self._period_s + braking
        height = self._control.place(ahead)[2]
        is_above = not self._control.lifts or height >= min(self._floor, self._control.place(self._position)[2])
        return is_above and is_free(self._plant, ahead)

    def _drive(self) -> Iterator[np.ndarray]:
        while True:
            push = self._drawn()
            if push is None:
                for _ in range(_WANDERING_PERIODS):
                    yield self._traveller.target(self._position)
                continue
            yield from self._approach(push)
            yield from self._along(push)
            yield from self._retreat(push)

    def _drawn(self) -> _Push | None:
        """A random push that begins and ends within reach, of an object that ends within reach, too."""
        rng = self._rng
        for _ in range(_TRIES):
            name = str(rng.choice(list(self._pushables)))
            one = self._pushables[name]
            extent, centre = one.extent, np.array(self._plant.object_pose(name).position)
            if abs(centre[2] - extent.half_height - extent.surface) > _TILTED_M:
                continue
            angle, length = rng.uniform(-np.pi, np.pi), rng.uniform(*_LENGTH_M)
            heading = np.array([np.cos(angle), np.sin(angle), 0.0])
            aside = rng.uniform(-_OFF_CENTRE, _OFF_CENTRE) * extent.radius * _left_of(heading)
            middle = np.array([*centre[:2], extent.low])
            behind = extent.radius + rng.uniform(*_BEHIND_M)
            start = middle + aside - behind * heading
            end = middle + length * heading
            beyond = self._plant.surface_below(end + (extent.radius + _EDGE_M) * heading)
            if all(place in one.reach for place in (start, middle, end)) and abs(beyond - extent.surface) < _EDGE_M:
                top = extent.surface + 2 * extent.half_height
                return _Push(middle, start, heading, behind + length, rng.uniform(*_SPEED_M_S), top)
        return None

    def _approach(self, push: _Push) -> Iterator[np.ndarray]:
        pace = self._rng.uniform(*_APPROACH_M_S)
        here = self._control.place(self._position)
        if not self._control.lifts:
            for place in _around(here, push.start, push.centre):
                yield from self._to(place, pace, _NEAR_M)
            return
        safe = push.top_m + _ABOVE_M
        if here[2] < safe:
            yield from self._to(np.array([here[0], here[1], safe]), pace, _NEAR_M)
        yield from self._to(np.array([push.start[0], push.start[1], safe]), pace, _NEAR_M)
        yield from self._to(push.start, pace, _THERE_M)

    def _along(self, push: _Push) -> Iterator[np.ndarray]:
        rng, drift = self._rng, 0.0
        left, noise = _left_of(push.heading), np.sqrt(1 - _HEADING_MEMORY**2) * _HEADING_NOISE
        for _ in range(self._longest):
            away = self._control.place(self._position) - push.start
            along = float(away @ push.heading)
            if along >= push.travel_m or not -2 * push.travel_m < along:
                return
            drift = _HEADING_MEMORY * drift + noise * rng.normal()
            speed = push.speed_m_s * max(0.0, 1 + _SPEED_NOISE * rng.normal())
            # The last period ends where the push does.
            speed = min(speed, (push.travel_m - along) / self._period_s + _SPEED_M_S[0] / 2)
            velocity = speed * push.heading + (speed * drift - _CENTRING * (away @ left)) * left
            velocity[2] = -_CENTRING * away[2]
            yield self._control.velocities(self._position, velocity)

    def _retreat(self, push: _Push) -> Iterator[np.ndarray]:
        rng, here = self._rng, self._control.place(self._position)
        yield from self._to(here - rng.uniform(*_BACK_M) * push.heading, _APPROACH_M_S[0], _THERE_M)
        for _ in range(rng.integers(*_REST_PERIODS, endpoint=True)):
            yield np.zeros_like(self._position)

    def _to(self, place: np.ndarray, pace: float, tolerance: float) -> Iterator[np.ndarray]:
        """Moves the tip in a straight line, and brakes in time."""
        for _ in range(self._longest):
            away = place - self._control.place(self._position)
            if not self._control.lifts:
                away[2] = 0.0
            distance = float(np.linalg.norm(away))
            if distance < tolerance:
                return
            speed = min(pace, float(braking_velocity(np.array(distance), np.array(_BRAKING_M_S2), self._period_s)))
            yield self._control.velocities(self._position, away / distance * speed)


def _left_of(heading: np.ndarray) -> np.ndarray:
    """The level unit vector at a right angle to a level one `[3]`."""
    return np.array([-heading[1], heading[0], 0.0])


def _around(here: np.ndarray, goal: np.ndarray, centre: np.ndarray) -> list[np.ndarray]:
    """Places on the way from `here [3]` to `goal [3]`, on the circle about `centre [3]` that the goal is on."""
    radius = float(np.linalg.norm((goal - centre)[:2]))
    first, last = (np.arctan2(*(place - centre)[1::-1]) for place in (here, goal))
    turn = (last - first + np.pi) % (2 * np.pi) - np.pi
    count = max(1, int(np.ceil(abs(turn) / _AROUND_RAD)))
    angles = first + turn * np.arange(count) / count
    circle = [centre + radius * np.array([np.cos(angle), np.sin(angle), 0.0]) for angle in angles]
    return [*(np.array([x, y, goal[2]]) for x, y, _ in circle), goal]
