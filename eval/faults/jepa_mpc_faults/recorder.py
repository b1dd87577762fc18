"""What a foreign program sees of the node: commands, log, diagnostics, statistics, and the robot itself."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np

MAX_KEPT = 20_000


@dataclass(frozen=True)
class Sample:
    """A command as it was sent. `speed`: largest joint speed at the end of its period; `ramp_s`: until its rest."""

    time_s: float
    speed: float
    ramp_s: float


@dataclass(frozen=True)
class LogLine:
    """A line of the node's log, WARN (30) or worse."""

    time_s: float
    level: int
    text: str


@dataclass(frozen=True)
class Status:
    """A part of `/diagnostics`, at a time. `level`: 0 to 3."""

    time_s: float
    name: str
    level: int
    message: str
    condition: str


class Record:
    """Everything received since `clear`: written by the ROS thread, read by the scenario. Times are wall-clock, s."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self._samples: deque[Sample] = deque(maxlen=MAX_KEPT)
            self._log: deque[LogLine] = deque(maxlen=MAX_KEPT)
            self._diagnostics: deque[Status] = deque(maxlen=MAX_KEPT)
            self._plans: deque[float] = deque(maxlen=MAX_KEPT)
            self.position: np.ndarray | None = None
            self.velocity: np.ndarray | None = None
            self.measured: deque[tuple[float, float]] = deque(maxlen=MAX_KEPT)

    def add_sample(self, sample: Sample) -> None:
        with self._lock:
            self._samples.append(sample)

    def add_log(self, line: LogLine) -> None:
        with self._lock:
            self._log.append(line)

    def add_status(self, status: Status) -> None:
        with self._lock:
            self._diagnostics.append(status)

    def add_plan(self, time_s: float) -> None:
        with self._lock:
            self._plans.append(time_s)

    def add_measured(self, time_s: float, position: np.ndarray, velocity: np.ndarray) -> None:
        with self._lock:
            self.position, self.velocity = position, velocity
            self.measured.append((time_s, float(np.max(np.abs(velocity)))))

    def samples(self, since_s: float = 0.0) -> list[Sample]:
        return self._since(self._samples, since_s)

    def log(self, since_s: float = 0.0) -> list[LogLine]:
        return self._since(self._log, since_s)

    def diagnostics(self, since_s: float = 0.0) -> list[Status]:
        return self._since(self._diagnostics, since_s)

    def plans(self, since_s: float = 0.0) -> list[float]:
        with self._lock:
            return [time_s for time_s in self._plans if time_s >= since_s]

    def measured_speeds(self, since_s: float = 0.0) -> list[tuple[float, float]]:
        with self._lock:
            return [one for one in self.measured if one[0] >= since_s]

    @property
    def last(self) -> Sample | None:
        with self._lock:
            return self._samples[-1] if self._samples else None

    def _since(self, kept: deque, since_s: float) -> list:
        with self._lock:
            found = []
            for one in reversed(kept):
                if one.time_s < since_s:
                    break
                found.append(one)
        found.reverse()
        return found
