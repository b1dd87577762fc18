"""Where a motion may begin: at rest, where the robot is measured."""

from __future__ import annotations

import numpy as np

from .limits import Limits
from .steps import TOLERANCE, Finding

START_TOLERANCE = 0.1
"""How far from the newest measured pose a motion may begin, rad or m. The robot rests there, so it does not lag."""

SHARED_START_TOLERANCE = 0.35
"""The same where another sender moves the robot meanwhile: the tolerance of tracking, and a margin."""

_EDGE = 0.01
"""How far two measurements of a resting joint may differ, rad or m."""


def start_findings(position: np.ndarray, pose: np.ndarray | None, limits: Limits, tolerance: float) -> list[Finding]:
    """What a motion that begins at this position `[J]` violates.

    `pose`: measured `[J]`; None if it is not known, then the limits alone count. A joint that is measured outside of
    its limits may begin there.
    """
    if not np.isfinite(position).all():
        joint = int(np.argmin(np.isfinite(position)))
        return [("not finite", joint, float(position[joint]), float("nan"))]
    upper, lower = limits.upper + TOLERANCE, limits.lower - TOLERANCE
    found: list[Finding] = []
    if pose is not None and np.isfinite(pose).all():
        apart = np.abs(position - pose)
        found += [("start", int(j), float(apart[j]), tolerance) for j in np.flatnonzero(apart > tolerance)]
        upper = np.where(pose + _EDGE > upper, pose + _EDGE, upper)
        lower = np.where(pose - _EDGE < lower, pose - _EDGE, lower)
    found += [("position", int(j), float(position[j]), float(upper[j])) for j in np.flatnonzero(position > upper)]
    found += [("position", int(j), float(position[j]), float(lower[j])) for j in np.flatnonzero(position < lower)]
    return found
