"""`npm run faults`: injects every fault into the running demo, measures the reaction, and writes the result."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .fault import Fault, Outcome, expected, is_expected, measure
from .ladder import Rung, rung_of
from .odd_models import make_odd_models
from .processes import queued_s
from .relay import Relay
from .ros_thread import RosThread
from .scene import NoAnswer, Scene
from .settings import ROOT, SETTINGS
from .system import NotStarted, System
from .table import FAULTS, by_setting

ATTEMPTS = 3
STALL_S = 0.08
"""A time without joint states from the simulator, or in which the harness does not run, that spoils a measurement."""
BUSY = 0.05
"""Share of the time in which the node or the harness queues for a core that spoils a measurement, too."""


class Matrix:
    """Runs rows on systems that are started as rows need them."""

    def __init__(self, relay: Relay, folder: Path, seed: int, *, check_jerk: bool) -> None:
        self._relay = relay
        self._folder = folder
        self._models = folder / "models"
        self._rng = np.random.default_rng(seed)
        self._seed = seed
        self._check_jerk = check_jerk
        self._scene: Scene | None = None
        # Of the last try: the share of the time for which the node or the harness queued for a core.
        self._queued_share = 0.0
        self.rows: list[dict[str, object]] = []
        self.details: list[dict[str, object]] = []
        self.violations = 0
        self.late = 0
        make_odd_models(ROOT / "models" / "reacher", self._models)

    def run(self, faults: list[Fault]) -> None:
        """Runs the faults, grouped by the system that they need."""
        for group in by_setting(faults):
            for fault in group:
                self._row(fault)
            self.end()

    def end(self) -> None:
        """Ends the running system."""
        if self._scene is not None:
            self._scene.system.end()
            self._scene.kept.clear()
        self._scene = None

    def _row(self, fault: Fault) -> None:
        """Runs a fault; again if it is not ok and the machine stalled meanwhile, which is no fault of the node."""
        for attempt in range(1, ATTEMPTS + 1):
            row, detail, violations = self._try(fault)
            stalled = self._relay.longest_stall_s > STALL_S and not fault.stalls
            stalled = stalled or self._queued_share > BUSY
            if row["ok"] or not stalled or violations or attempt == ATTEMPTS:
                break
            stall_ms = 1000 * self._relay.longest_stall_s
            print(
                f"again {fault.name}: the machine stalled for {stall_ms:.0f} ms, and the node queued for a core for "
                f"{self._queued_share:.0%} of the time",
                flush=True,
            )
        detail["attempts"] = attempt
        detail["stalled"] = stalled
        self.violations += violations
        self.rows.append(row)
        self.details.append(detail)

    def _try(self, fault: Fault) -> tuple[dict[str, object], dict[str, object], int]:
        rung = rung_of(fault.rung)
        begun_s = time.monotonic()
        self._queued_share = 0.0
        outcome = Outcome()
        try:
            scene = self._ready(fault)
            self._relay.longest_stall_s = 0.0
            with self._queueing(scene):
                outcome = measure(scene, fault, rung) if fault.check is None else fault.check(scene, rung)
        except (NotStarted, NoAnswer) as error:
            outcome.failures.append(str(error))
        except Exception:
            outcome.failures.append(traceback.format_exc())
        violations = [one for checker in self._relay.checkers for one in checker.violations]
        late = sum(checker.late for checker in self._relay.checkers)
        context = [line for checker in self._relay.checkers for line in checker.context]
        for checker in self._relay.checkers:
            checker.violations.clear()
            checker.context.clear()
            checker.late = 0
        row, detail = self._note(fault, rung, outcome, violations, time.monotonic() - begun_s)
        detail["lateCommands"] = late
        self.late += late
        if violations:
            detail["commandsBefore"] = context
        if fault.ends_system or not self._recovered(fault, outcome):
            self.end()
        return row, detail, len(violations)

    @contextmanager
    def _queueing(self, scene: Scene) -> Iterator[None]:
        """Measures for what share of the time the node, unless it ends, and the harness queue for a core."""
        pids = [os.getpid(), *([] if scene.system.node is None else [scene.system.node.pid])]
        begun_s, before = time.monotonic(), [queued_s(pid) for pid in pids]
        try:
            yield
        finally:
            passed_s = time.monotonic() - begun_s
            shares = [(queued_s(pid) - was) / passed_s for pid, was in zip(pids, before, strict=True)]
            self._queued_share = max(shares)

    def _ready(self, fault: Fault) -> Scene:
        """A system of the fault's setting in which the robot moves."""
        if self._scene is not None and (fault.starts_itself or not self._scene.system.is_whole):
            self.end()
        if self._scene is None:
            setting = SETTINGS[fault.setting]
            system = System(setting, self._relay, self._folder, self._models, self._seed)
            system.check_jerk = self._check_jerk
            self._scene = Scene(self._relay, system, self._rng)
            system.start()
            # A heartbeat that the node needs to become active begins before it.
            fault.prepare_start(self._scene)
            if not fault.starts_itself:
                system.await_commands()
        return self._scene

    def _recovered(self, fault: Fault, outcome: Outcome) -> bool:
        """Whether the system can be used for the next row, after a reset if need be."""
        if self._scene is None or fault.starts_itself:
            return False
        scene = self._scene
        scene.relay.calm_but_clock()
        if not outcome.failures and scene.system.is_whole:
            return True
        try:
            if not scene.system.is_whole:
                return False
            scene.switch("pause", False)
            scene.reset()
        except NoAnswer:
            return False
        return scene.move_fast(4.0)

    def _note(
        self, fault: Fault, rung: Rung, outcome: Outcome, violations: list, took_s: float
    ) -> tuple[dict[str, object], dict[str, object]]:
        wanted = expected(fault, rung)
        ok = is_expected(outcome, fault, rung) and not outcome.failures and not violations
        row: dict[str, object] = {
            "fault": fault.name,
            "detectionMs": _rounded(outcome.detection_ms),
            "reaction": outcome.reaction,
            "reactionMs": _rounded(outcome.reaction_ms),
            "boundMs": _rounded(outcome.bound_ms),
            "ok": ok,
        }
        detail: dict[str, object] = {
            "fault": fault.name,
            "ladder": rung.id,
            "expected": wanted,
            "declared": rung.reaction,
            "recoveryMs": _rounded(outcome.recovery_ms),
            "violations": len(violations),
            "firstViolations": [str(one) for one in violations[:3]],
            "failures": outcome.failures,
            "seen": [text[:300] for text in outcome.seen],
            "inferred": outcome.inferred,
            "note": fault.note,
            "tookS": round(took_s, 1),
        }
        mark = "ok  " if ok else "FAIL"
        times = f"{_text(outcome.reaction_ms)} of {_text(outcome.bound_ms)} ms"
        line = f"{mark} {fault.name}: {outcome.reaction} (expected {wanted}) in {times}"
        if outcome.recovery_ms is not None:
            line += f", on again in {outcome.recovery_ms:.0f} ms"
        print(f"{line}  [{took_s:.1f} s]", flush=True)
        if not ok:
            for text in [*outcome.failures, *(str(one) for one in violations[:3]), *outcome.seen]:
                print(f"       {text.strip()[:400]}", flush=True)
        return row, detail


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def machine() -> dict[str, object]:
    """What the figures depend on."""
    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    name = models[0].partition(":")[2].strip() if models else platform.processor()
    return {"cpu": name, "cores": len(models), "system": platform.platform(), "commit": commit.stdout.strip()}


