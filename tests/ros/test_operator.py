"""An operator stops a moving robot, slows it down, watches without moving it, and brings it back inside its limits."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Iterator
from itertools import pairwise

import pytest
import rclpy
from conftest import JOINTS
from lifecycle_msgs.msg import Transition
from peer import START_S, Peer
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from spinning import spin_until
from std_msgs.msg import Bool, Float64
from std_srvs.srv import SetBool, Trigger
from test_foreign_peer import LIMITS, parameter
from trajectory_msgs.msg import JointTrajectory

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)

PERIOD_S = 0.02
ROUNDING = 1e-6

Moving = tuple[Peer, subprocess.Popen]


def follows(before: JointTrajectory, after: JointTrajectory) -> bool:
    """Whether a command is one period of acceleration from the one before, or, after missed ticks, from its ramp."""
    changes = [LIMITS[joint]["acceleration"] * PERIOD_S + ROUNDING for joint in JOINTS]

    def continues(velocities: list[float]) -> bool:
        pairs = zip(velocities, after.points[0].velocities, changes, strict=True)
        return all(abs(now - was) <= change for was, now, change in pairs)

    return any(continues(point.velocities) for point in before.points)


class Panel:
    """What an operator has in hand: the services and topics of the node, and buttons that are nodes of their own."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self._stop = peer.create_client(SetBool, "planner_node/emergency_stop")
        self._reset = peer.create_client(Trigger, "planner_node/reset")
        self._recover = peer.create_client(Trigger, "planner_node/recover")
        self._scale = peer.create_publisher(Float64, "planner_node/speed_scale", 10)
        self._buttons: list[tuple[Node, object]] = []

    def stop(self, on: bool) -> SetBool.Response:
        return self.peer._call(self._stop, SetBool.Request(data=on))

    def reset(self) -> Trigger.Response:
        return self.peer._call(self._reset, Trigger.Request())

    def recover(self) -> Trigger.Response:
        return self.peer._call(self._recover, Trigger.Request())

    def scale(self, value: float) -> None:
        assert self.peer.spin_until(lambda: self._scale.get_subscription_count() > 0)
        self.scale_now(value)

    def scale_now(self, value: float) -> None:
        self._scale.publish(Float64(data=value))

    def button(self, name: str, qos: QoSProfile | int = 10):
        node = rclpy.create_node(name)
        publisher = node.create_publisher(Bool, "planner_node/emergency_stop", qos)
        self._buttons.append((node, publisher))
        assert spin_until(node, lambda: publisher.get_subscription_count() > 0, START_S)
        # The node names whom it knows: discovery takes a moment longer in the other direction.
        self.peer.spin_for(0.5)
        return publisher

    def comes_to_rest(self, within_s: float = 3.0) -> bool:
        """Whether the robot brakes to rest and stays there, under commands that go on and keep the limits."""
        first = max(0, len(self.peer.commands) - 2)
        if not self.peer.rests_within(within_s):
            return False
        stopped = len(self.peer.commands)
        assert self.peer.spin_until(lambda: len(self.peer.commands) > stopped + 20), "commands do not go on"
        sent = [message for _, message in self.peer.commands[first:]]
        for before, after in pairwise(sent):
            assert follows(before, after), (before.points[0].velocities, after.points[0].velocities)
        return self.peer.rests()

    def remove(self, button) -> None:
        """Ends the node of a button."""
        (node,) = [node for node, publisher in self._buttons if publisher is button]
        self._buttons.remove((node, button))
        node.destroy_node()

    def close(self) -> None:
        for node, _ in self._buttons:
            node.destroy_node()


@pytest.fixture
def panel(moving: Moving) -> Iterator[Panel]:
    """The panel of a robot that moves."""
    panel = Panel(moving[0])
    yield panel
    panel.close()
    # Whatever the test left behind is cleared for the next.
    panel.scale(1.0)
    panel.peer.spin_until(lambda: panel.reset().success)


