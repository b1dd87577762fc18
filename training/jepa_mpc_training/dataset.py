"""Recorded episodes on disk: frames in several views, actions, and joint positions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .config import BLOCK


@dataclass(frozen=True)
class Dataset:
    """Episodes of equal length; frame `t` is seen before action `t`, in every view at the same moment.

    frames uint8 `[E, V, T + 1, H, W, 3]`, actions float32 `[E, T, J]` (target velocity, rad/s),
    positions float32 `[E, T + 1, J]` (rad), in_gazebo bool `[E]`: whether the first view is from Gazebo.
    """

    frames: np.ndarray
    actions: np.ndarray
    positions: np.ndarray
    in_gazebo: np.ndarray

    @classmethod
    def load(cls, folder: Path) -> Dataset:
        """Opens the arrays in a folder; frames stay on disk until they are used."""
        return cls(
            np.load(folder / "frames.npy", mmap_mode="r"),
            np.load(folder / "actions.npy"),
            np.load(folder / "positions.npy"),
            np.load(folder / "in_gazebo.npy"),
        )

    def split(self, held_out: float) -> tuple[np.ndarray, np.ndarray]:
        """Indices of the episodes `(training, held out)`; at least one each."""
        count = len(self.frames)
        last = count - max(1, round(count * held_out))
        return np.arange(last), np.arange(last, count)

    def sequences(
        self, rng: np.random.Generator, episodes: np.ndarray, count: int, length: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Random stretches of `length` frames one predictor step apart.

        Returns frames uint8 `[count, V, length, H, W, 3]`, the raw action blocks between them
        `[count, length - 1, BLOCK * J]`, ordered [period][joint], and the joint positions at the frames
        `[count, length, J]`.
        """
        episode = rng.choice(episodes, count)
        start = rng.integers(0, self.actions.shape[1] - (length - 1) * BLOCK, count, endpoint=True)
        frame_index = start[:, None] + np.arange(length) * BLOCK
        action_index = start[:, None] + np.arange((length - 1) * BLOCK)
        views = np.arange(self.frames.shape[1])[None, :, None]
        frames = self.frames[episode[:, None, None], views, frame_index[:, None]]
        actions = self.actions[episode[:, None], action_index]
        return frames, actions.reshape(count, length - 1, -1), self.positions[episode[:, None], frame_index]
