"""Random numbers that do not depend on what a run did before. Independent of ROS."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Draws:
    """A random generator that begins anew with each pose at which the robot, or its goal, is placed.

    The numbers that follow depend on the seed and on the pose alone. So an episode is the same whichever episodes ran
    before it, and however long a run waited for a planner to start.
    """

    def __init__(self, seed: int, purpose: int) -> None:
        """`purpose` separates the streams of one seed."""
        self._key = (seed, purpose)
        self.rng = np.random.default_rng(self._key)

    def restart(self, pose: Sequence[float] | np.ndarray) -> None:
        """Begins the stream of this pose `[J]`."""
        # Without a negative zero, which is the same pose.
        words = (np.asarray(pose, dtype="<f8") + 0.0).view("<u4")
        self.rng = np.random.default_rng([*self._key, *words.tolist()])
