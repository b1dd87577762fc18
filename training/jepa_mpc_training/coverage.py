"""How much of each joint's range and velocity limit recordings cover, as figures and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jepa_mpc_sim.joint_limits import JointLimits

PARTS = 20
"""Equal parts of a joint's range."""
_MIN_FRAMES = 0.1
"""Frames with which a part counts as covered, as a share of those that it has if all parts have the same number."""
_ENOUGH_RANGE = 0.8
"""The node's margins take at most a tenth of a joint's range from each end (`limits.position_margin`), so it may plan
to the rest."""
_ENOUGH_SPEED = 0.8
_SPEED_QUANTILE = 0.99
"""Measured speeds above it are left out: noise, and what a joint never keeps up."""
_STILL = 0.005
_DECIMALS = {"rad": 2, "m": 3}


@dataclass(frozen=True)
class Coverage:
    """What recordings have of one joint; shares are from 0 to 1.

    `lowest` and `highest`, in rad or m, are the ends of the positions in covered parts. Those of a continuous joint
    are the ends of the arc that it turned over. `range` is what lies between them, as a share
    of the joint's range, and `filled` the share of its parts that are covered. `speed` is the 99th percentile of the
    speed as a share of the velocity limit, and may be above 1.
    """

    joint: str
    lowest: float
    highest: float
    range: float
    filled: float
    speed: float


def coverage(
    joints: Sequence[str], limits: JointLimits, positions: np.ndarray, velocities: np.ndarray
) -> dict[str, Any]:
    """The `coverage` of each joint, and in words what is `missing`, of positions and velocities `[..., J]` in rad or m,
    and per second."""
    figures, missing = [], []
    for index, name in enumerate(joints):
        joint = _Joint.of(name, limits, index)
        one, gap = _measure(joint, positions[..., index].ravel(), velocities[..., index].ravel())
        figures.append(asdict(one))
        missing += _missing(joint, one, gap)
    return {"coverage": figures, "missing": missing}


def lines(covered: dict[str, Any]) -> list[str]:
    """The figures of `coverage` as text."""
    rows = [
        f"  {row['joint']}: {_percent(row['range'])} of its range, {row['filled'] * PARTS:.0f} of {PARTS} parts of it, "
        f"{_percent(row['speed'])} of its velocity limit"
        for row in covered["coverage"]
    ]
    return ["recorded motion:", *rows, *(f"  MISSING: {line}" for line in covered["missing"])]


@dataclass(frozen=True)
class _Joint:
    """The limits of one joint, in rad or m, and per second."""

    name: str
    unit: str
    is_continuous: bool
    lower: float
    width: float
    velocity: float
    reachable: float
    """The speed that it can reach: a joint with a short range has to brake before it is at full speed."""

    @classmethod
    def of(cls, name: str, limits: JointLimits, index: int) -> _Joint:
        is_continuous = not np.isfinite(limits.lower[index])
        lower, upper = float(limits.lowest_drawn[index]), float(limits.highest_drawn[index])
        velocity = float(limits.velocity[index])
        braking = np.inf if is_continuous else np.sqrt(limits.acceleration[index] * (upper - lower))
        return cls(
            name, limits.units[index], is_continuous, lower, upper - lower, velocity, min(velocity, float(braking))
        )

    def text(self, value: float) -> str:
        """A number in its unit, without the sign of -0."""
        return f"{round(value, _DECIMALS[self.unit]) + 0.0:g}"


def _measure(joint: _Joint, position: np.ndarray, velocity: np.ndarray) -> tuple[Coverage, tuple[float, float] | None]:
    """The figures of a joint from its positions and velocities `[N]`, and the widest stretch between covered parts that
    is not covered."""
    position, lower, width = position.astype(np.float64), joint.lower, joint.width
    if joint.is_continuous:
        lower = _start_of_arc(position, lower, width)
        position = (position - lower) % width + lower
    parts = _part_of(position, lower, width)
    covered = _is_covered(parts)
    inside = position[covered[parts]]
    lowest, highest = float(inside.min()), float(inside.max())
    share = min(1.0, (highest - lowest) / width)
    speed = float(np.quantile(np.abs(velocity), _SPEED_QUANTILE)) / joint.velocity
    figures = (round(value, 4) for value in (lowest, highest, share, float(covered.mean()), speed))
    first, last = np.flatnonzero(covered)[[0, -1]]
    start, count = _longest_gap(covered[first : last + 1])
    gap = tuple(lower + width * part / PARTS for part in (first + start, first + start + count)) if count else None
    return Coverage(joint.name, *figures), gap


def _missing(joint: _Joint, one: Coverage, gap: tuple[float, float] | None) -> list[str]:
    """What is missing of a joint, with what to record."""
    name, unit, text = joint.name, joint.unit, joint.text
    if one.range < _STILL:
        return [f"{name} did not move ({text(one.lowest)} {unit}): record motion of it"]
    missing = []
    if one.range < _ENOUGH_RANGE:
        reached = f"{text(one.lowest)} to {text(one.highest)} {unit}"
        moved = (
            f"turned over {_percent(one.range)} of a full turn ({reached})"
            if joint.is_continuous
            else f"moved over {_percent(one.range)} of its range "
            f"({reached} of {text(joint.lower)} to {text(joint.lower + joint.width)})"
        )
        missing.append(f"{name} {moved}: record motion of it over the rest")
    if gap is not None:
        start, end = gap
        missing.append(f"{name} was hardly ever from {text(start)} to {text(end)} {unit}: record motion of it there")
    if one.speed * joint.velocity < _ENOUGH_SPEED * joint.reachable:
        missing.append(
            f"{name} reached {_percent(one.speed)} of its velocity limit "
            f"({text(one.speed * joint.velocity)} of {text(joint.velocity)} {unit}/s): record faster motion of it, "
            "or write a lower limit in the URDF"
        )
    return missing


def _start_of_arc(position: np.ndarray, lower: float, turn: float) -> float:
    """Where the arc begins that positions `[N]` on a circle cover: the end of the longest gap, or `lower` if there is
    none."""
    covered = _is_covered(_part_of((position - lower) % turn + lower, lower, turn))
    first, count = _longest_gap(np.tile(covered, 2))
    return lower + turn * ((first + count) % PARTS) / PARTS if count else lower


def _part_of(position: np.ndarray, lower: float, width: float) -> np.ndarray:
    """The part of the range that each position `[N]` is in; positions beyond an end count for the part at that end."""
    return ((position - lower) / width * PARTS).astype(int).clip(0, PARTS - 1)


def _is_covered(parts: np.ndarray) -> np.ndarray:
    """Whether each of the parts `[PARTS]` is covered, from the part of each frame `[N]`. At least one is."""
    return np.bincount(parts, minlength=PARTS) >= max(1.0, _MIN_FRAMES * len(parts) / PARTS)


def _longest_gap(covered: np.ndarray) -> tuple[int, int]:
    """First and number of the longest run of parts that are not covered; (0, 0) if there is none."""
    best, start = (0, 0), 0
    for index, is_covered in enumerate([*covered, True]):
        if is_covered:
            best = max(best, (start, index - start), key=lambda run: run[1])
            start = index + 1
    return best


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
