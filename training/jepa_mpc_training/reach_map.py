"""Where the tip of a robot reaches an object to push it, and how much room the object takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jepa_mpc_mujoco.plant import Plant
from jepa_mpc_sim.scene import SceneError, SceneObject

from .tip_control import TipControl

_SAMPLED_POSES = 3000
_CELLS = 40
"""Cells of a map along the longer side of what the tip reaches."""
_MOST_AROUND = 7
"""Cells that are reached, of the nine around and with one, where an object is placed."""
_FAR_CELLS = 4
"""No pose is searched for places farther than this from every sampled one, in cells."""
_SMALLEST_CELL_M = 0.03
_TOLERANCE_M = 0.01
_OFF_SURFACE_M = 0.02
"""Largest gap between an object and what it rests on in the file of the scene."""


@dataclass(frozen=True)
class Extent:
    """How much room an object takes at the orientation that it has in the scene, and what it rests on, in m."""

    radius: float
    """Of the smallest upright cylinder about its middle that it is in."""
    half_height: float
    surface: float
    """Height of what it rests on."""

    @property
    def low(self) -> float:
        """A height at which a tip pushes it: its middle, or of a flat object a little above."""
        return self.surface + max(self.half_height, min(0.015, 1.5 * self.half_height))


def extent_of(plant: Plant, one: SceneObject) -> Extent:
    """Raises SceneError for an object that rests on nothing fixed."""
    corners = _turned(one.pose.quaternion, _corners(one))
    if one.shape == "sphere":
        radius = half_height = one.size[0]
    else:
        radius = float(np.linalg.norm(corners[:, :2], axis=1).max())
        half_height = float(corners[:, 2].max())
    surface = plant.surface_below(np.array(one.pose.position))
    gap = one.pose.position[2] - half_height - surface
    if gap > _OFF_SURFACE_M:
        found = "nothing fixed below it" if np.isinf(surface) else f"it {gap:.3f} m above what is fixed below it"
        raise SceneError(
            f"collect.scene, object '{one.name}'",
            found=found,
            expected="a free object that rests on something fixed, from which it is moved to random places",
            remedy="Add a fixed table below it, or lower it onto the one that is there.",
        )
    return Extent(radius, half_height, surface)


class ReachMap:
    """The places `(x, y)` at which a tip can push an object and cameras see it, on a grid."""

    def __init__(self, plant: Plant, control: TipControl, extent: Extent, cameras: Sequence[int]) -> None:
        """Searches a pose for each cell, free of contacts between links, and of links with fixed things.

        `cameras`: those that see the object. It has to be in view of one of those that do not move, if there are any.
        """
        fixed = [camera for camera in cameras if not plant.moves(plant.cameras[camera].link)]
        limits = plant.limits
        poses = np.random.default_rng(0).uniform(
            limits.lowest_drawn, limits.highest_drawn, (_SAMPLED_POSES, len(limits.velocity))
        )
        places = np.stack([control.place(pose) for pose in poses])
        self._origin, highest = places[:, :2].min(0), places[:, :2].max(0)
        self._cell = max(_SMALLEST_CELL_M, float((highest - self._origin).max()) / _CELLS)
        columns, rows = (int(count) for count in (highest - self._origin) // self._cell + 1)
        self._reached = np.zeros((columns, rows), dtype=bool)
        for cell in np.ndindex(columns, rows):
            place = np.array([*self._middle(np.array(cell)), extent.low])
            if fixed and not any(plant.is_in_view(place, camera) for camera in fixed):
                continue
            away = np.linalg.norm((places - place)[:, : 3 if control.lifts else 2], axis=1)
            if away.min() > _FAR_CELLS * self._cell:
                continue
            found = control.pose_at(poses[away.argmin()], place, _TOLERANCE_M)
            self._reached[cell] = (
                found is not None
                and extent.surface < control.place(found)[2] < extent.surface + 2 * extent.half_height
                and is_free(plant, found)
            )
        around = np.pad(self._reached.astype(int), 1)
        for axis in (0, 1):
            around = sum(np.roll(around, by, axis) for by in (-1, 0, 1))
        inner = self._reached & (around[1:-1, 1:-1] >= _MOST_AROUND)
        self._cells = np.argwhere(inner if inner.any() else self._reached)

    def __contains__(self, place: np.ndarray) -> bool:
        """Whether the tip reaches the cell that `place [2]` or `[3]` is in."""
        cell = np.floor((place[:2] - self._origin) / self._cell).astype(int)
        return bool((cell >= 0).all() and (cell < self._reached.shape).all() and self._reached[tuple(cell)])

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """A random place `[2]` for an object, from which it can be pushed in most directions. Raises ValueError if none
        is reached."""
        cell = self._cells[rng.integers(len(self._cells))]
        return self._middle(cell) + rng.uniform(-0.5, 0.5, 2) * self._cell

    @property
    def is_empty(self) -> bool:
        """Whether no place is reached."""
        return len(self._cells) == 0

    def _middle(self, cell: np.ndarray) -> np.ndarray:
        return self._origin + (cell + 0.5) * self._cell


@dataclass(frozen=True)
class Pushable:
    """A free object as it is placed and pushed."""

    extent: Extent
    reach: ReachMap
    """Where the tip reaches at the height of a push."""


def is_free(plant: Plant, position: np.ndarray) -> bool:
    """Whether no link touches another one, or something fixed, with the robot at `position [J]`."""
    return not any(_of_links(plant, touch.first, touch.second) for touch in plant.touches(position))


def _of_links(plant: Plant, first: str, second: str) -> bool:
    return first not in plant.objects and second not in plant.objects


def _corners(one: SceneObject) -> np.ndarray:
    """Points `[N, 3]` of an object's hull about its middle: corners of a box, circles at the ends of a cylinder."""
    if one.shape == "cylinder":
        around = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        radius, length = one.size
        circle = np.stack((radius * np.cos(around), radius * np.sin(around), np.full(64, length / 2)), axis=1)
        return np.concatenate((circle, circle * (1, 1, -1)))
    half = np.array(one.size) / 2 if one.shape == "box" else np.full(3, one.size[0])
    return np.array(list(np.ndindex(2, 2, 2))) * 2 * half - half


def _turned(quaternion: Sequence[float], points: np.ndarray) -> np.ndarray:
    """Points `[N, 3]`, turned by a unit quaternion (x, y, z, w)."""
    vector, w = np.array(quaternion[:3]), quaternion[3]
    across = 2 * np.cross(vector, points)
    return points + w * across + np.cross(vector, across)
