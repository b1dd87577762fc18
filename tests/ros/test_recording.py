"""Recordings of the real node that moves a simulated robot: read by the tools of others, replayed, and cut short.

The simulator's camera and joint states have an age and jitter, as on every real robot.
"""

from __future__ import annotations

import importlib
import json
import re
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from conftest import PATIENT, ROOT, URDF, StartNode
from diagnostic_msgs.msg import DiagnosticArray
from peer import LATCHED
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore
from sensor_msgs.msg import JointState
from simulator import SIMULATOR, simulator_environment
from spinning import TIMEOUT_S, pass_time, spin_until
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

READY_S = 120.0
JOINTS = ["shoulder", "elbow"]
CLI = ["node", str(ROOT / "dist" / "src" / "cli" / "main.js")]
OWN = ["load", "goal", "request", "plan"]


class Robot(Node):
    """Somebody who watches the robot and the node."""

    def __init__(self) -> None:
        super().__init__("recording_watcher")
        self.commands: list[float] = []
        self.positions: list[list[float]] = []
        self.diagnostics: dict[str, tuple[int, str, dict[str, str]]] = {}
        self.create_subscription(JointTrajectory, "joint_trajectory", self._on_command, 100)
        self.create_subscription(JointState, "joint_states", self._on_state, 100)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)
        self.goals: list[DiagnosticArray] = []
        self.plans = 0
        self.create_subscription(DiagnosticArray, "planner_node/statistics", self._on_plan, 100)
        self.create_subscription(DiagnosticArray, "planner_node/goal_status", self.goals.append, LATCHED)
        self._set = self.create_client(SetParameters, "planner_node/set_parameters")
        self._reset = self.create_client(Trigger, "planner_node/reset")
        self._new_goal = self.create_client(Trigger, "mujoco_sim/reset")

    def _on_command(self, message: JointTrajectory) -> None:
        self.commands.append(time.monotonic())

    def _on_plan(self, _message: DiagnosticArray) -> None:
        self.plans += 1

    def _on_state(self, message: JointState) -> None:
        self.positions.append(list(message.position))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            level = status.level if isinstance(status.level, int) else status.level[0]
            values = {entry.key: entry.value for entry in status.values}
            self.diagnostics[status.name.removeprefix("planner_node: ")] = (level, status.message, values)

    def until(self, condition, timeout_s: float = TIMEOUT_S) -> bool:
        return spin_until(self, condition, timeout_s)

    def pass_time(self, seconds: float) -> None:
        pass_time(seconds, lambda slice_s: self.until(lambda: False, slice_s))

    def watch(self, seconds: float, plans: int) -> None:
        """Lets time pass, and until so many plans have been made: on a busy machine they take longer."""
        before = self.plans
        self.pass_time(seconds)
        assert self.until(lambda: self.plans >= before + plans), f"{self.plans - before} plans, expected {plans}"

    def set(self, name: str, value: bool | float) -> None:
        wanted = (
            ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=value)
            if isinstance(value, bool)
            else ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value)
        )
        request = SetParameters.Request(parameters=[Parameter(name=name, value=wanted)])
        answer = self._call(self._set, request)
        assert answer.results[0].successful, answer.results[0].reason

    def start_over(self) -> None:
        """Another pose and another goal, and plans that begin anew."""
        for client in (self._new_goal, self._reset):
            answer = self._call(client, Trigger.Request())
            assert answer.success, answer.message
            self.pass_time(0.5)

    def _call(self, client, request):
        assert client.wait_for_service(TIMEOUT_S)
        future = client.call_async(request)
        assert self.until(future.done), "no answer"
        return future.result()

    def has_moved(self, since: int = 0) -> bool:
        """Whether the robot has moved since it had published so many states."""
        states = np.array(self.positions[since:])
        return len(states) > 1 and float(np.ptp(states, axis=0).max()) > 0.02

    def longest_gap_s(self, since: float) -> float:
        times = [at for at in self.commands if at >= since]
        return max(after - before for before, after in pairwise(times))


