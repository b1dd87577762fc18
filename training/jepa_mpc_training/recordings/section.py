"""A stretch of a recording in which one steady clock stamps everything; what every reader hands on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from .commands import Commands

FrameReader = Callable[[np.ndarray], Iterator[np.ndarray]]
"""Indices of frames, ascending `[N]` -> those frames, uint8 `[H, W, 3]`, RGB, one by one."""


@dataclass(frozen=True)
class Section:
    """Stamps are ns, int64, ascending; joints are in the order of the URDF.

    frame_stamps `[F]`; joint_stamps `[M]` and positions `[M, J]` (rad) of the joint states.
    """

    name: str
    frame_stamps: np.ndarray
    joint_stamps: np.ndarray
    positions: np.ndarray
    commands: Commands
    read_frames: FrameReader
