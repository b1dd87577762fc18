"""The planner on one host, the robot on another, real DDS over a cable with latency and loss between them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from simulator import SIMULATOR, simulator_environment
from two_hosts import Hosts, Impairment, NotPermitted, two_hosts

ROOT = Path(__file__).resolve().parents[2]
ROBOT, PLANNER = 0, 1
LINK = Impairment(latency_s=0.020, loss=0.01, seed=1)


class Processes:
    """What runs on the hosts; all of it is ended in the end."""

    def __init__(self, hosts: Hosts, logs: Path) -> None:
        self._hosts = hosts
        self._logs = logs
        self._running: list[subprocess.Popen] = []
        # As between machines: no shared memory, and everybody on the network is looked for.
        self.env = simulator_environment() | {
            "ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET",
            "FASTDDS_BUILTIN_TRANSPORTS": "UDPv4",
        }

    def start(self, host: int, name: str, *command: str) -> None:
        with (self._logs / f"{name}.log").open("w") as log:
            self._running.append(
                subprocess.Popen(self._hosts.command(host, command), env=self.env, stdout=log, stderr=subprocess.STDOUT)
            )

    def end(self) -> None:
        for process in self._running:
            process.send_signal(signal.SIGINT)
        for process in self._running:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        for log in sorted(self._logs.glob("*.log")):
            print(f"--- {log.name}\n{log.read_text()}")


def test_the_robot_reaches_its_goals_over_a_link_with_latency_and_loss(tmp_path: Path) -> None:
    try:
        with two_hosts(LINK) as hosts:
            reach_goals(hosts, tmp_path)
    except NotPermitted as refusal:
        pytest.skip(f"no two hosts on this machine: {refusal} (needs root, network namespaces and TAP devices)")


def reach_goals(hosts: Hosts, logs: Path) -> None:
    processes = Processes(hosts, logs)
    simulator = (*SIMULATOR, "--seed", "5")
    parameters = {
        "model": ROOT / "models" / "reacher",
        "device": "cpu",
        "autostart": "true",
        # Of a raw image every packet has to arrive, of which there are 34 here.
        "camera.transport": "compressed",
        # What is received of the robot is old by the latency there and back, and on a busy machine by more.
        "command.tracking_tolerance": "1.0",
    }
    try:
        processes.start(ROBOT, "simulator", *simulator)
        processes.start(
            PLANNER,
            "planner",
            *("node", str(ROOT / "dist" / "src" / "cli" / "main.js"), "node", "--ros-args", "-r", "image:=image_raw"),
            *(part for name, value in parameters.items() for part in ("-p", f"{name}:={value}")),
        )
        watcher = hosts.command(ROBOT, [sys.executable, str(Path(__file__).parent / "watch_robot.py")])
        watched = subprocess.run(watcher, env=processes.env, capture_output=True, text=True, timeout=480, check=False)
        assert watched.returncode == 0, watched.stderr
        result = json.loads(watched.stdout)
    finally:
        processes.end()
    cable = hosts.cable
    print(result, cable.passed, cable.lost)
    # Everything went over the cable: images one way, commands the other.
    assert cable.passed[ROBOT] > 300
    assert cable.passed[PLANNER] > 300
    assert sum(cable.lost) > 0
    assert result["received"]
    assert len(result["reached_s"]) == result["goals"], result
