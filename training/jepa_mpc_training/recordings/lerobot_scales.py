"""The scale of each joint in a LeRobot data set: rad, degrees, or a share of its range.

LeRobot writes an arm in degrees or from -100 to 100, by the setting of its recorder, and a gripper from 0 to 100. The
data set does not name its scales. They are inferred from the ranges of the recorded positions and the names of the
joints; where these allow two readings, the data set is refused: a wrong scale makes a wrong robot.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jepa_mpc_sim.joint_limits import JointLimits

from .errors import RecordingError
from .source import LerobotSource

_PHYSICAL = ("rad", "m", "degrees")
_NORMALISED = (-100.0, 100.0)
_GRIPPER = (0.0, 100.0)
_GRIPPER_WORDS = ("gripper", "finger", "jaw")
_SLACK = 0.1
"""Share of a joint's range by which recorded positions may be outside of it: calibrations differ."""
_ROUNDING = 0.01
"""How close a number is to the end of a normalised scale that it stands for: LeRobot clips there."""


@dataclass(frozen=True)
class Scale:
    """A position in the unit of the URDF is `factor * number + offset`; a velocity `factor * number`."""

    factor: float
    offset: float
    words: str


@dataclass(frozen=True)
class _Recorded:
    """One joint: its limits, and the range of its recorded positions."""

    name: str
    recorded_name: str
    unit: str
    lower: float
    upper: float
    smallest: float
    largest: float

    @property
    def is_gripper(self) -> bool:
        return self.unit == "m" or any(word in f"{self.name} {self.recorded_name}".lower() for word in _GRIPPER_WORDS)

    @property
    def numbers(self) -> str:
        return f"{self.name} from {self.smallest:.4g} to {self.largest:.4g}"

    def within(self, ends: tuple[float, float]) -> bool:
        return self.smallest >= ends[0] - _ROUNDING and self.largest <= ends[1] + _ROUNDING

    def ends_at(self, ends: tuple[float, float]) -> bool:
        return abs(self.smallest - ends[0]) <= _ROUNDING or abs(self.largest - ends[1]) <= _ROUNDING

    def fits(self, factor: float) -> bool:
        """Whether the positions are inside the joint's range after multiplication."""
        if math.isinf(self.lower):
            return max(abs(self.smallest), abs(self.largest)) * factor <= 4 * math.pi
        slack = _SLACK * (self.upper - self.lower)
        return self.smallest * factor >= self.lower - slack and self.largest * factor <= self.upper + slack


def checked_scale(text: str) -> tuple[str, str]:
    """`JOINT=SCALE` of the command line -> joint and scale. Raises ValueError."""
    joint, separator, scale = text.partition("=")
    if not (separator and joint) or (scale not in _PHYSICAL and _ends(scale) is None):
        raise ValueError(
            f"--scale: found '{text}', expected JOINT=A..B (such as gripper=0..100), =degrees, =rad or =m."
        )
    return joint, scale


def _ends(scale: str) -> tuple[float, float] | None:
    low, separator, high = scale.partition("..")
    try:
        ends = float(low), float(high)
    except ValueError:
        return None
    return ends if separator and ends[0] != ends[1] and all(map(math.isfinite, ends)) else None


def scales_of(
    subject: str, source: LerobotSource, joints: Sequence[str], limits: JointLimits, seen: np.ndarray
) -> list[Scale]:
    """The scale of each joint; `seen [J, 2]`: smallest and largest recorded position. Raises RecordingError."""
    given = dict(source.scales)
    unknown = next((name for name in given if name not in joints), None)
    if unknown is not None:
        raise RecordingError(
            f"--scale {unknown}={given[unknown]}",
            found=f"joint '{unknown}'",
            expected=f"one of {', '.join(joints)}",
            remedy="Name the joint as the URDF does.",
        )
    columns = (
        joints,
        source.names(joints),
        limits.units,
        limits.lower.tolist(),
        limits.upper.tolist(),
        *seen.T.tolist(),
    )
    recorded = [_Recorded(*row) for row in zip(*columns, strict=True)]
    open_arm = [joint for joint in recorded if joint.name not in given and not joint.is_gripper]
    arm = _arm_scale(subject, source, open_arm) if open_arm else ""
    chosen = {joint.name: arm for joint in open_arm} | given
    for joint in recorded:
        if joint.name not in chosen:
            chosen[joint.name] = _gripper_scale(subject, joint, arm)
    return [_scale(subject, joint, chosen[joint.name]) for joint in recorded]


