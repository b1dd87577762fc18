"""Late images and joint states in lockstep, as another process, over real ROS topics."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("rclpy", reason="needs a sourced ROS 2")

from ros_client import RosClient, stamp_ns
from simulator_process import NODE, SimulatorProcess
from std_msgs.msg import Float64MultiArray

PERIOD_NS = 20_000_000
IMAGE_PERIODS = 5
LATE = ("--lockstep", "--camera-delay-ms", "70", "--joint-delay-ms", "20")


@pytest.fixture(scope="module")
def shared() -> Iterator[RosClient]:
    with SimulatorProcess(*LATE), RosClient(lockstep=True) as client:
        yield client


def periods(client: RosClient, steps: int) -> dict[str, list[int]]:
    """Stamps, in periods since a teleport, of what comes with the teleport and `steps` periods after it."""
    for messages in client.seen.values():
        messages.clear()
    start_ns = stamp_ns(client.set_state(0.5, -0.5))
    for _ in range(steps):
        client.step()
    # Images wait for the command that answers their period.
    client.publish("commands", Float64MultiArray(data=[0.0, 0.0]))
    client.settle()

    def since(topic: str) -> list[int]:
        stamps = [stamp_ns(message) for message in client.seen[topic]]
        return [(stamp - start_ns) // PERIOD_NS for stamp in stamps if stamp >= start_ns]

    topics = ("image_raw", "image_raw/compressed", "camera_info", "joint_states", f"{NODE}/true_joint_states", "/clock")
    return {topic: since(topic) for topic in topics}


# The first of this file: later a second simulator, which several tests share, would answer too.
def test_what_a_seed_draws_for_a_pose_is_the_same_in_every_process_whatever_it_did_before():
    def run(idle_steps: int, other_poses: int = 0) -> tuple[list[tuple[int, int]], list[bytes]]:
        imperfect = ("--camera-delay-ms", "60", "--camera-jitter-ms", "40", "--noise", "8")
        with (
            SimulatorProcess("--lockstep", "--seed", "3", *imperfect),
            RosClient(lockstep=True) as client,
        ):
            client.set_state(0.2, 0.2)
            # As a run does that waits for a planner to load its model.
            for _ in range(idle_steps):
                client.step()
            client.settle()
            for pose in range(other_poses):
                client.set_goal(-0.1 * pose, 0.5)
                client.set_state(0.1 * pose, 0.2)
                client.step()
            client.set_goal(0.3, 0.3)
            start_ns = stamp_ns(client.set_state(0.1, 0.1))
            for _ in range(60):
                client.step()
            client.settle()
            said = [message.data for message in client.seen[f"{NODE}/period"] if message.data[0] >= start_ns]
            periods = [((now - start_ns) // PERIOD_NS, (image - start_ns) // PERIOD_NS) for now, image in said]
            pictures = [client.seen["goal_image"][-1], client.seen["image_raw"][-1]]
            return periods, [bytes(picture.data) for picture in pictures]

    first, pictures = run(idle_steps=0)
    assert len(first) == 61
    assert len({image for _, image in first}) >= 11
    assert run(idle_steps=0) == (first, pictures)
    assert run(idle_steps=37) == (first, pictures)
    assert run(idle_steps=5, other_poses=3) == (first, pictures)


def test_images_and_joint_states_come_with_the_first_period_at_or_after_they_are_due(shared: RosClient):
    # The picture of a teleport is on time; the one of period 5 is due 3.5 periods later and comes with period 9.
    for steps, images in ((8, [0]), (9, [0, 5]), (13, [0, 5]), (14, [0, 5, 10])):
        seen = periods(shared, steps)
        assert seen["/clock"] == list(range(steps + 1))
        assert seen[f"{NODE}/true_joint_states"] == list(range(steps + 1))
        assert seen["joint_states"] == list(range(steps))
        assert seen["image_raw"] == seen["image_raw/compressed"] == seen["camera_info"] == images


def test_a_late_image_waits_for_the_command_that_answers_its_period_or_for_its_end(shared: RosClient):
    shared.set_state(0.1, 0.1)
    shared.step()
    shared.settle()
    shared.seen["image_raw"].clear()
    for _ in range(8):
        shared.step()
    shared.settle()
    assert shared.seen["image_raw"] == []
    shared.publish("commands", Float64MultiArray(data=[0.0, 0.0]))
    shared.settle()
    assert len(shared.seen["image_raw"]) == 1
    for _ in range(5):
        shared.step()
    shared.settle()
    assert len(shared.seen["image_raw"]) == 1
    shared.step()
    shared.settle()
    assert len(shared.seen["image_raw"]) == 2


def test_each_period_says_which_image_is_the_newest_that_is_out(shared: RosClient):
    start_ns = stamp_ns(shared.set_state(0.2, 0.2))
    shared.settle()
    shared.seen[f"{NODE}/period"].clear()
    for _ in range(15):
        shared.step()
    shared.settle()
    said = [[(value - start_ns) // PERIOD_NS for value in message.data] for message in shared.seen[f"{NODE}/period"]]
    assert said == [[period, 0 if period < 9 else 5 if period < 14 else 10] for period in range(1, 16)]


def test_a_teleport_drops_what_is_on_its_way_and_its_own_image_is_on_time(shared: RosClient):
    periods(shared, 7)
    before_ns = stamp_ns(shared.seen["/clock"][-1])
    seen = periods(shared, 6)
    assert seen["image_raw"] == [0]
    assert seen["joint_states"] == list(range(6))
    late = [stamp for stamp in map(stamp_ns, shared.seen["image_raw"]) if stamp <= before_ns]
    assert late == [], "the picture of period 5 before the teleport"
    state = next(message for message in shared.seen["joint_states"] if stamp_ns(message) > before_ns)
    assert list(state.position) == [0.5, -0.5]


def test_goal_images_are_not_late(shared: RosClient):
    now_ns = stamp_ns(shared.set_state(0.1, 0.1))
    # It comes though no period follows.
    assert stamp_ns(shared.set_goal(0.3, 0.3)) >= now_ns
