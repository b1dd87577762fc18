"""Starts the planner node as a user would, as a process of its own, and a robot for it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import rclpy
from lifecycle_msgs.msg import Transition
from parameter_client import ParameterClient
from peer import Peer

ROOT = Path(__file__).resolve().parents[2]
URDF = (ROOT / "urdf" / "reacher.urdf").read_text()
JOINTS = ["shoulder", "elbow"]

# For tests of something else than how soon a node notices that inputs are late, as they are on a busy machine.
PATIENT = {
    "watchdog__image_timeout_s": "10.0",
    "watchdog__joint_states_timeout_s": "10.0",
    "command__tracking_tolerance": "3.0",
}

STACK_TRACE = "a stack trace: something was thrown that nobody expected"

StartNode = Callable[..., subprocess.Popen]


def has_stack_trace(log: str) -> bool:
    return "\n    at " in log


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
            # Goals that a test saves are not those of the user.
            env={**os.environ, "ROS_HOME": str(folder / "ros-home")},
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
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
        logs = [process.log_path.read_text() for process in running]
        # Shown by pytest when the test failed.
        print(*logs, sep="\n")
        assert not any(map(has_stack_trace, logs)), STACK_TRACE


@pytest.fixture
def start_node(tmp_path: Path, shared_robot: SharedRobot) -> Iterator[StartNode]:
    # Both nodes would have the same name.
    shared_robot.close()
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


# Not those that tell how busy the machine is.
DISTURBED_PARTS = ("camera image", "joint states", "motion", "goal", "problems")


class SharedRobot:
    """A robot and the node that moves it, kept for the tests of a file: starting both takes seconds.

    Each test finds them as after a start: default parameters, no problem reported, a robot that moves towards a goal.
    What cannot be brought back to that, such as a node that has ended, is started anew.
    """

    def __init__(self, new_folder: Callable[[], Path]) -> None:
        self._new_folder = new_folder
        self._stack = ExitStack()
        self._running: tuple[Peer, subprocess.Popen] | None = None
        self._parameters: ParameterClient | None = None
        self._defaults: dict[str, object] = {}

    def moving(self) -> tuple[Peer, subprocess.Popen]:
        if self._running is not None and not self._moves_again(*self._running):
            self.close()
        if self._running is None:
            start = self._stack.enter_context(node_starter(self._new_folder()))
            process = start()
            peer = Peer(URDF, JOINTS)
            self._stack.callback(peer.destroy_node)
            self._running = (peer, process)
            start_moving(peer, process)
            self._parameters = ParameterClient(peer)
            self._defaults = self._parameters.get(self._parameters.names())
        return self._running

    def _moves_again(self, peer: Peer, process: subprocess.Popen) -> bool:
        if process.poll() is not None:
            return False
        was_well = self._is_well(peer)
        if not self._moves_from_the_start(peer):
            return False
        # What was wrong before must not be taken for what the next test looks for.
        return was_well or (peer.spin_until(lambda: self._is_well(peer), 5.0) and self._moves_from_the_start(peer))

    def _moves_from_the_start(self, peer: Peer) -> bool:
        try:
            # While the node is inactive, the robot may jump back to where it was at the start.
            peer.change_state(Transition.TRANSITION_DEACTIVATE)
            peer.start_over()
            restored = self._parameters.set_atomically(self._defaults).successful and peer.pause(False).success
            peer.spin_for(0.1)
            is_active = peer.activate(5.0)
        except AssertionError:
            return False  # the node does not answer
        peer.publish_goal()
        peer.forget()
        return restored and is_active and peer.spin_until(peer.moves, 5.0)

    def _is_well(self, peer: Peer) -> bool:
        """Whether diagnostics of every part have come that tests disturb, and all are OK."""
        levels = [peer.diagnostics.get(f"planner_node: {part}", (1, ""))[0] for part in DISTURBED_PARTS]
        return not any(levels)

    def close(self) -> None:
        self._running = None
        self._stack.close()


@pytest.fixture(scope="module")
def shared_robot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedRobot]:
    shared = SharedRobot(lambda: tmp_path_factory.mktemp("shared"))
    yield shared
    shared.close()


@pytest.fixture
def moving(shared_robot: SharedRobot) -> Iterator[tuple[Peer, subprocess.Popen]]:
    """As `active`, with a node that other tests of the file have used."""
    peer, process = shared_robot.moving()
    before = len(process.log_path.read_text())
    yield peer, process
    log = process.log_path.read_text()[before:]
    print(log)
    assert not has_stack_trace(log), STACK_TRACE
