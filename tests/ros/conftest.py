"""Starts the planner node as a user would, as a process of its own, and a robot beside it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import rclpy
from peer import Peer

ROOT = Path(__file__).resolve().parents[2]
URDF = (ROOT / "urdf" / "reacher.urdf").read_text()
JOINTS = ["shoulder", "elbow"]

StartNode = Callable[..., subprocess.Popen]


@contextmanager
def node_starter(folder: Path) -> Iterator[StartNode]:
    """Starts planner_node with these parameters and logs into this folder; ends what is left of it afterwards."""
    running: list[subprocess.Popen] = []

    def start(profiles: Iterable[Path] = (), remaps: Iterable[str] = (), **parameters: str) -> subprocess.Popen:
        values = {"model": str(ROOT / "models" / "reacher"), "device": "cpu"} | parameters
        arguments = [part for path in profiles for part in ("--params-file", str(path))]
        arguments += [part for rule in remaps for part in ("-r", rule)]
        arguments += [part for name, value in values.items() for part in ("-p", f"{name.replace('__', '.')}:={value}")]
        log = (folder / f"node-{len(running)}.log").open("w")
        process = subprocess.Popen(
            ["node", str(ROOT / "dist" / "src" / "cli" / "main.js"), "node", "--ros-args", *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        process.log_path = Path(log.name)
        running.append(process)
        return process

    try:
        yield start
    finally:
        for process in running:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
        logs = [process.log_path.read_text() for process in running]
        # Shown by pytest when the test failed.
        print(*logs, sep="\n")
        assert not any("\n    at " in log for log in logs), "a stack trace: something was thrown that nobody expected"


@pytest.fixture
def start_node(tmp_path: Path) -> Iterator[StartNode]:
    with node_starter(tmp_path) as start:
        yield start


@pytest.fixture(scope="session", autouse=True)
def ros() -> Iterator[None]:
    rclpy.init()
    yield
    rclpy.shutdown()


@pytest.fixture
def make_peer() -> Iterator[Callable[..., Peer]]:
    peers: list[Peer] = []

    def make(urdf: str = URDF) -> Peer:
        peer = Peer(urdf, JOINTS)
        peers.append(peer)
        return peer

    yield make
    for peer in peers:
        peer.destroy_node()


@pytest.fixture
def active(start_node: StartNode, make_peer: Callable[..., Peer]) -> tuple[Peer, subprocess.Popen]:
    """A peer whose robot the node is moving towards a goal."""
    process = start_node()
    peer = make_peer()
    start_moving(peer, process)
    return peer, process


def start_moving(peer: Peer, process: subprocess.Popen) -> None:
    assert peer.change_state(1), "configure was refused"
    assert peer.activate(), process.log_path.read_text()
    peer.publish_goal()
    assert peer.spin_until(peer.moves), process.log_path.read_text()
