"""The installed package under the `ros2` command. It is not on PyPI: these run where a full ROS 2 is sourced."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from workspace import Workspace, say

VERBS = ("run", "launch", "lifecycle", "param", "pkg")
# Longest time that starting and loading the model may take on a busy machine.
START_S = 90.0
END_S = 2.0
# Other programs on the machine may hold up an end: how long it may take at most, and how often it is tried.
LONGEST_END_S = 30.0
TRIES = 3
MARK = "JEPA_MPC_LAUNCH_TEST"


def missing_verbs() -> list[str]:
    ros2 = shutil.which("ros2")
    if ros2 is None:
        return ["ros2"]
    return [
        f"ros2 {verb}"
        for verb in VERBS
        if subprocess.run([ros2, verb, "--help"], capture_output=True, check=False).returncode != 0
    ]


@pytest.fixture(autouse=True, scope="module")
def full_ros() -> None:
    missing = missing_verbs()
    if missing:
        pytest.skip(f"no {', no '.join(missing)} here (not on PyPI): source a full ROS 2 to run this")


class Launched:
    """A `ros2` command in a session of its own, as in a terminal, with what it has printed."""

    def __init__(self, workspace: Workspace, log: Path, *command: str) -> None:
        self.workspace = workspace
        self.mark = uuid.uuid4().hex
        self._log = log
        with log.open("w") as output:
            self.process = subprocess.Popen(
                workspace.command(*command),
                env=workspace.env | {MARK: self.mark},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + START_S
        while text not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, f"never said '{text}':\n{self.output}"
            time.sleep(0.1)

    def orphans(self) -> list[int]:
        """Processes that it started, in whatever group, and that still run."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if f"{MARK}={self.mark}".encode() in environment:
                found.append(int(folder.name))
        return found

    def end(self, number: int, whole_group: bool) -> float:
        """Sends a signal as Ctrl-C does, to the group, or as a supervisor does, to it alone.

        Returns the seconds until nothing that it started was left, LONGEST_END_S and more where something was.
        """
        start = time.monotonic()
        if whole_group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        while self.orphans() and time.monotonic() - start < LONGEST_END_S:
            time.sleep(0.05)
        return time.monotonic() - start


@contextmanager
def launched(workspace: Workspace, log: Path, *command: str) -> Iterator[Launched]:
    running = Launched(workspace, log, *command)
    try:
        yield running
    finally:
        for pid in running.orphans():
            os.kill(pid, signal.SIGKILL)
        running.process.wait()


@pytest.mark.parametrize("name", ["planner.launch.py", "demo.launch.py", "gazebo.launch.py"])
def test_show_args_explains_every_argument(workspace: Workspace, name: str) -> None:
    shown = workspace.run("ros2", "launch", "jepa_mpc", name, "--show-args")
    assert shown.returncode == 0, shown.stderr
    assert {"model", "params_file", "device", "namespace"} <= set(re.findall(r"^ +'(\w+)':$", shown.stdout, re.M))
    assert "no description given" not in shown.stdout


def test_a_truth_value_that_is_none_is_refused(workspace: Workspace) -> None:
    refused = workspace.run("ros2", "launch", "jepa_mpc", "planner.launch.py", "autostart:=maybe")
    assert refused.returncode != 0
    assert "autostart" in refused.stdout + refused.stderr


def test_ros2_finds_the_executables(workspace: Workspace) -> None:
    listed = workspace.run("ros2", "pkg", "executables", "jepa_mpc").stdout.split("\n")
    assert [line for line in listed if line] == [
        "jepa_mpc dashboard",
        "jepa_mpc demo",
        "jepa_mpc planner_node",
    ]


def test_ros2_run_lifecycle_and_param(workspace: Workspace, tmp_path: Path) -> None:
    node = (
        *("ros2", "run", "jepa_mpc", "planner_node", "--ros-args"),
        *("-r", "__ns:=/cli", "-p", f"model:={workspace.share}/models/reacher", "-p", "device:=cpu"),
    )
    with launched(workspace, tmp_path / "run.log", *node) as running:

        def ros2(*arguments: str) -> str:
            answer = workspace.run("ros2", *arguments)
            assert answer.returncode == 0, answer.stdout + answer.stderr + running.output
            return answer.stdout

        deadline = time.monotonic() + START_S
        while "/cli/planner_node" not in ros2("lifecycle", "nodes", "--no-daemon", "--spin-time", "2"):
            assert time.monotonic() < deadline, running.output
        assert "unconfigured" in ros2("lifecycle", "get", "/cli/planner_node")
        assert "Transitioning successful" in ros2("lifecycle", "set", "/cli/planner_node", "configure")
        assert "inactive" in ros2("lifecycle", "get", "/cli/planner_node")
        assert "Set parameter successful" in ros2("param", "set", "/cli/planner_node", "planner", "mppi")
        assert "mppi" in ros2("param", "get", "/cli/planner_node", "planner")
        assert "Description:" in ros2("param", "describe", "/cli/planner_node", "planner")
        say("ros2 run, ros2 lifecycle and ros2 param work")


@pytest.mark.parametrize(
    ("number", "whole_group"),
    [(signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGKILL, False)],
    ids=["ctrl-c", "sigterm", "killed"],
)
def test_the_demo_is_launched_in_order_and_ends_within_two_seconds_without_an_orphan(
    workspace: Workspace, tmp_path: Path, number: int, whole_group: bool
) -> None:
    command = ("ros2", "launch", "jepa_mpc", "demo.launch.py", "namespace:=launched", "device:=cpu")
    for _ in range(TRIES):
        with launched(workspace, tmp_path / "launch.log", *command) as running:
            running.wait_for("planner_node is active")
            events = ("Simulating ", "planner_node-2]: process started", "planner_node is active")
            moments = [running.output.index(event) for event in events]
            assert moments == sorted(moments), running.output
            seconds = running.end(number, whole_group)
            say(f"ros2 launch: active; nothing of it was left {seconds:.1f} s after {signal.Signals(number).name}")
            assert running.orphans() == []
            assert "process has died" not in running.output
        if seconds < END_S:
            return
    pytest.fail(f"in each of {TRIES} tries something was left for {END_S} s")


def test_when_the_node_dies_the_demo_ends_and_the_node_is_not_started_again(
    workspace: Workspace, tmp_path: Path
) -> None:
    command = ("ros2", "launch", "jepa_mpc", "demo.launch.py", "namespace:=launched", "device:=cpu")
    with launched(workspace, tmp_path / "launch.log", *command) as running:
        running.wait_for("planner_node is active")
        (started,) = re.findall(r"\[planner_node-2\]: process started with pid \[(\d+)\]", running.output)
        os.kill(int(started), signal.SIGKILL)
        running.process.wait(60)
        assert running.orphans() == []
        assert running.output.count("planner_node-2]: process started") == 1
