"""The ROS 2 node of a simulation: topics, services, and time in lockstep or in real time."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.clock import Clock as RclpyClock
from rclpy.clock import ClockType
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, JointState
from std_msgs.msg import Float64MultiArray, String, UInt64, UInt64MultiArray
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from . import messages
from .camera_schedule import CameraSchedule
from .draws import Draws
from .errors import RejectedMessage
from .late import Late
from .lockstep import StepGate
from .pacing import due
from .plant import Plant
from .settings import DESCRIPTIONS, Settings, checked_settings
from .simulation import Simulation

LOCKSTEP_PERIOD_NS = 20_000_000
LOCKSTEP_START_NS = 1_000_000_000
"""Start of lockstep time. A stamp of 0 would mean 'now' or 'none'."""
LOCKSTEP_CAMERA_RATE_HZ = 10.0
REAL_TIME_PERIOD_NS = 10_000_000

_WAKE_PERIOD_S = 0.25
_STALL_WARNING_S = 2.0
_WARNING_INTERVAL_S = 5.0
_COMMAND_DEPTH = 100
_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
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
    ) -> None:
        """`on_image` is called after each image, for the viewer. Raises StartupError for a bad parameter."""
        super().__init__(name)
        self._plant = plant
        self._on_image = on_image
        self.settings = self._declare(defaults)
        lockstep = self.settings.lockstep
        self._period_ns = LOCKSTEP_PERIOD_NS if lockstep else REAL_TIME_PERIOD_NS
        rate_hz = self.settings.camera_rate or (LOCKSTEP_CAMERA_RATE_HZ if lockstep else plant.camera.rate_hz)
        self._schedule = CameraSchedule(rate_hz, self._period_ns)
        self._random = np.random.default_rng(self.settings.seed)
        self._image_noise = Draws(self.settings.seed, 1)
        self._goal_noise = Draws(self.settings.seed, 4)
        imperfect = self.settings.imperfections
        self._late_images: Late[tuple[np.ndarray, int]] = Late(
            imperfect.camera_delay_ms,
            imperfect.camera_jitter_ms,
            Draws(self.settings.seed, 2),
            # With two images in one period, the one that is planned from would depend on the speed of the planner.
            self._period_ns if lockstep else 0,
        )
        self._awaiting_command: list[tuple[np.ndarray, int]] = []
        self._late_joint_states: Late[JointState] = Late(
            imperfect.joint_delay_ms, imperfect.joint_jitter_ms, Draws(self.settings.seed, 3)
        )
        self._frame_id = messages.image_frame_id(urdf_xml, plant.camera)
        self._gate = StepGate()
        self._goal_stamp_ns = 0
        self._simulation = Simulation(plant, self.settings.commands_mode, self._first_stamp_ns(), imperfect.delay_ms)

        self._image = self.create_publisher(Image, "image_raw", 2)
        self._compressed_image = self.create_publisher(CompressedImage, "image_raw/compressed", 2)
        self._camera_info = self.create_publisher(CameraInfo, "camera_info", 2)
        self._joint_states = self.create_publisher(JointState, "joint_states", 5)
        self._true_joint_states = self.create_publisher(JointState, "~/true_joint_states", 5)
        self._clock_out = self.create_publisher(Clock, "/clock", 10)
        self._description = self.create_publisher(String, "robot_description", _LATCHED)
        self._goal_image = self.create_publisher(Image, "goal_image", _LATCHED)
        self._compressed_goal_image = self.create_publisher(CompressedImage, "goal_image/compressed", _LATCHED)
        self._goal_state = self.create_publisher(JointState, "~/goal_state", _LATCHED)

        self.create_subscription(JointTrajectory, "joint_trajectory", self._on_trajectory, _COMMAND_DEPTH)
        self.create_subscription(Float64MultiArray, "commands", self._on_commands, _COMMAND_DEPTH)
        self.create_subscription(JointState, "~/set_state", self._on_set_state, 10)
        self.create_subscription(JointState, "~/set_goal", self._on_set_goal, 10)
        self.create_service(Trigger, "~/reset", self._on_reset)
        self._stalled_since_s = time.monotonic()
        self._newest_image_ns = 0
        if lockstep:
            self._period_out = self.create_publisher(UInt64MultiArray, "~/period", _COMMAND_DEPTH)
            self.create_subscription(UInt64, "~/step", self._on_step, _COMMAND_DEPTH)
        if self.seconds_until_due() is None:
            # This timer also makes a waiting executor return regularly, so that signals are noticed.
            steady = RclpyClock(clock_type=ClockType.STEADY_TIME)
            self.create_timer(_WAKE_PERIOD_S, self._warn_of_stall, clock=steady)

        self._description.publish(String(data=urdf_xml))
        self._randomise()
        camera = plant.camera
        self.get_logger().info(
            f"Simulating {', '.join(plant.joint_names)} with seed {self.settings.seed}, camera {camera.width}x"
            f"{camera.height} at {rate_hz:g} Hz, {'in lockstep' if lockstep else 'in real time'}, 'commands' of joint "
            f"{self.settings.commands_mode}."
        )

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
            self._schedule.restart()
            self._restart_camera_and_joints(self._plant.position)
            self._publish(image_due=True)
        elif what.updates:
            self._simulation.advance(what.updates * self._period_ns)
            self._publish(image_due=self._schedule.advance(what.updates))

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
        self._send_awaiting_command()
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
        self._schedule.restart()
        self._restart_camera_and_joints(pose)
        self._publish(image_due=True)

    def _publish_goal(self, pose: np.ndarray) -> None:
        # Each goal has a new stamp, even if lockstep time has not advanced: subscribers distinguish goals by it.
        stamp_ns = max(self._simulation.time_ns, self._goal_stamp_ns + 1)
        self._goal_stamp_ns = stamp_ns
        self._goal_noise.restart(pose)
        pixels = self.settings.imperfections.seen(self._plant.render_at(pose), self._goal_noise.rng)
        self._goal_state.publish(messages.joint_state_message(self._plant.joint_names, pose, stamp_ns))
        self._goal_image.publish(messages.image_message(pixels, stamp_ns, self._frame_id))
        self._compressed_goal_image.publish(messages.compressed_image_message(pixels, stamp_ns, self._frame_id))

    def _on_step(self, message: UInt64) -> None:
        if self._gate.commands_expected is None:
            self._stalled_since_s = time.monotonic()
        self._gate.add_step(message.data)
        self._run_ready_steps()

    def _run_ready_steps(self) -> None:
        while self._gate.take_step():
            self._stalled_since_s = time.monotonic()
            self._send_awaiting_command()
            self._simulation.advance(self._period_ns)
            self._publish(image_due=self._schedule.advance())

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

    def _publish(self, image_due: bool) -> None:
        """Publishes the current state. The clock comes last, so that everything else has been sent when it arrives."""
        stamp_ns = self._simulation.time_ns
        self._publish_joint_states(stamp_ns)
        if image_due:
            self._publish_image(self._plant.render(), stamp_ns)
        if self.settings.lockstep:
            self._period_out.publish(UInt64MultiArray(data=[stamp_ns, self._newest_image_ns]))
        self._clock_out.publish(messages.clock_message(stamp_ns))

    def _publish_joint_states(self, stamp_ns: int) -> None:
        """Publishes the true joint states now, and the others when they are due."""
        plant = self._plant
        message = messages.joint_state_message(
            plant.joint_names, plant.position, stamp_ns, plant.velocity, plant.effort
        )
        self._true_joint_states.publish(message)
        self._late_joint_states.add(message, stamp_ns)
        self._publish_late()

    def _publish_image(self, scene: np.ndarray, stamp_ns: int) -> None:
        """Publishes the image that the camera takes of the scene, when it is due; in lockstep, see
        `_send_awaiting_command`."""
        self._late_images.add((self.settings.imperfections.seen(scene, self._image_noise.rng), stamp_ns), stamp_ns)
        self._publish_late()
        if self._on_image is not None:
            self._on_image()

    def _publish_late(self) -> None:
        """Publishes the delayed messages that are due."""
        now_ns = self._now_ns()
        for message in self._late_joint_states.take_due(now_ns):
            self._joint_states.publish(message)
        for pixels, stamp_ns in self._late_images.take_due(now_ns):
            self._newest_image_ns = stamp_ns
            if self.settings.lockstep:
                self._awaiting_command.append((pixels, stamp_ns))
            else:
                self._send_image(pixels, stamp_ns)

    def _send_awaiting_command(self) -> None:
        """Sends the images of this lockstep period.

        They are sent after the first command of the period, or at its end if there is none. Otherwise it would depend
        on timing whether that command already follows a plan from the image, and whether the plan knows of the command
        and of the joint states of the period.
        """
        for pixels, stamp_ns in self._awaiting_command:
            self._send_image(pixels, stamp_ns)
        self._awaiting_command.clear()

    def _send_image(self, pixels: np.ndarray, stamp_ns: int) -> None:
        """Sends an image: raw always, compressed only if there is a subscriber, because compression takes longer than
        rendering."""
        self._image.publish(messages.image_message(pixels, stamp_ns, self._frame_id))
        if self._compressed_image.get_subscription_count() > 0:
            self._compressed_image.publish(messages.compressed_image_message(pixels, stamp_ns, self._frame_id))
        self._camera_info.publish(messages.camera_info_message(self._plant.camera, stamp_ns, self._frame_id))

    def _now_ns(self) -> int:
        return self._simulation.time_ns if self.settings.lockstep else time.time_ns()

    def _late_ns(self) -> list[int]:
        """Times at which the next delayed messages are due."""
        dues = (self._late_joint_states.due_ns, self._late_images.due_ns)
        return [due_ns for due_ns in dues if due_ns is not None]

    def _restart_camera_and_joints(self, pose: np.ndarray) -> None:
        """Drops delayed messages, which show the robot at its previous pose, and begins the noise of this one `[J]`."""
        self._late_joint_states.restart(pose)
        self._late_images.restart(pose)
        self._image_noise.restart(pose)
        self._awaiting_command.clear()
