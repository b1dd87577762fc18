"""How steadily the planner node sends commands while it plans for the simulated arm in real time.

`node scripts/bootstrap.mjs exec python3 tests/ros/command_stream.py --seconds 60` prints the figures; `--json` as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from simulator import SIMULATOR, simulator_environment
from spinning import pass_time
from trajectory_msgs.msg import JointTrajectory

ROOT = Path(__file__).resolve().parents[2]
START_S = 90.0
# Discovery, the first plans and compilation by the JavaScript engine come before what is measured.
SETTLE_S = 3.0


@dataclass
class StreamFigures:
    """Of the commands of one run. Times are those at which the sender handed each to DDS, by its own clock."""

    seconds: float
    period_ms: float
    received: int
    missed: int
    out_of_order: int
    period_error_p50_ms: float
    period_error_p99_ms: float
    period_error_max_ms: float
    arrival_error_p99_ms: float
    node_period_error_p99_ms: float
    node_missed: int
    plans_per_second: float
    plan_p95_ms: float
    frame_to_command_p95_ms: float
    thread_gap_p99_ms: float
    # Shares of the time: in which the thread that sends ran, and in which it was ready to and had to queue for a core.
    thread_runs: float
    thread_waits_for_a_core: float
    machine: str
    load_average: float
    cores_used_by_others: float


class Listener(Node):
    """Receives commands and statistics, and does as little as it can with them."""

    def __init__(self) -> None:
        super().__init__("command_stream_listener")
        # (time of sending, time of arrival) in ns of the system clock.
        self.times: list[tuple[int, int]] = []
        self.statistics: list[DiagnosticArray] = []
        # Serialised: unpacking a trajectory in Python takes longer than a period on a busy machine.
        # All of them are kept, also those that come while this process does not run.
        self.create_subscription(JointTrajectory, "joint_trajectory", self._on_command, 10_000, raw=True)
        self.create_subscription(DiagnosticArray, "planner_node/statistics", self.statistics.append, 100)

    def _on_command(self, _message: bytes, info: dict) -> None:
        self.times.append((info["source_timestamp"], time.time_ns()))

    def spin_for(self, seconds: float) -> None:
        pass_time(seconds, lambda slice_s: rclpy.spin_once(self, timeout_sec=slice_s))

    def wait_for_plans(self, node: subprocess.Popen) -> None:
        deadline = time.monotonic() + START_S
        while len(self.statistics) < 5:
            assert node.poll() is None, "the planner node ended"
            assert time.monotonic() < deadline, f"no plans within {START_S:.0f} s"
            rclpy.spin_once(self, timeout_sec=0.1)

    def values(self) -> dict[str, float]:
        """The numbers of the newest statistics."""
        numbers = {}
        for entry in self.statistics[-1].status[0].values:
            try:
                numbers[entry.key] = float(entry.value)
            except ValueError:
                continue
        return numbers


@contextmanager
def robot_and_planner(
    period_ms: int, logs: Path, parameters: dict[str, str], prefix: Sequence[str]
) -> Iterator[list[subprocess.Popen]]:
    """The simulator in real time and the planner node, which activates itself."""
    values = {
        "model": str(ROOT / "models" / "reacher"),
        "device": "cpu",
        "autostart": "true",
        "command.period_ms": str(period_ms),
    } | parameters
    assignments = [part for name, value in values.items() for part in ("-p", f"{name}:={value}")]
    simulator = [*SIMULATOR, "--seed", "5"]
    program = ["node", str(ROOT / "dist" / "src" / "cli" / "main.js"), "node"]
    planner = [*prefix, *program, "--ros-args", "-r", "image:=image_raw"]
    running: list[subprocess.Popen] = []
    try:
        for name, command in (("simulator", simulator), ("planner", [*planner, *assignments])):
            with (logs / f"{name}.log").open("w") as log:
                environment = simulator_environment()
                running.append(subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT))
        yield running
    finally:
        for process in running:
            process.send_signal(signal.SIGINT)
        for process in running:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        for log in sorted(logs.glob("*.log")):
            print(f"--- {log.name}\n{log.read_text()}", file=sys.stderr)


class ProcessorShares(NamedTuple):
    others_cores: float
    thread_runs: float
    thread_waits: float


class ProcessorTime:
    """Who has had the processor since the start: these programs, others, and the first thread of the last program."""

    def __init__(self, processes: Sequence[subprocess.Popen]) -> None:
        self._pids = [os.getpid(), *(process.pid for process in processes)]
        self._start_s = time.monotonic()
        self._start = self._now()

    def shares(self) -> ProcessorShares:
        passed_s = time.monotonic() - self._start_s
        spent = [(now - before) / passed_s for now, before in zip(self._now(), self._start, strict=True)]
        everything, ours, runs, waits = spent
        return ProcessorShares(everything - ours, runs, waits)

    def _now(self) -> tuple[float, float, float, float]:
        """All times in s: of all programs, of ours, and the thread's at work and in the queue for a core."""
        ticks = os.sysconf("SC_CLK_TCK")
        user, nice, system, _idle, _wait, irq, soft_irq, *_ = map(int, Path("/proc/stat").read_text().split()[1:11])
        ours = 0
        for pid in self._pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
            ours += int(fields[11]) + int(fields[12])
        thread = self._pids[-1]
        runs_ns, waits_ns, _ = map(int, Path(f"/proc/{thread}/task/{thread}/schedstat").read_text().split())
        return (user + nice + system + irq + soft_irq) / ticks, ours / ticks, runs_ns / 1e9, waits_ns / 1e9


