"""The command stream at 100 Hz, from the real node while it plans for the simulated arm in real time."""

from __future__ import annotations

import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest
from command_stream import StreamFigures, measure

SECONDS = 10.0
PERIOD_MS = 10
# Share of the commands.
MAX_MISSED = 0.01
# Other programs must not decide the outcome: a real-time priority, where it is permitted; else more than one attempt.
REAL_TIME = ("chrt", "-r", "10")
TRIES = 3
# Share of the time that the node's thread queues for a core. Above it, the machine causes the gaps.
BUSY = 0.03
# Cores that other programs use. Above it, they may take from the planner what it needs for its plans.
TAKEN_CORES = 0.5
LEAST_PLANS_PER_SECOND = 5


def may_run_in_real_time() -> bool:
    try:
        return subprocess.run([*REAL_TIME, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def was_busy(figures: StreamFigures, real_time: bool) -> bool:
    """Whether other programs may have kept the node from its work. At a real-time priority, they keep only the
    simulator from it, and thus the node from plans."""
    waits = not real_time and figures.thread_waits_for_a_core > BUSY
    return waits or figures.cores_used_by_others > TAKEN_CORES


def test_commands_go_out_in_order_at_the_rate_asked_for_while_plans_are_made(tmp_path: Path) -> None:
    real_time = may_run_in_real_time()
    for attempt in range(TRIES):
        logs = tmp_path / str(attempt)
        logs.mkdir()
        figures = measure(SECONDS, PERIOD_MS, logs, prefix=REAL_TIME if real_time else ())
        for name, value in asdict(figures).items():
            print(f"{name:26} {value}")
        wanted = figures.seconds * 1000 / PERIOD_MS + 1
        assert figures.out_of_order == 0
        # None comes twice or in a burst to make up for one that was late.
        assert figures.received <= wanted + 1
        problems = [
            problem
            for problem, holds in (
                (f"{figures.missed} of {wanted:.0f} commands missed", figures.missed <= MAX_MISSED * wanted),
                (f"{figures.period_error_p50_ms} ms of period error", figures.period_error_p50_ms < 2),
                (f"{figures.plans_per_second} plans a second", figures.plans_per_second > LEAST_PLANS_PER_SECOND),
            )
            if not holds
        ]
        if not problems:
            return
        if not was_busy(figures, real_time):
            pytest.fail("; ".join(problems))
    pytest.skip(f"the machine was too busy in {TRIES} runs: {'; '.join(problems)}")
