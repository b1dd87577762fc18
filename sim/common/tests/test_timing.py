"""Pacing, the camera's schedule and the lockstep gate."""

from __future__ import annotations

import itertools

import pytest

from jepa_mpc_sim.camera_schedule import CameraSchedule
from jepa_mpc_sim.errors import StartupError
from jepa_mpc_sim.lockstep import StepGate
from jepa_mpc_sim.pacing import MAX_LAG_NS, MAX_LEAD_NS, Due, due

MS = 1_000_000
PERIOD = 10 * MS
NOW = 1_700_000_000 * 1000 * MS


@pytest.mark.parametrize(
    ("lag_ns", "expected"),
    [
        (-1, Due(0)),
        (0, Due(0)),
        (PERIOD - 1, Due(0)),
        (PERIOD, Due(1)),
        (PERIOD * 5 // 2, Due(2)),
        (MAX_LAG_NS, Due(10)),
        (MAX_LAG_NS + 1, Due(0, jump=True)),
        (-MAX_LEAD_NS, Due(0)),
        (-MAX_LEAD_NS - 1, Due(0, jump=True)),
    ],
)
def test_runs_whole_periods_that_have_passed_and_jumps_where_too_far_off(lag_ns: int, expected: Due):
    assert due(NOW - lag_ns, NOW, PERIOD) == expected


def test_does_not_drift_with_late_wake_ups():
    simulated, wall = NOW, NOW
    for _ in range(1000):
        wall += PERIOD + 300_000
        simulated += due(simulated, wall, PERIOD).updates * PERIOD
    assert 0 <= wall - simulated < PERIOD


@pytest.mark.parametrize(
    ("rate_hz", "period_ms", "images"), [(30, 10, 30), (10, 20, 10), (29.97, 10, 29), (100, 10, 100)]
)
def test_gives_the_rate_asked_for_evenly(rate_hz: float, period_ms: int, images: int):
    schedule = CameraSchedule(rate_hz, period_ms * MS)
    due_updates = [index for index in range(1000 // period_ms) if schedule.advance()]
    assert len(due_updates) == images
    gaps = {after - before for before, after in itertools.pairwise(due_updates)}
    assert max(gaps) - min(gaps) <= 1


def test_in_lockstep_every_fifth_period_has_an_image_counted_from_a_restart():
    schedule = CameraSchedule(10, 20 * MS)
    schedule.advance(3)
    schedule.restart()
    assert [schedule.advance() for _ in range(10)] == [False] * 4 + [True] + [False] * 4 + [True]


def test_updates_made_up_for_at_once_give_one_image():
    schedule = CameraSchedule(30, 10 * MS)
    assert schedule.advance(8)
    assert not schedule.advance(1)


@pytest.mark.parametrize("rate_hz", [0, -1, 51, float("nan")])
def test_a_rate_that_cannot_be_had_is_refused(rate_hz: float):
    with pytest.raises(StartupError, match=r"camera_rate: found .* at most 50 Hz"):
        CameraSchedule(rate_hz, 20 * MS)


def test_a_step_waits_for_its_commands():
    gate = StepGate()
    gate.add_step(2)
    gate.add_command()
    assert not gate.take_step()
    assert (gate.commands_seen, gate.commands_expected) == (1, 2)
    gate.add_command()
    assert gate.take_step()
    assert not gate.take_step()
    assert gate.commands_expected is None


def test_steps_run_in_order_also_when_a_later_one_would_be_ready():
    gate = StepGate()
    gate.add_step(1)
    gate.add_step(0)
    assert not gate.take_step()
    gate.add_command()
    assert gate.take_step()
    assert gate.take_step()


def test_a_reset_drops_waiting_steps_and_counts_anew():
    gate = StepGate()
    gate.add_command()
    gate.add_step(5)
    gate.reset()
    assert gate.commands_expected is None
    gate.add_step(1)
    assert not gate.take_step()
