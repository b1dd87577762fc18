"""The settings of a simulator's node, which are its parameters, and their checks. Independent of ROS."""

from __future__ import annotations

from dataclasses import dataclass, field

from .command_controller import COMMANDS_MODES, CommandsMode
from .errors import StartupError
from .imperfections import Imperfections

LOCKSTEP_PERIOD_NS = 20_000_000
REAL_TIME_PERIOD_NS = 10_000_000


@dataclass(frozen=True)
class Settings:
    """Initial values of the node's parameters. A `camera_rate` of 0 means the default of the mode."""

    lockstep: bool = False
    camera_rate: float = 0.0
    """Images per second."""
    commands_mode: CommandsMode = "velocity"
    seed: int = 0
    imperfections: Imperfections = field(default_factory=Imperfections)
    """Options of the command line alone, not parameters."""

    @property
    def period_ns(self) -> int:
        """Time from one update of everything but the joint controllers to the next."""
        return LOCKSTEP_PERIOD_NS if self.lockstep else REAL_TIME_PERIOD_NS


DESCRIPTIONS = {
    "lockstep": "Whether time advances by ~/step messages instead of the wall clock.",
    "camera_rate": "Images per second; 0: 10 in lockstep, else the URDF's.",
    "commands_mode": "Kind of the numbers in 'commands': velocity or position.",
    "seed": "Seed of the random poses and goals of ~/reset, 0 or more.",
}
"""Descriptions of the parameters, by their name."""


def checked_settings(values: dict[str, object], imperfections: Imperfections) -> Settings:
    """Settings from the values of the parameters. Raises StartupError if one has a wrong type or is out of range."""
    lockstep, rate, mode, seed = (values[name] for name in DESCRIPTIONS)
    if not isinstance(lockstep, bool):
        raise StartupError(f"lockstep: found {lockstep!r}, expected true or false.")
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not rate >= 0:
        raise StartupError(f"camera_rate: found {rate!r}, expected a number of Hz, 0 or more.")
    if mode not in COMMANDS_MODES:
        raise StartupError(f"commands_mode: found {mode!r}, expected one of {', '.join(COMMANDS_MODES)}.")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise StartupError(f"seed: found {seed!r}, expected a whole number, 0 or more.")
    return Settings(lockstep, float(rate), mode, seed, imperfections)
