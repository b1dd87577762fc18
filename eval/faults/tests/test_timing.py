"""Steps take their time: a sender that is late, or leaves ticks out, is none that hurries."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from motions import LIMITS, PERIOD_S, smooth_motion, with_ramp

from jepa_mpc_faults.command_checker import CommandChecker
from jepa_mpc_faults.pace import Pace
from jepa_mpc_faults.simulated_time import SimulatedTime
from jepa_mpc_faults.trajectory import Trajectory
from jepa_mpc_faults.velocity_change import VelocityChange

INTERFACES = ("trajectory", "velocity", "position")


def messages(count: int) -> list[Trajectory]:
    positions, velocities = smooth_motion(count + 1)
    accelerations = np.diff(velocities, axis=0, prepend=0) / PERIOD_S
    return [with_ramp(positions[i], velocities[i], accelerations[i]) for i in range(1, count + 1)]


def sent(interface: str, times_s: np.ndarray, *, is_paced: bool = True) -> CommandChecker:
    """A smooth motion of one step a command, sent at these times."""
    checker = CommandChecker(LIMITS, PERIOD_S, is_paced=is_paced)
    positions, velocities = smooth_motion(len(times_s) + 1)
    stream = messages(len(times_s))
    for index, time_s in enumerate(times_s.tolist()):
        if interface == "trajectory":
            checker.check_trajectory(time_s, stream[index])
        elif interface == "velocity":
            checker.check_velocities(time_s, velocities[index + 1])
        else:
            checker.check_positions(time_s, positions[index + 1])
    return checker


def kinds(checker: CommandChecker) -> set[str]:
    return {violation.kind for violation in checker.violations}


@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("is_paced", [True, False])
def test_a_sender_that_hurries_is_found(interface: str, is_paced: bool) -> None:
    # Each step is within the limits for its period, but takes a tenth of it: ten times the speed.
    assert "pace" in kinds(sent(interface, np.arange(20) * 0.1 * PERIOD_S, is_paced=is_paced))
    assert sent(interface, np.arange(20) * PERIOD_S, is_paced=is_paced).violations == []


def test_a_sender_that_is_a_little_too_fast_is_found() -> None:
    assert "pace" in kinds(sent("trajectory", np.arange(90) * 0.95 * PERIOD_S))


@pytest.mark.parametrize("interface", INTERFACES)
def test_one_extra_step_within_a_period_is_found(interface: str) -> None:
    times_s = np.arange(40) * PERIOD_S
    times_s[31:] -= PERIOD_S
    times_s[30] -= 0.5 * PERIOD_S
    assert "pace" in kinds(sent(interface, times_s))


@pytest.mark.parametrize("seed", range(5))
def test_a_busy_sender_never_hurries(seed: int) -> None:
    """Ticks up to a whole period late, some left out, commands sent a while after their tick."""
    rng = np.random.default_rng(seed)
    ticks = np.flatnonzero(rng.uniform(size=3000) > 0.1) * PERIOD_S
    made_s = ticks + np.where(rng.uniform(size=len(ticks)) < 0.3, rng.uniform(0, 0.99 * PERIOD_S, len(ticks)), 1e-4)
    pace = Pace(PERIOD_S)
    last_s = -1.0
    for tick_s in made_s.tolist():
        # As a sender counts: whole periods since its last tick, at least one.
        steps = max(1, int((tick_s - last_s) / PERIOD_S)) if last_s >= 0 else 1
        last_s = tick_s
        assert pace.findings(tick_s + float(rng.uniform(0, 0.1 * PERIOD_S)), steps) == []


def test_a_busy_sender_of_trajectories_passes() -> None:
    rng = np.random.default_rng(3)
    late_s = np.where(rng.uniform(size=120) < 0.2, rng.uniform(0, 0.95 * PERIOD_S, 120), 0.0)
    assert sent("trajectory", np.arange(120) * PERIOD_S + late_s).violations == []


def test_after_a_command_that_was_sent_late_the_sender_may_catch_up() -> None:
    stream = messages(31)
    checker = CommandChecker(LIMITS, PERIOD_S)
    for index in range(30):
        checker.check_trajectory(index * PERIOD_S, stream[index])
    # Made in time, sent four periods late. Meanwhile the robot follows the ramp, and so does the next command.
    checker.check_trajectory(34 * PERIOD_S, stream[30])
    ramp = stream[30]
    rest = Trajectory(ramp.times_s[:-5], ramp.positions[5:], ramp.velocities[5:])
    assert checker.check_trajectory(35 * PERIOD_S, rest) == []
    assert checker.late == 1


def test_a_jump_to_the_end_of_a_ramp_is_found_where_ticks_come_in_bursts() -> None:
    stream = messages(30)
    for missed, expected in ((0, False), (59, True)):
        checker = CommandChecker(LIMITS, PERIOD_S, is_paced=False)
        for index, message in enumerate(stream):
            checker.check_trajectory(index * PERIOD_S, message)
        last = stream[-1]
        end = Trajectory(last.times_s[: 60 - missed], last.positions[1 + missed :], last.velocities[1 + missed :])
        checker.check_trajectory(30 * PERIOD_S, end)
        assert ("pace" in kinds(checker)) == expected
        assert bool(checker.violations) == expected


@pytest.mark.parametrize("interface", INTERFACES)
def test_ticks_in_bursts_after_a_relay_had_to_wait_are_none_of_a_sender_that_hurries(interface: str) -> None:
    times_s = np.arange(40) * PERIOD_S
    times_s[20:24] = times_s[24] - np.array([4e-3, 3e-3, 2e-3, 1e-3])
    assert kinds(sent(interface, times_s, is_paced=False)) == set()


def test_a_joint_that_rests_before_it_can_have_braked_is_found() -> None:
    change = VelocityChange(LIMITS, 2 * PERIOD_S)
    speed = np.array([1.5, 0.0])
    assert change.findings(0.0, speed) == []
    # 1.5 rad/s at 10 rad/s² takes 150 ms, less two periods of slack.
    assert [one[0] for one in change.findings(0.1, np.zeros(2))] == ["velocity change"]
    change.restart()
    change.findings(0.0, speed)
    assert change.findings(0.115, np.zeros(2)) == []
    # Two joints count each for itself.
    change.restart()
    change.findings(0.0, np.array([0.0, 1.0]))
    assert [one[1] for one in change.findings(0.1, np.zeros(2))] == [1]


def test_commands_at_rest_take_no_steps() -> None:
    checker = CommandChecker(LIMITS, PERIOD_S)
    for index in range(100):
        checker.check_trajectory(index * 0.002, with_ramp(np.zeros(2), np.zeros(2), np.zeros(2)))
    for early, late in itertools.pairwise(range(3)):
        checker.check_velocities(early * 0.001 + late, np.zeros(2))
    assert checker.violations == []


def test_simulated_time_passes_with_the_clock_that_was_sent_and_never_backwards() -> None:
    time = SimulatedTime()
    for wall_s, clock_s in ((1.0, 100.0), (1.02, 100.02), (1.04, 110.04), (1.06, 100.06), (1.08, 100.08)):
        time.note(wall_s, round(clock_s * 1e9))
    at_s = [time.at(wall_s) for wall_s in (1.01, 1.02, 1.05, 1.07, 2.0)]
    assert time.at(0.9) is None
    assert at_s == pytest.approx([0.0, 0.02, 10.04, 10.04, 10.06])
    assert time.elapsed_s == at_s[-1]


def test_where_the_clock_jumps_forward_the_robot_has_followed_its_ramp() -> None:
    stream = messages(30)
    last = stream[-1]
    end = Trajectory(last.times_s[:1], last.positions[60:], last.velocities[60:])
    for jump_s, expected in ((10.0, False), (0.0, True)):
        checker = CommandChecker(LIMITS, PERIOD_S, is_paced=False)
        for index, message in enumerate(stream):
            checker.check_trajectory(index * PERIOD_S, message)
        checker.check_trajectory(30 * PERIOD_S + jump_s, end)
        assert bool(checker.violations) == expected
