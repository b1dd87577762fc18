"""`python -m jepa_mpc_training.record`: drives a simulated robot through ROS 2 and records a bag, as for a real robot.

Needs rclpy and rosbags but not PyTorch: it runs in the Python of the simulators (`npm run record`).
"""

from __future__ import annotations

import argparse
import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from builtin_interfaces.msg import Duration
from jepa_mpc_sim.held_joints import MovedRobot, moved_robot
from jepa_mpc_sim.joint_limits import JointLimits, add_options, options_from
from jepa_mpc_sim.urdf import UrdfError
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image, JointState
from std_msgs.msg import Float64MultiArray, String, UInt64
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from .config import TICK_MS, CollectConfig
from .explore import exploration, periods_in
from .exporters.errors import ExportRefusedError
from .limiter import CommandLimiter
from .periods import ticks_in

ROOT = Path(__file__).resolve().parents[2]
SIMULATOR_NODE = "mujoco_sim"
FINAL_TEST_SEED = 1000
"""Seeds from here on are reserved for the final test. No training data may be made with them."""
STORAGES = {"mcap": StoragePlugin.MCAP, "sqlite3": StoragePlugin.SQLITE3}

_BAG_VERSION = 9
_TIMEOUT_S = 30.0
_MIN_BRAKE_S = 0.001
_NS_PER_S = 1_000_000_000
_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
_TRAVEL_S = 2.6
_EXPLORE_S = 4.0
_TRAVEL_SPEED = (0.4, 1.0)
"""Range of the speed of a travel, as fractions of the velocity limits."""


class RecordError(RuntimeError):
    """Nothing was recorded. The message is one line with the cause and the remedy."""


class Explorer:
    """Commands of a robot that records, within its limits: travel to random poses, so that all of its range is covered,
    and random exploration around each."""

    def __init__(self, seed: int, limits: JointLimits, period_ms: int) -> None:
        """`period_ms`: how long each target velocity is held."""
        self._rng = np.random.default_rng([seed, 0x626167])
        self._limits, self._period_s = limits, period_ms / 1000
        self._travel_to: np.ndarray | None = None
        self._remaining = 0
        self._planned = np.empty((0, len(limits.velocity)))
        self._speed = 1.0

    def target(self, position: np.ndarray) -> np.ndarray:
        """Target velocities `[J]` in rad/s for the next control period, at the desired `position [J]`."""
        if self._remaining == 0:
            self._next_phase()
        self._remaining -= 1
        if self._travel_to is None:
            return self._planned[len(self._planned) - self._remaining - 1]
        displacement = self._travel_to - position
        # In a straight line: the joint that needs longest moves at the speed of this travel, the others in proportion.
        duration_s = float((np.abs(displacement) / self._limits.velocity).max())
        if duration_s < self._period_s:
            self._remaining = 0
        return displacement / max(duration_s, self._period_s) * self._speed

    def _next_phase(self) -> None:
        limits = self._limits
        if self._travel_to is None:
            self._travel_to = self._rng.uniform(limits.lowest_drawn, limits.highest_drawn)
            self._speed = self._rng.uniform(*_TRAVEL_SPEED)
            self._remaining = periods_in(_TRAVEL_S, self._period_s)
        else:
            self._travel_to = None
            self._remaining = periods_in(_EXPLORE_S, self._period_s)
            self._planned = exploration(self._rng, self._remaining, limits.velocity, self._period_s)