class TestEmergencyStop:
    def test_by_service_stops_until_a_reset(self, panel, moving):
        _, process = moving
        assert panel.stop(True).success
        assert panel.comes_to_rest()
        released = panel.stop(False)
        assert (released.success, released.message) == (False, "release every button, then call ~/reset")
        assert panel.peer.rests()
        assert panel.peer.spin_until(lambda: panel.peer.reported("emergency_stop: requested by service"))
        assert "emergency stop: requested by service ~/emergency_stop" in process.log_path.read_text()
        assert panel.reset().success
        assert panel.peer.spin_until(panel.peer.moves)

    def test_by_topic_stops_and_is_not_reset_while_the_button_is_pressed(self, panel, moving):
        _, process = moving
        button = panel.button("red_button")
        button.publish(Bool(data=True))
        assert panel.comes_to_rest()
        button.publish(Bool(data=True))
        panel.peer.spin_for(0.2)
        refused = panel.reset()
        assert not refused.success
        assert "/red_button says true" in refused.message
        button.publish(Bool(data=False))
        panel.peer.spin_for(0.3)
        assert panel.peer.rests()
        assert panel.peer.spin_until(lambda: panel.reset().success)
        assert panel.peer.spin_until(panel.peer.moves)
        assert "emergency stop: pressed by /red_button" in process.log_path.read_text()

    def test_of_two_buttons_that_disagree_the_pressed_one_wins_and_both_are_named(self, panel):
        left, right = panel.button("left_button"), panel.button("right_button")
        for _ in range(5):
            left.publish(Bool(data=True))
            right.publish(Bool(data=False))
            panel.peer.spin_for(0.1)
        assert panel.comes_to_rest()
        left.publish(Bool(data=True))
        right.publish(Bool(data=False))
        panel.peer.spin_for(0.2)
        refused = panel.reset()
        assert not refused.success
        assert "/left_button says true" in refused.message
        assert "/right_button says false" in refused.message
        left.publish(Bool(data=False))
        assert panel.peer.spin_until(lambda: panel.reset().success)
        assert panel.peer.spin_until(panel.peer.moves)

    @pytest.mark.parametrize("qos", [10, LATCHED, BEST_EFFORT], ids=["reliable", "latched", "best effort"])
    def test_stays_while_a_button_that_publishes_on_change_only_is_pressed(self, panel, qos):
        # Publishers of another kind are on the topic, too.
        others = [panel.button(f"other_{index}", each) for index, each in enumerate([10, LATCHED, BEST_EFFORT])]
        for other in others:
            other.publish(Bool(data=False))
        button = panel.button("lazy_button", qos)
        button.publish(Bool(data=True))
        assert panel.comes_to_rest()
        panel.peer.spin_for(2.0)
        refused = panel.reset()
        assert not refused.success
        assert "/lazy_button says true" in refused.message
        panel.remove(button)
        assert panel.peer.spin_until(lambda: panel.reset().success)
        assert panel.peer.spin_until(panel.peer.moves)

    def test_counts_if_a_latched_button_was_pressed_before_the_node_started(self, start_node, make_peer):
        early = rclpy.create_node("early_button")
        button = early.create_publisher(Bool, "planner_node/emergency_stop", LATCHED)
        # One that is not latched must not keep the node from asking for what came before.
        other = early.create_publisher(Bool, "planner_node/emergency_stop", 10)
        button.publish(Bool(data=True))
        process = start_node()
        peer = make_peer()
        panel = Panel(peer)
        try:
            # The node may receive what the button sent before it knows the name of its node.
            assert peer.spin_until(lambda: "emergency stop: pressed by " in process.log_path.read_text())
            assert "UNKNOWN" not in process.log_path.read_text()
            assert not panel.reset().success
            button.publish(Bool(data=False))
            assert peer.spin_until(lambda: "emergency stop is cleared" in panel.reset().message)
        finally:
            other.destroy()
            early.destroy_node()

    def test_outlasts_deactivation(self, panel):
        peer = panel.peer
        assert panel.stop(True).success
        assert peer.change_state(Transition.TRANSITION_DEACTIVATE)
        peer.spin_for(0.5)
        assert peer.activate()
        peer.commands.clear()
        assert peer.spin_until(lambda: len(peer.commands) > 50)
        assert peer.rests()
        assert panel.reset().success
        assert peer.spin_until(peer.moves)


# Long against the time for which a busy machine may keep a process from running: what beats ten times a second.
HEARTBEAT_S = 2.0


class TestHeartbeat:
    def test_its_loss_stops_the_robot_and_activation_needs_it(self, start_node, make_peer):
        process = start_node(emergency_stop__timeout_s=str(HEARTBEAT_S))
        peer = make_peer()
        panel = Panel(peer)
        assert peer.change_state(Transition.TRANSITION_CONFIGURE)
        assert peer.spin_until(lambda: "model reacher runs on" in process.log_path.read_text())
        peer.spin_for(0.5)
        assert not peer.change_state(Transition.TRANSITION_ACTIVATE)
        assert "emergency_stop: no heartbeat received on /planner_node/emergency_stop" in process.log_path.read_text()
        button = panel.button("watchful_button")
        beat = peer.create_timer(0.1, lambda: button.publish(Bool(data=False)))
        assert peer.activate()
        peer.publish_goal()
        assert peer.spin_until(peer.moves)
        peer.spin_for(HEARTBEAT_S + 0.5)
        beat.cancel()
        # By now the robot may be at its goal, where it rests anyway: the log says what happens.
        log = process.log_path.read_text
        assert peer.spin_until(lambda: "s from /watchful_button; it lasts" in log())
        assert panel.comes_to_rest()
        assert "no heartbeat for" in panel.reset().message
        beat.reset()
        peer.spin_for(0.5)
        assert peer.rests()
        known = len(log())
        assert panel.reset().success
        assert peer.spin_until(lambda: "following plans" in log()[known:])
        # The heartbeat of one does not stand in for another's.
        second = panel.button("second_button")
        second.publish(Bool(data=False))
        assert peer.spin_until(lambda: "s from /second_button; it lasts" in log())
        assert panel.comes_to_rest()
        known = len(log())
        assert panel.reset().success
        assert peer.spin_until(lambda: "following plans" in log()[known:])
        peer.spin_for(HEARTBEAT_S + 0.5)
        assert "emergency stop" not in log()[known:]
        beat.cancel()
        panel.close()


