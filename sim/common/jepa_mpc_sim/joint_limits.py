"""The limits of the joints that are moved, by the rules of the planner node (src/robot/joint-limits.ts)."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .names import did_you_mean
from .urdf import Joint, Robot, UrdfError


@dataclass(frozen=True)
class RobotOptions:
    """What a user adds to a URDF that cannot be changed."""

    joints: tuple[str, ...] = ()
    """The joints that are moved, in their order; the others are held. Empty: all that move independently."""
    default_acceleration: float = 0.0
    """Acceleration limit of revolute and continuous joints for which the URDF has none, rad/s²; 0: none."""
    default_acceleration_m: float = 0.0
    """The same of prismatic joints, m/s²."""
    tip: str = ""
    """The link whose position counts; empty: `fingertip`, or else the last link of the joints that are moved."""
    camera: str = ""
    """The main camera, by the name of its sensor; empty: the first one."""

    def __post_init__(self) -> None:
        """Raises ValueError if a value is out of range."""
        for name in ("default_acceleration", "default_acceleration_m"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise ValueError(f"--{name.replace('_', '-')}: found {value:g}, expected a finite number, 0 or more.")


AS_DESCRIBED = RobotOptions()
"""The URDF as it is."""


@dataclass(frozen=True)
class JointLimits:
    """Limits of the joints that are moved `[J]`, in SI units: those of `units`, rad or m.

    A continuous joint has the range (-inf, inf). An effort limit that is missing or not above 0 is inf.
    """

    units: tuple[str, ...]
    lower: np.ndarray
    upper: np.ndarray
    velocity: np.ndarray
    effort: np.ndarray
    acceleration: np.ndarray

    @property
    def lowest_drawn(self) -> np.ndarray:
        """Lower ends of the ranges from which poses are drawn `[J]`: -pi for continuous joints."""
        return np.where(np.isfinite(self.lower), self.lower, -np.pi)

    @property
    def highest_drawn(self) -> np.ndarray:
        """Their upper ends `[J]`."""
        return np.where(np.isfinite(self.upper), self.upper, np.pi)

    def per_joint(self, rad: float, metres: float) -> np.ndarray:
        """One of two values for each joint, by its unit `[J]`."""
        return np.array([metres if unit == "m" else rad for unit in self.units])


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `RobotOptions` to a command line."""
    parser.add_argument(
        "--joints", default="", metavar="A,B,C", help="joints that are moved; the others are held (default: all)"
    )
    parser.add_argument(
        "--default-acceleration",
        type=float,
        default=0.0,
        metavar="RAD_S2",
        help="acceleration limit of joints that turn, where the URDF has none, in rad/s² (default: refuse such a URDF)",
    )
    parser.add_argument(
        "--default-acceleration-m",
        type=float,
        default=0.0,
        metavar="M_S2",
        help="the same of prismatic joints, in m/s²",
    )
    parser.add_argument(
        "--tip",
        default="",
        metavar="LINK",
        help="link at the end of the robot (default: fingertip, else the last link of the moved joints)",
    )
    parser.add_argument(
        "--camera", default="", metavar="NAME", help="camera sensor of image_raw, of several (default: the first)"
    )


def options_from(arguments: argparse.Namespace) -> RobotOptions:
    """The options of a command line. Raises ValueError if one is out of range."""
    joints = tuple(name.strip() for name in arguments.joints.split(",") if name.strip())
    return RobotOptions(
        joints, arguments.default_acceleration, arguments.default_acceleration_m, arguments.tip, arguments.camera
    )


def moved_joints(robot: Robot, options: RobotOptions) -> list[str]:
    """Names of the joints that are moved. Raises UrdfError if one cannot be moved, or if there is none."""
    twice = next((name for name in options.joints if options.joints.count(name) > 1), None)
    if twice is not None:
        raise UrdfError("--joints", found=f"'{twice}' twice", expected="each joint once", remedy="Leave one out.")
    names = list(options.joints) or robot.independent
    if not names:
        raise UrdfError(
            "robot description",
            found="no joint that moves independently",
            expected="a revolute, prismatic or continuous joint",
            remedy="Give the URDF of a robot with joints.",
            code="urdf.unknown-joint",
        )
    for name in names:
        _commandable(robot, name)
    return names


def joint_limits(
    robot: Robot, names: Sequence[str], options: RobotOptions, needs_acceleration: bool = True
) -> JointLimits:
    """Limits of the named joints, with ranges narrowed by the soft limits of `<safety_controller>`.

    `needs_acceleration`: whether commands are made for the robot; otherwise a missing limit is inf. Raises UrdfError.
    """
    joints = [_commandable(robot, name) for name in names]
    try:
        rows = [_row(joint, options, needs_acceleration) for joint in joints]
    except UrdfError as error:
        raise _or_hold(error, _usable(joints, options, needs_acceleration)) from error
    columns = np.array(rows, dtype=np.float64).reshape(len(rows), 5).T
    return JointLimits(tuple(joint.unit for joint in joints), *columns)


def _or_hold(error: UrdfError, usable: Sequence[str]) -> UrdfError:
    """The error of a joint without usable limits, with the choice of those that have some."""
    if not usable:
        return error
    others = f"{error.remedy} Or move only those that have limits, and hold the others: --joints {','.join(usable)}."
    return UrdfError(error.subject, found=error.found, expected=error.expected, remedy=others, code=error.code)


def _usable(joints: Sequence[Joint], options: RobotOptions, needs_acceleration: bool) -> list[str]:
    """Names of the joints that have limits."""
    usable = []
    for joint in joints:
        try:
            _row(joint, options, needs_acceleration)
        except UrdfError:
            continue
        usable.append(joint.name)
    return usable


