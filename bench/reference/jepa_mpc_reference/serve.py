"""The reference as a persistent process: one JSON request per line on stdin, one JSON answer per line on stdout.

    {"op": "open", "case": "lewm-18m", "folder": "...", "threads": 2, "device": "cpu"}
    {"op": "problems", "count": 20, "seed": 1, "file": "problems.safetensors"}
    {"op": "solve", "planner": "cem", "problems": "problems.safetensors", "problem": 0, "noise": "noise.safetensors",
     "settings": {...}, "trace": "trace.safetensors" or null, "costs": "other-trace.safetensors" or null, "gaps": false,
     "parts": false}
    {"op": "score", "problems": "...", "problem": 0, "candidates": "candidates.safetensors"}
    {"op": "memory"}

The file `noise` holds `noise [I, S, H, A]`, `candidates` holds `candidates [S, H, A]`. The file `trace` is written,
with `candidates [I, S, H, A]`, `costs [I, S]`, `mean` and `std [I, H, A]`. `costs` is a trace whose costs replace those
of the model. An answer is `{"ok": true, ...}` or `{"ok": false, "error": "..."}`. All other output goes to stderr.
bench/harness/side.mjs is the other end.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from .costables import ReferenceModel, open_model
from .problems import make_problems
from .solve import Settings, Trace, solve

_TICK_S = 0.001


class Server:
    """Answers requests about the open case."""

    def __init__(self) -> None:
        self.name = ""
        self.folder = Path()
        self.device = "cpu"
        self.model: ReferenceModel | None = None
        self.files: dict[str, dict[str, Tensor]] = {}

    def open(self, case: str, folder: str, threads: int, device: str = "cpu", precision: str = "fp32") -> dict:
        """Loads a case. `precision` is ignored: the reference has only one."""
        del precision
        torch.set_num_threads(threads)
        self.name, self.folder, self.device = case, Path(folder), device
        self.model = open_model(case, self.folder, device)
        self.files.clear()
        versions = {"torch": torch.__version__, "stable-worldmodel": "0.1.1", "python": sys.version.split()[0]}
        gpu = torch.cuda.get_device_name() if torch.device(device).type == "cuda" else None
        return {"versions": versions, "device": gpu or device, "actionDim": self.model.action_dim}

    def problems(self, count: int, seed: int, file: str) -> dict:
        """Writes the planning problems of both sides."""
        tensors = make_problems(self.name, self._opened(), self.folder, count, seed)
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)
        return {}

    def solve(
        self,
        planner: str,
        problems: str,
        problem: int,
        noise: str,
        settings: dict,
        trace: str | None = None,
        costs: str | None = None,
        gaps: bool = False,
        parts: bool = False,
    ) -> dict:
        """Makes one plan.

        With `gaps` it runs in a second thread while the first one ticks, in place of a node's callbacks, and measures
        the time between ticks. With `parts` the time in the model's predictor and distance network is measured.
        """
        model = self._opened()
        history, goal = self._problem(problems, problem)
        budget = Settings(**settings)
        drawn = self._file(noise)["noise"][: budget.iterations].to(self.device)

        given = None if costs is None else self._file(costs)["costs"].to(self.device)

        def work() -> Trace:
            return solve(planner, model, history, goal, drawn, budget, self.device, costs=given, parts=parts)

        answer: dict[str, Any] = {}
        if gaps:
            result, pauses = _while_ticking(work)
            answer["gapsMs"] = pauses
        else:
            result = work()
        if trace is not None:
            _save_trace(result, trace)
        found = [iteration.costs for iteration in result.iterations]
        return answer | {
            "totalMs": result.total_ms,
            "iterationMs": [iteration.ms for iteration in result.iterations],
            "predictorMs": result.part_ms.get("predictor"),
            "distanceMs": result.part_ms.get("distance"),
            "scoreMs": [iteration.score_ms for iteration in result.iterations],
            "bestCosts": [cost.min().item() for cost in found],
            "meanCosts": [cost.mean().item() for cost in found],
        }

    def score(self, problems: str, problem: int, candidates: str) -> dict:
        """Costs of given candidates in float32, to judge the results of other precisions."""
        model = self._opened()
        history, goal = self._problem(problems, problem)
        rows = self._file(candidates)["candidates"].to(self.device)
        info = model.prepare(history, goal, len(rows))
        with torch.inference_mode():
            expanded = {name: value[:, None].expand(1, len(rows), *value.shape[1:]) for name, value in info.items()}
            costs = model.get_cost(expanded, rows[None])[0]
        return {"costs": costs.tolist()}

    def memory(self) -> dict:
        """Largest resident memory of this process so far, in MB (2^20 bytes)."""
        lines = Path("/proc/self/status").read_text().splitlines()
        peak_kb = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
        return {"peakMb": peak_kb / 1024}

    def _opened(self) -> ReferenceModel:
        if self.model is None:
            raise ValueError('found no open case, expected {"op": "open", ...} first')
        return self.model

    def _problem(self, file: str, index: int) -> tuple[Tensor, Tensor]:
        tensors = self._file(file)
        return tensors["history"][index].to(self.device), tensors["goal"][index].to(self.device)

    def _file(self, path: str) -> dict[str, Tensor]:
        """A file of tensors. It is read once, because the harness never reuses a name."""
        if path not in self.files:
            self.files[path] = load_file(path)
        return self.files[path]


def _save_trace(trace: Trace, file: str) -> None:
    names = ("candidates", "costs", "mean", "std")
    stacked = {name: torch.stack([getattr(step, name) for step in trace.iterations]) for name in names}
    save_file({name: tensor.contiguous() for name, tensor in stacked.items()}, file)


def _while_ticking(work: Callable[[], Trace]) -> tuple[Trace, list[float]]:
    """Runs `work` in a second thread while this one ticks every millisecond. Also returns the milliseconds between
    ticks."""
    outcome: list[Trace] = []
    worker = threading.Thread(target=lambda: outcome.append(work()))
    pauses = []
    worker.start()
    last = time.perf_counter()
    while worker.is_alive():
        time.sleep(_TICK_S)
        now = time.perf_counter()
        pauses.append((now - last) * 1000)
        last = now
    return outcome[0], pauses


def main() -> None:
    """Serves until stdin ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    # The solvers print to stdout, which must carry nothing but answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    torch.set_num_interop_threads(1)
    server = Server()
    operations = {name: getattr(server, name) for name in ("open", "problems", "solve", "score", "memory")}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"ok": True, **operations[request.pop("op")](**request)}
        except Exception as error:  # the harness handles errors
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
