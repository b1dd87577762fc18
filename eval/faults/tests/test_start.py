"""Where a motion may begin: at rest, within the limits, where the robot is measured."""

from __future__ import annotations

import numpy as np
import pytest
from motions import LIMITS, PERIOD_S, smooth_motion, with_ramp

from jepa_mpc_faults.command_checker import CommandChecker
from jepa_mpc_faults.trajectory import Trajectory

REST = np.zeros(2)
MEASURED = np.array([1.0, -0.5])


def resting(position: np.ndarray) -> Trajectory:
    return with_ramp(position, REST, REST)


def after_motion(*, announced: bool = True, measured: np.ndarray | None = MEASURED) -> CommandChecker:
    """After 2 s of motion that begins at rest, and a ramp to rest of 1.2 s."""
    pose = [REST]
    checker = CommandChecker(LIMITS, PERIOD_S, pose=lambda: pose[0])
    positions, velocities = smooth_motion(101)
    accelerations = np.diff(velocities, axis=0, prepend=0) / PERIOD_S
    for index in range(1, 101):
        ramp = with_ramp(positions[index], velocities[index], accelerations[index])
        checker.check_trajectory(index * PERIOD_S, ramp)
    assert checker.violations == []
    pose[0] = measured
    if announced:
        checker.restart(3.9)
    return checker


def kinds(checker: CommandChecker) -> set[str]:
    return {violation.kind for violation in checker.violations}


def test_a_jump_to_the_measured_pose_is_accepted_once_after_a_restart() -> None:
    checker = after_motion()
    assert checker.check_trajectory(4.0, resting(MEASURED + 0.05)) == []
    assert checker.check_trajectory(4.0 + PERIOD_S, resting(MEASURED - 0.05)) != []
    assert after_motion(announced=False).check_trajectory(4.0, resting(MEASURED)) != []


def test_a_jump_to_where_the_robot_is_not_is_found_however_long_after_the_restart() -> None:
    for time_s in (4.0, 12.0):
        checker = after_motion()
        checker.check_trajectory(time_s, resting(MEASURED - np.array([2.0, 0.0])))
        assert checker.violations
    checker = after_motion()
    assert checker.check_trajectory(14.0, resting(MEASURED)) != []


def test_a_robot_that_was_told_to_move_does_not_begin_anew() -> None:
    checker = after_motion()
    # The ramp of the last message lasts until 3.2 s.
    assert checker.check_trajectory(2.1, resting(MEASURED)) != []


@pytest.mark.parametrize("interface", ["trajectory", "position"])
def test_a_first_command_is_where_the_robot_is_measured_and_within_the_limits(interface: str) -> None:
    def found(position: list[float], pose: np.ndarray | None) -> set[str]:
        checker = CommandChecker(LIMITS, PERIOD_S, pose=lambda: pose)
        if interface == "trajectory":
            checker.check_trajectory(0.0, resting(np.array(position)))
        else:
            checker.check_positions(0.0, np.array(position))
        return kinds(checker)

    assert found([1.0, -0.5], MEASURED) == set()
    assert found([1.0, -0.5], None) == set()
    assert found([1.2, -0.5], MEASURED) == {"start"}
    assert found([99.0, -0.5], None) == {"position"}
    assert found([np.nan, -0.5], MEASURED) == {"not finite"}
    # Only a robot that is outside its limits may begin there, and not further outside.
    outside = np.array([2.3, 0.0])
    assert found([2.3, 0.0], outside) == set()
    assert found([2.35, 0.0], outside) == {"position"}
    assert found([2.05, 0.0], np.array([1.99, 0.0])) == {"position"}


def test_a_first_command_of_motion_is_found() -> None:
    checker = CommandChecker(LIMITS, PERIOD_S)
    checker.check_trajectory(0.0, with_ramp(REST, np.array([1.0, 0.0]), REST))
    assert "acceleration" in kinds(checker)


def test_positions_begin_anew_from_rest_where_the_robot_is_measured() -> None:
    for target, expected in ((MEASURED, False), (MEASURED + 0.3, True)):
        checker = CommandChecker(LIMITS, PERIOD_S, pose=lambda: MEASURED)
        checker.check_positions(0.0, MEASURED)
        for index in range(1, 50):
            checker.check_positions(index * PERIOD_S, MEASURED)
        assert checker.violations == []
        checker.restart(1.0)
        checker.check_positions(1.0, target + np.array([0.05, 0.0]))
        assert bool(checker.violations) == expected
    moving = CommandChecker(LIMITS, PERIOD_S, pose=lambda: MEASURED)
    for index in range(5):
        moving.check_positions(index * PERIOD_S, MEASURED + np.array([0.02 * index, 0.0]))
    moving.violations.clear()
    moving.restart(0.1)
    assert moving.check_positions(0.1, MEASURED - 0.05) != []


def test_where_commands_were_not_watched_a_motion_may_begin_anywhere() -> None:
    checker = after_motion(announced=False)
    checker.restart(3.9, anywhere=True)
    assert checker.check_trajectory(4.0, resting(MEASURED + 0.4)) == []


@pytest.mark.parametrize(("pose", "is_there"), [(REST, True), (REST + 1.0, False)])
def test_where_the_clock_of_the_sender_began_anew_so_does_the_motion_where_the_robot_is(pose, is_there) -> None:
    measured = [REST]
    checker = CommandChecker(LIMITS, PERIOD_S, pose=lambda: measured[0])
    resting = Trajectory(np.array([PERIOD_S]), REST[None, :].copy(), np.zeros((1, 2)))
    assert checker.check_trajectory(17.0, resting) == []
    measured[0] = pose
    assert (checker.check_trajectory(2.0, resting) == []) is is_there
