"""Whether a test and its simulator had to queue for a core, which makes messages late without a defect."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

BUSY = 0.15
"""Share of the time that either spends in the queue. Below it, many messages in a row are in time sooner or later."""


class Queueing:
    """Time since its creation that this process and the simulator have spent in the queue for a core."""

    def __init__(self, simulator_pid: int) -> None:
        self._pids = (os.getpid(), simulator_pid)
        self._start_s = time.monotonic()
        self._start_ns = self._now_ns()

    def share(self) -> float:
        """Of the time: that of the process that queued longer."""
        passed_s = time.monotonic() - self._start_s
        return max(now - before for now, before in zip(self._now_ns(), self._start_ns, strict=True)) / 1e9 / passed_s

    def skip_if_busy(self) -> None:
        """Skips the test where the machine rather than the simulator explains late messages."""
        share = self.share()
        if share > BUSY:
            pytest.skip(
                f"the machine was too busy: {share:.0%} of the time in the queue for a core, at most {BUSY:.0%}"
            )

    def _now_ns(self) -> list[int]:
        # Of their main threads, which run the executors.
        return [int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) for pid in self._pids]
