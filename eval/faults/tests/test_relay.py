"""How messages of commands are read."""

from __future__ import annotations

import pytest
from builtin_interfaces.msg import Duration
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from jepa_mpc_faults.fault import push_failures
from jepa_mpc_faults.recorder import Sample
from jepa_mpc_faults.relay import read_trajectory

PERIOD = Duration(nanosec=20_000_000)


def message(names: list[str], positions: list[float], velocities: list[float]) -> JointTrajectory:
    point = JointTrajectoryPoint(
        positions=positions, velocities=velocities, time_from_start=Duration(nanosec=20_000_000)
    )
    return JointTrajectory(joint_names=names, points=[point])


def test_points_are_read_in_the_order_of_the_limits() -> None:
    read = read_trajectory(message(["b", "a"], [2.0, 1.0], [4.0, 3.0]), ["a", "b"])
    assert read is not None
    assert (read.times_s.tolist(), read.positions.tolist(), read.velocities.tolist()) == ([0.02], [[1, 2]], [[3, 4]])


@pytest.mark.parametrize(
    "wrong",
    [
        message(["a", "c"], [1.0, 2.0], [3.0, 4.0]),
        message(["a"], [1.0], [3.0]),
        message(["a", "a"], [1.0, 2.0], [3.0, 4.0]),
        message(["a", "b"], [1.0], [3.0, 4.0]),
        message(["a", "b"], [1.0, 2.0], []),
        JointTrajectory(joint_names=["a", "b"]),
    ],
)
def test_other_joints_and_points_that_lack_some_cannot_be_read(wrong: JointTrajectory) -> None:
    assert read_trajectory(wrong, ["a", "b"]) is None


def test_a_pushed_robot_may_not_be_moved_at_all() -> None:
    rest = [Sample(1.0, 2.0, 0.2), Sample(1.02, 0.0, 0.02), Sample(1.04, 0.0, 0.02)]
    assert push_failures(rest, 1.01) == []
    [failure] = push_failures([*rest, Sample(1.06, 1e-6, 0.04)], 1.01)
    assert "moved at 1e-06 rad/s" in failure