class Recorder:
    """A ROS node that commands the simulator in lockstep and writes the messages to a bag, in simulated time."""

    def __init__(
        self, bag: Writer, robot: MovedRobot, commands: str, compressed: bool, alive: Callable[[], bool]
    ) -> None:
        """`alive` returns whether the simulator is still running. `commands`: the topic of the commands."""
        self.joints, self.limits = robot.joint_names, robot.limits
        self._commands = commands
        self._bag = bag
        self._alive = alive
        self._typestore = get_typestore(Stores.ROS2_JAZZY)
        self._connections: dict[str, Any] = {}
        self._received: dict[str, int] = {}
        self._before_time: list[tuple[Any, bytes]] = []
        self._clock_ns = 0
        self._positions: np.ndarray | None = None
        self._sent = 0
        self._image_topic = "image_raw/compressed" if compressed else "image_raw"
        command_type = JointTrajectory if commands == "joint_trajectory" else Float64MultiArray
        self._node = rclpy.create_node("jepa_mpc_recorder", start_parameter_services=False)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._command = self._node.create_publisher(command_type, commands, 100)
        self._step = self._node.create_publisher(UInt64, f"{SIMULATOR_NODE}/step", 100)
        self._node.create_subscription(Clock, "/clock", self._on_clock, 100)
        self._node.create_subscription(JointState, "joint_states", self._on_state, 100)
        for topic, kind, qos in (
            (self._image_topic, CompressedImage if compressed else Image, 10),
            ("joint_states", JointState, 100),
            (commands, command_type, 100),
            ("robot_description", String, _LATCHED),
        ):
            self._record(topic, kind, qos)

    def close(self) -> None:
        """Destroys the node."""
        self._executor.shutdown()
        self._node.destroy_node()

    def run(self, seconds: float, explorer: Explorer, ticks: int, report: Callable[[float], None]) -> None:
        """Records `seconds` of simulated time, with a target of the `explorer` for every so many `ticks`. Calls
        `report` with the number of seconds recorded so far.

        Raises RecordError if the simulator ends or does not respond.
        """
        self._wait(self._is_connected, "the simulator's topics")
        self._advance()
        self._wait(lambda: self._positions is not None, "joint states")
        limiter = CommandLimiter(self.limits, TICK_MS / 1000)
        assert self._positions is not None
        limiter.reset(self._positions)
        start_ns = self._clock_ns
        while (done_s := (self._clock_ns - start_ns) / _NS_PER_S) < seconds:
            report(done_s)
            target = explorer.target(limiter.position)
            for _ in range(ticks):
                limiter.tick(target)
                self._send(limiter)
                self._advance()

    def counts(self) -> dict[str, int]:
        """Number of messages in the bag, by topic."""
        return dict(self._received)

    def _send(self, limiter: CommandLimiter) -> None:
        """Sends a command and waits until it is in the bag, so that its time of arrival is that of this tick."""
        before = self._received.get(self._commands, 0)
        self._command.publish(self._message(limiter))
        self._sent += 1
        self._wait(lambda: self._received.get(self._commands, 0) > before, "the command just sent")

    def _message(self, limiter: CommandLimiter) -> JointTrajectory | Float64MultiArray:
        """The desired state at the next tick, as the planner node sends it. A trajectory then brakes to rest."""
        if self._commands != "joint_trajectory":
            return Float64MultiArray(data=limiter.velocity.tolist())
        points = [_point(TICK_MS / 1000, limiter.position, limiter.velocity)]
        if limiter.velocity.any():
            brake_s = max(_MIN_BRAKE_S, float((np.abs(limiter.velocity) / self.limits.acceleration).max()))
            rest = limiter.position + limiter.velocity * brake_s / 2
            points.append(_point(TICK_MS / 1000 + brake_s, rest, np.zeros_like(rest)))
        return JointTrajectory(joint_names=self.joints, points=points)

    def _advance(self) -> None:
        """Advances simulated time by one tick and waits for its end."""
        before, states = self._clock_ns, self._received.get("joint_states", 0)
        self._step.publish(UInt64(data=self._sent))
        self._wait(
            lambda: self._clock_ns > before and self._received.get("joint_states", 0) > states,
            "the simulator's next tick",
        )

    def _record(self, topic: str, kind: type, qos: int | QoSProfile) -> None:
        name = f"{kind.__module__.split('.')[0]}/msg/{kind.__name__}"
        connection = self._bag.add_connection(f"/{topic}", name, typestore=self._typestore)
        stamped = hasattr(kind, "header") and topic != self._commands

        def write(raw: bytes) -> None:
            self._received[topic] = self._received.get(topic, 0) + 1
            # As `ros2 bag record --use-sim-time`: a message without a stamp gets the current simulated time.
            if stamped:
                self._bag.write(connection, _header_stamp(raw), raw)
            elif self._clock_ns:
                self._bag.write(connection, self._clock_ns, raw)
            else:
                self._before_time.append((connection, raw))

        self._node.create_subscription(kind, topic, write, qos, raw=True)

    def _on_clock(self, message: Clock) -> None:
        self._clock_ns = message.clock.sec * _NS_PER_S + message.clock.nanosec
        for connection, raw in self._before_time:
            self._bag.write(connection, self._clock_ns, raw)
        self._before_time.clear()

    def _on_state(self, message: JointState) -> None:
        if self._positions is None:
            places = dict(zip(message.name, message.position, strict=True))
            self._positions = np.array([places[joint] for joint in self.joints])

    def _is_connected(self) -> bool:
        publishers = ("/clock", "joint_states", self._image_topic)
        # One of the subscribers to the commands is this node itself.
        return (
            self._step.get_subscription_count() > 0
            and self._command.get_subscription_count() > 1
            and all(self._node.count_publishers(topic) for topic in publishers)
            and self._received.get("robot_description", 0) > 0
        )

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _TIMEOUT_S
        while not condition():
            if not self._alive():
                raise RecordError(f"{SIMULATOR_NODE}: it ended. Its output above says why.")
            if time.monotonic() > deadline:
                raise RecordError(
                    f"{what}: found nothing in {_TIMEOUT_S:g} s, expected it from {SIMULATOR_NODE}. Is another "
                    "simulator in this ROS domain? Set ROS_DOMAIN_ID to a free one."
                )
            self._executor.spin_once(timeout_sec=0.05)


