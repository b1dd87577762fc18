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

from camera_rate import assert_rate_holds
from ros_client import RosClient, stamp_ns
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image, JointState
from simulator_process import NODE, URDF, SimulatorProcess, run_to_end
from std_msgs.msg import Float64MultiArray

from jepa_mpc_gazebo.server import Installation


def send_commands(client: RosClient, duration_s: float, *values: float) -> None:
    for _ in range(round(duration_s / 0.02)):
        client.publish("commands", Float64MultiArray(data=list(values)))
        client.listen(0.02)


@pytest.mark.usefixtures("installation")
def test_all_stamps_are_of_one_simulated_clock_and_rates_hold_by_it():
    with SimulatorProcess() as simulator, RosClient(lockstep=False) as client:
        client.set_state(0.2, -0.2)
        for topic in ("image_raw", "camera_info", "joint_states", "/clock"):
            client.seen[topic].clear()
        client.listen(3.0)
        states, clocks, images = (
            [stamp_ns(m) for m in client.seen[topic]] for topic in ("joint_states", "/clock", "image_raw")
        )
        assert set(np.diff(states)) == {10_000_000}
        assert set(np.diff(clocks)) == {10_000_000}
        assert_rate_holds(images, 30)
        # A picture may be of a moment between two states, which the clock has not reached.
        assert -10_000_000 < clocks[-1] - images[-1] < 200_000_000, "pictures are of the near past"
        # Simulated time, not the wall clock's.
        assert states[-1] < 1_000_000_000_000 < time.time_ns()
        assert {stamp_ns(m) for m in client.seen["camera_info"]} >= set(images[:-1])
        status, errors = simulator.stop(signal.SIGINT)
    assert status == 0, errors
    assert "Traceback" not in errors


@pytest.mark.usefixtures("installation")
def test_it_moves_by_commands_stops_without_them_and_teleports_at_rest():
    with SimulatorProcess(), RosClient(lockstep=False) as client:
        client.set_state(0.0, 0.0)
        send_commands(client, 0.6, 0.8, -0.4)
        np.testing.assert_allclose(client.seen["joint_states"][-1].velocity, [0.8, -0.4], atol=0.05)
        client.listen(0.8)
        np.testing.assert_allclose(client.seen["joint_states"][-1].velocity, [0, 0], atol=1e-2)
        send_commands(client, 0.2, 1.0, 1.0)
        client.set_state(-0.5, 0.5)
        client.listen(0.5)
        np.testing.assert_allclose(client.seen["joint_states"][-1].position, [-0.5, 0.5], atol=1e-3)


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
    with SimulatorProcess(*late), RosClient(lockstep=False) as client:
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
        client.set_state(0.0, 0.0)
        client.listen(1.0)
        for ages in ages_ms.values():
            ages.clear()
        client.listen(3.0)
        # Gazebo's clock goes in steps of 10 ms, and the last one may arrive before or after the message.
        assert 190 <= np.median(ages_ms["image_raw"]) <= 215, ages_ms
        assert 25 <= np.median(ages_ms["joint_states"]) <= 45, ages_ms
        assert np.median(ages_ms["true"]) <= 10, ages_ms
        client.set_state(0.4, 0.4)
        client.listen(0.6)
        assert list(client.seen["joint_states"][-1].position) == pytest.approx([0.4, 0.4], abs=1e-3)
        stamps = [stamp_ns(m) for m in client.seen["joint_states"]]
        assert (np.diff(stamps) > 0).all()
