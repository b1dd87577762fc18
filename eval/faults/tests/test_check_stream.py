"""The check of millions of steps: it accepts motions within the limits and finds every mutation."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from motions import LIMITS, PERIOD_S, smooth_motion

from jepa_mpc_faults.check_stream import StreamChecker, check_stream, read_rows

URDF = Path(__file__).resolve().parents[3] / "urdf" / "reacher.urdf"


def test_a_motion_within_the_limits_has_no_violation() -> None:
    positions, velocities = smooth_motion(50_000)
    report = check_stream(positions, velocities, LIMITS, PERIOD_S)
    assert (report.steps, report.motions, report.violations, report.first) == (50_000, 1, 0, [])


@pytest.mark.parametrize("chunk", [1, 2, 7, 1000])
def test_chunks_do_not_hide_anything(chunk: int) -> None:
    positions, velocities = smooth_motion(2000)
    velocities[1000] += 0.3
    whole = check_stream(positions, velocities, LIMITS, PERIOD_S)
    checker = StreamChecker(LIMITS, PERIOD_S)
    for start in range(0, 2000, chunk):
        checker.check(positions[start : start + chunk], velocities[start : start + chunk])
    assert whole.violations > 0
    assert checker.report.violations == whole.violations
    assert checker.report.worst == whole.worst
    assert set(checker.report.first) == set(whole.first)


@pytest.mark.parametrize("row", [1, 500, 1998, 1999])
@pytest.mark.parametrize(
    ("kind", "mutate"),
    [
        ("position", lambda q, v, row: q.__setitem__((slice(row, None), 1), q[row:, 1] + 3.0)),
        ("velocity", lambda q, v, row: v.__setitem__((row, 0), 1.6)),
        ("mean velocity", lambda q, v, row: q.__setitem__((row, 0), q[row, 0] + 0.05)),
        ("acceleration", lambda q, v, row: v.__setitem__((slice(row, None), 0), v[row:, 0] + 0.25)),
        ("jerk", lambda q, v, row: v.__setitem__((slice(row, None), 1), v[row:, 1] + 0.06)),
        ("displacement", lambda q, v, row: q.__setitem__((slice(row, None), 0), q[row:, 0] + 0.002)),
    ],
)
def test_every_mutation_is_found(kind: str, mutate, row: int) -> None:
    positions, velocities = smooth_motion(2000)
    mutate(positions, velocities, row)
    report = check_stream(positions, velocities, LIMITS, PERIOD_S)
    assert any(f": {kind} of" in line for line in report.first), report.first


def test_a_value_just_beyond_its_limit_is_found_and_one_just_within_is_not() -> None:
    rest, moves = np.zeros((3, 2)), np.zeros((3, 2))
    step = LIMITS.jerk[0] * PERIOD_S**2
    for factor, count in ((0.9999, 0), (1.0001, 2)):
        velocities = moves.copy()
        velocities[1:, 0] = np.array([1.0, 1.0]) * step * factor
        positions = rest.copy()
        positions[1:, 0] = np.cumsum((velocities[1:, 0] + velocities[:-1, 0]) * PERIOD_S / 2)
        assert check_stream(positions, velocities, LIMITS, PERIOD_S).violations == count


def test_not_a_number_is_a_violation() -> None:
    positions, velocities = smooth_motion(100)
    positions[50, 0] = np.nan
    assert check_stream(positions, velocities, LIMITS, PERIOD_S).violations > 0


def test_a_row_of_nan_begins_a_new_motion() -> None:
    positions, velocities = smooth_motion(100)
    apart = np.full((1, 2), np.nan)
    joined = [np.vstack([rows, apart, rows]) for rows in (positions, velocities)]
    joined[0][101:] += 0.5
    report = check_stream(joined[0], joined[1], LIMITS, PERIOD_S)
    assert (report.motions, report.steps, report.violations) == (2, 200, 0)


def test_rows_are_read_in_chunks_and_an_incomplete_one_is_refused() -> None:
    rows = np.arange(12, dtype="<f8").reshape(3, 4)
    [(positions, velocities)] = list(read_rows(io.BytesIO(rows.tobytes()), 2))
    assert positions.tolist() == rows[:, :2].tolist()
    assert velocities.tolist() == rows[:, 2:].tolist()
    with pytest.raises(ValueError, match="8 bytes after the last row"):
        list(read_rows(io.BytesIO(rows.tobytes() + bytes(8)), 2))


@pytest.mark.parametrize(("jump", "status"), [(0.0, 0), (0.5, 1)])
def test_the_command_line_reports_and_its_status_tells(jump: float, status: int) -> None:
    positions, velocities = smooth_motion(1000)
    velocities[500:, 0] += jump
    rows = np.hstack([positions, velocities]).astype("<f8")
    command = [sys.executable, "-m", "jepa_mpc_faults.check_stream", "--urdf", str(URDF), "--period-ms", "20"]
    done = subprocess.run(command, input=rows.tobytes(), capture_output=True, timeout=300, check=False)
    report = json.loads(done.stdout)
    assert (done.returncode, report["steps"]) == (status, 1000)
    assert (report["violations"] > 0) == (status == 1)
