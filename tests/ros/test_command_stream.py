"""The command stream at 100 Hz, from the real node while it plans for the simulated arm in real time."""

from __future__ import annotations

import subprocess
from dataclasses import asdict
from pathlib import Path

from command_stream import measure

SECONDS = 10.0
PERIOD_MS = 10
# What the machine does beside must not decide: a real-time priority, where it is permitted.
REAL_TIME = ("chrt", "-r", "10")
# Share of the time that the node's thread queues for a core, from which on gaps are the machine's.
BUSY = 0.03


def may_run_in_real_time() -> bool:
    try:
        return subprocess.run([*REAL_TIME, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def test_commands_go_out_in_order_at_the_rate_asked_for_while_plans_are_made(tmp_path: Path) -> None:
    figures = measure(SECONDS, PERIOD_MS, tmp_path, prefix=REAL_TIME if may_run_in_real_time() else ())
    for name, value in asdict(figures).items():
        print(f"{name:26} {value}")
    wanted = figures.seconds * 1000 / PERIOD_MS + 1
    assert figures.out_of_order == 0
    # None comes twice or in a burst to make up for one that was late.
    assert figures.received <= wanted + 1
    assert figures.plans_per_second > 5
    assert figures.period_error_p50_ms < 2
    if figures.thread_waits_for_a_core > BUSY:
        print(f"the machine is busy: {figures.missed} missed commands count for nothing")
    else:
        assert figures.missed <= 0.01 * wanted
