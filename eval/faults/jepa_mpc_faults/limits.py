"""The limits of a robot's joints, read from its URDF."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from xml.etree import ElementTree

import numpy as np

JERK_TIME_S = 0.04
"""Without a `jerk` attribute the jerk limit lets a joint reach its acceleration limit within this time."""

_MOVABLE = ("revolute", "prismatic", "continuous")


class UrdfLimitError(ValueError):
    """A limit is missing or is no number. The message names the joint and the attribute."""


@dataclass(frozen=True)
class Limits:
    """Limits of the joints `names`, `[J]` each, in rad or m and seconds; jerks may be infinite (not checked)."""

    names: tuple[str, ...]
    lower: np.ndarray
    upper: np.ndarray
    velocity: np.ndarray
    acceleration: np.ndarray
    jerk: np.ndarray
    effort: np.ndarray

    def of(self, names: Sequence[str]) -> Limits:
        """The same limits in another order. Raises UrdfLimitError for a joint that it does not have."""
        unknown = [name for name in names if name not in self.names]
        if unknown:
            raise UrdfLimitError(f"found joint '{unknown[0]}', expected one of {', '.join(self.names)}")
        order = [self.names.index(name) for name in names]
        columns = (self.lower, self.upper, self.velocity, self.acceleration, self.jerk, self.effort)
        return Limits(tuple(names), *(column[order] for column in columns))

    def without_jerk(self) -> Limits:
        """The same limits, without a limit of the jerk."""
        return replace(self, jerk=np.full_like(self.jerk, np.inf))

    def braking_s(self, speed: np.ndarray | None = None) -> float:
        """The longest time that a joint takes to rest, s: `v/a + a/j`. `speed [J]`: by default the velocity limits."""
        velocity = self.velocity if speed is None else np.abs(speed)
        ramp = np.where(np.isfinite(self.jerk), self.acceleration / self.jerk, 0.0)
        return float(np.max(velocity / self.acceleration + ramp))


def read_limits(urdf_xml: str) -> Limits:
    """Limits of the movable joints that mimic no other. Soft limits of `<safety_controller>` narrow the positions.

    Raises UrdfLimitError for a joint without a velocity or acceleration limit.
    """
    root = ElementTree.fromstring(urdf_xml.lstrip("\ufeff \t\r\n"))
    names: list[str] = []
    rows: list[tuple[float, ...]] = []
    for joint in root.findall("joint"):
        if joint.get("type") not in _MOVABLE or joint.find("mimic") is not None:
            continue
        name = joint.get("name", "")
        limit = joint.find("limit")
        attributes = {} if limit is None else limit.attrib
        lower, upper = _range(name, joint, attributes)
        acceleration = _positive(name, "acceleration", attributes)
        jerk = _positive(name, "jerk", attributes) if "jerk" in attributes else acceleration / JERK_TIME_S
        velocity = _positive(name, "velocity", attributes)
        names.append(name)
        rows.append((lower, upper, velocity, acceleration, jerk, _number(name, "effort", attributes, math.inf)))
    if not rows:
        raise UrdfLimitError("found no movable joint, expected at least one")
    return Limits(tuple(names), *np.asarray(rows, dtype=np.float64).T)


def _range(name: str, joint: ElementTree.Element, attributes: dict[str, str]) -> tuple[float, float]:
    if joint.get("type") == "continuous":
        return -math.inf, math.inf
    lower, upper = (_number(name, attribute, attributes, 0.0) for attribute in ("lower", "upper"))
    soft = joint.find("safety_controller")
    if soft is not None:
        lower = max(lower, _number(name, "soft_lower_limit", soft.attrib, lower))
        upper = min(upper, _number(name, "soft_upper_limit", soft.attrib, upper))
    return lower, upper


def _number(joint: str, attribute: str, attributes: dict[str, str], default: float) -> float:
    text = attributes.get(attribute)
    if text is None:
        return default
    try:
        return float(text)
    except ValueError as error:
        raise UrdfLimitError(f"joint '{joint}': found {attribute}=\"{text}\", expected a number") from error


def _positive(joint: str, attribute: str, attributes: dict[str, str]) -> float:
    value = _number(joint, attribute, attributes, math.nan)
    if not value > 0:
        found = attributes.get(attribute, "nothing")
        raise UrdfLimitError(f"joint '{joint}': found {attribute} {found}, expected a number above 0")
    return value
