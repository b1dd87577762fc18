"""Checks one step of a commanded motion against the limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .limits import Limits

TOLERANCE = 1e-6
"""Share of a limit by which a value may exceed it: rounding."""


@dataclass(frozen=True)
class Violation:
    """A value beyond its limit. `time_s` and `where` say which command; `kind` is the quantity."""

    time_s: float
    where: str
    joint: str
    kind: str
    found: float
    limit: float

    def __str__(self) -> str:
        found, limit = f"{self.found:.6g}", f"{self.limit:.6g}"
        return f"{self.time_s:.3f} s, {self.where}: {self.kind} of {self.joint} is {found}, limit {limit}"


@dataclass(frozen=True)
class State:
    """A commanded state `[J]`, with the mean acceleration and the length [s] of the interval that ends here."""

    position: np.ndarray
    velocity: np.ndarray
    acceleration: np.ndarray
    interval_s: float

    @staticmethod
    def at_rest(position: np.ndarray, interval_s: float) -> State:
        """At rest here, and for an interval before."""
        rest = np.zeros_like(position)
        return State(position, rest, rest, interval_s)

    @property
    def key(self) -> tuple[float, ...]:
        """Equal for equal states."""
        return (*self.position, *self.velocity, *self.acceleration, self.interval_s)


def distinct(states: Sequence[State]) -> list[State]:
    """Each state once, in order. A robot at rest is in the same one however long it has rested."""
    return list({state.key: state for state in states}.values())


Finding = tuple[str, int, float, float]
"""Kind, index of the joint, value found, limit."""


def step_findings(
    before: State, position: np.ndarray, velocity: np.ndarray, dt_s: float, limits: Limits
) -> list[Finding]:
    """What a step of `dt_s` from `before` to this position and velocity `[J]` violates.

    Whatever happens within the step, a motion within the limits has: a mean velocity and a mean acceleration within
    them; mean accelerations over adjacent intervals of lengths d1 and d2 that differ by at most `jerk (d1 + d2) / 2`;
    and a displacement within `acceleration dt² / 4` of the mean of both velocities times dt.
    """
    if not (np.isfinite(position).all() and np.isfinite(velocity).all()):
        joint = int(np.argmin(np.isfinite(position) & np.isfinite(velocity)))
        return [("not finite", joint, float(position[joint]), float("nan"))]
    moved = position - before.position
    acceleration = (velocity - before.velocity) / dt_s
    jerk = np.abs(acceleration - before.acceleration) / ((dt_s + before.interval_s) / 2)
    apart = np.abs(moved - (velocity + before.velocity) * (dt_s / 2))
    # A joint outside of its range may stay or come back, but not go further.
    upper = np.maximum(limits.upper, before.position)
    lower = np.minimum(limits.lower, before.position)
    found: list[Finding] = []
    _exceeding(found, "position", position, upper)
    _exceeding(found, "position", -position, -lower)
    _exceeding(found, "velocity", np.abs(velocity), limits.velocity)
    _exceeding(found, "mean velocity", np.abs(moved) / dt_s, limits.velocity)
    _exceeding(found, "acceleration", np.abs(acceleration), limits.acceleration)
    _exceeding(found, "jerk", jerk, limits.jerk)
    _exceeding(found, "displacement", apart, limits.acceleration * dt_s**2 / 4 + 1e-9)
    return found


def _exceeding(found: list[Finding], kind: str, values: np.ndarray, limit: np.ndarray) -> None:
    beyond = values > limit + TOLERANCE * np.maximum(np.abs(limit), 1e-3)
    if beyond.any():
        found.extend((kind, int(joint), float(values[joint]), float(limit[joint])) for joint in np.flatnonzero(beyond))


def advanced(before: State, position: np.ndarray, velocity: np.ndarray, dt_s: float) -> State:
    """The state after a step."""
    return State(position, velocity, (velocity - before.velocity) / dt_s, dt_s)
