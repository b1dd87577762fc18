"""The ROS 2 node of a simulation: topics, services, and time in lockstep or in real time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.clock import Clock as RclpyClock
from rclpy.clock import ClockType
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, String, UInt64, UInt64MultiArray
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from . import messages
from .camera_stream import LATCHED, CameraStream, camera_folders
from .contact_topic import ContactTopic
from .draws import Draws
from .errors import RejectedMessage
from .late import Late
from .lockstep import StepGate
from .object_topics import ObjectTopics
from .pacing import due
from .plant import Plant
from .settings import DESCRIPTIONS, Settings, checked_settings
from .simulation import Simulation
from .urdf import read_robot, root_link

LOCKSTEP_START_NS = 1_000_000_000
"""Start of lockstep time. A stamp of 0 would mean 'now' or 'none'."""

_WAKE_PERIOD_S = 0.25
_STALL_WARNING_S = 2.0
_WARNING_INTERVAL_S = 5.0
_COMMAND_DEPTH = 100
# Random poses keep this share of the joint range from either end: a pose at a limit is not a fair start or goal.
_RANDOM_POSE_MARGIN = 0.05


class SimulatorNode(Node):
    """A simulator's node, with the topics and services of docs/architecture.md.

    The caller that spins it waits at most `seconds_until_due` for messages and then calls `run_due_updates`.
    """

    def __init__(
        self,
        name: str,
        plant: Plant,
        urdf_xml: str,
        defaults: Settings,
        on_image: Callable[[], None] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        """`on_image` is called after each image of the main camera, for the viewer. `notes`: lines for the log, of what
        the simulator added to the robot or left out. Raises StartupError for a bad parameter."""
        super().__init__(name)
        self._plant = plant
        self._on_image = on_image
        self.settings = self._declare(defaults)
        lockstep = self.settings.lockstep
        self._period_ns = self.settings.period_ns
        self._cameras = [
            CameraStream(self, camera, index, folders, self.settings)
            for index, (camera, folders) in enumerate(zip(plant.cameras, camera_folders(plant.cameras), strict=True))
        ]
        self._random = np.random.default_rng(self.settings.seed)
        imperfect = self.settings.imperfections
        self._late_joint_states: Late[JointState] = Late(
            imperfect.joint_delay_ms, imperfect.joint_jitter_ms, Draws(self.settings.seed, 3)
        )
        self._gate = StepGate()
        self._goal_stamp_ns = 0
        self._simulation = Simulation(plant, self.settings.commands_mode, self._first_stamp_ns(), imperfect.delay_ms)

        self._joint_states = self.create_publisher(JointState, "joint_states", 5)
        self._true_joint_states = self.create_publisher(JointState, "~/true_joint_states", 5)
        self._clock_out = self.create_publisher(Clock, "/clock", 10)
        self._description = self.create_publisher(String, "robot_description", LATCHED)
        self._goal_state = self.create_publisher(JointState, "~/goal_state", LATCHED)

        # Only some simulators have objects.
        self._objects = None
        if getattr(plant, "objects", ()):
            root = root_link(read_robot(urdf_xml))
            self._objects = ObjectTopics(self, plant, root, lambda: self._teleport(plant.position))

        # Only some simulators see contacts.
        self._contacts = ContactTopic(self, plant) if hasattr(plant, "contacts") else None

        self.create_subscription(JointTrajectory, "joint_trajectory", self._on_trajectory, _COMMAND_DEPTH)
        self.create_subscription(Float64MultiArray, "commands", self._on_commands, _COMMAND_DEPTH)
        self.create_subscription(JointState, "~/set_state", self._on_set_state, 10)
        self.create_subscription(JointState, "~/set_goal", self._on_set_goal, 10)
        self.create_service(Trigger, "~/reset", self._on_reset)
        self._stalled_since_s = time.monotonic()
        if lockstep:
            self._period_out = self.create_publisher(UInt64MultiArray, "~/period", _COMMAND_DEPTH)
            self.create_subscription(UInt64, "~/step", self._on_step, _COMMAND_DEPTH)
        if self.seconds_until_due() is None:
            # This timer also makes a waiting executor return regularly, so that signals are noticed.
            steady = RclpyClock(clock_type=ClockType.STEADY_TIME)
            self.create_timer(_WAKE_PERIOD_S, self._warn_of_stall, clock=steady)

        self._description.publish(String(data=urdf_xml))
        self._randomise()
        several = len(self._cameras) > 1
        cameras = ", ".join(
            f"{one.camera.name + ' ' if several else ''}{one.camera.width}x{one.camera.height} at {one.rate_hz:g} Hz"
            for one in self._cameras
        )
        self.get_logger().info(
            f"Simulating {', '.join(plant.joint_names)} with seed {self.settings.seed}, "
            f"{'cameras' if several else 'camera'} {cameras}, {'in lockstep' if lockstep else 'in real time'}, "
            f"'commands' of joint {self.settings.commands_mode}."
        )
        for note in notes:
            self.get_logger().info(note)

    def _first_stamp_ns(self) -> int:
        return LOCKSTEP_START_NS if self.settings.lockstep else time.time_ns()

    def seconds_until_due(self) -> float | None:
        """How long the executor may wait for messages: until an update is due; None (no limit) in lockstep."""
        if self.settings.lockstep:
            return None
        next_update_ns = self._simulation.time_ns + self._period_ns
        return max(0, min([next_update_ns, *self._late_ns()]) - time.time_ns()) / 1e9

    def run_due_updates(self) -> None:
        """In real time, catches up with the wall clock. In lockstep it does nothing: steps run when their messages
        arrive."""
        if self.settings.lockstep:
            return
        self._publish_late()
        now_ns = time.time_ns()
        what = due(self._simulation.time_ns, now_ns, self._period_ns)
        if what.jump:
            jump_s = (now_ns - self._simulation.time_ns) / 1e9
            self.get_logger().warning(
                f"The simulation is {jump_s:+.3f} s off the wall clock (a suspended or overloaded machine, or a clock "
                "that was set): it continues from now, and the robot holds its pose until the next command.",
                throttle_duration_sec=_WARNING_INTERVAL_S,
            )
            self._simulation.skip_to(now_ns)
            self._restart_cameras_and_joints(self._plant.position)
            self._publish(self._cameras)
        elif what.updates:
            self._simulation.advance(what.updates * self._period_ns)
            self._publish([camera for camera in self._cameras if camera.advance(what.updates)])

    def _declare(self, defaults: Settings) -> Settings:
        def declare(name: str, description: str) -> object:
            # Dynamic typing accepts a rate of 10 as well as 10.0. checked_settings checks the types.
            descriptor = ParameterDescriptor(description=description, read_only=True, dynamic_typing=True)
            return self.declare_parameter(name, getattr(defaults, name), descriptor).value

        values = {name: declare(name, description) for name, description in DESCRIPTIONS.items()}
        return checked_settings(values, defaults.imperfections)

    def _on_trajectory(self, message: JointTrajectory) -> None:
        self._obey(lambda: self._simulation.follow(messages.trajectory_from_message(message)))

    def _on_commands(self, message: Float64MultiArray) -> None:
        self._obey(lambda: self._simulation.command(message.data))

    def _obey(self, command: Callable[[], None]) -> None:
        try:
            command()
        except RejectedMessage as error:
            # The same bad message may repeat at 50 Hz. One line a second is enough.
            self.get_logger().error(str(error), throttle_duration_sec=1.0)
        self._gate.add_command()
        self._send_images()
        self._run_ready_steps()

    def _on_set_state(self, message: JointState) -> None:
        try:
            pose = messages.pose_from_message("~/set_state", message, self._plant.joint_names, self._plant.limits)
        except RejectedMessage as error:
            self.get_logger().error(str(error))
            return
        self._teleport(pose)

    def _on_set_goal(self, message: JointState) -> None:
        try:
            pose = messages.pose_from_message("~/set_goal", message, self._plant.joint_names, self._plant.limits)
        except RejectedMessage as error:
            self.get_logger().error(str(error))
            return
        self._publish_goal(pose)

    def _on_reset(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        pose, goal = self._randomise()
        response.success = True
        response.message = f"pose {np.round(pose, 3).tolist()}, goal {np.round(goal, 3).tolist()}"
        return response

    def _randomise(self) -> tuple[np.ndarray, np.ndarray]:
        limits = self._plant.limits
        lower, upper = limits.lowest_drawn, limits.highest_drawn
        margin = _RANDOM_POSE_MARGIN * (upper - lower)
        pose = self._random.uniform(lower + margin, upper - margin)
        goal = self._random.uniform(lower + margin, upper - margin)
        self._publish_goal(goal)
        self._teleport(pose)
        return pose, goal

    def _teleport(self, pose: np.ndarray) -> None:
        # The new pose needs a new stamp: there must not be two states at one time.
        now_ns = self._simulation.time_ns + self._period_ns if self.settings.lockstep else time.time_ns()
        self._simulation.teleport(pose, now_ns)
        self._gate.reset()
        self._restart_cameras_and_joints(pose)
        self._publish(self._cameras)

    def _publish_goal(self, pose: np.ndarray) -> None:
        # Each goal has a new stamp, even if lockstep time has not advanced: subscribers distinguish goals by it.
        stamp_ns = max(self._simulation.time_ns, self._goal_stamp_ns + 1)
        self._goal_stamp_ns = stamp_ns
        self._goal_state.publish(messages.joint_state_message(self._plant.joint_names, pose, stamp_ns))
        for index, camera in enumerate(self._cameras):
            camera.publish_goal(self._plant.render_at(pose, index), pose, stamp_ns)

    def _on_step(self, message: UInt64) -> None:
        if self._gate.commands_expected is None:
            self._stalled_since_s = time.monotonic()
        self._gate.add_step(message.data)
        self._run_ready_steps()

    def _run_ready_steps(self) -> None:
        while self._gate.take_step():
            self._stalled_since_s = time.monotonic()
            self._send_images()
            self._simulation.advance(self._period_ns)
            self._publish([camera for camera in self._cameras if camera.advance()])

    def _warn_of_stall(self) -> None:
        expected = self._gate.commands_expected
        waited_s = time.monotonic() - self._stalled_since_s
        if expected is not None and waited_s >= _STALL_WARNING_S:
            self.get_logger().warning(
                f"A step has waited {waited_s:.0f} s for commands: {self._gate.commands_seen} seen since the last "
                f"~/set_state or ~/reset, {expected} expected. Does anything publish on 'joint_trajectory' or "
                "'commands', and does '~/step' count from the same reset?",
                throttle_duration_sec=_WARNING_INTERVAL_S,
            )

    def _publish(self, due: Sequence[CameraStream]) -> None:
        """Publishes the current state, with images of the cameras that are due. The clock comes last, so that
        everything else has been sent when it arrives."""
        stamp_ns = self._simulation.time_ns
        self._publish_joint_states(stamp_ns)
        for index, camera in enumerate(self._cameras):
            if camera in due:
                self._publish_image(self._plant.render(index), stamp_ns, index)
        if self.settings.lockstep:
            newest_ns = min(camera.newest_ns for camera in self._cameras)
            self._period_out.publish(UInt64MultiArray(data=[stamp_ns, newest_ns]))
        self._clock_out.publish(messages.clock_message(stamp_ns))

    def _publish_joint_states(self, stamp_ns: int) -> None:
        """Publishes the true joint states now, and the others when they are due."""
        plant = self._plant
        message = messages.joint_state_message(
            plant.joint_names, plant.position, stamp_ns, plant.velocity, plant.effort
        )
        self._true_joint_states.publish(message)
        if self._objects is not None:
            self._objects.publish(stamp_ns)
        if self._contacts is not None:
            self._contacts.publish(stamp_ns)
        self._late_joint_states.add(message, stamp_ns)
        self._publish_late()

    def _publish_image(self, scene: np.ndarray, stamp_ns: int, camera: int = 0) -> None:
        """Publishes the image that a camera takes of the scene, when it is due; in lockstep, see `_send_images`."""
        self._cameras[camera].take(scene, stamp_ns)
        self._publish_late()
        if self._on_image is not None and camera == 0:
            self._on_image()

    def _publish_late(self) -> None:
        """Publishes the delayed messages that are due."""
        now_ns = self._now_ns()
        for message in self._late_joint_states.take_due(now_ns):
            self._joint_states.publish(message)
        for camera in self._cameras:
            camera.publish_due(now_ns)

    def _send_images(self) -> None:
        """Sends the images of this lockstep period."""
        for camera in self._cameras:
            camera.send_awaiting_command()

    def _now_ns(self) -> int:
        return self._simulation.time_ns if self.settings.lockstep else time.time_ns()

    def _late_ns(self) -> list[int]:
        """Times at which the next delayed messages are due."""
        dues = [self._late_joint_states.due_ns, *(camera.due_ns for camera in self._cameras)]
        return [due_ns for due_ns in dues if due_ns is not None]

    def _restart_cameras_and_joints(self, pose: np.ndarray) -> None:
        """Drops delayed messages, which show the robot at its previous pose, and begins the noise of this one `[J]`."""
        self._late_joint_states.restart(pose)
        for camera in self._cameras:
            camera.restart(pose)
