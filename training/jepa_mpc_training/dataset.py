"""Recorded episodes on disk: frames in several views, actions, joint positions and velocities."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .config import CollectConfig

FALLEN_M = 0.05
"""Change of height from which on an object has left what it rested on."""
_CAMERAS = "cameras.json"
_PERIOD = "period_ms.json"
_OBJECTS, _OBJECT_NAMES = "objects.npy", "objects.json"


def describe(folder: Path, period_ms: int, cameras: Sequence[str]) -> None:
    """Stores beside the arrays of a `Dataset` what they do not show: the control period, unless it is the default, and
    the names of several cameras."""
    values = {_PERIOD: period_ms if period_ms != CollectConfig.period_ms else None, _CAMERAS: list(cameras)}
    for name, value in values.items():
        (folder / name).unlink(missing_ok=True)
        if value:
            (folder / name).write_text(json.dumps(value) + "\n")


def save_objects(folder: Path, names: Sequence[str], poses: np.ndarray | None) -> None:
    """Stores the poses `[E, T + 1, O, 7]` of free objects beside the arrays of a `Dataset`; nothing if there are
    none."""
    for file in (_OBJECTS, _OBJECT_NAMES):
        (folder / file).unlink(missing_ok=True)
    if names and poses is not None:
        np.save(folder / _OBJECTS, poses.astype(np.float32))
        (folder / _OBJECT_NAMES).write_text(json.dumps(list(names)) + "\n")


def has_fallen(places: np.ndarray) -> np.ndarray:
    """Whether an object has left what it rested on, from its places `[..., T + 1, 3]`: `[..., T + 1]`."""
    return np.abs(places[..., 2] - places[..., :1, 2]) > FALLEN_M


class Stretches(NamedTuple):
    """Stretches of episodes, `length` frames each, one predictor step apart.

    frames uint8 `[count, V, length, H, W, 3]` (of several cameras as in `Dataset`), the blocks of raw actions between
    them `[count, length - 1, block * J]`, ordered [period][joint], joint positions and velocities at the frames
    `[count, length, J]`, and the places of the O objects `[count, length, 3 O]` (`Dataset.object_places`).
    """

    frames: np.ndarray
    actions: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray
    places: np.ndarray


@dataclass(frozen=True)
class Dataset:
    """Episodes of equal length; frame `t` is seen before action `t`, in every view at the same moment.

    frames uint8 `[E, V, T + 1, H, W, 3]`, or of C cameras `[E, V, T + 1, C, H, W, 3]`, actions float32 `[E, T, J]`
    (target velocity, rad/s), positions and velocities float32 `[E, T + 1, J]` (rad, rad/s) as measured at the frames,
    in_gazebo bool `[E]`: whether the first view is from Gazebo. `period_ms`: time between two frames. `cameras`: names
    of several cameras, empty for one.

    `objects`: poses float32 `[E, T + 1, O, 7]` of the free objects `object_names` at the frames, position in m and
    quaternion (x, y, z, w), in the frame of the root link; None if there are none. They are for figures and losses, and
    no input of a model.
    """

    frames: np.ndarray
    actions: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray
    in_gazebo: np.ndarray
    period_ms: int
    cameras: tuple[str, ...] = ()
    objects: np.ndarray | None = None
    object_names: tuple[str, ...] = ()

    @classmethod
    def load(cls, folder: Path) -> Dataset:
        """Opens the arrays in a folder; frames stay on disk until they are used.

        Earlier versions stored no velocities: they are then those between the positions before and after a frame.
        """
        positions, measured = np.load(folder / "positions.npy"), folder / "velocities.npy"
        period, cameras, objects = folder / _PERIOD, folder / _CAMERAS, folder / _OBJECTS
        period_ms = json.loads(period.read_text()) if period.exists() else CollectConfig.period_ms
        return cls(
            np.load(folder / "frames.npy", mmap_mode="r"),
            np.load(folder / "actions.npy"),
            positions,
            np.load(measured) if measured.exists() else np.gradient(positions, period_ms / 1000, axis=1),
            np.load(folder / "in_gazebo.npy"),
            period_ms,
            tuple(json.loads(cameras.read_text())) if cameras.exists() else (),
            np.load(objects) if objects.exists() else None,
            tuple(json.loads((folder / _OBJECT_NAMES).read_text())) if objects.exists() else (),
        )

    @property
    def camera_count(self) -> int:
        """C, 1 without a camera axis."""
        return max(1, len(self.cameras))

    @property
    def states(self) -> np.ndarray:
        """Positions, then velocities at the frames: `[E, T + 1, 2 J]`."""
        return np.concatenate((self.positions, self.velocities), axis=2)

    @cached_property
    def object_places(self) -> np.ndarray:
        """Places of the objects at the frames, in m: `[E, T + 1, 3 O]`. NaN from when on an object has fallen off what
        it rested on."""
        if self.objects is None:
            return np.empty((*self.positions.shape[:2], 0), dtype=np.float32)
        places = self.objects[..., :3]
        fallen = np.logical_or.accumulate(has_fallen(places.swapaxes(1, 2)), axis=2).swapaxes(1, 2)
        return np.where(fallen[..., None], np.nan, places).reshape(*places.shape[:2], -1)

    def split(self, held_out: float) -> tuple[np.ndarray, np.ndarray]:
        """Indices of the episodes `(training, held out)`; at least one each."""
        count = len(self.frames)
        last = count - max(1, round(count * held_out))
        return np.arange(last), np.arange(last, count)

    def sequences(
        self, rng: np.random.Generator, episodes: np.ndarray, count: int, length: int, block: int
    ) -> Stretches:
        """Random stretches of the episodes, with `block` periods in a predictor step."""
        episode = rng.choice(episodes, count)
        start = rng.integers(0, self.actions.shape[1] - (length - 1) * block, count, endpoint=True)
        frame_index = start[:, None] + np.arange(length) * block
        action_index = start[:, None] + np.arange((length - 1) * block)
        views = np.arange(self.frames.shape[1])[None, :, None]
        frames = self.frames[episode[:, None, None], views, frame_index[:, None]]
        actions = self.actions[episode[:, None], action_index]
        at = episode[:, None], frame_index
        blocks = actions.reshape(count, length - 1, -1)
        return Stretches(frames, blocks, self.positions[at], self.velocities[at], self.object_places[at])