@contextmanager
def simulated(log_path: Path) -> Iterator[Robot]:
    with log_path.open("w") as log:
        simulator = subprocess.Popen(SIMULATOR, env=simulator_environment(), stdout=log, stderr=subprocess.STDOUT)
    robot = Robot()
    try:
        yield robot
    finally:
        robot.destroy_node()
        simulator.terminate()
        simulator.wait(TIMEOUT_S)


@pytest.fixture
def robot(tmp_path: Path) -> Iterator[Robot]:
    with simulated(tmp_path / "simulator.log") as robot:
        yield robot


def start(start_node: StartNode, robot: Robot, path: Path, **parameters: str) -> subprocess.Popen:
    """A node that moves the robot and records."""
    values = {"autostart": "true", "recording__enabled": "true", "recording__file": str(path)} | PATIENT | parameters
    node = start_node(remaps=["image:=image_raw"], **values)
    assert robot.until(lambda: len(robot.commands) > 50 and robot.has_moved(), READY_S), node.log_path.read_text()
    return node


def end(node: subprocess.Popen) -> None:
    node.send_signal(signal.SIGINT)
    assert node.wait(TIMEOUT_S) == 0


def replay(path: Path, *options: str) -> tuple[int, list[str]]:
    done = subprocess.run([*CLI, "replay", str(path), *options], capture_output=True, text=True, timeout=300)
    print(done.stdout, done.stderr)
    return done.returncode, done.stdout.splitlines()


def installed(name: str) -> type:
    """The class of a type such as `std_msgs/msg/String`."""
    package, _, kind = name.split("/")
    return getattr(importlib.import_module(f"{package}.msg"), kind)


def counts(path: Path) -> Counter[str]:
    with AnyReader([path], default_typestore=get_typestore(Stores.ROS2_JAZZY)) as bag:
        return Counter(connection.topic for connection, *_ in bag.messages())


