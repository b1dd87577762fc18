"""A simulator and a planner node, as processes of their own, with the relay between them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from .limits import Limits, read_limits
from .processes import Program, children_of
from .relay import PLANNER, Relay
from .settings import PERIOD_S, ROOT, Setting

_START_S = 60.0
NONE: Mapping[str, str] = {}


class NotStarted(RuntimeError):
    """The system did not come up. The message has the end of the node's log."""


class System:
    """Runs one setting. `start` returns once commands go out, or, where they do not, once the node has a model."""

    def __init__(self, setting: Setting, relay: Relay, folder: Path, models: Path, seed: int) -> None:
        self.setting = setting
        self.limits: Limits = read_limits(setting.urdf)
        self.check_jerk = True
        self._relay = relay
        self._folder = folder
        self.models = models
        self._seed = seed
        self._urdf = folder / f"{setting.name}.urdf"
        self._urdf.write_text(setting.urdf, encoding="utf-8")
        self.simulator: Program | None = None
        self.node: Program | None = None
        self.others: list[Program] = []

    def start(self) -> None:
        """Starts simulator, peer and node. It does not wait."""
        relay, setting = self._relay, self.setting
        relay.calm()
        relay.record.clear()
        relay.forwards_commands = setting.forwards_commands
        self.expect(jerk=self.check_jerk)
        self.start_simulator()
        if setting.joints_through_peer:
            self.start_peer()
        self.node = self.start_node()

    def expect(self, *, jerk: bool) -> None:
        """Checks the commands of this system from now on."""
        limits = self.limits if jerk else self.limits.without_jerk()
        setting = self.setting
        self._relay.expect(
            setting.interface, limits, PERIOD_S, streams=setting.streams, is_paced=not setting.simulated_time
        )

    def start_simulator(self) -> None:
        remaps = {"image_raw": "/raw/image_raw", "joint_states": "/raw/joint_states", "/clock": "/raw/clock"}
        setting = self.setting
        if setting.forwards_commands:
            remaps["joint_trajectory"] = "/relay/joint_trajectory"
        if setting.interface == "effort":
            remaps["commands"] = "/relay/commands"
        mode = "velocity" if setting.interface == "velocity" else "position"
        command = [sys.executable, "-m", "jepa_mpc_mujoco", "--urdf", str(self._urdf), "--seed", str(self._seed)]
        command += ["--commands-mode", mode, "--camera-delay-ms", "40", "--joint-delay-ms", "10", "--ros-args"]
        for source, target in remaps.items():
            command += ["-r", f"{source}:={target}"]
        self.simulator = Program("simulator", command, self._folder / "simulator.log", _simulator_environment())

    def start_peer(self) -> None:
        """A process that hands the joint states on, in a DDS participant of its own."""
        command = [sys.executable, "-m", "jepa_mpc_faults.peer", "/relay/joint_states", "/peer/joint_states"]
        self.others.append(Program("peer", command, self._folder / "peer.log", _simulator_environment()))

    def start_node(
        self, name: str = PLANNER, remaps: Mapping[str, str] = NONE, parameters: Mapping[str, str] = NONE
    ) -> Program:
        """Starts a planner node: the system's, or another one beside it, with topics and parameters of its own."""
        setting = self.setting
        model = ROOT / "models" / "reacher" if setting.model == "reacher" else self.models / setting.model
        values = {"model": str(model), "autostart": "true", "device": "cpu", "seed": str(self._seed)}
        # Not that of whoever runs this.
        values["goal.folder"] = str(self._folder / "goals")
        values |= setting.parameters
        values |= parameters
        joints = "/peer/joint_states" if setting.joints_through_peer else "/relay/joint_states"
        topics = {"image": "/relay/image", "joint_states": joints, **remaps}
        command = ["node", str(ROOT / "dist" / "src" / "cli" / "main.js"), "node", "--ros-args"]
        command += ["-r", f"__node:={name}"] if name != PLANNER else []
        command += [part for item in topics.items() for part in ("-r", ":=".join(item))]
        command += [part for item in values.items() for part in ("-p", ":=".join(item))]
        program = Program(name, command, self._folder / f"{name}.log")
        if name != PLANNER:
            self.others.append(program)
        return program

    @property
    def worker(self) -> int | None:
        """Process id of the planner worker."""
        children = children_of(self.node.pid) if self.node is not None else []
        return children[0] if children else None

    def await_worker(self, other_than: int | None, timeout_s: float) -> int | None:
        """A worker other than this one, once there is one."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            worker = self.worker
            if worker is not None and worker != other_than:
                return worker
            time.sleep(0.02)
        return None

    @property
    def is_whole(self) -> bool:
        """Whether simulator, node and worker run."""
        programs = [self.simulator, self.node, *self.others]
        return all(one is not None and one.runs for one in programs) and self.worker is not None

    def await_commands(self, timeout_s: float = _START_S) -> None:
        """Waits for the first command. Raises NotStarted if there is none."""
        deadline = time.monotonic() + timeout_s
        while self._relay.record.last is None:
            if time.monotonic() > deadline or self.node is None or not self.node.runs:
                tail = "" if self.node is None else self.node.tail()
                raise NotStarted(f"{self.setting.name}: no command within {timeout_s:g} s. {tail}")
            time.sleep(0.05)

    def end(self) -> None:
        """Ends all processes."""
        for program in [self.node, *self.others, self.simulator]:
            if program is not None:
                program.end()
        self.node, self.simulator, self.others = None, None, []


def _simulator_environment() -> dict[str, str]:
    folders = [str(ROOT / "sim" / "common"), str(ROOT / "sim" / "mujoco"), str(ROOT / "eval" / "faults")]
    return os.environ | {"PYTHONPATH": os.pathsep.join([*folders, os.environ.get("PYTHONPATH", "")])}
