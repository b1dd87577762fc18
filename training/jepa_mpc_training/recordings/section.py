"""The result of every reader: an interval of a recording in which one clock without jumps stamps all messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .commands import Commands

FrameReader = Callable[[np.ndarray], Iterator[Sequence[np.ndarray]]]
"""Indices of frames `[N]`, ascending -> iterator over those frames, each the images of all cameras, uint8 `[H, W, 3]`,
RGB."""


@dataclass(frozen=True)
class Section:
    """An interval of a recording. Stamps are in ns, int64, ascending; joints are in the order of the URDF.

    frame_stamps `[F]`; joint_stamps `[M]`, positions and velocities `[M, J]` (rad, rad/s) of the joint states, where
    velocities that are not measured are NaN.
    """

    name: str
    frame_stamps: np.ndarray
    joint_stamps: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray
    commands: Commands
    read_frames: FrameReader
