"""Random numbers that are the same for the same run, however long it waited in between. No ROS here."""

from __future__ import annotations

import numpy as np


class Draws:
    """A generator that begins a new stream with each restart.

    What is drawn after the n-th restart depends on the seed and on n alone. How many draws came before does not count:
    a run that has to wait for a planner to start draws more in between than one that does not.
    """

    def __init__(self, seed: int, purpose: int) -> None:
        """`purpose` keeps the streams of one seed apart."""
        self._key = (seed, purpose)
        self._restarts = 0
        self.rng = self._stream()

    def restart(self) -> None:
        """Begins the next stream."""
        self._restarts += 1
        self.rng = self._stream()

    def _stream(self) -> np.random.Generator:
        return np.random.default_rng([*self._key, self._restarts])