def chosen(only: list[str] | None) -> list[Fault]:
    """The faults whose name is one of these, or begins with it. Raises SystemExit for a name that none has."""
    if not only:
        return list(FAULTS)
    picked: list[Fault] = []
    for name in only:
        exact = [fault for fault in FAULTS if fault.name == name]
        matching = exact or [fault for fault in FAULTS if fault.name.startswith(name)]
        if not matching:
            names = "\n  ".join(fault.name for fault in FAULTS)
            raise SystemExit(f"--only: found no fault '{name}', expected one of:\n  {names}")
        picked += [fault for fault in matching if fault not in picked]
    return picked


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser("faults", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the result goes")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="a fault, or the beginning of names; repeatable"
    )
    parser.add_argument("--seed", type=int, default=0, help="of goals and start pose (default 0)")
    parser.add_argument("--list", action="store_true", help="prints the names of all faults")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="runs each chosen fault N times")
    parser.add_argument("--no-jerk", action="store_true", help="does not check the jerk")
    parser.add_argument("--logs", type=Path, help="folder that keeps the logs of the processes")
    options = parser.parse_args()
    if options.list:
        print("\n".join(fault.name for fault in FAULTS))
        return 0
    faults = chosen(options.only)
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="jepa-mpc-faults-") as temporary, RosThread() as ros:
        folder = Path(temporary) if options.logs is None else options.logs
        folder.mkdir(parents=True, exist_ok=True)
        matrix = Matrix(ros.relay, folder, options.seed, check_jerk=not options.no_jerk)
        try:
            matrix.run([fault for fault in faults for _ in range(options.repeat)])
        finally:
            matrix.end()
            write(options.json, matrix, options.seed)
    bad = [row["fault"] for row in matrix.rows if not row["ok"]]
    print(
        f"{len(matrix.rows) - len(bad)} of {len(matrix.rows)} rows ok, {matrix.violations} limit violations, "
        f"{matrix.late} late commands, {time.monotonic() - begun_s:.0f} s"
    )
    return 1 if bad else 0


def write(path: Path | None, matrix: Matrix, seed: int) -> None:
    """Writes the result file, if there is to be one."""
    if path is None:
        return
    result = {
        "rows": matrix.rows,
        "limitViolations": matrix.violations,
        "lateCommands": matrix.late,
        "details": matrix.details,
        "machine": machine(),
        "seed": seed,
    }
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
