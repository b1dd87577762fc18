"""The dashboard as a user starts it, and pages that watch it."""

from __future__ import annotations

import itertools
import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "dist" / "src" / "cli" / "main.js"
TIMEOUT_S = 60.0
# A process on a busy machine takes its time to start.
START_S = 90.0

Message = dict[str, Any]


class Page:
    """One page: what it has received, and requests with their answers."""

    def __init__(self, url: str) -> None:
        self._ids = itertools.count(1)
        self.events: list[Message] = []
        self._arrived = threading.Condition()
        self.process = subprocess.Popen(
            ["node", str(Path(__file__).with_name("page.mjs")), url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._arrived:
                self.events.append(json.loads(line))
                self._arrived.notify_all()

    def write(self, **line: object) -> None:
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def find(self, matches: Callable[[Message], bool], start: int = 0) -> Message | None:
        with self._arrived:
            return next((event for event in self.events[start:] if matches(event)), None)

    def wait_for(self, matches: Callable[[Message], bool], start: int = 0, timeout_s: float = TIMEOUT_S) -> Message:
        """The first event that matches, of those from `start` on."""
        deadline = time.monotonic() + timeout_s
        with self._arrived:
            while True:
                for event in self.events[start:]:
                    if matches(event):
                        return event
                left = deadline - time.monotonic()
                assert left > 0, f"nothing of the kind among {summary(self.events[start:])}"
                self._arrived.wait(left)

    def message(self, kind: str, timeout_s: float = TIMEOUT_S, start: int = 0, **fields: object) -> Message:
        """The first message of this type with these fields."""

        def matches(event: Message) -> bool:
            found = event.get("message") or {}
            return found.get("type") == kind and all(found.get(key) == value for key, value in fields.items())

        return self.wait_for(matches, start, timeout_s)["message"]

    def watch(self, *channels: str) -> None:
        self.write(send={"type": "watch", "channels": list(channels)})

    def request(self, kind: str, timeout_s: float = TIMEOUT_S, **fields: object) -> Message:
        """The reply to a request."""
        number = next(self._ids)
        self.write(send={"type": kind, "id": number, **fields})
        return self.message("reply", timeout_s, id=number)

    def call(self, service: str, **fields: object) -> Message:
        return self.request("call", call={"service": service, **fields})

    @property
    def now(self) -> int:
        """For `start`: what has arrived so far does not count."""
        with self._arrived:
            return len(self.events)

    def value(self, name: str) -> object:
        """The newest value of a parameter that this page has received."""
        with self._arrived:
            messages = [event["message"] for event in self.events if event["event"] == "message"]
        values = [message["values"] for message in messages if message["type"] == "parameters"]
        return next((found[name] for found in reversed(values) if name in found), None)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def summary(events: list[Message]) -> list[object]:
    return [(event["event"], (event.get("message") or event).get("type", event.get("channel"))) for event in events]


class Dashboard:
    """A running dashboard."""

    def __init__(self, process: subprocess.Popen, log: Path) -> None:
        self.process = process
        self._log = log
        self._pages: list[Page] = []

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def url(self) -> str:
        """With the token."""
        deadline = time.monotonic() + START_S
        while (found := re.search(r"^dashboard: (http\S+)", self.log, re.MULTILINE)) is None:
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)  # a log file sends no event
        return found[1]

    def open(self, url: str | None = None) -> Page:
        page = Page(url or self.url)
        self._pages.append(page)
        return page

    def close(self) -> None:
        for page in self._pages:
            page.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise


@contextmanager
def dashboard(folder: Path, *arguments: str) -> Iterator[Dashboard]:
    """Starts a dashboard on a free port, with profiles and log in this folder."""
    log = folder / "dashboard.log"
    command = ["node", str(MAIN), "dashboard", "--port", "0", "--profiles", str(folder / "profiles"), *arguments]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    running = Dashboard(process, log)
    try:
        yield running
    finally:
        running.close()
        print(running.log)
