"""The simulator in real time, as another process, over real ROS topics."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs a sourced ROS 2")

from ros_client import RosClient, stamp_ns
from sensor_msgs.msg import Image, JointState
from simulator_process import NODE, SimulatorProcess
from std_msgs.msg import Float64MultiArray


def send_commands(client: RosClient, duration_s: float, *values: float) -> None:
    for _ in range(round(duration_s / 0.02)):
        client.publish("commands", Float64MultiArray(data=list(values)))
        client.listen(0.02)


def test_rates_stamps_and_velocity_commands():
    with SimulatorProcess() as simulator, RosClient(lockstep=False) as client:
        client.set_state(0.0, 0.0)
        client.listen(0.2)
        for topic in ("image_raw", "joint_states", "/clock"):
            client.seen[topic].clear()
        client.listen(3.0)
        lag_s = (time.time_ns() - stamp_ns(client.seen["joint_states"][-1])) / 1e9
        rates_hz = {topic: len(client.seen[topic]) / 3.0 for topic in ("image_raw", "joint_states", "/clock")}
        raw_stamps = {stamp_ns(image) for image in client.seen["image_raw"]}
        compressed = client.seen["image_raw/compressed"]
        assert compressed and all(stamp_ns(image) in raw_stamps for image in compressed[-20:])
        assert 28 <= rates_hz["image_raw"] <= 31, rates_hz
        assert 95 <= rates_hz["joint_states"] <= 101, rates_hz
        assert 95 <= rates_hz["/clock"] <= 101, rates_hz
        assert 0 <= lag_s < 0.05, "stamps are the wall clock's"
        gaps_ms = np.diff([stamp_ns(m) for m in client.seen["joint_states"]]) / 1e6
        assert (gaps_ms > 0).all()
        assert np.percentile(gaps_ms, 95) < 15, "images do not hold up joint states"

        send_commands(client, 0.6, 0.8, -0.4)
        np.testing.assert_allclose(client.seen["joint_states"][-1].velocity, [0.8, -0.4], atol=0.05)
        client.listen(0.6)
        np.testing.assert_allclose(client.seen["joint_states"][-1].velocity, [0, 0], atol=1e-2)
        status, errors = simulator.stop(signal.SIGINT)
    assert status == 0
    assert "Traceback" not in errors


def test_position_commands_in_a_namespace_under_remapped_names_at_another_rate():
    arguments = ("--camera-rate", "10", "--ros-args", "-p", "commands_mode:=position", "-r", "__ns:=/cell")
    with SimulatorProcess(*arguments) as simulator, RosClient(lockstep=False, namespace="cell") as client:
        client.set_state(0.0, 0.0)
        client.seen["image_raw"].clear()
        send_commands(client, 1.0, 0.3, -0.2)
        assert 8 <= len(client.seen["image_raw"]) <= 12
        np.testing.assert_allclose(client.seen["joint_states"][-1].position, [0.3, -0.2], atol=0.01)
        client.listen(0.4)
        np.testing.assert_allclose(client.seen["joint_states"][-1].position, [0.3, -0.2], atol=0.01)
        status, errors = simulator.stop(signal.SIGTERM)
    assert status == 0
    assert "Traceback" not in errors


def test_position_commands_far_away_do_not_exceed_the_velocity_limit():
    with SimulatorProcess("--commands-mode", "position"), RosClient(lockstep=False) as client:
        client.set_state(-1.0, 0.0)
        client.seen["joint_states"].clear()
        send_commands(client, 0.4, 2.0, 0.0)
        assert max(m.velocity[0] for m in client.seen["joint_states"]) == pytest.approx(2.0, abs=0.1)


def test_two_simulators_of_one_name_may_run():
    with SimulatorProcess() as first, RosClient(lockstep=False), SimulatorProcess() as second:
        time.sleep(1.0)
        assert second.stop(signal.SIGINT)[0] == 0
        assert first.stop(signal.SIGINT)[0] == 0


def test_late_messages_keep_their_stamps_and_come_when_they_are_due():
    late = ("--camera-delay-ms", "73", "--joint-delay-ms", "25")
    with SimulatorProcess(*late), RosClient(lockstep=False) as client:
        ages_ms: dict[str, list[float]] = {"image_raw": [], "joint_states": [], "true": []}

        def note(topic: str) -> Callable[[Any], None]:
            return lambda message: ages_ms[topic].append((time.time_ns() - stamp_ns(message)) / 1e6)

        client.node.create_subscription(Image, "image_raw", note("image_raw"), 10)
        client.node.create_subscription(JointState, "joint_states", note("joint_states"), 100)
        client.node.create_subscription(JointState, f"{NODE}/true_joint_states", note("true"), 100)
        client.set_state(0.0, 0.0)
        client.listen(1.0)
        for ages in ages_ms.values():
            ages.clear()
        client.listen(3.0)
        # Half of all within 2 ms of their time: the rest is for a busy machine.
        assert np.min(ages_ms["image_raw"]) >= 73 and np.median(ages_ms["image_raw"]) < 73 + 4, ages_ms
        assert np.min(ages_ms["joint_states"]) >= 25 and np.median(ages_ms["joint_states"]) < 25 + 2, ages_ms
        assert np.median(ages_ms["true"]) < 5, ages_ms
        assert 28 * 3 <= len(ages_ms["image_raw"]) <= 31 * 3
        assert 95 * 3 <= len(ages_ms["joint_states"]) <= 101 * 3
