"""A ROS node that drives the simulator in tests and keeps what it publishes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import rclpy
from rcl_interfaces.msg import Log
from rcl_interfaces.srv import GetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, JointState
from simulator_process import NODE
from std_msgs.msg import Float64MultiArray, String, UInt64, UInt64MultiArray
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

JOINTS = ["shoulder", "elbow"]
TIMEOUT_S = 30.0
START_S = 60.0
"""A simulator may take this long to start on a busy machine."""
COMMAND_PERIOD_S = 0.02
_SLICE_S = 0.01
_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
_OUT = {
    "image_raw": (Image, 10),
    "image_raw/compressed": (CompressedImage, 10),
    "camera_info": (CameraInfo, 10),
    "joint_states": (JointState, 100),
    "/clock": (Clock, 100),
    "robot_description": (String, _LATCHED),
    "goal_image": (Image, _LATCHED),
    "goal_image/compressed": (CompressedImage, _LATCHED),
    f"{NODE}/goal_state": (JointState, _LATCHED),
    f"{NODE}/true_joint_states": (JointState, 100),
    f"{NODE}/period": (UInt64MultiArray, 100),
    "/rosout": (Log, 100),
}
_IN = {
    "joint_trajectory": JointTrajectory,
    "commands": Float64MultiArray,
    f"{NODE}/set_state": JointState,
    f"{NODE}/set_goal": JointState,
    f"{NODE}/step": UInt64,
}


class RosClient:
    """Publishes to the simulator and records, by topic, every message from it in `seen`."""

    def __init__(self, lockstep: bool, namespace: str = "", own_clock: bool = False) -> None:
        """`own_clock`: receives `/clock` in the namespace, from a simulator that publishes it there."""
        self._context = Context()
        rclpy.init(context=self._context)
        self.node = rclpy.create_node(
            "test_client",
            context=self._context,
            namespace=namespace,
            cli_args=["--ros-args", "-r", f"/clock:=/{namespace}/clock"] if own_clock else [],
            start_parameter_services=False,
        )
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self.seen: dict[str, list[Any]] = {topic: [] for topic in _OUT}
        for topic, (kind, qos) in _OUT.items():
            if lockstep or topic != f"{NODE}/period":
                self.node.create_subscription(kind, topic, self.seen[topic].append, qos)
        self._outgoing = [topic for topic in _OUT if topic != "/rosout" and (lockstep or topic != f"{NODE}/period")]
        topics = {topic: kind for topic, kind in _IN.items() if lockstep or not topic.endswith("step")}
        self._publishers = {topic: self.node.create_publisher(kind, topic, 100) for topic, kind in topics.items()}
        self._reset = self.node.create_client(Trigger, f"{NODE}/reset")
        # Made after the others: endpoints are announced in the order they were made in, so it stands for all of them.
        self._get_parameters = self.node.create_client(GetParameters, f"{NODE}/get_parameters")
        self._commands = 0
        self.wait(self._is_connected, "the simulator", START_S)
        self.wait(self._is_known, "the simulator's answer", START_S)
        # The simulator begins with a teleport, whose clock must not be taken for that of the next one.
        self.settle()

    def __enter__(self) -> RosClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)

    def _is_connected(self) -> bool:
        return (
            all(publisher.get_subscription_count() for publisher in self._publishers.values())
            and all(self.node.count_publishers(topic) for topic in self._outgoing)
            and all(self.seen[topic] for topic in ("goal_image", "robot_description", f"{NODE}/goal_state"))
            and self._reset.service_is_ready()
            and self._get_parameters.service_is_ready()
        )

    def _is_known(self) -> bool:
        """Whether the simulator has discovered this node: before that it loses what it is sent, and its answers."""
        return self.comes_true(self._get_parameters.call_async(GetParameters.Request()).done, 1.0)

    def wait(self, condition: Callable[[], bool], what: str, timeout_s: float = TIMEOUT_S) -> None:
        """Takes in messages until `condition` holds."""
        assert self.comes_true(condition, timeout_s), f"waited {timeout_s} s for {what}"

    def comes_true(self, condition: Callable[[], bool], timeout_s: float = TIMEOUT_S) -> bool:
        """Takes in messages until `condition` holds; False when it did not within the time."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() >= deadline:
                return False
            self._executor.spin_once(timeout_sec=0.05)
        return True

    def listen(self, duration_s: float) -> None:
        """Takes in messages for a while. Time in which this process does not run does not count."""
        left_s = duration_s
        while left_s > 0:
            start = time.monotonic()
            self._executor.spin_once(timeout_sec=min(left_s, _SLICE_S))
            left_s -= min(time.monotonic() - start, _SLICE_S)

    def settle(self) -> None:
        """Takes in what follows from the messages sent so far.

        The simulator handles one message after the other. It is asked twice, since a request may overtake a message.
        """
        for _ in range(2):
            self.wait(self._get_parameters.call_async(GetParameters.Request()).done, "the simulator's answer")
        self.listen(0.05)

    def command_until(self, condition: Callable[[], bool], *values: float) -> None:
        """Sends this set point every period until `condition` holds."""
        deadline = time.monotonic() + TIMEOUT_S
        while not condition():
            assert time.monotonic() < deadline, f"sent {list(values)} for {TIMEOUT_S} s"
            self.publish("commands", Float64MultiArray(data=list(values)))
            self.listen(COMMAND_PERIOD_S)

    def publish(self, topic: str, message: Any) -> None:
        self._publishers[topic].publish(message)

    def wait_for_more(self, topic: str, act: Callable[[], None]) -> Any:
        """Does `act` and returns the next message on `topic` after it."""
        count = len(self.seen[topic])
        act()
        self.wait(lambda: len(self.seen[topic]) > count, f"a message on {topic}")
        return self.seen[topic][count]

    def set_state(self, *position: float) -> Clock:
        """Teleports; returns the clock message of it."""
        message = JointState(name=JOINTS, position=list(position))
        clock = self.wait_for_more("/clock", lambda: self.publish(f"{NODE}/set_state", message))
        self._commands = 0
        return clock

    def set_goal(self, *position: float) -> Image:
        message = JointState(name=JOINTS, position=list(position))
        return self.wait_for_more("goal_image", lambda: self.publish(f"{NODE}/set_goal", message))

    def reset(self) -> Trigger.Response:
        future = self._reset.call_async(Trigger.Request())
        self.wait(future.done, "the answer of ~/reset")
        self._commands = 0
        return future.result()

    def command_and_step(self, topic: str, message: Any) -> None:
        """Publishes a command and steps one period once the simulator has it."""
        self._commands += 1

        def act() -> None:
            # The step goes first on purpose: the simulator has to wait for the command that it names.
            self.publish(f"{NODE}/step", UInt64(data=self._commands))
            self.publish(topic, message)

        self.wait_for_more("/clock", act)

    def step(self) -> None:
        """Steps one period without a new command."""
        self.wait_for_more("/clock", lambda: self.publish(f"{NODE}/step", UInt64(data=self._commands)))

    def errors(self) -> list[str]:
        """What the simulator has complained about on /rosout."""
        return [log.msg for log in self.seen["/rosout"] if log.name.endswith(NODE) and log.level >= 30]


def stamp_ns(message: Any) -> int:
    """Stamp of a Clock or of a message with a header."""
    stamp = message.clock if isinstance(message, Clock) else message.header.stamp
    return stamp.sec * 1_000_000_000 + stamp.nanosec
