"""Joint states as real drivers publish them: in pieces, late, from several publishers, and from one too many."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator

import pytest
from lifecycle_msgs.msg import Transition
from peer import JOINT_STATES_PERIOD_S, Peer
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

Moving = tuple[Peer, subprocess.Popen]
Messages = Callable[[Peer], JointState]
Publish = Callable[[str, Messages], None]

APART_RAD = 0.7
"""Further than a joint moves between two messages, and than the tolerance of tracking."""
OVER_S = 60.0
"""How long a robot may take to go on: 2 s without a contradiction, a plan, and a busy machine."""


@pytest.fixture
def publish(moving: Moving) -> Iterator[Publish]:
    """Publishes joint states every 20 ms from a node of this name, until the end of the test."""
    peer, _ = moving
    nodes: list[Node] = []
    timers = []

    def begin(name: str, messages: Messages) -> None:
        node = next((one for one in nodes if one.get_name() == name), None)
        if node is None:
            node = Node(name)
            nodes.append(node)
        publisher = node.create_publisher(JointState, "joint_states", 10)
        timers.append(peer.create_timer(JOINT_STATES_PERIOD_S, lambda: publisher.publish(messages(peer))))

    yield begin
    for timer in timers:
        peer.destroy_timer(timer)
    for node in nodes:
        node.destroy_node()
    peer.joint_states_on = True


def state(peer: Peer, *indices: int) -> JointState:
    """The robot as the peer measured it last, with these joints alone."""
    measured = peer._measured
    message = JointState(name=[peer.joints[index] for index in indices])
    message.position = [measured.position[index] for index in indices]
    message.velocity = [measured.velocity[index] for index in indices]
    message.header.stamp = measured.header.stamp
    return message


def elsewhere(peer: Peer) -> JointState:
    message = state(peer, 0, 1)
    message.position = [one + APART_RAD for one in message.position]
    message.velocity = []
    return message


def finger(peer: Peer) -> JointState:
    message = JointState(name=["finger_joint"], position=[0.01])
    message.header.stamp = peer.get_clock().now().to_msg()
    return message


def lines(process: subprocess.Popen, text: str) -> list[str]:
    return [line for line in process.log_path.read_text().splitlines() if text in line]


def moves_undisturbed(peer: Peer, process: subprocess.Popen) -> bool:
    """Whether the robot moves for a second without a hold, in one of some tries: a busy machine delays publishers."""
    for attempt in range(10):
        before = len(lines(process, "hold: ") + lines(process, "stop: "))
        peer.commands.clear()
        peer.publish_goal(120 if attempt % 2 == 0 else 60)
        if peer.spin_until(peer.moves, 5.0):
            peer.spin_for(1.0)
            if len(lines(process, "hold: ") + lines(process, "stop: ")) == before:
                return True
    return False


def reset(peer: Peer) -> Trigger.Response:
    client = peer.create_client(Trigger, "planner_node/reset")
    try:
        return peer._call(client, Trigger.Request())
    finally:
        peer.destroy_client(client)


class TestInPieces:
    def test_two_drivers_and_a_gripper_are_one_robot(self, moving: Moving, publish: Publish) -> None:
        peer, process = moving
        peer.joint_states_on = False
        publish("upper_arm", lambda peer: state(peer, 0))
        publish("gripper", finger)
        publish("forearm", lambda peer: state(peer, 1))
        # What the node knew before gets too old within this time.
        peer.spin_for(1.0)
        assert moves_undisturbed(peer, process), process.log_path.read_text()
        assert not lines(process, "joint-states.")

    def test_a_joint_that_goes_missing_is_named_once_with_its_age(self, moving: Moving, publish: Publish) -> None:
        peer, process = moving
        before = len(lines(process, "joint-states.unknown-joint"))
        peer.joint_states_on = False
        publish("upper_arm", lambda peer: state(peer, 0))
        publish("gripper", finger)
        assert peer.spin_until(lambda: peer.reported("joint_states: the last of elbow is "))
        assert peer.spin_until(peer.rests)
        assert peer.spin_until(lambda: len(lines(process, "joint-states.unknown-joint")) > before)
        peer.spin_for(3.0)
        [line] = lines(process, "joint-states.unknown-joint")[before:]
        assert "[ERROR]" in line
        assert re.search(r"last elbow [1-9]\d*\.\d* s", line), line
        assert "expected a joint 'elbow'" in line
        publish("forearm", lambda peer: state(peer, 1))
        assert peer.spin_until(peer.moves, OVER_S), process.log_path.read_text()


class TestASecondPublisher:
    def test_that_says_the_same_changes_nothing(self, moving: Moving, publish: Publish) -> None:
        peer, process = moving
        publish("republisher", lambda peer: state(peer, 1, 0))
        assert moves_undisturbed(peer, process), process.log_path.read_text()
        assert not peer.reported("joint 'shoulder' is at")

    def test_that_contradicts_the_driver_holds_the_moving_robot_and_both_are_named(
        self, moving: Moving, publish: Publish
    ) -> None:
        peer, process = moving
        is_on = [True]
        publish("joint_state_publisher", lambda peer: elsewhere(peer) if is_on[0] else finger(peer))
        assert peer.spin_until(peer.rests), process.log_path.read_text()
        assert peer.spin_until(lambda: peer.reported("by /joint_state_publisher"))
        assert peer.spin_until(lambda: bool(lines(process, "hold: joint_states: joint 'shoulder' is at ")))
        [line] = lines(process, "hold: joint_states: joint 'shoulder' is at ")
        assert "by /peer" in line
        assert "by /joint_state_publisher" in line
        answer = reset(peer)
        assert not answer.success
        assert "by /joint_state_publisher" in answer.message
        assert "by /peer" in answer.message
        # Nobody resets anything.
        is_on[0] = False
        assert peer.spin_until(peer.moves, OVER_S), process.log_path.read_text()
        assert not lines(process, "stop: fault")

    def test_that_contradicts_the_driver_keeps_the_node_from_being_activated(
        self, moving: Moving, publish: Publish
    ) -> None:
        peer, process = moving
        assert peer.change_state(Transition.TRANSITION_DEACTIVATE)
        is_on = [True]
        publish("joint_state_publisher", lambda peer: elsewhere(peer) if is_on[0] else state(peer, 0, 1))
        assert peer.spin_until(lambda: peer.reported("by /joint_state_publisher"))
        assert not peer.change_state(Transition.TRANSITION_ACTIVATE)
        [*_, line] = lines(process, "not activated: ")
        assert "joint_states: joint 'shoulder' is at " in line
        assert "by /peer" in line
        assert "published by /joint_state_publisher, /peer" in line
        is_on[0] = False
        assert peer.activate(OVER_S)
