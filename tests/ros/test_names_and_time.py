"""The planner node under another name, in a namespace, and in simulated time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import rclpy
from conftest import JOINTS, URDF
from diagnostic_msgs.msg import DiagnosticArray
from peer import START_S, Peer
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import Image
from spinning import spin_until
from std_srvs.srv import Trigger

ERROR = 2


class TestNames:
    def test_a_namespace_and_a_remapping_reach_every_topic(self, start_node, make_peer):
        remaps = ["__ns:=/left", "__node:=arm_planner", "image:=camera/image_raw"]
        process = start_node(remaps=remaps, autostart="true")
        node = rclpy.create_node("camera", namespace="/left")
        try:
            images = node.create_publisher(Image, "camera/image_raw", 1)
            statuses: dict[str, dict[str, str]] = {}

            def keep(message: DiagnosticArray) -> None:
                for status in message.status:
                    statuses[status.name] = {entry.key: entry.value for entry in status.values}

            node.create_subscription(DiagnosticArray, "/diagnostics", keep, 10)
            node.create_timer(
                0.1, lambda: images.publish(Image(height=2, width=2, encoding="rgb8", step=6, data=bytes(12)))
            )

            def camera() -> dict[str, str]:
                return statuses.get("arm_planner: camera image", {})

            spin_until(node, lambda: float(camera().get("rate_hz", 0)) > 1, START_S)
            assert camera().get("topic") == "/left/camera/image_raw", process.log_path.read_text()
            assert int(camera()["received"]) > 1
            subscribed = {name for name, _ in node.get_subscriber_names_and_types_by_node("arm_planner", "/left")}
            assert {"/left/joint_states", "/left/robot_description", "/left/goal_image"} <= subscribed
            said = {name for name, _ in node.get_publisher_names_and_types_by_node("arm_planner", "/left")}
            assert {"/left/joint_trajectory", "/left/arm_planner/plan", "/left/arm_planner/statistics"} <= said
        finally:
            node.destroy_node()


def test_an_override_for_a_topic_that_nothing_listens_to_is_told(start_node, make_peer):
    process = start_node(autostart="true", **{"qos_overrides./imgae.subscription.depth": "2"})
    warning = "qos_overrides./imgae.subscription.depth has no effect"
    assert make_peer().spin_until(lambda: warning in process.log_path.read_text()), process.log_path.read_text()


class SimulatedTime(Node):
    """Publishes /clock a hundred times a second, best effort as rosbag2 does, or reliably as bridges do."""

    def __init__(self, reliability: ReliabilityPolicy) -> None:
        super().__init__("clock")
        self.now_ns = 1_000_000_000_000
        self._clock = self.create_publisher(ClockMessage, "/clock", QoSProfile(depth=10, reliability=reliability))
        self.create_timer(0.01, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _tick(self) -> None:
        self.now_ns += 10_000_000
        message = ClockMessage()
        message.clock.sec, message.clock.nanosec = divmod(self.now_ns, 1_000_000_000)
        self._clock.publish(message)


class SimulatedPeer(Peer):
    """A robot whose stamps are of simulated time, together with that time."""

    def __init__(self, reliability: ReliabilityPolicy) -> None:
        self.time = SimulatedTime(reliability)
        super().__init__(URDF, JOINTS)
        # Its own parameter; `set_parameters` of a peer is about the planner node's.
        Node.set_parameters(self, [Parameter("use_sim_time", value=True)])
        self._reset = self.create_client(Trigger, "planner_node/reset")

    def spin_until(self, condition: Callable[[], bool], timeout_s: float = START_S) -> bool:
        def both() -> bool:
            rclpy.spin_once(self.time, timeout_sec=0.0)
            return condition()

        return super().spin_until(both, timeout_s)

    def reset(self) -> Trigger.Response:
        return self._call(self._reset, Trigger.Request())


@pytest.fixture(params=[ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE], ids=["best effort", "reliable"])
def simulated(request: pytest.FixtureRequest, start_node) -> Iterator[SimulatedPeer]:
    """A peer in simulated time whose robot the node is moving towards a goal."""
    process = start_node(use_sim_time="true")
    peer = SimulatedPeer(request.param)
    assert peer.change_state(1), "configure was refused"
    assert peer.activate(), process.log_path.read_text()
    peer.publish_goal()
    assert peer.spin_until(peer.moves), process.log_path.read_text()
    yield peer
    peer.time.destroy_node()
    peer.destroy_node()


class TestSimulatedTime:
    def motion(self, peer: SimulatedPeer) -> tuple[int | None, str]:
        return peer.diagnostics.get("planner_node: motion", (None, ""))

    def test_commands_go_by_the_clock(self, simulated):
        peer = simulated
        assert peer.spin_until(lambda: len(peer.commands) > 5)
        stopped_at = len(peer.commands)
        peer.time.destroy_timer(next(iter(peer.time.timers)))
        assert peer.falls_silent()
        said = len(peer.commands)
        peer.spin_for(1.0)
        assert said <= stopped_at + 20
        assert len(peer.commands) == said, "it went on although time stood still"

    def test_a_clock_that_goes_back_holds_the_robot_until_a_reset(self, simulated):
        peer = simulated
        peer.time.now_ns -= 5_000_000_000
        assert peer.spin_until(lambda: "went backwards" in self.motion(peer)[1]), peer.diagnostics
        assert self.motion(peer)[0] == ERROR
        assert peer.spin_until(peer.rests)
        peer.spin_for(1.0)
        assert peer.rests()
        assert peer.reset().success
        assert peer.spin_until(peer.moves), peer.diagnostics
