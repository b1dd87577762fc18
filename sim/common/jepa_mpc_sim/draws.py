"""Random numbers that do not depend on how long a run waits. Independent of ROS."""

from __future__ import annotations

import numpy as np


class Draws:
    """A random generator that begins a new stream with each restart.

    The numbers after the n-th restart depend on the seed and on n alone, and not on the number of draws before it: a
    run that waits for a planner to start draws more than one that does not.
    """

    def __init__(self, seed: int, purpose: int) -> None:
        """`purpose` separates the streams of one seed."""
        self._key = (seed, purpose)
        self._restarts = 0
        self.rng = self._stream()

    def restart(self) -> None:
        """Begins the next stream."""
        self._restarts += 1
        self.rng = self._stream()

    def _stream(self) -> np.random.Generator:
        return np.random.default_rng([*self._key, self._restarts])