def record(options: argparse.Namespace) -> dict[str, int]:
    """Starts the simulator, records, and stops it. Returns the number of messages by topic. Raises RecordError."""
    if options.seed >= FINAL_TEST_SEED:
        raise RecordError(
            f"--seed: found {options.seed}, expected less than {FINAL_TEST_SEED}: the rest are reserved for tests."
        )
    if options.out.exists():
        raise RecordError(f"--out: found something at {options.out}, expected a new folder. Remove it or pass another.")
    try:
        ticks = ticks_in(options.period_ms, "--period-ms", "--period-ms ")
        robot = moved_robot(options.urdf.read_text(encoding="utf-8"), options_from(options))
    except (ExportRefusedError, UrdfError, ValueError, OSError) as error:
        raise RecordError(str(error)) from error
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        # An incomplete bag is removed, because it would look complete.
        unfinished = stack.enter_context(ExitStack())
        unfinished.callback(shutil.rmtree, options.out, ignore_errors=True)
        simulator = subprocess.Popen(_simulator(options), env=os.environ | {"PYTHONPATH": _python_path()})
        stack.callback(_end, simulator)
        rclpy.init()
        stack.callback(rclpy.try_shutdown)
        bag = stack.enter_context(Writer(options.out, version=_BAG_VERSION, storage_plugin=STORAGES[options.storage]))
        recorder = Recorder(bag, robot, options.commands, options.compressed, lambda: simulator.poll() is None)
        stack.callback(recorder.close)
        explorer, seconds = Explorer(options.seed, recorder.limits, options.period_ms), options.minutes * 60
        recorder.run(seconds, explorer, ticks, _progress(seconds))
        unfinished.pop_all()
        return recorder.counts()


def _simulator(options: argparse.Namespace) -> list[str]:
    return [
        *(sys.executable, "-m", "jepa_mpc_mujoco", "--urdf", str(options.urdf), "--lockstep"),
        *("--camera-rate", str(1000 / options.period_ms), "--seed", str(options.seed)),
        *("--joints", options.joints, "--default-acceleration", str(options.default_acceleration)),
        *("--default-acceleration-m", str(options.default_acceleration_m)),
        *("--tip", options.tip, "--camera", options.camera),
    ]


def _python_path() -> str:
    folders = [str(ROOT / "sim" / name) for name in ("common", "mujoco")]
    return os.pathsep.join([*folders, *filter(None, [os.environ.get("PYTHONPATH")])])


def _end(simulator: subprocess.Popen[bytes]) -> None:
    simulator.terminate()
    try:
        simulator.wait(timeout=10)
    except subprocess.TimeoutExpired:
        simulator.kill()


def _progress(seconds: float) -> Callable[[float], None]:
    """Prints the progress after every tenth of the recording."""
    last = [-1]

    def report(done_s: float) -> None:
        tenth = int(done_s / seconds * 10)
        if tenth > last[0]:
            last[0] = tenth
            print(f"recorded {done_s:.0f} of {seconds:.0f} s", flush=True)

    return report


def _point(after_s: float, position: np.ndarray, velocity: np.ndarray) -> JointTrajectoryPoint:
    seconds, nanoseconds = divmod(round(after_s * _NS_PER_S), _NS_PER_S)
    return JointTrajectoryPoint(
        positions=position.tolist(),
        velocities=velocity.tolist(),
        time_from_start=Duration(sec=seconds, nanosec=nanoseconds),
    )


def _header_stamp(raw: bytes) -> int:
    """Stamp in ns of a serialised message that begins with a std_msgs/Header."""
    seconds, nanoseconds = struct.unpack_from("<iI" if raw[1] & 1 else ">iI", raw, 4)
    return seconds * _NS_PER_S + nanoseconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 0 if the bag was written, 2 with one line on stderr if nothing could be recorded."""
    parser = argparse.ArgumentParser(prog="jepa_mpc_training.record", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the bag, which must not exist")
    parser.add_argument("--minutes", type=float, default=40.0, help="simulated time to record (default 40)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the motions, below 1000 (default 0)")
    parser.add_argument(
        "--period-ms",
        type=int,
        default=CollectConfig.period_ms,
        help=f"control period, a multiple of {TICK_MS}: collect.period_ms of the training (default %(default)s)",
    )
    parser.add_argument("--storage", choices=STORAGES, default="mcap")
    parser.add_argument("--commands", choices=("joint_trajectory", "commands"), default="joint_trajectory")
    parser.add_argument("--compressed", action="store_true", help="record JPEG images")
    parser.add_argument("--urdf", type=Path, default=ROOT / "urdf" / "reacher.urdf", help="robot and camera")
    add_options(parser)
    options = parser.parse_args(arguments)
    start = time.monotonic()
    try:
        counts = record(options)
    except RecordError as error:
        print(f"jepa_mpc_training.record: error: {error}", file=sys.stderr)
        return 2
    print(f"wrote {options.out} in {(time.monotonic() - start) / 60:.1f} minutes:")
    for topic, count in counts.items():
        print(f"  /{topic}: {count} messages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
