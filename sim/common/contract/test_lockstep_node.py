"""The simulator in lockstep, as another process, over real ROS topics."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs a sourced ROS 2")

from builtin_interfaces.msg import Duration
from ros_client import JOINTS, RosClient, stamp_ns
from sensor_msgs.msg import JointState
from simulator_process import NODE, URDF, SimulatorProcess
from std_msgs.msg import Float64MultiArray, UInt64
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

PERIOD_NS = 20_000_000


@pytest.fixture(scope="module")
def shared() -> Iterator[RosClient]:
    with SimulatorProcess("--lockstep", "--seed", "7"), RosClient(lockstep=True) as client:
        yield client


@pytest.fixture
def client(shared: RosClient) -> RosClient:
    """The running simulator, its robot at rest in a known pose, and nothing recorded yet."""
    stamp = stamp_ns(shared.set_state(0.5, -0.5))
    # The clock is published last but may arrive first. The image follows with the first command or step.
    shared.wait(lambda: stamp in map(stamp_ns, shared.seen["joint_states"]), "the pose")
    for topic in ("image_raw", "camera_info", "joint_states", "/clock", "/rosout"):
        shared.seen[topic].clear()
    return shared


def velocity(*values: float) -> Float64MultiArray:
    return Float64MultiArray(data=list(values))


def trajectory(seconds: float, *positions: float) -> JointTrajectory:
    point = JointTrajectoryPoint(positions=list(positions), velocities=[0.0] * len(positions))
    point.time_from_start = Duration(sec=int(seconds), nanosec=round(seconds % 1 * 1e9))
    return JointTrajectory(joint_names=JOINTS, points=[point])


def answer_the_period(client: RosClient) -> None:
    """The command that the image of the last period waits for."""
    client.publish("commands", velocity(0.0, 0.0))


def drive(client: RosClient) -> list[object]:
    """A run with both kinds of command; everything published that a planner sees, in order for each topic."""
    client.set_state(0.2, 0.4)
    client.set_goal(-1.0, 1.0)
    first_ns = stamp_ns(client.set_state(0.1, -0.3))

    def since(topic: str) -> list[Any]:
        # By stamp, since what was published before may still be on its way.
        return [message for message in client.seen[topic] if stamp_ns(message) >= first_ns]

    for index in range(25):
        client.command_and_step("commands", velocity(np.sin(index / 5), 0.5 - index / 50))
    for index in range(25):
        client.command_and_step("joint_trajectory", trajectory(0.3, 0.01 * index, -0.3))
    answer_the_period(client)
    client.wait(lambda: len(since("image_raw")) == 11 and len(since("joint_states")) == 51, "all messages")
    states = [(stamp_ns(m) - first_ns, list(m.position), list(m.velocity)) for m in since("joint_states")]
    images = [(stamp_ns(m) - first_ns, hashlib.sha256(m.data).hexdigest()) for m in since("image_raw")]
    return [states, images, hashlib.sha256(client.seen["goal_image"][-1].data).hexdigest()]


def test_two_runs_are_bit_identical(shared: RosClient):
    first = drive(shared)
    assert len(set(digest for _, digest in first[1])) > 5, "the robot has to be seen moving"
    assert drive(shared) == first


def test_two_processes_with_one_seed_are_bit_identical(shared: RosClient):
    here = drive(shared)
    apart = ("--ros-args", "-r", "__ns:=/second", "-r", "/clock:=/second/clock")
    with (
        SimulatorProcess("--lockstep", "--seed", "7", *apart),
        RosClient(lockstep=True, namespace="second", own_clock=True) as second,
    ):
        assert drive(second) == here
        first_goals = [client.seen[f"{NODE}/goal_state"][0].position for client in (shared, second)]
        assert first_goals[0] == first_goals[1]


def test_joints_that_are_not_chosen_are_held(tmp_path: Path):
    robot = URDF.read_text(encoding="utf-8").replace('acceleration="10.0"', "").replace('effort="10.0"', 'effort="0"')
    urdf = tmp_path / "as-published.urdf"
    urdf.write_text(robot, encoding="utf-8")
    options = ("--urdf", str(urdf), "--joints", "elbow", "--default-acceleration", "10")
    apart = ("--ros-args", "-r", "__ns:=/held", "-r", "/clock:=/held/clock")
    with (
        SimulatorProcess("--lockstep", *options, *apart),
        RosClient(lockstep=True, namespace="held", own_clock=True) as client,
    ):
        for _ in range(10):
            client.command_and_step("commands", velocity(1.0))
        states = client.seen["joint_states"]
        client.wait(lambda: states and states[-1].velocity[0] > 0.9, "the elbow moving")
        assert list(states[-1].name) == ["elbow"]


def test_time_does_not_pass_without_a_step(client: RosClient):
    client.publish("commands", velocity(1.0, 1.0))
    client.settle()
    assert client.seen["joint_states"] == [] == client.seen["/clock"]


def test_a_step_waits_for_the_commands_that_it_names_and_the_rest_goes_on(client: RosClient):
    for expected in (2, 2, 3):
        client.publish(f"{NODE}/step", UInt64(data=expected))
    client.publish("commands", velocity(1.0, 0.0))
    client.settle()
    assert client.seen["/clock"] == []
    client.set_goal(0.0, 0.0)
    client.publish("commands", velocity(1.0, 0.0))
    client.settle()
    assert len(client.seen["/clock"]) == 2
    client.publish("commands", velocity(1.0, 0.0))
    client.settle()
    assert len(client.seen["/clock"]) == 3


def test_a_step_that_waits_long_is_reported_with_both_counts(client: RosClient):
    client.publish(f"{NODE}/step", UInt64(data=3))
    client.publish("commands", velocity(0.0, 0.0))
    client.wait(lambda: any("1 seen" in line and "3 expected" in line for line in client.errors()), "the warning")


def test_a_rejected_command_is_reported_and_counts(client: RosClient):
    client.command_and_step("joint_trajectory", trajectory(0.5, 1.0))
    client.wait(lambda: any("positions: found 1 numbers" in line for line in client.errors()), "the error")
    np.testing.assert_allclose(client.seen["joint_states"][-1].position, [0.5, -0.5], atol=1e-9)


def test_a_period_has_a_joint_state_and_every_fifth_an_image_all_with_its_stamp(client: RosClient):
    for _ in range(10):
        client.command_and_step("commands", velocity(0.5, 0.5))
    answer_the_period(client)
    clocks = [stamp_ns(m) for m in client.seen["/clock"]]

    def stamps(topic: str) -> list[int]:
        # By stamp, since what was published before may still be on its way.
        return [stamp for stamp in map(stamp_ns, client.seen[topic]) if stamp >= clocks[0] - PERIOD_NS]

    client.wait(lambda: len(stamps("image_raw")) == 3 and len(stamps("joint_states")) == 10, "all messages")
    client.wait(lambda: len(stamps("camera_info")) == 3, "the camera")
    assert np.diff(clocks).tolist() == [PERIOD_NS] * 9
    assert stamps("joint_states") == clocks
    assert stamps("image_raw") == stamps("camera_info") == [clocks[0] - PERIOD_NS, clocks[4], clocks[9]]
    image = client.seen["image_raw"][-1]
    assert (image.width, image.height, image.encoding, image.step) == (128, 128, "rgb8", 384)
    assert image.header.frame_id == "camera_optical_frame"


def test_an_image_waits_for_the_command_of_its_period_or_for_the_end_of_it(client: RosClient):
    def images_from(stamp: int) -> list[int]:
        client.settle()
        return [seen for seen in map(stamp_ns, client.seen["image_raw"]) if seen >= stamp]

    start_ns = stamp_ns(client.set_state(0.1, 0.1))
    assert images_from(start_ns) == [], "not before a command, which would follow a plan from it"
    client.publish("commands", velocity(0.0, 0.0))
    assert images_from(start_ns) == [start_ns]
    for _ in range(5):
        client.step()
    assert images_from(start_ns) == [start_ns]
    client.step()
    assert images_from(start_ns) == [start_ns, start_ns + 5 * PERIOD_NS]


def test_velocity_commands_move_the_joints_at_that_velocity(client: RosClient):
    for _ in range(25):
        client.command_and_step("commands", velocity(1.0, -0.5))
    client.settle()
    np.testing.assert_allclose(client.seen["joint_states"][-1].velocity, [1.0, -0.5], atol=0.02)
    np.testing.assert_allclose(client.seen["joint_states"][-1].position, [1.0, -0.75], atol=0.03)


def test_commands_stop_after_200_ms_without_one(client: RosClient):
    client.command_and_step("commands", velocity(1.0, 0.0))
    for _ in range(30):
        client.step()
    client.settle()
    velocities = [m.velocity[0] for m in client.seen["joint_states"]]
    assert velocities[8] == pytest.approx(1.0, abs=0.02), "still moving at 0.18 s"
    assert abs(velocities[-1]) < 1e-3, "stopped at 0.6 s"


def test_a_trajectory_is_followed_in_time_and_its_end_held(client: RosClient):
    client.command_and_step("joint_trajectory", trajectory(0.4, 0.9, -0.9))
    for _ in range(39):
        client.step()
    client.settle()
    positions = [m.position[0] for m in client.seen["joint_states"]]
    # Half way on the cubic from rest to rest: half of the distance.
    assert positions[9] == pytest.approx(0.7, abs=0.01)
    assert positions[19] == pytest.approx(0.9, abs=0.005)
    np.testing.assert_allclose(client.seen["joint_states"][-1].position, [0.9, -0.9], atol=1e-3)
    assert max(positions) < 0.905


def test_set_state_teleports_at_rest_drops_the_command_and_goes_on_in_time(client: RosClient):
    client.command_and_step("joint_trajectory", trajectory(2.0, 2.0, 2.0))
    before_ns = stamp_ns(client.seen["/clock"][-1])
    client.set_state(-1.0, 1.5)
    client.wait(lambda: len(client.seen["joint_states"]) == 2, "the new pose")
    state = client.seen["joint_states"][-1]
    assert (list(state.position), list(state.velocity)) == ([-1.0, 1.5], [0.0, 0.0])
    assert {stamp_ns(m) for m in (state, client.seen["/clock"][-1])} == {before_ns + PERIOD_NS}
    client.step()
    client.wait(lambda: before_ns + PERIOD_NS in map(stamp_ns, client.seen["image_raw"]), "its image")
    for _ in range(9):
        client.step()
    client.settle()
    np.testing.assert_allclose(client.seen["joint_states"][-1].position, [-1.0, 1.5], atol=1e-6)


def test_set_state_outside_the_limits_is_rejected(client: RosClient):
    client.publish(f"{NODE}/set_state", JointState(name=JOINTS, position=[3.0, 0.0]))
    client.wait(lambda: any("shoulder at 3" in line for line in client.errors()), "the error")
    assert client.seen["joint_states"] == []


def test_a_rejected_command_does_not_hide_the_rejected_pose_right_after_it(client: RosClient):
    client.command_and_step("joint_trajectory", trajectory(0.5, 1.0))
    client.publish(f"{NODE}/set_state", JointState(name=JOINTS, position=[3.0, 0.0]))
    client.wait(lambda: any("shoulder at 3" in line for line in client.errors()), "the second error")


def test_a_goal_is_what_the_camera_would_see_and_disturbs_nothing(client: RosClient):
    goal = client.set_goal(0.8, 0.3)
    client.wait(lambda: list(client.seen[f"{NODE}/goal_state"][-1].position) == [0.8, 0.3], "the goal's pose")
    assert client.seen["joint_states"] == []
    client.step()
    client.settle()
    np.testing.assert_allclose(client.seen["joint_states"][-1].position, [0.5, -0.5], atol=1e-9)
    placed_ns = stamp_ns(client.set_state(0.8, 0.3))
    client.step()
    client.wait(lambda: placed_ns in map(stamp_ns, client.seen["image_raw"]), "the image")
    assert client.seen["image_raw"][-1].data == goal.data


def test_each_goal_has_a_later_stamp_also_while_time_stands_still(client: RosClient):
    stamps = [stamp_ns(client.set_goal(0.1 * index, 0.0)) for index in range(3)]
    assert stamps[0] < stamps[1] < stamps[2]


def test_who_comes_late_gets_the_description_and_the_goal(client: RosClient):
    goal = client.set_goal(0.4, 0.2)
    with RosClient(lockstep=True) as late:
        late.wait(lambda: bool(late.seen[f"{NODE}/goal_state"]), "the goal's pose")
        assert late.seen["goal_image"][-1].data == goal.data
        assert list(late.seen[f"{NODE}/goal_state"][-1].position) == [0.4, 0.2]
        assert late.seen["robot_description"][-1].data == URDF.read_text()


def test_reset_gives_another_random_pose_and_goal(client: RosClient):
    poses = []
    for _ in range(2):
        goals = len(client.seen["goal_image"])
        response = client.reset()
        assert response.success
        client.wait(lambda goals=goals: len(client.seen["goal_image"]) > goals, "the goal")
        client.settle()
        poses.append(list(client.seen["joint_states"][-1].position))
    assert poses[0] != poses[1]
    assert np.abs(poses).max() < 2.6


def test_the_clock_never_goes_back(client: RosClient):
    for _ in range(3):
        client.command_and_step("commands", velocity(0.1, 0.1))
        client.set_state(0.0, 0.0)
        client.reset()
    client.settle()
    assert (np.diff([stamp_ns(m) for m in client.seen["/clock"]]) > 0).all()
    assert len(client.seen["/clock"]) >= 9
