"""`npm run soak`: hours of goals with seeded faults in between; memory, handles and rates over time, and a verdict."""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from .fault import Fault, is_expected, measure
from .ladder import rung_of
from .processes import open_handles, rss_mb
from .regression import Slope, slope_of
from .ros_thread import RosThread
from .run import machine
from .scene import NoAnswer, Scene
from .settings import SETTINGS
from .system import NotStarted, System
from .table import FAULTS

SAMPLE_S = 2.0
WARM_UP_SHARE = 0.2
"""Share of the time that does not count: caches fill, and the heap finds its size. At least `WARM_UP_S`."""
WARM_UP_S = 60.0
MAX_GROWTH_MB_PER_MIN = 1.0
"""A larger slope of the resident memory is a leak, if its interval of 95 % does not hold 0."""
MAX_HANDLES_PER_MIN = 0.2
"""A larger slope of the open handles is a leak, likewise: 12 an hour would end at the limit of 1024 in 3.5 days."""
MIN_RATE_SHARE = 0.95
"""The plan rate at the end, as a share of that at the start, has to be at least this."""
RATE_SHARE = 0.2
"""Share of the time, after the warm-up and at the end, over which plan rates count. Their median is compared: for 10 s
after a fault that makes images late, plans are rightly made at a third of the rate."""
CALM_S = (2.0, 5.0)
"""How long goals are pursued undisturbed between two faults: drawn from this range."""

# Those that take the node down, or that only a person clears in another way than by `~/reset`, are for the matrix.
_EXCLUDED = ("node gets", "simulator gets", "disk full", "model with", "device that")


@dataclass
class Samples:
    """What was measured every `SAMPLE_S`, by name; `time_s` counts from the start."""

    time_s: list[float] = field(default_factory=list)
    node_mb: list[float] = field(default_factory=list)
    worker_mb: list[float] = field(default_factory=list)
    node_handles: list[float] = field(default_factory=list)
    worker_handles: list[float] = field(default_factory=list)
    plans_hz: list[float] = field(default_factory=list)
    commands_hz: list[float] = field(default_factory=list)


@dataclass
class SoakReport:
    """The result: figures, and why the verdict is not good."""

    minutes: float
    seed: int
    faults: dict[str, int] = field(default_factory=dict)
    unrecovered: list[str] = field(default_factory=list)
    not_as_declared: list[str] = field(default_factory=list)
    limitViolations: int = 0
    slopes_per_min: dict[str, dict[str, float]] = field(default_factory=dict)
    plans_hz_first: float = math.nan
    plans_hz_last: float = math.nan
    plans_hz_means: dict[str, float] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.reasons


def recovering_faults() -> list[Fault]:
    """Faults after which the same system goes on."""
    return [
        fault
        for fault in FAULTS
        if fault.setting == "plain"
        and fault.check is None
        and fault.recovers is not None
        and not fault.ends_system
        and not fault.name.startswith(_EXCLUDED)
    ]