class TestSpeedScale:
    @staticmethod
    def top_speed(peer: Peer) -> float:
        """Of the robot a while after now, rad/s."""
        for commands in (15, 50):
            peer.commands.clear()
            assert peer.spin_until(lambda commands=commands: len(peer.commands) > commands)
        return max(abs(v) for _, message in peer.commands for v in message.points[0].velocities)

    def test_slows_the_robot_down_and_rests_it_at_0(self, panel):
        peer = panel.peer
        panel.scale(0.3)
        slow = self.top_speed(peer)
        print(f"at most {slow:.3f} rad/s")
        assert 0 < slow <= 0.3 * max(limit["velocity"] for limit in LIMITS.values()) + ROUNDING
        panel.scale(0.0)
        assert panel.comes_to_rest()
        panel.scale(1.0)
        assert peer.spin_until(peer.moves)

    @pytest.mark.parametrize("value", [math.nan, 2.0, -0.5])
    def test_refuses_what_is_no_fraction_and_keeps_the_one_before(self, panel, moving, value):
        peer, process = moving
        before = len(process.log_path.read_text())
        panel.scale(0.0)
        assert panel.comes_to_rest()
        panel.scale(value)
        assert peer.spin_until(lambda: "command.speed-scale" in process.log_path.read_text()[before:])
        peer.spin_for(0.5)
        assert peer.rests()

    def test_holds_while_a_required_topic_is_lost(self, panel):
        peer = panel.peer
        panel.scale(1.0)
        assert peer.set_parameters([parameter("command.speed_scale_timeout_s", 0.3)]).results[0].successful
        # The scale may arrive after the parameter: then the robot goes on until that message is too old as well.
        peer.spin_for(1.0)
        assert panel.comes_to_rest()
        assert peer.spin_until(lambda: peer.reported("speed_scale: no message for"))
        beat = peer.create_timer(0.1, lambda: panel.scale_now(1.0))
        assert peer.spin_until(peer.moves)
        peer.destroy_timer(beat)


class TestDryRun:
    def test_plans_without_a_command_while_the_robot_is_moved_by_hand(self, start_node, make_peer):
        start_node(dry_run="true")
        peer = make_peer()
        assert peer.change_state(Transition.TRANSITION_CONFIGURE)
        assert peer.activate()
        peer.publish_goal()
        assert peer.spin_until(lambda: len(peer.statistics) > 3)
        for _ in range(20):
            peer.position = [position + 0.05 for position in peer.position]
            peer.spin_for(0.05)
        peer.statistics.clear()
        assert peer.spin_until(lambda: len(peer.statistics) > 3)
        assert peer.commands == []
        assert peer.spin_until(lambda: peer.reported("dry_run: no command is sent"))
        assert not peer.reported("from where it should be")


class TestOutsideTheLimits:
    def test_refuses_activation_and_recovers_slowly_by_command_alone(self, start_node, make_peer):
        process = start_node()
        peer = make_peer()
        panel = Panel(peer)
        upper = LIMITS["elbow"]["upper"]
        peer.position = [0.3, upper + 0.1]
        assert peer.change_state(Transition.TRANSITION_CONFIGURE)
        assert peer.spin_until(lambda: "model reacher runs on" in process.log_path.read_text())
        peer.spin_for(0.5)
        assert not peer.change_state(Transition.TRANSITION_ACTIVATE)
        log = process.log_path.read_text()
        assert "limits: joint 'elbow' at" in log
        assert "~/recover" in log
        assert peer.commands == []
        answer = panel.recover()
        assert answer.success, answer.message
        assert "elbow from" in answer.message
        assert peer.spin_until(lambda: "recovery has ended" in process.log_path.read_text())
        elbow = [message.points[0].velocities[1] for _, message in peer.commands]
        assert min(elbow) >= -0.1 * LIMITS["elbow"]["velocity"] - ROUNDING
        assert max(elbow) <= ROUNDING
        assert peer.position[1] <= upper
        assert peer.falls_silent()
        assert peer.activate()

    def test_recovery_is_for_an_inactive_node(self, panel):
        answer = panel.recover()
        assert not answer.success
        assert "found state active, expected state inactive" in answer.message
        # Still commanded: it may be turning round just now.
        assert panel.peer.spin_until(panel.peer.moves)
