"""The command stream at 100 Hz with three pages open, one of which floods the server."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_stream import StreamFigures, measure, no_company
from dashboard_load import PERIOD_MS, report, three_pages
from test_command_stream import LEAST_PLANS_PER_SECOND, REAL_TIME, TRIES, may_run_in_real_time, was_busy

SECONDS = 20.0
WANTED_P99_MS = 2.0
"""Of the period error. Where the machine alone exceeds it, it is what pages may add (docs/results.md)."""


def test_pages_do_not_disturb_the_command_stream(tmp_path: Path) -> None:
    real_time = may_run_in_real_time()
    prefix = REAL_TIME if real_time else ()

    def run(name: str, company) -> StreamFigures:
        logs = tmp_path / name
        logs.mkdir()
        figures = measure(SECONDS, PERIOD_MS, logs, prefix=prefix, company=company)
        report(name, figures)
        assert figures.out_of_order == 0
        assert figures.plans_per_second > LEAST_PLANS_PER_SECOND or was_busy(figures, real_time)
        return figures

    for attempt in range(TRIES):
        watched = run(f"three-pages-{attempt}", three_pages)
        if watched.period_error_p99_ms <= WANTED_P99_MS:
            return
        alone = run(f"without-pages-{attempt}", no_company)
        added_ms = watched.period_error_p99_ms - alone.period_error_p99_ms
        print(f"pages add {added_ms:.2f} ms to the p99 of the period error")
        if added_ms <= WANTED_P99_MS:
            return
        if not was_busy(watched, real_time):
            pytest.fail(f"pages add {added_ms:.2f} ms to the p99 of the period error, at most {WANTED_P99_MS}")
    pytest.skip(f"the machine was too busy in {TRIES} runs: pages add {added_ms:.2f} ms")
