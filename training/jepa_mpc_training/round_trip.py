"""`npm run round-trip`: records a bag of the demo's robot, trains a model on it alone, and runs the demo with the
model.

These are the steps for a robot of your own, one program after the other. Prints the time of each, and fails if the
demo's success rate is below `--bar`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .config import Config, with_settings

ROOT = Path(__file__).resolve().parents[2]

SETTINGS = (
    # The demo has one appearance and one light. For a camera in a real room, keep the defaults of config.py.
    "photometry.nominal_share=1",
    "train.steps=3000",
    "train.batch=96",
    "goal.steps=1500",
    "distance.steps=4000",
)
QUICK_SETTINGS = (
    "collect.periods=10",
    "photometry.nominal_share=1",
    "train.steps=80",
    "train.batch=16",
    "train.warmup_steps=5",
    "train.regulariser=100",
    # With the full weight, so few steps leave most of the variance to the directions that show the joints.
    "train.joint_readout=0.3",
    "train.held_out=0.3",
    "goal.steps=20",
    "distance.steps=20",
    "inverse.steps=20",
)
"""Enough to test that each step leads to the next one. Such a model moves at random."""
QUICK_MINUTES = 0.2


class StepFailedError(RuntimeError):
    """A program of the round trip failed. It has printed why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 0 if the success rate reaches the bar, 1 if it does not, 2 on errors."""
    parser = argparse.ArgumentParser(prog="round-trip", description=__doc__)
    parser.add_argument(
        "--folder",
        type=Path,
        default=ROOT / "training" / "runs" / "round_trip",
        help="folder for all files, which is emptied first",
    )
    parser.add_argument("--minutes", type=float, default=40.0, help="simulated time to record (default 40)")
    parser.add_argument("--record-seed", type=int, default=0, help="seed of the recorded motions (default 0)")
    parser.add_argument("--storage", choices=("mcap", "sqlite3"), default="mcap")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="PyTorch threads (default: all)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="STAGE.FIELD=VALUE",
        help="a setting of the training; may be repeated",
    )
    parser.add_argument("--episodes", type=int, default=50, help="episodes of the demo (default 50)")
    parser.add_argument(
        "--demo-seed", type=int, default=1234, help="seed of the demo (default 1234); tune on other seeds"
    )
    parser.add_argument("--bar", type=float, default=0.8, help="minimum success rate (default 0.8)")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a few seconds of recording and a few training steps: the model is of no use",
    )
    options = parser.parse_args(arguments)
    try:
        return round_trip(options)
    except ValueError as error:
        parser.error(str(error))
    except StepFailedError as error:
        print(f"round-trip: error: {error}", file=sys.stderr)
        return 2


def round_trip(options: argparse.Namespace) -> int:
    """Runs the programs in an emptied folder. Returns the exit status: 0 if the bar was reached, else 1. Raises
    ValueError for a setting that the training does not have."""
    settings = (QUICK_SETTINGS if options.quick else SETTINGS) + tuple(options.set)
    period_ms = with_settings(Config(), settings).collect.period_ms
    folder: Path = options.folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    bag, model, report = folder / "bag", folder / "model", folder / "demo.json"
    minutes = QUICK_MINUTES if options.quick else options.minutes
    took = []
    for title, command, environment in (
        (
            "record",
            [
                *(_ros_python(), "-m", "jepa_mpc_training.record", "--out", str(bag)),
                *("--minutes", str(minutes), "--seed", str(options.record_seed), "--storage", options.storage),
                *("--period-ms", str(period_ms)),
            ],
            _record_environment(),
        ),
        (
            "train",
            [
                *(sys.executable, "-m", "jepa_mpc_training", "export", "--bag", str(bag)),
                *("--run", str(folder / "run"), "--model", str(model), "--threads", str(options.threads)),
                *(word for setting in settings for word in ("--set", setting)),
            ],
            # PyTorch and the ROS wheels ship libraries of the same names.
            os.environ | {"PYTHONPATH": "", "LD_LIBRARY_PATH": ""},
        ),
        (
            "demo",
            [
                *("node", str(ROOT / "dist" / "eval" / "main.js"), "demo", "--headless", "--lockstep"),
                *("--no-baselines", "--episodes", str(options.episodes), "--seed", str(options.demo_seed)),
                *("--model", str(model), "--json", str(report)),
                # Frames and joint states have the ages that they have on a robot.
                *("--imperfect", "camera-delay-ms=60", "--imperfect", "joint-delay-ms=10"),
            ],
            os.environ,
        ),
    ):
        print(f"\n# {title}: {' '.join(command)}", flush=True)
        took.append((title, *_run(title, command, environment)))
    rate = json.loads(report.read_text())["successRate"]
    print("\nstep     minutes  of CPU")
    took.append(("all", sum(wall for _, wall, _ in took), sum(processor for _, _, processor in took)))
    for title, wall, processor in took:
        print(f"{title:8} {wall:7.1f} {processor:7.1f}")
    reached = round(rate * options.episodes)
    print(f"success: {reached} of {options.episodes} episodes (seed {options.demo_seed}), bar {options.bar:.0%}")
    bar = 0.0 if options.quick else options.bar
    return 0 if rate >= bar else 1


def _run(title: str, command: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Runs a program. Returns minutes of wall time and of processor time, including its child processes."""
    start, processor = time.monotonic(), _processor_s()
    try:
        status = subprocess.run(command, env=dict(environment), cwd=ROOT, check=False).returncode
    except FileNotFoundError as error:
        raise StepFailedError(f"{title}: found no program {command[0]} ({error.strerror}), expected it.") from error
    if status != 0:
        raise StepFailedError(f"{title}: found exit status {status}, expected 0. Its output above says why.")
    return (time.monotonic() - start) / 60, (_processor_s() - processor) / 60


def _processor_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _ros_python() -> str:
    python = os.environ.get("JEPA_MPC_PYTHON")
    if python is None:
        raise StepFailedError(
            "record: found no JEPA_MPC_PYTHON in the environment, expected a Python with rclpy and MuJoCo. "
            "Start it with npm run round-trip, which provides one."
        )
    return python


def _record_environment() -> dict[str, str]:
    folders = [str(ROOT / name) for name in ("training", "sim/common", "sim/mujoco")]
    return os.environ | {"PYTHONPATH": os.pathsep.join([*folders, *filter(None, [os.environ.get("PYTHONPATH")])])}


if __name__ == "__main__":
    sys.exit(main())
