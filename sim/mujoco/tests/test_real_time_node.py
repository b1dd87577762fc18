"""The simulator in real time, as another process, over real ROS topics."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs a sourced ROS 2")

from ages import wait_until_they_fit
from queueing import Queueing
from ros_client import START_S, TIMEOUT_S, RosClient, stamp_ns
from sensor_msgs.msg import Image, JointState
from simulator_process import NODE, SimulatorProcess


def ages_by_wall_clock(client: RosClient) -> dict[str, list[float]]:
    """Ages of messages when they arrive, ms: of `image_raw`, `joint_states` and true joint states."""
    ages_ms: dict[str, list[float]] = {"image_raw": [], "joint_states": [], "true": []}

    def note(topic: str) -> Callable[[Any], None]:
        return lambda message: ages_ms[topic].append((time.time_ns() - stamp_ns(message)) / 1e6)

    client.node.create_subscription(Image, "image_raw", note("image_raw"), 10)
    client.node.create_subscription(JointState, "joint_states", note("joint_states"), 100)
    client.node.create_subscription(JointState, f"{NODE}/true_joint_states", note("true"), 100)
    return ages_ms


def wait_for_rate(
    client: RosClient, topic: str, least_hz: float, most_hz: float, queueing: Queueing, longest_ms: float = np.inf
) -> None:
    """Waits for two seconds of messages at a rate, by their stamps; 95 % of the intervals up to `longest_ms`.

    Skips the test where a busy machine has none.
    """
    count = round(2 * most_hz)
    found: list[tuple[float, float]] = []

    def holds() -> bool:
        stamps_ns = [stamp_ns(message) for message in client.seen[topic][-count:]]
        if len(stamps_ns) < count:
            return False
        intervals_ms = np.diff(stamps_ns) / 1e6
        assert (intervals_ms > 0).all()
        found.append((1000 / np.mean(intervals_ms), float(np.percentile(intervals_ms, 95))))
        return least_hz <= found[-1][0] <= most_hz and found[-1][1] <= longest_ms

    if client.comes_true(holds, TIMEOUT_S):
        return
    queueing.skip_if_busy()
    pytest.fail(f"{topic}: rate in Hz and 95th percentile of intervals in ms: {found[-1:]}")


def test_rates_stamps_and_velocity_commands():
    with SimulatorProcess() as simulator, RosClient(lockstep=False) as client:
        queueing = Queueing(simulator.pid)
        ages_ms = ages_by_wall_clock(client)
        client.set_state(0.0, 0.0)

        def moves_at(*velocity: float, tolerance: float) -> bool:
            return bool(np.allclose(client.seen["joint_states"][-1].velocity, velocity, rtol=0, atol=tolerance))

        client.command_until(lambda: moves_at(0.8, -0.4, tolerance=0.05), 0.8, -0.4)
        client.wait(lambda: moves_at(0, 0, tolerance=1e-2), "rest without commands")
        wait_for_rate(client, "image_raw", 28, 31, queueing)
        # Images do not hold up joint states.
        wait_for_rate(client, "joint_states", 95, 101, queueing, longest_ms=15)
        wait_for_rate(client, "/clock", 95, 101, queueing)
        assert min(ages_ms["true"]) >= 0
        wait_until_they_fit(client, ages_ms["true"], 0, 50, queueing)

        def compressed_are_of_raw() -> bool:
            raw = {stamp_ns(image) for image in client.seen["image_raw"]}
            newest = client.seen["image_raw/compressed"][-20:]
            return len(newest) == 20 and all(stamp_ns(image) in raw for image in newest)

        client.wait(compressed_are_of_raw, "compressed images of the same moments as the raw ones")
        status, errors = simulator.stop(signal.SIGINT)
    assert status == 0
    assert "Traceback" not in errors


def test_position_commands_in_a_namespace_under_remapped_names_at_another_rate():
    arguments = ("--camera-rate", "10", "--ros-args", "-p", "commands_mode:=position", "-r", "__ns:=/cell")
    with SimulatorProcess(*arguments) as simulator, RosClient(lockstep=False, namespace="cell") as client:

        def is_there() -> bool:
            return bool(np.allclose(client.seen["joint_states"][-1].position, [0.3, -0.2], rtol=0, atol=0.01))

        client.set_state(0.0, 0.0)
        queueing = Queueing(simulator.pid)
        client.command_until(is_there, 0.3, -0.2)
        client.listen(0.4)
        assert is_there(), client.seen["joint_states"][-1]
        wait_for_rate(client, "image_raw", 8, 12, queueing)
        status, errors = simulator.stop(signal.SIGTERM)
    assert status == 0
    assert "Traceback" not in errors


def test_position_commands_far_away_do_not_exceed_the_velocity_limit():
    with SimulatorProcess("--commands-mode", "position"), RosClient(lockstep=False) as client:
        client.set_state(-1.0, 0.0)
        states = client.seen["joint_states"]
        states.clear()
        client.command_until(lambda: states[-1:] != [] and states[-1].position[0] > 1.9, 2.0, 0.0)
        assert max(m.velocity[0] for m in states) == pytest.approx(2.0, abs=0.1)


def test_two_simulators_of_one_name_may_run():
    with SimulatorProcess() as first, RosClient(lockstep=False) as client, SimulatorProcess() as second:
        client.wait(lambda: len(client.seen["robot_description"]) == 2, "the second simulator", START_S)
        assert second.stop(signal.SIGINT)[0] == 0
        assert first.stop(signal.SIGINT)[0] == 0


def test_late_messages_keep_their_stamps_and_come_when_they_are_due():
    late = ("--camera-delay-ms", "73", "--joint-delay-ms", "25")
    with SimulatorProcess(*late) as simulator, RosClient(lockstep=False) as client:
        queueing = Queueing(simulator.pid)
        ages_ms = ages_by_wall_clock(client)
        client.set_state(0.0, 0.0)
        # A delay that ends with the next of the simulator's periods of 10 ms would be 7 ms or 5 ms too long.
        wait_until_they_fit(client, ages_ms["image_raw"], 73, 73 + 6, queueing)
        wait_until_they_fit(client, ages_ms["joint_states"], 25, 25 + 4, queueing)
        wait_until_they_fit(client, ages_ms["true"], 0, 5, queueing)
        wait_for_rate(client, "image_raw", 28, 31, queueing)
        wait_for_rate(client, "joint_states", 95, 101, queueing)
