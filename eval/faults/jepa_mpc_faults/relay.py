"""The node of the harness: relays the simulator's messages to the planner, disturbed as a scenario asks, and records.

The simulator publishes on `/raw/...`, the planner listens on `/relay/...`. So everything that the planner receives of
the robot passes through here.
"""

from __future__ import annotations

import heapq
import itertools
import math
import time
from collections.abc import Callable, Sequence

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import Log
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from .command_checker import CommandChecker
from .effort_arm import EffortArm
from .limits import Limits
from .measure import WARN
from .recorder import LogLine, Record, Sample, Status
from .settings import PERIOD_S
from .simulated_time import SimulatedTime
from .stamps import shifted, stamp_of
from .start import SHARED_START_TOLERANCE, START_TOLERANCE
from .trajectory import Trajectory

PLANNER = "planner_node"
CameraFault = Callable[[Image], Sequence[tuple[float, Image]]]
JointFault = Callable[[JointState], Sequence[tuple[float, JointState]]]
ClockFault = Callable[[int], Sequence[int]]

_FLUSH_S = 0.002


def untouched(message: object) -> list[tuple[float, object]]:
    """Relays a message as it is, at once."""
    return [(0.0, message)]


class Relay(Node):
    """Relays and records. `camera`, `joints` and `clock` are what happens to messages now."""

    def __init__(self, record: Record) -> None:
        super().__init__("fault_harness")
        self.record = record
        self.checkers: list[CommandChecker] = []
        self.arm: EffortArm | None = None
        self.forwards_commands = False
        self._order: list[str] = []
        self._limits: Limits | None = None
        self._interface = "joint_trajectory"
        self._last_positions: np.ndarray | None = None
        self._simulated_time: SimulatedTime | None = None
        self._expected_s = 0.0
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self.last_goal_image: Image | None = None
        self.longest_stall_s = 0.0
        self._joints_s = 0.0
        self.calm()
        reliable = QoSProfile(depth=100)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._images = self.create_publisher(Image, "/relay/image", 5)
        self.joint_states = self.create_publisher(JointState, "/relay/joint_states", 50)
        self.other_joint_states = self.create_publisher(JointState, "/relay/joint_states", 50)
        self._clock_out = self.create_publisher(Clock, "/clock", 10)
        self.goal_image = self.create_publisher(Image, "/goal_image", latched)
        self._set_goal = self.create_publisher(JointState, "/mujoco_sim/set_goal", 10)
        self._set_state = self.create_publisher(JointState, "/mujoco_sim/set_state", 10)
        self._to_robot = self.create_publisher(JointTrajectory, "/relay/joint_trajectory", reliable)
        self._positions_to_robot = self.create_publisher(Float64MultiArray, "/relay/commands", reliable)
        self.create_subscription(Image, "/raw/image_raw", self._on_image, 5)
        self.create_subscription(JointState, "/raw/joint_states", self._on_joint_states, 50)
        self.create_subscription(Clock, "/raw/clock", self._on_clock, 10)
        self.create_subscription(Image, "/goal_image", self._on_goal_image, latched)
        self.create_subscription(JointState, "/mujoco_sim/true_joint_states", self._on_true_state, 50)
        self.create_subscription(Log, "/rosout", self._on_log, reliable)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)
        self.create_subscription(DiagnosticArray, f"/{PLANNER}/statistics", self._on_statistics, 10)
        self._trajectories = self._listen()
        self.create_subscription(Float64MultiArray, "/commands", self._on_commands, reliable)
        self._flush = self.create_timer(_FLUSH_S, self._send_due)
        self._flush.cancel()

    # What a scenario changes

    def calm(self) -> None:
        """Relays everything as it comes."""
        self.camera: CameraFault = untouched
        self.joints: JointFault = untouched
        self.clock: ClockFault = lambda now_ns: [now_ns]
        self.shift_ns = 0
        self.stamp_lag_ns = 0
        self.offset_rad = 0.0

    def calm_but_clock(self) -> None:
        """The same; simulated time stays where it was put, because it may not go back."""
        shift_ns = self.shift_ns
        self.calm()
        self.shift_ns = shift_ns

    def expect(
        self, interface: str, limits: Limits, period_s: float, *, streams: int = 1, is_paced: bool = True
    ) -> None:
        """Checks commands of this kind from now on, as so many streams."""
        self._interface = interface
        self._order = list(limits.names)
        self._limits = limits
        self.arm = None
        self._last_positions = None
        # Commands of an earlier system may still be in the queue.
        self._expected_s = time.time()
        # A sender that takes the time from `/clock` counts its periods by it.
        self._simulated_time = None if is_paced else SimulatedTime()
        tolerance = START_TOLERANCE if streams == 1 else SHARED_START_TOLERANCE
        self.checkers = [
            CommandChecker(
                limits,
                period_s,
                is_paced=is_paced,
                pose=self._shown_pose,
                start_tolerance=tolerance,
                counts_steps=streams == 1,
            )
            for _ in range(streams)
        ]

    def restart_checks(self, *, anywhere: bool = False) -> None:
        """Commands may begin anew: after a reset or an activation.

        `anywhere`: not only where the robot is, because this program did not listen meanwhile.
        """
        now_s = time.time() if self._simulated_time is None else self._simulated_time.elapsed_s
        for checker in self.checkers:
            checker.restart(now_s, anywhere=anywhere)

    def _shown_pose(self) -> np.ndarray | None:
        """Where the planner measures the robot `[J]`, as far as faults do not hide it."""
        position = self.record.position
        if position is None or len(position) != len(self._order):
            return None
        shown = position.copy()
        shown[0] += self.offset_rad
        return shown

    def set_goal(self, position: Sequence[float]) -> None:
        self._set_goal.publish(JointState(name=self._order, position=[float(one) for one in position]))

    def set_state(self, position: Sequence[float]) -> None:
        self._set_state.publish(JointState(name=self._order, position=[float(one) for one in position]))

    def listen_to_commands(self, on: bool) -> None:
        """Without it, and without a robot that listens, nobody subscribes to the trajectories."""
        if on and self._trajectories is None:
            self._trajectories = self._listen()
        elif not on and self._trajectories is not None:
            self.destroy_subscription(self._trajectories)
            self._trajectories = None

    def _listen(self) -> object:
        return self.create_subscription(
            JointTrajectory, "/joint_trajectory", self._on_trajectory, QoSProfile(depth=100)
        )

    # Relayed

    def _on_image(self, message: Image) -> None:
        self._shift(message)
        for delay_s, sent in self.camera(message):
            self._later(delay_s, lambda sent=sent: self._images.publish(sent))

    def _on_joint_states(self, message: JointState) -> None:
        # The simulator sends them at 100 Hz: a longer gap is one of the machine.
        now_s = time.monotonic()
        self.longest_stall_s = max(self.longest_stall_s, now_s - self._joints_s)
        self._joints_s = now_s
        if self._interface == "effort" and self.arm is None and self._limits is not None:
            self.arm = EffortArm(np.array(message.position), self._limits.lower, self._limits.upper)
        if self.arm is not None:
            self.arm.put_into(message)
            self._positions_to_robot.publish(Float64MultiArray(data=self.arm.position.tolist()))
        self._shift(message)
        for delay_s, sent in self.joints(message):
            self._later(delay_s, lambda sent=sent: self.joint_states.publish(sent))

    def _on_clock(self, message: Clock) -> None:
        now_ns = stamp_of(message.clock) + self.shift_ns
        for sent_ns in self.clock(now_ns):
            out = Clock()
            out.clock = shifted(out.clock, sent_ns)
            if self._simulated_time is not None:
                self._simulated_time.note(time.time(), sent_ns)
            self._clock_out.publish(out)

    def _shift(self, message: Image | JointState) -> None:
        """Simulated time may be ahead of the simulator's, and its sensors behind it."""
        by_ns = self.shift_ns - self.stamp_lag_ns
        if by_ns:
            message.header.stamp = shifted(message.header.stamp, by_ns)

    def _later(self, delay_s: float, send: Callable[[], None]) -> None:
        if delay_s <= 0:
            send()
            return
        heapq.heappush(self._queue, (time.monotonic() + delay_s, next(self._numbers), send))
        if self._flush.is_canceled():
            self._flush.reset()

    def _send_due(self) -> None:
        while self._queue and self._queue[0][0] <= time.monotonic():
            heapq.heappop(self._queue)[2]()
        if not self._queue:
            self._flush.cancel()

    # Recorded

    def _on_goal_image(self, message: Image) -> None:
        self.last_goal_image = message

    def _on_true_state(self, message: JointState) -> None:
        position, velocity = np.array(message.position), np.array(message.velocity)
        if self.arm is not None:
            position, velocity = self.arm.position.copy(), self.arm.velocity.copy()
        self.record.add_measured(time.time(), position, velocity)

    def _on_log(self, message: Log, info: dict) -> None:
        if message.name == PLANNER and message.level >= WARN:
            self.record.add_log(LogLine(_sent_s(info), int(message.level), message.msg))

    def _on_diagnostics(self, message: DiagnosticArray, info: dict) -> None:
        time_s = _sent_s(info)
        for status in message.status:
            node, _, part = status.name.partition(": ")
            if node != PLANNER:
                continue
            values = {one.key: one.value for one in status.values}
            level = int.from_bytes(status.level, "little")
            self.record.add_status(Status(time_s, part, level, status.message, values.get("condition", "")))

    def _on_statistics(self, _message: DiagnosticArray, info: dict) -> None:
        self.record.add_plan(_sent_s(info))

    def _on_trajectory(self, message: JointTrajectory, info: dict) -> None:
        time_s = _sent_s(info)
        if time_s < self._expected_s:
            return
        trajectory = read_trajectory(message, self._order)
        if self.forwards_commands:
            self._forward(message)
        if self.checkers and trajectory is None:
            self.checkers[0].reject(
                time_s, "joints or points", float(len(message.joint_names)), float(len(self._order))
            )
        elif self.checkers:
            made_s = time_s if self._simulated_time is None else self._simulated_time.at(time_s)
            if made_s is None:
                return
            fitting = next((one for one in self.checkers if one.fits(made_s, trajectory)), self.checkers[0])
            (fitting if len(self.checkers) > 1 else self.checkers[0]).check_trajectory(made_s, trajectory)
        if trajectory is None or len(trajectory.times_s) == 0:
            return
        speeds = np.max(np.abs(trajectory.velocities), axis=1)
        rests = np.flatnonzero(speeds == 0)
        ramp_s = float(trajectory.times_s[rests[0]]) if len(rests) else math.inf
        self.record.add_sample(Sample(time_s, float(speeds[0]), ramp_s))

    def _forward(self, message: JointTrajectory) -> None:
        """Sends a trajectory on to the robot, whose first joint may be elsewhere than the planner measures it."""
        if self.offset_rad:
            for point in message.points:
                point.positions[0] -= self.offset_rad
        self._to_robot.publish(message)

    def _on_commands(self, message: Float64MultiArray, info: dict) -> None:
        time_s = _sent_s(info)
        values = np.array(message.data)
        if not self.checkers or time_s < self._expected_s:
            return
        checker = self.checkers[0]
        ramp_s = math.inf
        if len(values) != len(self._order):
            checker.reject(time_s, "joints", float(len(values)), float(len(self._order)))
            return
        if self._interface == "velocity":
            checker.check_velocities(time_s, values)
            speed = float(np.max(np.abs(values)))
        elif self._interface == "position":
            checker.check_positions(time_s, values)
            before = values if self._last_positions is None else self._last_positions
            velocities = np.abs(values - before) / PERIOD_S
            speed = float(np.max(velocities))
            self._last_positions = values
            # A controller of positions stays at the last one: at rest, if the last step was one of coming to rest.
            rests = self._limits is not None and bool(np.all(velocities <= self._limits.acceleration * PERIOD_S))
            ramp_s = PERIOD_S if rests else math.inf
        else:
            checker.check_efforts(time_s, values)
            if self.arm is not None:
                self.arm.command(values)
            speed = 0.0 if self.arm is None else float(np.max(np.abs(self.arm.velocity)))
        self.record.add_sample(Sample(time_s, speed, ramp_s))


def _sent_s(info: dict) -> float:
    """When a message was sent, on the wall clock, s."""
    return info["source_timestamp"] / 1e9


def read_trajectory(message: JointTrajectory, order: Sequence[str]) -> Trajectory | None:
    """The points of a message, with the joints in this order.

    None for other joints, or for points that do not have a position and a velocity of each.
    """
    names = list(message.joint_names)
    points = message.points
    sizes = {len(values) for point in points for values in (point.positions, point.velocities)}
    if sorted(names) != sorted(order) or not points or sizes != {len(names)}:
        return None
    columns = [names.index(name) for name in order]
    times = np.array([p.time_from_start.sec + p.time_from_start.nanosec / 1e9 for p in points])
    positions = np.array([p.positions for p in points], dtype=np.float64)
    velocities = np.array([p.velocities for p in points], dtype=np.float64)
    return Trajectory(times, positions[:, columns], velocities[:, columns])
