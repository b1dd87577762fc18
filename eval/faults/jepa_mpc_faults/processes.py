"""Processes of a run: started, found, limited, signalled and ended, by their ids alone."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_END_S = 6.0


def queued_s(pid: int) -> float:
    """How long the first thread of a process has queued for a core so far; 0 once it has ended."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


class Program:
    """A process that logs into a file. What is left of it is ended with `end`."""

    def __init__(self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.log = log
        with log.open("a") as sink:
            self._process = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT, env=env)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs. Negative: the signal that ended it."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        if self.runs:
            self._process.send_signal(number)

    def wait(self, timeout_s: float) -> bool:
        """Whether it ends within the time."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self) -> None:
        """Asks it to end, and kills it if it does not."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGINT)
        if not self.wait(_END_S):
            self.signal(signal.SIGKILL)
            self.wait(_END_S)

    def tail(self, characters: int = 600) -> str:
        """The end of what it wrote."""
        with contextlib.suppress(OSError):
            return self.log.read_text(errors="replace")[-characters:]
        return ""


def children_of(pid: int) -> list[int]:
    """Ids of the child processes that run; none for a process that has ended."""
    children: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += [int(text) for text in (task / "children").read_text().split()]
    return [child for child in children if not _is_zombie(child)]


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return True


def send(pid: int, number: signal.Signals) -> None:
    """Signals a process; one that has ended is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def rss_mb(pid: int) -> float:
    """Resident memory, MB; NaN for a process that has ended."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1e6
    return float("nan")


def open_handles(pid: int) -> float:
    """Number of open file descriptors; NaN for a process that has ended."""
    with contextlib.suppress(OSError):
        return float(len(list(Path(f"/proc/{pid}/fd").iterdir())))
    return float("nan")


def limit_memory(pid: int, headroom_bytes: int) -> None:
    """Lets a process map at most this much more memory than it has now: what it asks for beyond is refused."""
    mapped = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
    resource.prlimit(pid, resource.RLIMIT_AS, (mapped + headroom_bytes, mapped + headroom_bytes))


def limit_file_size(pid: int, size_bytes: int | None) -> None:
    """Lets a process write no file beyond this size, as on a full disk; None lifts the limit again."""
    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if size_bytes is None else size_bytes, hard))


class SlowedProcess:
    """Gives a process a share of the processor by stopping and continuing it, until `end`."""

    def __init__(self, pid: int, share: float, period_s: float = 0.02) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(pid, share, period_s), daemon=True)
        self._thread.start()

    def _run(self, pid: int, share: float, period_s: float) -> None:
        while not self._ended.is_set():
            send(pid, signal.SIGCONT)
            time.sleep(share * period_s)
            send(pid, signal.SIGSTOP)
            self._ended.wait((1 - share) * period_s)
        send(pid, signal.SIGCONT)

    def end(self) -> None:
        self._ended.set()
        self._thread.join()
