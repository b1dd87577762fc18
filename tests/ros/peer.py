"""A robot as any ROS 2 user might have it: rclpy alone, no code of this project.

It follows its commands perfectly, but what it publishes has an age, as on every real robot: pictures are `IMAGE_AGE_NS`
old when they are sent, joint states `JOINT_STATES_PERIOD_S`.
"""

from __future__ import annotations

import math
import time
from array import array
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import DescribeParameters, SetParameters
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.time import Time
from sensor_msgs.msg import Image, JointState
from spinning import TIMEOUT_S, pass_time, spin_until
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
SIZE = 128
START_S = TIMEOUT_S
COMMAND_PERIOD_S = 0.02
# A test that does not run for seconds still receives every command.
COMMANDS_KEPT = 1000
QUIET_S = 0.5
IMAGE_AGE_NS = 60_000_000
# Each joint state is sent one period after it was measured.
JOINT_STATES_PERIOD_S = 0.02


class Peer(Node):
    """Publishes a camera, joint states and a robot description; keeps every command and diagnostic that it receives."""

    def __init__(self, urdf: str, joints: list[str]) -> None:
        super().__init__("peer")
        self.joints = joints
        self.commands: list[tuple[float, JointTrajectory]] = []
        self.statistics: list[DiagnosticArray] = []
        self.diagnostics: dict[str, tuple[int, str]] = {}
        self._measured: JointState | None = None
        self.start_over()
        self._images = self.create_publisher(Image, "image", 1)
        self._joint_states = self.create_publisher(JointState, "joint_states", 5)
        self._goal = self.create_publisher(Image, "goal_image", LATCHED)
        self._description = self.create_publisher(String, "robot_description", LATCHED)
        if urdf:
            self.describe(urdf)
        self.create_subscription(JointTrajectory, "joint_trajectory", self._on_command, COMMANDS_KEPT)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)
        self.create_subscription(DiagnosticArray, "planner_node/statistics", self.statistics.append, 10)
        self._change_state = self.create_client(ChangeState, "planner_node/change_state")
        self._pause = self.create_client(SetBool, "planner_node/pause")
        self._capture_goal = self.create_client(Trigger, "planner_node/capture_goal")
        self._explain_distance = self.create_client(Trigger, "planner_node/explain_distance")
        self._describe_parameters = self.create_client(DescribeParameters, "planner_node/describe_parameters")
        self._set_parameters = self.create_client(SetParameters, "planner_node/set_parameters")
        # Made after the others: endpoints are announced in the order they were made in, so it stands for all of them.
        self._get_state = self.create_client(GetState, "planner_node/get_state")
        self._is_known = False
        self.create_timer(JOINT_STATES_PERIOD_S, self._publish_joint_states)
        self.create_timer(1 / 30, self._publish_image)
        self._own_subscriptions = list(self.subscriptions)

    def start_over(self) -> None:
        """The robot as it is at the start: where it was, following, with a camera and joint states."""
        self.joint_names = self.joints
        self.position = [0.3] * len(self.joints)
        self.velocity = [0.0] * len(self.joints)
        self.follows = True
        self.camera_on = True
        self.joint_states_on = True
        self.encoding = "rgb8"
        self.image_bytes = SIZE * SIZE * 3
        self.shade = 200

    def forget(self) -> None:
        """Drops every message so far, and the subscriptions of tests."""
        self.commands.clear()
        self.statistics.clear()
        self.diagnostics.clear()
        for subscription in [one for one in self.subscriptions if one not in self._own_subscriptions]:
            self.destroy_subscription(subscription)

    def describe(self, urdf: str) -> None:
        self._description.publish(String(data=urdf))

    def publish_goal(self, shade: int = 90) -> None:
        self._goal.publish(self._image(shade))

    def spin_for(self, seconds: float) -> None:
        """Handles messages for a while."""
        pass_time(seconds, lambda slice_s: self.spin_until(lambda: False, slice_s))

    def spin_until(self, condition: Callable[[], bool], timeout_s: float = START_S) -> bool:
        """Handles messages until the condition holds; False when it did not within the time."""
        return spin_until(self, condition, timeout_s)

    def change_state(self, transition: int) -> bool:
        request = ChangeState.Request(transition=Transition(id=transition))
        return self._call(self._change_state, request).success

    def activate(self, timeout_s: float = START_S) -> bool:
        """Asks again until the node is ready for it."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.change_state(Transition.TRANSITION_ACTIVATE):
                return True
            self.spin_for(0.2)
        return False

    def is_active(self) -> bool:
        return self._call(self._get_state, GetState.Request()).current_state.id == State.PRIMARY_STATE_ACTIVE

    def pause(self, on: bool) -> SetBool.Response:
        return self._call(self._pause, SetBool.Request(data=on))

    def capture_goal(self) -> Trigger.Response:
        return self._call(self._capture_goal, Trigger.Request())

    def explain_distance(self) -> Trigger.Response:
        return self._call(self._explain_distance, Trigger.Request())

    def describe_parameters(self, names: list[str]) -> DescribeParameters.Response:
        return self._call(self._describe_parameters, DescribeParameters.Request(names=names))

    def set_parameters(self, parameters: list) -> SetParameters.Response:
        return self._call(self._set_parameters, SetParameters.Request(parameters=parameters))

    def speed(self) -> float:
        """Largest joint speed of the newest command."""
        return max(abs(velocity) for velocity in self.commands[-1][1].points[0].velocities)

    def moves(self) -> bool:
        return bool(self.commands) and self.speed() > 0.05

    def rests(self) -> bool:
        return bool(self.commands) and self.speed() == 0.0

    def rests_within(self, limit_s: float) -> bool:
        """Whether the robot comes to rest within this time, counted in commands.

        So a machine on which the node or the test stands still for a while does not count as a node that brakes late.
        """
        first, most = len(self.commands), limit_s / COMMAND_PERIOD_S
        self.spin_until(lambda: self.rests() or len(self.commands) - first > most)
        return self.rests()

    def falls_silent(self) -> bool:
        """Whether the node stops sending commands."""
        for _ in range(20):
            before = len(self.commands)
            self.spin_for(QUIET_S)
            if len(self.commands) == before:
                return True
        return False

    def reported(self, text: str) -> bool:
        """Whether some diagnostic worse than OK says this."""
        return any(level > 0 and text in message for level, message in self.diagnostics.values())

    def _call(self, client, request):
        assert client.wait_for_service(timeout_sec=START_S), f"no service {client.srv_name}"
        self._wait_until_known()
        future = client.call_async(request)
        assert self.spin_until(future.done), f"no answer from {client.srv_name}"
        return future.result()

    def _wait_until_known(self) -> None:
        """Asks until an answer comes: a server may be seen before it has seen who asks, and its answer is lost then."""
        if self._is_known:
            return
        assert self._get_state.wait_for_service(timeout_sec=START_S), f"no service {self._get_state.srv_name}"
        for _ in range(30):
            if self.spin_until(self._get_state.call_async(GetState.Request()).done, 1.0):
                self._is_known = True
                return
        raise AssertionError(f"no answer from {self._get_state.srv_name}")

    def _publish_joint_states(self) -> None:
        if self._measured is not None and self.joint_states_on:
            self._joint_states.publish(self._measured)
        self._measured = JointState(name=self.joint_names, position=self.position, velocity=self.velocity)
        self._measured.header.stamp = self.get_clock().now().to_msg()

    def _publish_image(self) -> None:
        if not self.camera_on:
            return
        message = self._image(self.shade)
        # Two pixels show the pose: a picture that stays the same while the robot moves is a fault of the camera.
        for index, position in enumerate(self.position[: len(message.data)]):
            message.data[index] = int(position * 100) % 256 if math.isfinite(position) else 0
        now_ns = self.get_clock().now().nanoseconds
        # Simulated time begins with 0.
        message.header.stamp = Time(nanoseconds=max(0, now_ns - IMAGE_AGE_NS)).to_msg()
        self._images.publish(message)

    def _image(self, shade: int) -> Image:
        message = Image(height=SIZE, width=SIZE, encoding=self.encoding, step=SIZE * 3)
        message.header.stamp = self.get_clock().now().to_msg()
        message.data = array("B", bytes([shade]) * self.image_bytes)
        return message

    def _on_command(self, message: JointTrajectory) -> None:
        self.commands.append((time.monotonic(), message))
        if not self.follows:
            return
        self.position = list(message.points[0].positions)
        self.velocity = list(message.points[0].velocities)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self.diagnostics[status.name] = (int.from_bytes(status.level, "little"), status.message)
