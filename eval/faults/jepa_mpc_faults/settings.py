"""The systems that faults are injected into: a robot, an interface, parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PERIOD_S = 0.02

HEARTBEAT_MS = 500.0
"""Timeout of heartbeats, where a setting requires one."""

PLAN_TIMEOUT_MS = 2000.0
"""Timeout of plans in the setting `plain`."""

SLOW_VELOCITY, SLOW_ACCELERATION = 1.0, 0.5
"""Slow joints: they need 2 s to brake from full speed."""


@dataclass(frozen=True)
class Setting:
    """How simulator and node are started. `fast`: the speed [rad/s] from which the robot counts as moving fast."""

    name: str
    interface: str = "joint_trajectory"
    is_slow: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    model: str = "reacher"
    forwards_commands: bool = False
    simulated_time: bool = False
    joints_through_peer: bool = False
    streams: int = 1

    @property
    def fast(self) -> float:
        return 0.9 * SLOW_VELOCITY if self.is_slow else 1.2

    @property
    def urdf(self) -> str:
        """The robot description."""
        text = (ROOT / "urdf" / "reacher.urdf").read_text(encoding="utf-8")
        if not self.is_slow:
            return text
        text = re.sub(r'acceleration="[^"]*"', f'acceleration="{SLOW_ACCELERATION}"', text)
        text = re.sub(r' jerk="[^"]*"', "", text)
        return re.sub(r'velocity="[^"]*"', f'velocity="{SLOW_VELOCITY}"', text)


_COMMANDS = {"command.interface": "commands"}
_EFFORT = _COMMANDS | {"command.kind": "effort", "command.effort_kp": "[5.0]", "command.effort_kd": "[1.0]"}

SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("plain", parameters={"planning.timeout_s": str(PLAN_TIMEOUT_MS / 1000)}),
        Setting("clock", simulated_time=True, parameters={"use_sim_time": "true"}),
        Setting("slow-trajectory", is_slow=True),
        Setting("slow-velocity", "velocity", is_slow=True, parameters=_COMMANDS | {"command.kind": "velocity"}),
        Setting("slow-position", "position", is_slow=True, parameters=_COMMANDS | {"command.kind": "position"}),
        Setting("slow-effort", "effort", is_slow=True, parameters=_EFFORT),
        Setting("nan-model", model="nan"),
        Setting("constant-model", model="constant"),
        Setting("forwarded", forwards_commands=True),
        Setting("two-planners", streams=2),
        Setting("peer", joints_through_peer=True),
        Setting("dry-run", parameters={"dry_run": "true"}),
        Setting("outside", forwards_commands=True, parameters={"autostart": "false"}),
        Setting("heartbeat", parameters={"emergency_stop.timeout_s": str(HEARTBEAT_MS / 1000)}),
        Setting("scaled", parameters={"command.speed_scale_timeout_s": str(HEARTBEAT_MS / 1000)}),
    )
}
