"""Reactions read from records: the first rest, the last, what the node says of itself."""

from __future__ import annotations

import math

import pytest

from jepa_mpc_faults.measure import (
    condition_logged_s,
    detection_time,
    first_moving,
    first_rest,
    logged_level,
    longest_gap,
    moved,
    reported_level,
    rest_time,
)
from jepa_mpc_faults.recorder import LogLine, Sample, Status


def samples(*speeds: float, ramp_s: float = 0.2) -> list[Sample]:
    """One command every 20 ms from 1 s on."""
    return [Sample(1 + 0.02 * index, speed, ramp_s) for index, speed in enumerate(speeds)]


def test_rest_begins_with_the_first_command_of_the_last_rest() -> None:
    assert rest_time(samples(1, 0, 0.5, 0, 0, 0), 2.0) == pytest.approx(1.06)
    assert first_rest(samples(1, 0, 0.5, 0, 0, 0), 1.0) == pytest.approx(1.02)


def test_a_stream_that_moves_at_its_end_is_not_at_rest_while_it_goes_on() -> None:
    moving = samples(0, 1, 1)
    assert rest_time(moving, moving[-1].time_s + 0.01) is None
    assert rest_time([], 1.0) is None


def test_a_stream_that_has_ended_rests_at_the_end_of_its_last_ramp() -> None:
    assert rest_time(samples(1, 1), 2.0) == pytest.approx(1.22)
    assert rest_time(samples(1, 1, ramp_s=math.inf), 2.0) is None


def test_a_robot_that_takes_efforts_rests_below_a_speed() -> None:
    assert rest_time(samples(1, 0.04, 0.03, ramp_s=math.inf), 2.0, still=0.05) == pytest.approx(1.02)
    assert rest_time(samples(1, 0.04, 0.06, ramp_s=math.inf), 2.0, still=0.05) is None


def test_motion_is_found_from_a_moment_on() -> None:
    stream = samples(1, 0, 0, 0.05, 0.5)
    assert moved(stream, 1.0)
    assert first_moving(stream, 1.01) == pytest.approx(1.08)
    assert not moved(stream[:4], 1.01)


def test_the_longest_gap_counts_from_the_start_to_the_end() -> None:
    assert longest_gap([1.2, 1.3], 1.0, 2.0) == pytest.approx(0.7)
    assert longest_gap([], 1.0, 2.0) == pytest.approx(1.0)


def test_the_worst_condition_of_log_and_diagnostics_counts() -> None:
    lines = [
        LogLine(1.0, 30, "degrade: plan: ended 0.1 s ago"),
        LogLine(2.0, 30, "hold: image: old; stop: is a word of this line"),
        LogLine(3.0, 40, "something else: stop"),
    ]
    assert logged_level(lines) == "hold"
    assert condition_logged_s(lines, "hold") == 2.0
    assert condition_logged_s(lines, "stop") is None
    statuses = [Status(1.0, "motion", 1, "", "degrade"), Status(2.0, "goal", 0, "", "")]
    assert reported_level(statuses) == "degrade"


def test_detection_is_the_first_new_sign() -> None:
    before = [Status(0.5, "goal", 1, "none", "")]
    statuses = [Status(1.1, "goal", 1, "none", ""), Status(1.4, "motion", 2, "image: old", "hold")]
    assert detection_time([], statuses, before, None) == 1.4
    assert detection_time([LogLine(1.3, 30, "a warning")], statuses, before, 1.2) == 1.2
    assert detection_time([], [], before, None) is None