def _arm_scale(subject: str, source: LerobotSource, arm: Sequence[_Recorded]) -> str:
    """The scale of all joints that turn and are no grippers: LeRobot has one setting for them."""
    normalised = _text(_NORMALISED)
    if source.degrees or source.normalised:
        return "degrees" if source.degrees else normalised
    if all(joint.fits(1.0) for joint in arm):
        return "rad"
    in_degrees = all(joint.fits(math.pi / 180) for joint in arm)
    is_normalised = all(joint.within(_NORMALISED) for joint in arm)
    if in_degrees and not is_normalised:
        return "degrees"
    if is_normalised and (not in_degrees or any(joint.ends_at(_NORMALISED) for joint in arm)):
        return normalised
    numbers = "; ".join(joint.numbers for joint in arm)
    if in_degrees:
        raise RecordingError(
            subject,
            found=f"{numbers}, which may be degrees or from -100 to 100",
            expected="numbers with one reading",
            remedy="Pass --degrees or --normalised (the recorder's use_degrees says which), or the scale of single "
            f"joints: --scale {arm[0].name}=-100..100.",
        )
    raise RecordingError(
        subject,
        found=f"{numbers}, which are neither rad nor degrees nor from -100 to 100",
        expected="positions inside the ranges of the URDF",
        remedy="Pass the URDF of this robot, or for each joint the numbers at the ends of its range: "
        f"--scale {arm[0].name}={arm[0].smallest:.4g}..{arm[0].largest:.4g}.",
    )


def _gripper_scale(subject: str, gripper: _Recorded, arm: str) -> str:
    """LeRobot writes grippers from 0 to 100, whatever the scale of the arm. They are never taken for degrees."""
    own = gripper.unit
    in_own, in_share = gripper.fits(1.0), gripper.within(_GRIPPER)
    if in_own and (arm in ("", "rad") or gripper.unit == "m"):
        return own
    if in_share and not in_own:
        return _text(_GRIPPER)
    raise RecordingError(
        subject,
        found=gripper.numbers + (f", which may be {own} or from 0 to 100" if in_own and in_share else ""),
        expected=f"a gripper in {own} or from 0 to 100",
        remedy=f"Pass its numbers at the lower and the upper end of its range: --scale {gripper.name}=0..100, "
        f"or its unit: --scale {gripper.name}={own}" + (f" or {gripper.name}=degrees." if own == "rad" else "."),
    )


def _scale(subject: str, joint: _Recorded, scale: str) -> Scale:
    ends = _ends(scale)
    if ends is None:
        if (scale == "m") != (joint.unit == "m"):
            raise RecordingError(
                subject,
                found=f"--scale {joint.name}={scale} for a joint in {joint.unit}",
                expected="a unit of the joint",
                remedy=f"Pass --scale {joint.name}={joint.unit}, or {joint.name}=A..B.",
            )
        return Scale(math.pi / 180 if scale == "degrees" else 1.0, 0.0, f"{joint.name} in {scale}")
    if math.isinf(joint.lower):
        raise RecordingError(
            subject,
            found=f"{joint.name}, a continuous joint, from {_text(ends, ' to ')}",
            expected="a unit: without a range there are no ends to map the numbers to",
            remedy=f"Pass --scale {joint.name}=degrees or {joint.name}=rad.",
        )
    factor = (joint.upper - joint.lower) / (ends[1] - ends[0])
    words = f"{joint.name} {_text(ends, ' to ')} for {joint.lower:.4g} to {joint.upper:.4g} {joint.unit}"
    return Scale(factor, joint.lower - factor * ends[0], words)


def _text(ends: tuple[float, float], between: str = "..") -> str:
    return f"{ends[0]:g}{between}{ends[1]:g}"