def _commandable(robot: Robot, name: str) -> Joint:
    joint = robot.joint(name)
    if joint is None:
        there = robot.independent
        raise UrdfError(
            "robot description",
            found=f"movable joints {', '.join(there)}" if there else "no movable joints",
            expected=f"a joint '{name}'",
            remedy=did_you_mean(
                name,
                there,
                "Name one of these, or give the URDF of the robot that is meant."
                if there
                else "Give the URDF of the robot that is meant.",
            ),
            code="urdf.unknown-joint",
        )
    if joint.type in ("fixed", "floating", "planar"):
        raise UrdfError(
            f"robot description, joint '{name}'",
            found=f"a {joint.type} joint",
            expected="revolute, prismatic or continuous",
            remedy="Move joints with one axis.",
            code="urdf.no-limits",
        )
    if joint.mimic is not None:
        driver = robot.driven_by(joint).joint
        raise UrdfError(
            f"robot description, joint '{name}'",
            found=f"<mimic joint=\"{joint.mimic.joint}\"/>: it moves with joint '{driver}'",
            expected="a joint that moves independently",
            remedy=f"Move joint '{driver}' instead.",
            code="urdf.mimic-joint",
        )
    return joint


def _row(joint: Joint, options: RobotOptions, needs_acceleration: bool) -> tuple[float, float, float, float, float]:
    """Lower, upper, velocity, effort and acceleration. Raises UrdfError."""
    lower, upper = _range(joint)
    limit = joint.limit
    if limit is None or limit.velocity is None:
        raise _no_limit(joint, "velocity")
    velocity = _positive(joint, "velocity", limit.velocity)
    effort = limit.effort
    return (
        lower,
        upper,
        velocity,
        # Many published descriptions have an effort of 0 as a placeholder, and efforts are not commanded.
        effort if effort is not None and effort > 0 else math.inf,
        _acceleration(joint, options, needs_acceleration),
    )


def _range(joint: Joint) -> tuple[float, float]:
    """The robot's own controller enforces the soft limits."""
    if joint.type == "continuous":
        return -math.inf, math.inf
    limit = joint.limit
    if limit is None or limit.lower is None:
        raise _no_limit(joint, "lower")
    if limit.upper is None:
        raise _no_limit(joint, "upper")
    if not limit.lower < limit.upper:
        found = f'lower="{_plain(limit.lower)}" upper="{_plain(limit.upper)}"'
        raise _invalid(joint, "<limit>", found, "lower below upper", _limit_line(joint))
    lower = max(limit.lower, -math.inf if joint.soft_lower is None else joint.soft_lower)
    upper = min(limit.upper, math.inf if joint.soft_upper is None else joint.soft_upper)
    if not lower < upper:
        raise _invalid(
            joint,
            "<safety_controller>",
            f"soft limits {_plain(joint.soft_lower)} to {_plain(joint.soft_upper)}",
            f"a range inside that of <limit>, {_plain(limit.lower)} to {_plain(limit.upper)}",
            "Correct soft_lower_limit and soft_upper_limit, or remove both.",
        )
    return lower, upper


def _acceleration(joint: Joint, options: RobotOptions, is_needed: bool) -> float:
    option = options.default_acceleration_m if joint.unit == "m" else options.default_acceleration
    written = None if joint.limit is None else joint.limit.acceleration
    if written is not None:
        limit = _positive(joint, "acceleration", written)
        return min(limit, option) if option else limit
    if option:
        return option
    if not is_needed:
        return math.inf
    suffix, unit = ("-m", "m/s²") if joint.unit == "m" else ("", "rad/s²")
    raise _no_limit(
        joint, "acceleration", f" Or pass --default-acceleration{suffix} [{unit}] if the URDF cannot be changed."
    )


def _positive(joint: Joint, attribute: str, value: float) -> float:
    if not value > 0:
        raise _invalid(
            joint, "<limit>", f'{attribute}="{_plain(value)}"', "a finite number above 0", _limit_line(joint)
        )
    return value


def _no_limit(joint: Joint, attribute: str, more: str = "") -> UrdfError:
    found = "no <limit> element" if joint.limit is None else f"no attribute {attribute} in <limit>"
    return UrdfError(
        f"robot description, joint '{joint.name}'",
        found=found,
        expected=f"a limit on {attribute}",
        remedy=_limit_line(joint) + more,
        code="urdf.no-limits",
    )


def _invalid(joint: Joint, element: str, found: str, expected: str, remedy: str) -> UrdfError:
    where = f"robot description, joint '{joint.name}', {element}"
    return UrdfError(where, found=found, expected=expected, remedy=remedy)


def _limit_line(joint: Joint) -> str:
    """The `<limit>` line to write: the valid values that are there, and placeholders for the rest."""
    limit = joint.limit
    lower, upper = (None, None) if limit is None else (limit.lower, limit.upper)
    is_range = lower is None or upper is None or lower < upper
    entries: list[tuple[str, float | None]] = []
    if joint.type != "continuous":
        entries += [("lower", lower if is_range else None), ("upper", upper if is_range else None)]
    for name in ("velocity", "effort", "acceleration"):
        value = None if limit is None else getattr(limit, name)
        entries.append((name, value if value is not None and value > 0 else None))
    attributes = " ".join(f'{name}="{_plain(value)}"' for name, value in entries)
    return f"Write in the joint, with its own numbers for …: <limit {attributes}/>."


def _plain(value: float | None) -> str:
    return "…" if value is None else f"{value:.12g}"
