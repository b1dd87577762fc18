"""Random places for free objects, where they rest as in their scene and the tip of the robot reaches them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jepa_mpc_mujoco.plant import Plant
from jepa_mpc_sim.scene import Pose, SceneError, SceneObject

from .reach_map import Pushable, is_free

_EVEN_M = 0.001
"""Largest difference in height of the surface below an object, and largest depth at which it may be in something fixed
that it rests on."""
_FOOTPRINT = 8
_TRIES = 100


class Placer:
    """Puts a robot into a random pose and free objects at random places."""

    def __init__(self, plant: Plant, objects: Sequence[SceneObject], pushables: Mapping[str, Pushable]) -> None:
        """`objects`: the free ones; `pushables`: the same by their names. Raises SceneError for one of which no place
        is within reach."""
        self._plant, self._objects, self._pushables = plant, objects, pushables
        for name, one in pushables.items():
            if one.reach.is_empty:
                raise SceneError(
                    f"collect.scene, object '{name}'",
                    found=f"a height of {one.extent.low:.3f} m, at which the tip of the robot reaches no place in view",
                    expected="an object that the tip can push and a camera sees",
                    remedy="Raise or lower the table that it rests on, or name another tip: --tip LINK.",
                )

    def arrange(self, rng: np.random.Generator) -> np.ndarray:
        """Places all objects, each where it rests as in the scene. Returns a pose of the robot `[J]` at which it
        touches nothing and its tip is above what they rest on; the robot itself is not moved.

        Raises SceneError if there is no room.
        """
        limits = self._plant.limits
        highest = max((one.extent.surface for one in self._pushables.values()), default=-np.inf)
        for _ in range(_TRIES):
            start = rng.uniform(limits.lowest_drawn, limits.highest_drawn)
            # Below a table, an arm would have to find its way out first.
            is_above = self._plant.fingertip(start)[2] >= highest
            if is_above and is_free(self._plant, start) and self._placed(rng, start):
                return start
        raise SceneError(
            "collect.scene",
            found=f"no room for its free objects and the robot in {_TRIES} tries",
            expected="places within reach where they touch neither the robot nor each other",
            remedy="Leave out some of them, make them smaller, or give the robot more room.",
        )

    def displace(
        self,
        rng: np.random.Generator,
        name: str,
        start: np.ndarray,
        middle: np.ndarray,
        distance_m: tuple[float, float],
    ) -> None:
        """Moves one object to a random place in a distance from `middle [2]` of between the two of `distance_m`. The
        robot at `start [J]` does not touch it there. Raises SceneError if there is no room."""
        one = next(each for each in self._objects if each.name == name)
        for _ in range(_TRIES * _TRIES):
            place = self._pushables[name].reach.draw(rng)
            if not distance_m[0] <= np.linalg.norm(place - middle) <= distance_m[1]:
                continue
            self._plant.place_object(name, _standing(one, place, rng.uniform(-np.pi, np.pi)))
            if self._rests(name, place, one.pose.position[2]) and self._is_clear(name, start):
                return
        raise SceneError(
            f"scene, object '{name}'",
            found=f"no place {distance_m[0]:g} to {distance_m[1]:g} m from its goal in {_TRIES * _TRIES} tries",
            expected="places within reach where it touches neither the robot nor other objects",
            remedy="Give the robot more room, or leave out other objects.",
        )

    def _placed(self, rng: np.random.Generator, start: np.ndarray) -> bool:
        for one in self._objects:
            for _ in range(_TRIES // 10):
                place = self._pushables[one.name].reach.draw(rng)
                self._plant.place_object(one.name, _standing(one, place, rng.uniform(-np.pi, np.pi)))
                if self._rests(one.name, place, one.pose.position[2]):
                    break
            else:
                return False
        # Only now are all of them where they start.
        return all(self._is_clear(one.name, start) for one in self._objects)

    def _rests(self, name: str, place: np.ndarray, height: float) -> bool:
        """Whether the surface below all of an object is that of the scene."""
        extent = self._pushables[name].extent
        around = 2 * np.pi * np.arange(_FOOTPRINT) / _FOOTPRINT
        circle = place + extent.radius * np.stack((np.cos(around), np.sin(around)), axis=1)
        below = [self._plant.surface_below(np.array([x, y, height])) for x, y in (place, *circle)]
        return bool(np.abs(np.array(below) - extent.surface).max() < _EVEN_M)

    def _is_clear(self, name: str, start: np.ndarray) -> bool:
        return not any(
            touch.depth_m > _EVEN_M or (self._plant.moves(touch.first) and self._plant.moves(touch.second))
            for touch in self._plant.touches(start)
            if name in touch[:2]
        )


def _standing(one: SceneObject, place: np.ndarray, yaw: float) -> Pose:
    """The pose of an object at `place [2]`, at its height in the scene, turned by `yaw` about the vertical."""
    x, y, z, w = one.pose.quaternion
    sine, cosine = np.sin(yaw / 2), np.cos(yaw / 2)
    quaternion = (cosine * x - sine * y, cosine * y + sine * x, cosine * z + sine * w, cosine * w - sine * z)
    return Pose((float(place[0]), float(place[1]), one.pose.position[2]), tuple(float(value) for value in quaternion))