def is_cut_short(error: str) -> bool:
    """Whether this is of a plan that was being made when the node ended."""
    return error.startswith("planner worker: found stopped on request")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One run for the tests that only read it: a reset, another goal, live changes, a time budget."""
    from conftest import node_starter

    folder = tmp_path_factory.mktemp("recorded")
    path = folder / "run.mcap"
    with simulated(folder / "simulator.log") as robot, node_starter(folder) as start_node:
        node = start(start_node, robot, path, seed="4", camera__transport="raw")
        robot.start_over()
        robot.watch(3, plans=20)
        robot.set("objective.action_weight", 0.02)
        robot.watch(2, plans=12)
        robot.start_over()
        robot.watch(2, plans=12)
        robot.set("planning.time_budget_ms", 3.0)
        robot.watch(2, plans=12)
        level, message, values = robot.diagnostics["recording"]
        assert (level, message, values["dropped"]) == (0, str(path), "0")
        end(node)
        log = node.log_path.read_text()
    assert f"recording to {path}" in log
    assert f"recorded {path}" in log
    return path


class TestTheFile:
    def test_every_message_is_read_by_rosbags(self, recorded: Path) -> None:
        with AnyReader([recorded], default_typestore=get_typestore(Stores.ROS2_JAZZY)) as bag:
            kinds = Counter(
                (connection.topic, connection.msgtype, type(bag.deserialize(raw, connection.msgtype)).__name__)
                for connection, _, raw in bag.messages()
            )
        topics = {topic for topic, *_ in kinds}
        assert topics >= {
            "/image_raw",
            "/joint_states",
            "/joint_trajectory",
            "/robot_description",
            "/parameter_events",
            "/rosout",
            "/diagnostics",
            "/planner_node/plan",
            "/planner_node/statistics",
            "/planner_node/goal_status",
            *(f"/planner_node/recording/{name}" for name in OWN),
        }

    def test_every_message_is_read_by_mcap_ros2_support(self, recorded: Path) -> None:
        reader_of = pytest.importorskip("mcap.reader").make_reader
        decoder = pytest.importorskip("mcap_ros2.decoder").DecoderFactory
        with recorded.open("rb") as file:
            reader = reader_of(file, decoder_factories=[decoder()])
            assert reader.get_header().profile == "ros2"
            decoded = Counter(channel.topic for _, channel, _, _ in reader.iter_decoded_messages())
            assert decoded == counts(recorded)
            facts = {record.name: record.metadata for record in reader.iter_metadata()}
        assert facts["jepa_mpc"]["seed"] == "4"
        assert json.loads(facts["jepa_mpc"]["parameters"])["recording.file"] == str(recorded)
        assert facts["jepa_mpc.model"]["device"] == "cpu"
        assert re.fullmatch("[0-9a-f]{64}", facts["jepa_mpc.model"]["manifest_sha256"])

    def test_messages_of_ros_are_those_of_the_installed_types(self, recorded: Path) -> None:
        """Deserialised by ROS itself, which refuses another layout; the times of images are those of their headers."""
        with AnyReader([recorded], default_typestore=get_typestore(Stores.ROS2_JAZZY)) as bag:
            seen: dict[str, object] = {}
            for connection, _, raw in bag.messages():
                if not connection.msgtype.startswith("jepa_mpc_msgs/"):
                    seen[connection.topic] = deserialize_message(bytes(raw), installed(connection.msgtype))
        assert list(seen["/joint_states"].name) == JOINTS
        image = seen["/image_raw"]
        assert (image.encoding, len(image.data)) == ("rgb8", image.height * image.step)
        assert image.header.frame_id != ""
        assert seen["/robot_description"].data == URDF
        changed = seen["/parameter_events"]
        assert (changed.node, changed.changed_parameters[0].name) == ("/planner_node", "planning.time_budget_ms")
        assert changed.changed_parameters[0].value.double_value == 3.0

    def test_each_plan_has_its_request_its_actions_and_its_latent(self, recorded: Path) -> None:
        store = get_typestore(Stores.ROS2_JAZZY)
        with AnyReader([recorded], default_typestore=store) as bag:
            own = {name: [] for name in OWN}
            for connection, _, raw in bag.messages():
                name = connection.topic.rpartition("/")[2]
                if "/recording/" in connection.topic:
                    own[name].append(bag.deserialize(raw, connection.msgtype))
        jobs = {request.job: request for request in own["request"]}
        if is_cut_short(own["plan"][-1].error):
            own["plan"].pop()
        assert len(own["plan"]) > 50
        assert len(own["load"]) == 1
        assert len(own["goal"]) >= 2
        for plan in own["plan"]:
            request = jobs[plan.job]
            assert plan.error == ""
            assert len(plan.actions) % plan.action_size == 0
            assert np.array_equal(plan.actions[: len(request.committed)], request.committed)
            assert len(plan.latent) == 32
            assert request.history[-1].image_stamps[0] == plan.frame_stamp


class TestReplay:
    def test_every_plan_is_made_again_bit_by_bit(self, recorded: Path) -> None:
        status, lines = replay(recorded)
        assert status == 0, lines
        plans = re.fullmatch(r"(\d+) of (\d+) plans identical", lines[-1])
        assert plans is not None
        cut_short = sum(line == "1 plans not compared: the planner died or was stopped." for line in lines)
        assert plans[1] == plans[2] == str(counts(recorded)["/planner_node/recording/plan"] - cut_short)

    def test_with_other_parameters_it_says_what_would_have_been(self, recorded: Path, tmp_path: Path) -> None:
        profile = tmp_path / "other.yaml"
        profile.write_text("/**:\n  ros__parameters:\n    sampling.samples: 64\n    planner: mppi\n")
        files = ["--json", str(tmp_path / "what-if.json"), "--html", str(tmp_path / "what-if.html")]
        status, lines = replay(recorded, "--profile", str(profile), *files)
        assert status == 0
        assert any(line.startswith("sampling.samples: ") and line.endswith(" -> 64") for line in lines)
        report = json.loads((tmp_path / "what-if.json").read_text())
        assert set(report["changed"]) == {"planner", "sampling.samples"}
        moments = report["moments"]
        assert lines[-1] == f"{len(moments)} plans made again"
        differ = [moment["recorded"]["actions"] != moment["again"]["actions"] for moment in moments]
        assert sum(differ) > 10
        assert "<!doctype html>" in (tmp_path / "what-if.html").read_text()

    def test_another_model_is_refused(self, recorded: Path) -> None:
        status, lines = replay(recorded, "--model", str(ROOT / "tests" / "fixtures" / "tiny-model"))
        assert (status, lines) == (2, [])


class TestTraining:
    def test_a_recording_is_training_data(self, recorded: Path) -> None:
        sys.path.insert(0, str(ROOT / "training"))
        sys.path.insert(0, str(ROOT / "sim" / "common"))
        from jepa_mpc_sim.held_joints import moved_robot
        from jepa_mpc_sim.joint_limits import AS_DESCRIBED
        from jepa_mpc_training.config import CollectConfig, RecordingsConfig
        from jepa_mpc_training.recordings.findings import Findings
        from jepa_mpc_training.recordings.rosbag import read_bag
        from jepa_mpc_training.recordings.source import BagSource
        from jepa_mpc_training.recordings.synchronise import episodes_of

        findings, config = Findings(recorded.name), RecordingsConfig()
        sections = read_bag(recorded, BagSource((str(recorded),)), JOINTS, config, findings)
        limits = moved_robot(URDF, AS_DESCRIBED).limits
        period_ms = CollectConfig.period_ms
        episodes = [
            episode for section in sections for episode in episodes_of(section, 10, period_ms, limits, config, findings)
        ]
        assert len(episodes) >= 3, findings
        assert max(float(np.abs(episode.actions).max()) for episode in episodes) > 0.05


class TestWhileTheRobotMoves:
    def test_it_starts_and_ends_on_a_running_node(self, start_node: StartNode, robot: Robot, tmp_path: Path) -> None:
        node = start_node(remaps=["image:=image_raw"], autostart="true", recording__folder=str(tmp_path / "runs"))
        assert robot.until(robot.has_moved, READY_S), node.log_path.read_text()
        assert robot.until(lambda: "recording" in robot.diagnostics)
        assert robot.diagnostics["recording"][:2] == (0, "off")
        for _ in range(2):
            robot.set("recording.enabled", True)
            assert robot.until(lambda: robot.diagnostics["recording"][1] != "off")
            robot.start_over()
            robot.watch(2, plans=5)
            robot.set("recording.enabled", False)
            assert robot.until(lambda: robot.diagnostics["recording"][1] == "off")
        files = sorted((tmp_path / "runs").iterdir())
        assert [re.sub(r"\d", "0", path.name) for path in files] == ["planner_node_00000000T000000Z.mcap"] * 2
        for path in files:
            status, lines = replay(path)
            assert status == 0, lines
        end(node)

    def test_a_full_disk_ends_the_recording_not_the_robot(
        self, start_node: StartNode, robot: Robot, tmp_path: Path
    ) -> None:
        path = tmp_path / "full.mcap"
        node = start(start_node, robot, path)
        robot.watch(0.2, plans=2)
        size = path.stat().st_size
        assert robot.until(lambda: path.stat().st_size > size), "the plans are not written"
        hard = resource.prlimit(node.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (path.stat().st_size + 100_000, hard))
        since = time.monotonic()
        ended = robot.until(lambda: "recording" in robot.diagnostics and robot.diagnostics["recording"][0] == 2)
        assert ended, robot.diagnostics
        assert re.search("cannot be written: EFBIG", robot.diagnostics["recording"][1])
        robot.pass_time(1)
        # Far above a command period, for machines that have much else to do; a wait for the disk would be an end.
        assert robot.longest_gap_s(since) < 3
        robot.start_over()
        states = len(robot.positions)
        assert robot.until(lambda: robot.has_moved(states))
        assert node.poll() is None
        resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (hard, hard))
        status, lines = replay(path)
        assert status == 0, lines
        end(node)
        assert "recording.ended" in node.log_path.read_text()

    def test_a_killed_node_leaves_what_was_recorded(self, start_node: StartNode, robot: Robot, tmp_path: Path) -> None:
        path = tmp_path / "killed.mcap"
        node = start(start_node, robot, path)
        robot.start_over()
        robot.watch(3, plans=20)
        node.kill()
        node.wait(TIMEOUT_S)
        status, lines = replay(path)
        assert status == 0, lines
        assert any("The file is cut off" in line for line in lines)
        plans = re.fullmatch(r"(\d+) of \1 plans identical", lines[-1])
        assert plans is not None and int(plans[1]) > 5
