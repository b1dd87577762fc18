"""The trajectory controller moves as ros2_control's does, and refuses what that refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jepa_mpc_sim.errors import RejectedMessage
from jepa_mpc_sim.trajectory_controller import DesiredState, Trajectory, TrajectoryController, TrajectoryPoint

NAMES = ("shoulder", "elbow")
S = 1_000_000_000
NOW = 5 * S


def controller(position=(0.0, 0.0)) -> TrajectoryController:
    return TrajectoryController(NAMES, np.array(position))


def trajectory(*points: TrajectoryPoint, names=NAMES, start_ns: int | None = None) -> Trajectory:
    return Trajectory(names, points, start_ns)


def point(seconds: float, positions, velocities=()) -> TrajectoryPoint:
    return TrajectoryPoint(round(seconds * S), positions, velocities)


def test_holds_the_initial_position_at_rest():
    state = controller((0.3, -0.2)).sample(NOW)
    np.testing.assert_array_equal(state.position, [0.3, -0.2])
    np.testing.assert_array_equal(state.velocity, [0, 0])


def test_without_velocities_moves_on_a_line_from_the_present_desired_position():
    joints = controller((1.0, 0.0))
    joints.follow(trajectory(point(2, (0.0, 4.0))), NOW)
    state = joints.sample(NOW + S // 2)
    np.testing.assert_allclose(state.position, [0.75, 1.0])
    np.testing.assert_allclose(state.velocity, [-0.5, 2.0])


def test_with_velocities_moves_on_the_cubic_through_both_ends():
    joints = controller()
    joints.follow(trajectory(point(1, (1.0, -2.0), (0.5, 0.0)), point(2, (2.0, -2.0), (0.0, 0.0))), NOW)
    for seconds, position, velocity in ((0, (0, 0), (0, 0)), (1, (1, -2), (0.5, 0)), (2, (2, -2), (0, 0))):
        state = joints.sample(NOW + seconds * S)
        np.testing.assert_allclose(state.position, position, atol=1e-12)
        np.testing.assert_allclose(state.velocity, velocity, atol=1e-12)
    # Half way from rest at 0 to rest at -2 a cubic is at -1, with 1.5 times the mean velocity.
    state = joints.sample(NOW + S // 2)
    assert state.position[1] == pytest.approx(-1)
    assert state.velocity[1] == pytest.approx(-3)


def test_velocity_is_the_derivative_of_position():
    joints = controller((0.2, 0.1))
    joints.follow(trajectory(point(0.7, (1.0, -1.0), (0.4, 0.3)), point(1.5, (0.0, 0.0), (0.0, 0.0))), NOW)
    for offset_ns in range(50_000_000, 1_450_000_000, 70_000_000):
        before, after = (joints.sample(NOW + offset_ns + d).position for d in (-1000, 1000))
        np.testing.assert_allclose((after - before) / 2e-6, joints.sample(NOW + offset_ns).velocity, atol=1e-5)


def test_holds_the_last_point_afterwards():
    joints = controller()
    joints.follow(trajectory(point(1, (1.0, 2.0))), NOW)
    state = joints.sample(NOW + 100 * S)
    np.testing.assert_array_equal(state.position, [1, 2])
    np.testing.assert_array_equal(state.velocity, [0, 0])


def test_a_new_trajectory_takes_over_without_a_jump():
    joints = controller()
    joints.follow(trajectory(point(1, (1.0, 1.0), (1.0, 1.0)), point(2, (2.0, 2.0), (0.0, 0.0))), NOW)
    takeover = NOW + 600_000_000
    before = joints.sample(takeover)
    joints.follow(trajectory(point(0.5, (0.0, 0.0), (0.0, 0.0))), takeover)
    after = joints.sample(takeover)
    np.testing.assert_allclose(after.position, before.position)
    np.testing.assert_allclose(after.velocity, before.velocity)


def test_a_given_start_replaces_the_desired_state():
    joints = controller()
    joints.follow(
        trajectory(point(1, (0.0, 0.0), (0.0, 0.0))), NOW, DesiredState(np.array([0.5, 0.4]), np.array([0.3, 0.2]))
    )
    state = joints.sample(NOW)
    np.testing.assert_allclose(state.position, [0.5, 0.4])
    np.testing.assert_allclose(state.velocity, [0.3, 0.2])


def test_joints_are_matched_by_name():
    joints = controller()
    joints.follow(trajectory(point(1, (7.0, 3.0), (0.0, 0.0)), names=("elbow", "shoulder")), NOW)
    np.testing.assert_array_equal(joints.sample(NOW + S).position, [3, 7])


def test_a_stamp_in_the_past_enters_the_trajectory_where_it_should_be_by_now():
    joints = controller()
    joints.follow(trajectory(point(1, (1.0, 1.0)), point(3, (3.0, 3.0)), start_ns=NOW - 2 * S), NOW)
    np.testing.assert_array_equal(joints.sample(NOW + S).position, [3, 3])
    np.testing.assert_array_equal(joints.sample(NOW).position, [0, 0])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (trajectory(), "no points"),
        (trajectory(point(1, (0.0, 0.0)), names=("shoulder", "wrist")), "unknown: wrist; missing: elbow"),
        (trajectory(point(1, (0.0,)), names=("shoulder",)), "missing: elbow"),
        (trajectory(point(1, (0.0, 0.0, 0.0)), names=("shoulder", "elbow", "elbow")), "each of shoulder, elbow once"),
        (trajectory(point(1, (0.0, 0.0)), names=()), "joint_names none"),
        (trajectory(point(1, (0.0,))), r"positions: found 1 numbers, expected 2"),
        (trajectory(point(1, (), (0.0, 0.0))), r"positions: found 0 numbers, expected 2"),
        (trajectory(point(1, (0.0, 0.0), (0.0,))), r"velocities: found 1 numbers"),
        (trajectory(point(1, (0.0, math.nan))), r"points\[0\].positions: .*finite"),
        (trajectory(point(1, (0.0, 0.0), (math.inf, 0.0))), r"points\[0\].velocities: .*finite"),
        (trajectory(point(1, (0.0, 0.0)), point(1, (1.0, 1.0))), r"points\[1\].time_from_start: found 1 s"),
        (trajectory(point(-1, (0.0, 0.0))), r"points\[0\].time_from_start: found -1 s, expected 0 or more"),
        (trajectory(point(1, (0.0, 0.0), (0.1, 0.0))), "last point, expected zeros"),
        (trajectory(point(1, (0.0, 0.0)), start_ns=NOW - 2 * S), r"ended 1\.000 s ago"),
    ],
)
def test_a_wrong_trajectory_is_rejected_and_the_running_one_goes_on(wrong: Trajectory, message: str):
    joints = controller()
    joints.follow(trajectory(point(2, (2.0, 2.0))), NOW)
    with pytest.raises(RejectedMessage, match=message):
        joints.follow(wrong, NOW)
    np.testing.assert_allclose(joints.sample(NOW + S).position, [1, 1])