@contextmanager
def no_company(_logs: Path) -> Iterator[Sequence[subprocess.Popen]]:
    yield ()


def measure(
    seconds: float,
    period_ms: int,
    logs: Path,
    parameters: dict[str, str] | None = None,
    prefix: Sequence[str] = (),
    company: Callable[[Path], AbstractContextManager[Sequence[subprocess.Popen]]] = no_company,
) -> StreamFigures:
    """Runs robot and planner for this long after they have settled, with the `company` of other programs.

    rclpy must be initialised.
    """
    listener = Listener()
    try:
        with robot_and_planner(period_ms, logs, parameters or {}, prefix) as processes, company(logs) as others:
            listener.wait_for_plans(processes[-1])
            listener.spin_for(SETTLE_S)
            before = listener.values()
            listener.times.clear()
            listener.statistics.clear()
            processor = ProcessorTime([*others, *processes])
            listener.spin_for(seconds)
            shares = processor.shares()
            times, plans = list(listener.times), len(listener.statistics)
            return figures(seconds, period_ms, times, plans, (before, listener.values()), shares)
    finally:
        listener.destroy_node()


def figures(
    seconds: float,
    period_ms: int,
    times: Sequence[tuple[int, int]],
    plans: int,
    node: tuple[dict[str, float], dict[str, float]],
    shares: ProcessorShares,
) -> StreamFigures:
    """`node`: the statistics before and after."""
    gaps_ms = [(after[0] - before[0]) / 1e6 for before, after in pairwise(times)]
    arrival_gaps_ms = [(after[1] - before[1]) / 1e6 for before, after in pairwise(times)]
    errors_ms = sorted(abs(gap - period_ms) for gap in gaps_ms)
    arrival_errors_ms = sorted(abs(gap - period_ms) for gap in arrival_gaps_ms)
    before, after = node
    return StreamFigures(
        # From the first to the last command: on a busy machine the listener ends late.
        seconds=round((times[-1][0] - times[0][0]) / 1e9, 3),
        period_ms=period_ms,
        received=len(times),
        missed=missed_periods([sent / 1e6 for sent, _ in times], period_ms),
        out_of_order=sum(gap <= 0 for gap in gaps_ms),
        period_error_p50_ms=percentile(errors_ms, 0.5),
        period_error_p99_ms=percentile(errors_ms, 0.99),
        period_error_max_ms=errors_ms[-1],
        arrival_error_p99_ms=percentile(arrival_errors_ms, 0.99),
        node_period_error_p99_ms=after["command_period_error_p99_ms"],
        node_missed=int(after["commands_missed"] - before["commands_missed"]),
        plans_per_second=round(plans / seconds, 1),
        plan_p95_ms=after["plan_p95_ms"],
        frame_to_command_p95_ms=after["frame_to_command_p95_ms"],
        thread_gap_p99_ms=after["thread_gap_p99_ms"],
        machine=f"{platform.machine()}, {os.cpu_count()} cores",
        load_average=round(os.getloadavg()[0], 2),
        cores_used_by_others=round(shares.others_cores, 2),
        thread_runs=round(shares.thread_runs, 3),
        thread_waits_for_a_core=round(shares.thread_waits, 3),
    )


def missed_periods(sent_ms: Sequence[float], period_ms: int) -> int:
    """Periods of a schedule without drift in which nothing was sent. The earliest command shows where it begins."""
    start, period = sent_ms[0], 0
    for sent in sent_ms[1:]:
        period = max(period + 1, int((sent - start) // period_ms))
        start = min(start, sent - period * period_ms)
    return period + 1 - len(sent_ms)


def percentile(ordered: Sequence[float], fraction: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(fraction * len(ordered)))], 3)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--period-ms", type=int, default=10)
    parser.add_argument("--prefix", default="", help="what the node is started with, such as 'chrt -r 10'")
    parser.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE", help="of the node")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    parameters = dict(assignment.split("=", 1) for assignment in options.parameter)
    rclpy.init()
    with tempfile.TemporaryDirectory() as logs:
        result = measure(options.seconds, options.period_ms, Path(logs), parameters, options.prefix.split())
    rclpy.shutdown()
    if options.json:
        print(json.dumps(asdict(result)))
    else:
        for name, value in asdict(result).items():
            print(f"{name:26} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
