"""The check of messages: jitter and missed periods are no violation, everything beyond a limit is one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from motions import LIMITS, PERIOD_S, smooth_motion, with_ramp

from jepa_mpc_faults import command_checker
from jepa_mpc_faults.command_checker import CommandChecker
from jepa_mpc_faults.steps import Finding, step_findings
from jepa_mpc_faults.trajectory import Trajectory


def messages(count: int) -> list[Trajectory]:
    positions, velocities = smooth_motion(count + 1)
    accelerations = np.diff(velocities, axis=0, prepend=0) / PERIOD_S
    return [with_ramp(positions[i], velocities[i], accelerations[i]) for i in range(1, count + 1)]


def checked(stream: list[Trajectory], times_s: np.ndarray) -> CommandChecker:
    checker = CommandChecker(LIMITS, PERIOD_S)
    for time_s, trajectory in zip(times_s, stream, strict=True):
        checker.check_trajectory(float(time_s), trajectory)
    return checker


def kinds(checker: CommandChecker) -> set[str]:
    return {violation.kind for violation in checker.violations}


def test_a_stream_within_the_limits_passes_whatever_the_jitter() -> None:
    rng = np.random.default_rng(1)
    times = np.arange(300) * PERIOD_S + rng.uniform(0, 0.9 * PERIOD_S, 300)
    assert checked(messages(300), times).violations == []


def test_missed_periods_continue_on_the_ramp_of_the_last_message() -> None:
    first = messages(50)[-1]
    # Three periods missed: the robot is at the fourth point of the ramp, and goes on along it.
    missed = 3
    rest = Trajectory(first.times_s[: -1 - missed], first.positions[1 + missed :], first.velocities[1 + missed :])
    checker = CommandChecker(LIMITS, PERIOD_S)
    checker.check_trajectory(0.0, first)
    checker.violations.clear()
    assert checker.check_trajectory((1 + missed) * PERIOD_S, rest) == []
    # The same message one period later would be a jump ahead.
    other = CommandChecker(LIMITS, PERIOD_S)
    other.check_trajectory(0.0, first)
    other.violations.clear()
    assert other.check_trajectory(PERIOD_S, rest) != []


def test_a_command_that_was_sent_long_after_it_was_made_is_counted() -> None:
    stream = messages(51)
    checker = checked(stream[:50], np.arange(50) * PERIOD_S)
    assert checker.check_trajectory(49 * PERIOD_S + 0.11, stream[50]) == []
    assert checker.late == 1
    # With regular gaps it would be a jump.
    regular = checked([*stream[:49], stream[50]], np.arange(50) * PERIOD_S)
    assert regular.violations != []


def test_after_a_long_rest_each_command_is_checked_as_quickly_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0

    def counted(*arguments: object) -> list[Finding]:
        nonlocal steps
        steps += 1
        return step_findings(*arguments)

    monkeypatch.setattr(command_checker, "step_findings", counted)
    rest = np.zeros((2, len(LIMITS.names)))
    resting = Trajectory(PERIOD_S * np.array([1.0, 2.0]), rest, rest)
    # A clock that jumps by 10 s: hundreds of periods may have passed, and the robot rests after each of them.
    checker = CommandChecker(LIMITS, PERIOD_S, is_paced=False)
    for time_s in (0.0, 10.0):
        checker.check_trajectory(time_s, resting)
    steps = 0
    for tick in range(1, 11):
        assert checker.check_trajectory(10.0 + tick * PERIOD_S, resting) == []
    assert steps < 300


def test_where_several_explanations_fit_the_one_that_goes_on_to_fit_counts() -> None:
    # Measured on a busy machine: after 46 ms one or two periods may lie between the commands.
    def joint(positions: list[float], velocities: list[float]) -> Trajectory:
        still = np.zeros(len(positions))
        times_s = np.arange(1, len(positions) + 1) * PERIOD_S
        return Trajectory(times_s, np.column_stack([positions, still]), np.column_stack([velocities, still]))

    checker = CommandChecker(LIMITS, PERIOD_S)
    checker.check_trajectory(0.0, joint([0.380278, 0.385545, 0.38736, 0.387541], [0.36323, 0.16492, 0.0333, 0.0]))
    checker.check_trajectory(0.0008, joint([0.385545, 0.38736, 0.387541], [0.16492, 0.0333, 0.0]))
    # The motion did not begin here, which the check cannot know.
    checker.violations.clear()
    checker.check_trajectory(0.047, joint([0.387541], [0.0]))
    checker.check_trajectory(0.0605, joint([0.387541], [0.0]))
    assert checker.violations == []


def at(trajectory: Trajectory, point: int, *, position: float = 0.0, velocity: float = 0.0) -> Trajectory:
    positions, velocities = trajectory.positions.copy(), trajectory.velocities.copy()
    positions[point, 0] += position
    velocities[point, 0] += velocity
    return replace(trajectory, positions=positions, velocities=velocities)


@pytest.mark.parametrize("point", [0, 1, 20])
@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("position", {"position": 3.0}),
        ("mean velocity", {"position": 0.1}),
        ("displacement", {"position": 0.005}),
        ("velocity", {"velocity": 2.0}),
        ("acceleration", {"velocity": 0.25}),
        ("jerk", {"velocity": 0.15}),
        ("not finite", {"position": np.nan}),
    ],
)
def test_a_mutated_point_is_found(kind: str, change: dict[str, float], point: int) -> None:
    stream = messages(100)
    stream[60] = at(stream[60], point, **change)
    assert kind in kinds(checked(stream, np.arange(100) * PERIOD_S))


def test_a_ramp_that_does_not_end_at_rest_is_found() -> None:
    stream = messages(3)
    cut = replace(
        stream[2],
        times_s=stream[2].times_s[:5],
        positions=stream[2].positions[:5],
        velocities=stream[2].velocities[:5] + 0.01,
    )
    assert "final velocity" in kinds(checked([*stream[:2], cut], np.arange(3) * PERIOD_S))


@pytest.mark.parametrize(
    "change",
    [
        {"times_s": np.array([])},
        {"times_s": np.zeros(61)},
        {"velocities": np.zeros((2, 2))},
        {"times_s": np.arange(1, 62) * PERIOD_S + 1.0},
    ],
)
def test_a_malformed_message_is_found(change: dict[str, np.ndarray]) -> None:
    broken = replace(messages(1)[0], **change)
    assert kinds(checked([broken], np.zeros(1))) <= {"size", "time", "time of the first point"}
    assert checked([broken], np.zeros(1)).violations


def test_without_a_limit_of_the_jerk_only_the_others_count() -> None:
    stream = messages(100)
    stream[60] = at(stream[60], 1, velocity=0.09)
    assert kinds(checked(stream, np.arange(100) * PERIOD_S)) == {"jerk"}
    checker = CommandChecker(LIMITS.without_jerk(), PERIOD_S)
    for index, trajectory in enumerate(stream):
        checker.check_trajectory(index * PERIOD_S, trajectory)
    assert checker.violations == []


def test_velocities_within_the_limits_pass_and_others_are_found() -> None:
    _, velocities = smooth_motion(200)
    checker = CommandChecker(LIMITS, PERIOD_S)
    for index, row in enumerate(velocities):
        checker.check_velocities(index * PERIOD_S, row)
    assert checker.violations == []
    for jump, kind in ((2.0, "velocity"), (0.25, "acceleration"), (0.15, "jerk")):
        mutated = CommandChecker(LIMITS, PERIOD_S)
        for index, row in enumerate(velocities):
            mutated.check_velocities(index * PERIOD_S, row + np.array([jump if index >= 100 else 0, 0]))
        assert kind in kinds(mutated)


def test_positions_within_the_limits_pass_and_others_are_found() -> None:
    positions, _ = smooth_motion(200)
    checker = CommandChecker(LIMITS, PERIOD_S)
    for index, row in enumerate(positions):
        checker.check_positions(index * PERIOD_S, row)
    assert checker.violations == []
    for jump, kind in ((5.0, "position"), (0.05, "velocity"), (0.006, "acceleration"), (0.003, "jerk")):
        mutated = CommandChecker(LIMITS, PERIOD_S)
        for index, row in enumerate(positions):
            mutated.check_positions(index * PERIOD_S, row + np.array([jump if index >= 100 else 0, 0]))
        assert kind in kinds(mutated)


def test_efforts_beyond_their_limit_or_not_finite_are_found() -> None:
    checker = CommandChecker(LIMITS, PERIOD_S)
    assert checker.check_efforts(0.0, np.array([20.0, -10.0])) == []
    assert [one.joint for one in checker.check_efforts(0.0, np.array([20.1, 0.0]))] == ["one"]
    assert [one.joint for one in checker.check_efforts(0.0, np.array([0.0, np.nan]))] == ["two"]


def test_values_of_another_size_are_found() -> None:
    checker = CommandChecker(LIMITS, PERIOD_S)
    for check in (checker.check_velocities, checker.check_positions, checker.check_efforts):
        assert [one.kind for one in check(0.0, np.zeros(3))] == ["size"]
