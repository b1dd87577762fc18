"""The node by Gazebo's own clock, as another process, over real ROS topics. Lockstep is in sim/common/contract."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs a sourced ROS 2")

from ages import wait_until_they_fit
from camera_rate import assert_rate_holds
from queueing import Queueing
from ros_client import RosClient, stamp_ns
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image, JointState
from simulator_process import NODE, URDF, SimulatorProcess, run_to_end

from jepa_mpc_gazebo.server import Installation

PERIOD_NS = 10_000_000
PERIODS = 30
"""In a row: a test that does not run for a while misses some messages."""
IMAGES = 30


def ages_by_clock(client: RosClient) -> dict[str, list[float]]:
    """Ages of messages when they arrive, ms by `/clock`: of `image_raw`, `joint_states` and true joint states."""
    clock_ns = [0]
    ages_ms: dict[str, list[float]] = {"image_raw": [], "joint_states": [], "true": []}

    def note(topic: str) -> Callable[[Any], None]:
        return lambda message: ages_ms[topic].append((clock_ns[0] - stamp_ns(message)) / 1e6)

    def note_clock(message: Clock) -> None:
        clock_ns[0] = stamp_ns(message)

    client.node.create_subscription(Clock, "/clock", note_clock, 100)
    client.node.create_subscription(Image, "image_raw", note("image_raw"), 10)
    client.node.create_subscription(JointState, "joint_states", note("joint_states"), 100)
    client.node.create_subscription(JointState, f"{NODE}/true_joint_states", note("true"), 100)
    return ages_ms


def newest_ns(client: RosClient, topic: str, count: int) -> list[int]:
    """Stamps of the newest messages, oldest first."""
    return [stamp_ns(message) for message in client.seen[topic][-count:]]


@pytest.mark.usefixtures("installation")
def test_all_stamps_are_of_one_simulated_clock_and_rates_hold_by_it():
    with SimulatorProcess() as simulator, RosClient(lockstep=False) as client:
        queueing = Queueing(simulator.pid)
        ages_ms = ages_by_clock(client)
        client.set_state(0.2, -0.2)
        for topic in ("image_raw", "camera_info", "joint_states", "/clock"):
            client.seen[topic].clear()
        for topic in ("joint_states", "/clock"):
            client.wait(
                lambda topic=topic: np.diff(newest_ns(client, topic, PERIODS)).tolist() == [PERIOD_NS] * (PERIODS - 1),
                f"{PERIODS} messages in a row on {topic}, one each period",
                60.0,
            )
        # A picture may be of a moment between two states, which the clock has not reached.
        wait_until_they_fit(client, ages_ms["image_raw"], -10, 200, queueing)
        client.wait(
            lambda: {stamp_ns(m) for m in client.seen["camera_info"]} >= set(newest_ns(client, "image_raw", IMAGES)),
            "camera information for each picture",
        )
        assert_rate_holds([stamp_ns(m) for m in client.seen["image_raw"]], 30)
        states = [stamp_ns(m) for m in client.seen["joint_states"]]
        steps_ns = np.diff(states)
        assert (steps_ns > 0).all() and not (steps_ns % PERIOD_NS).any()
        # Simulated time, not the wall clock's.
        assert states[-1] < 1_000_000_000_000 < time.time_ns()
        status, errors = simulator.stop(signal.SIGINT)
    assert status == 0, errors
    assert "Traceback" not in errors


@pytest.mark.usefixtures("installation")
def test_it_moves_by_commands_stops_without_them_and_teleports_at_rest():
    with SimulatorProcess(), RosClient(lockstep=False) as client:

        def has(velocity: tuple[float, float], tolerance: float) -> bool:
            return bool(np.allclose(client.seen["joint_states"][-1].velocity, velocity, rtol=0, atol=tolerance))

        def is_at(*position: float) -> bool:
            return bool(np.allclose(client.seen["joint_states"][-1].position, position, rtol=0, atol=1e-3))

        client.set_state(0.0, 0.0)
        client.command_until(lambda: has((0.8, -0.4), 0.05), 0.8, -0.4)
        client.wait(lambda: has((0, 0), 1e-2), "rest without commands")
        client.command_until(lambda: has((1.0, 1.0), 0.05), 1.0, 1.0)
        client.set_state(-0.5, 0.5)
        client.wait(lambda: is_at(-0.5, 0.5), "the new pose")
        client.listen(0.5)
        assert is_at(-0.5, 0.5), client.seen["joint_states"][-1]


@pytest.mark.usefixtures("installation")
def test_a_camera_rate_is_refused_since_gazebo_has_its_own():
    status, _, errors = run_to_end(["--urdf", str(URDF), "--camera-rate", "10"], {})
    assert status == 2
    assert "camera_rate: found 10 Hz, expected 0 outside lockstep" in errors
    assert "Traceback" not in errors


def test_when_gazebo_ends_the_node_says_so_and_ends(installation: Installation):
    with SimulatorProcess() as simulator, RosClient(lockstep=False) as client:
        client.listen(0.2)
        pids = subprocess.run(["pgrep", "-P", str(simulator.pid), "-x", "gzserver"], capture_output=True, text=True)
        subprocess.run(["kill", "-KILL", *pids.stdout.split()], check=True)
        status, errors = simulator.ended()
    assert status == 2
    assert "jepa_mpc_gazebo: error: Gazebo: found its end of the connection closed" in errors
    assert "Traceback" not in errors


def test_without_an_installation_it_says_how_to_get_one():
    status, _, errors = run_to_end(["--urdf", str(URDF)], {"JEPA_MPC_GAZEBO_ROOT": ""})
    assert status == 2
    assert "JEPA_MPC_GAZEBO_ROOT: found nothing" in errors and "npm run test:gazebo" in errors


@pytest.mark.usefixtures("installation")
def test_late_messages_keep_their_stamps_and_come_when_they_are_due_by_gazebo_s_clock():
    late = ("--camera-delay-ms", "200", "--joint-delay-ms", "35")
    with SimulatorProcess(*late) as simulator, RosClient(lockstep=False) as client:
        queueing = Queueing(simulator.pid)
        ages_ms = ages_by_clock(client)
        client.set_state(0.0, 0.0)
        # Gazebo's clock goes in steps of 10 ms, and the last one may arrive before or after the message.
        wait_until_they_fit(client, ages_ms["image_raw"], 190, 215, queueing)
        wait_until_they_fit(client, ages_ms["joint_states"], 25, 45, queueing)
        wait_until_they_fit(client, ages_ms["true"], -10, 10, queueing)
        client.set_state(0.4, 0.4)
        at_goal = pytest.approx([0.4, 0.4], abs=1e-3)
        client.wait(lambda: list(client.seen["joint_states"][-1].position) == at_goal, "the new pose")
        stamps = [stamp_ns(m) for m in client.seen["joint_states"]]
        assert (np.diff(stamps) > 0).all()
