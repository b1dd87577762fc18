"""The planner node's camera inputs as a process of their own (camera-harness.mjs), listened to from Python."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rclpy.node import Node
from spinning import TIMEOUT_S, spin_until

HARNESS = Path(__file__).with_name("camera-harness.mjs")


class CameraHarness:
    """Starts the process; events come in behind the scenes and are looked at with `find`."""

    def __init__(
        self,
        folder: Path,
        *ros_arguments: str,
        transport: str = "raw",
        topics: tuple[str, ...] = ("image",),
        wanted: str = "colour",
        tolerance_ms: float = 20,
        tensors: bool = True,
    ) -> None:
        settings = {
            "cameras": [
                {"name": f"camera{index}", "topic": topic, "wanted": wanted} for index, topic in enumerate(topics)
            ],
            "transport": transport,
            "syncToleranceMs": tolerance_ms,
        }
        if tensors:
            settings["tensorFolder"] = str(folder)
        self.events: list[dict] = []
        self._process = subprocess.Popen(
            ["node", str(HARNESS), json.dumps(settings), "--ros-args", *ros_arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            if line.startswith('{"event"'):
                self.events.append(json.loads(line))
            else:
                print(line, end="")

    def find(self, event: str, matches: Callable[[dict], bool] = lambda _: True) -> dict | None:
        return next((one for one in list(self.events) if one["event"] == event and matches(one)), None)

    def frame(self, stamp_ns: int) -> dict | None:
        """What became of the frame with this stamp, as `{encoding, width, height, file}`."""
        for event in list(self.events):
            for frame in event.get("frames", []):
                if int(frame["stampNs"]) == stamp_ns:
                    return frame
        return None

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def report(self, peer: Node, timeout_s: float = TIMEOUT_S) -> dict:
        """The cameras' reports now, and what the thread has cost since the last report."""
        before = sum(event["event"] == "report" for event in list(self.events))
        self._process.stdin.write("report\n")
        self._process.stdin.flush()
        reports: list[dict] = []

        def has_come() -> bool:
            reports[:] = [event for event in list(self.events) if event["event"] == "report"]
            return len(reports) > before

        assert spin_until(peer, has_come, timeout_s), "the harness does not answer"
        return reports[-1]

    def close(self) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reader.join(5)


def tensor_of(frame: dict) -> np.ndarray:
    """`[H, W, C]`, red, green, blue, or grey, from 0 to 255."""
    planes = np.fromfile(frame["file"], dtype=np.float32).reshape(-1, frame["height"], frame["width"])
    return planes.transpose(1, 2, 0)