class Soak:
    """One system, ever new goals, a fault now and then."""

    def __init__(self, scene: Scene, seed: int, minutes: float) -> None:
        self.scene = scene
        self.samples = Samples()
        self.report = SoakReport(minutes, seed)
        self._draws = np.random.default_rng(seed)
        self._start_s = time.time()
        self._end_s = self._start_s + 60 * minutes
        self._next_s = self._start_s
        self._calm_plans: list[tuple[float, float]] = []

    def run(self) -> SoakReport:
        """Runs for the time; returns early if the system cannot be brought back."""
        faults = recovering_faults()
        while time.time() < self._end_s:
            self._calm(float(self._draws.uniform(*CALM_S)))
            if time.time() >= self._end_s:
                break
            fault = faults[int(self._draws.integers(len(faults)))]
            if not self._disturb(fault):
                break
        self._conclude()
        return self.report

    def _calm(self, seconds: float) -> None:
        """Pursues goals undisturbed: plan rates are compared between such times alone."""
        begun_s = time.time()
        self.scene.until(self._sampled(lambda: time.time() >= self._end_s), seconds)
        ended_s = time.time()
        if ended_s - begun_s > 1.0:
            rate = len(self.scene.record.plans(begun_s)) / (ended_s - begun_s)
            self._calm_plans.append((begun_s - self._start_s, rate))

    def _disturb(self, fault: Fault) -> bool:
        scene = self.scene
        report = self.report
        report.faults[fault.name] = report.faults.get(fault.name, 0) + 1
        for checker in scene.relay.checkers:
            checker.violations.clear()
        outcome = measure(scene, fault, rung_of(fault.rung))
        self._take_sample()
        violations = [str(one) for checker in scene.relay.checkers for one in checker.violations]
        report.limitViolations += len(violations)
        scene.relay.calm_but_clock()
        if not is_expected(outcome, fault, rung_of(fault.rung)) or violations or outcome.failures:
            details = [*outcome.failures, *violations[:2], f"{outcome.reaction} in {outcome.reaction_ms} ms"]
            report.not_as_declared.append(f"{fault.name}: {'; '.join(details)}")
        if scene.move_fast(6.0):
            return True
        report.unrecovered.append(fault.name)
        try:
            scene.switch("pause", False)
            scene.reset()
        except NoAnswer:
            return False
        return scene.move_fast(10.0)

    def _sampled(self, condition: Callable[[], bool]) -> Callable[[], bool]:
        def check() -> bool:
            if time.time() >= self._next_s:
                self._take_sample()
            return condition()

        return check

    def _take_sample(self) -> None:
        now_s = time.time()
        self._next_s = now_s + SAMPLE_S
        system, record = self.scene.system, self.scene.record
        worker = system.worker
        node = system.node.pid if system.node is not None else 0
        samples = self.samples
        samples.time_s.append(now_s - self._start_s)
        samples.node_mb.append(rss_mb(node))
        samples.worker_mb.append(rss_mb(worker) if worker is not None else math.nan)
        samples.node_handles.append(open_handles(node))
        samples.worker_handles.append(open_handles(worker) if worker is not None else math.nan)
        samples.plans_hz.append(len(record.plans(now_s - SAMPLE_S)) / SAMPLE_S)
        samples.commands_hz.append(len(record.samples(now_s - SAMPLE_S)) / SAMPLE_S)

    def _conclude(self) -> None:
        report, samples = self.report, self.samples
        warm_s = max(WARM_UP_S, WARM_UP_SHARE * 60 * report.minutes)
        warm = [index for index, time_s in enumerate(samples.time_s) if time_s >= warm_s]
        for name in ("node_mb", "worker_mb", "node_handles", "worker_handles"):
            values = getattr(samples, name)
            slope = slope_of([samples.time_s[i] for i in warm], [values[i] for i in warm]).per_minute()
            report.slopes_per_min[name] = asdict(slope)
            self._judge_slope(name, slope)
        span_s = max(60.0, RATE_SHARE * 60 * report.minutes)
        first = [rate for time_s, rate in self._calm_plans if warm_s <= time_s < warm_s + span_s]
        last = [rate for time_s, rate in self._calm_plans if time_s >= 60 * report.minutes - span_s]
        report.plans_hz_first = float(np.median(first)) if first else math.nan
        report.plans_hz_last = float(np.median(last)) if last else math.nan
        report.plans_hz_means = {"first": float(np.mean(first)), "last": float(np.mean(last))} if first and last else {}
        if not report.plans_hz_last >= MIN_RATE_SHARE * report.plans_hz_first:
            report.reasons.append(
                f"plans: {report.plans_hz_last:.2f} a second at the end, {report.plans_hz_first:.2f} at first"
            )
        if report.unrecovered:
            report.reasons.append(f"not recovered from: {', '.join(report.unrecovered)}")
        if report.limitViolations:
            report.reasons.append(f"{report.limitViolations} limit violations")
        if not self.scene.system.is_whole:
            report.reasons.append("a process has ended")

    def _judge_slope(self, name: str, slope: Slope) -> None:
        threshold = MAX_GROWTH_MB_PER_MIN if name.endswith("_mb") else MAX_HANDLES_PER_MIN
        unit = "MB" if name.endswith("_mb") else "handles"
        if slope.rises_above(threshold):
            self.report.reasons.append(
                f"leak: {name} rises by {slope.value:.2f} {unit} a minute ({slope.low:.2f} to {slope.high:.2f})"
            )


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser("soak", description=__doc__)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the result goes")
    parser.add_argument("--seed", type=int, default=0, help="of goals and faults (default 0)")
    parser.add_argument("--no-jerk", action="store_true", help="does not check the jerk")
    parser.add_argument("--logs", type=Path, help="folder that keeps the logs of the processes")
    options = parser.parse_args()
    if not options.minutes > 0:
        parser.error(f"--minutes: found {options.minutes:g}, expected a number above 0")
    with tempfile.TemporaryDirectory(prefix="jepa-mpc-soak-") as temporary, RosThread() as ros:
        folder = Path(temporary) if options.logs is None else options.logs
        folder.mkdir(parents=True, exist_ok=True)
        system = System(SETTINGS["plain"], ros.relay, folder, folder, options.seed)
        system.check_jerk = not options.no_jerk
        soak = Soak(Scene(ros.relay, system, np.random.default_rng(options.seed)), options.seed, options.minutes)
        try:
            system.start()
            system.await_commands()
            report = soak.run()
        except NotStarted as error:
            print(error, file=sys.stderr)
            return 1
        finally:
            system.end()
    print_report(report)
    if options.json is not None:
        result = {"ok": report.ok, **asdict(report), "samples": asdict(soak.samples), "machine": machine()}
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0 if report.ok else 1


def print_report(report: SoakReport) -> None:
    """The verdict, for people."""
    print(f"{sum(report.faults.values())} faults of {len(report.faults)} kinds in {report.minutes:g} min")
    for name, slope in report.slopes_per_min.items():
        print(f"  {name}: {slope['value']:+.3f} a minute ({slope['low']:+.3f} to {slope['high']:+.3f})")
    print(f"  plans a second: {report.plans_hz_first:.2f} at first, {report.plans_hz_last:.2f} at the end")
    print(f"  limit violations: {report.limitViolations}")
    for text in report.not_as_declared:
        print(f"  not as declared: {text}")
    print("ok" if report.ok else "NOT OK: " + "; ".join(report.reasons))


if __name__ == "__main__":
    sys.exit(main())
