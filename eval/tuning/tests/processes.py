"""A process of a study, driven as `jepa-mpc tune` drives it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent.parent
BEAT_S = 0.3
"""A process that does not beat five times in a row counts as dead: longer than a busy machine keeps it from running."""

SPACE = {
    "sampling.samples": {"kind": "range", "isInteger": True, "low": 10, "high": 500, "step": None, "log": True},
    "sampling.initial_std": {"kind": "range", "isInteger": False, "low": 0.1, "high": 2, "step": None, "log": False},
    "planner": {"kind": "choices", "choices": ["cem", "mppi"]},
}


class Refused(Exception):
    """The process answered with an error."""


class StudyProcess:
    def __init__(self, storage: Path | str, **changes: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jepa_mpc_tuning"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        )
        request = {
            "op": "open",
            "storage": str(storage),
            "study": "test",
            "objectives": [{"name": "success", "maximize": True}, {"name": "time", "maximize": False}],
            "space": SPACE,
            "setting": {"model": "one"},
            "trials": 6,
            "episodes": 4,
            "seed": 3,
            "beatS": BEAT_S,
            "start": None,
        }
        self.opened = self.request(**{**request, **changes})

    def request(self, **request: Any) -> Mapping[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line != "", "the process ended without an answer"
        answer = json.loads(line)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["answer"]

    def ask(self) -> Mapping[str, Any]:
        return self.request(op="ask")

    def tell(self, trial: int, values: tuple[float, ...] = (0.5, 2.0), episodes: int = 4) -> bool:
        answer = self.request(op="tell", trial=trial, values=values, episodes=episodes, stopped=episodes < 4, facts={})
        return answer["counted"]

    def run_to_the_end(self, timeout_s: float = 180) -> list[int]:
        """Runs trials until there are none left; the numbers of those that counted."""
        counted, end_s = [], time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            asked = self.ask()
            if asked["trial"] is not None:
                if self.tell(asked["trial"]):
                    counted.append(asked["trial"])
            elif asked["wait"]:
                time.sleep(BEAT_S)
            else:
                return counted
        raise AssertionError("the study does not come to an end")

    def close(self) -> None:
        """Ends it in order."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=60)
