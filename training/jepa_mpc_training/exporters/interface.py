"""The interface of a model to a robot: its actions and its proprioception, from options of the command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from typing import Any

from .actions import ActionSpec, Statistics, make_action_spec, read_statistics
from .errors import ExportRefusedError
from .presets import PRESETS
from .proprioception import Proprioception, make_proprioception
from .world_model import WorldModel

POSE_NAMES = ("x", "y", "z", "roll", "pitch", "yaw", "gripper")

_JOINT_UNITS = {"joint_velocity": "rad/s", "joint_position": "rad", "joint_delta": "rad"}
JOINT_KINDS = tuple(_JOINT_UNITS)

_POSE_PERIOD_MS = 250.0


@dataclass(frozen=True)
class EndEffectorRules:
    """How a published planner moves an end effector. Units are m, rad, and the fraction of the gripper's range."""

    bound: tuple[float, ...]
    frozen: tuple[float | None, ...] | None = None
    dead_band: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Interface:
    """Fields of the manifest that describe the robot, which no checkpoint holds."""

    action: ActionSpec
    proprioception: Proprioception | None = None


def joint_interface(options: argparse.Namespace, model: WorldModel) -> Interface:
    """Actions of joints, without proprioception. Raises ExportRefusedError if options are missing or do not fit."""
    return Interface(joint_actions(options, model))


def joint_actions(options: argparse.Namespace, model: WorldModel, otherwise: Statistics | None = None) -> ActionSpec:
    """Actions of joints; `otherwise`: their normalisers if the options have none. Raises ExportRefusedError."""
    spec = make_action_spec(
        action_dim=model.action_dim,
        joints=required(options, "joints", "names of the joints that are acted on", "--joints shoulder,elbow"),
        unit=options.unit or _JOINT_UNITS[options.action_kind],
        period_ms=_period_ms(options),
        block=options.block,
        statistics=_statistics(options) or otherwise,
        lower=options.action_lower,
        upper=options.action_upper,
    )
    return replace(spec, kind=options.action_kind)


def measured_joint_interface(options: argparse.Namespace, model: WorldModel) -> Interface:
    """Actions of joints, and proprioception. Normalisers are those of the options or of a preset.

    Raises ExportRefusedError if options are missing or do not fit.
    """
    preset = None if options.preset is None else PRESETS[options.preset]
    measured = None if preset is None else preset.proprioception
    if options.proprioception_mean is not None and options.proprioception_std is not None:
        measured = Statistics(options.proprioception_mean, options.proprioception_std)
    action = joint_actions(options, model, None if preset is None else preset.action)
    return Interface(action, make_proprioception(options.proprioception, model.proprioception_dim, measured))


def end_effector_interface(options: argparse.Namespace, model: WorldModel, rules: EndEffectorRules) -> Interface:
    """Actions are raw differences of the pose of a link and of the gripper; proprioception, if any, is that pose.

    Raises ExportRefusedError for options that are missing, and for normalisers: these models use none.
    """
    if options.action_mean is not None or options.action_std is not None or options.dataset_stats is not None:
        raise ExportRefusedError(
            "normalisers of the actions",
            found="some",
            expected="none: the model takes metres, radians and fractions of the gripper's range",
            remedy="Omit --action-mean, --action-std and --dataset-stats.",
        )
    if options.block not in (None, 1):
        raise ExportRefusedError(
            "--block", found=f"{options.block}", expected="1: one action in a step", remedy="Omit it."
        )
    if model.action_dim != len(POSE_NAMES):
        raise ExportRefusedError(
            "action",
            found=f"a model that takes {model.action_dim} numbers a step",
            expected=f"{len(POSE_NAMES)}: {', '.join(POSE_NAMES)}",
            remedy="Use a checkpoint that was trained on poses of an end effector (DROID).",
        )
    joints = required(options, "joints", "names of the arm's joints, which move the link", "--joints joint_1,joint_2")
    links = {
        name: required(options, name, f"the {of}, as in the robot description", f"--{name} {example}")
        for name, of, example in (
            ("base", "link that poses are measured in", "base_link"),
            ("link", "link whose pose it is", "tool0"),
        )
    }
    gripper = {
        "joint": required(options, "gripper_joint", "the gripper's joint", "--gripper-joint finger_joint"),
        "zero": required(options, "gripper_zero", "its position when open", "--gripper-zero 0"),
        "one": required(options, "gripper_one", "its position when closed", "--gripper-one 0.8"),
    }
    if gripper["zero"] == gripper["one"]:
        raise ExportRefusedError(
            "--gripper-one",
            found=f"{gripper['one']:g}, as --gripper-zero",
            expected="a different position of the joint",
            remedy="Pass its positions when open (zero) and closed (one), as in the training data.",
        )
    count = len(POSE_NAMES)
    lower = options.action_lower or tuple(-bound for bound in rules.bound)
    upper = options.action_upper or rules.bound
    for name, bounds in (("--action-lower", lower), ("--action-upper", upper)):
        if len(bounds) != count:
            raise ExportRefusedError(
                name,
                found=f"{len(bounds)} numbers",
                expected=f"{count}, one for each of {', '.join(POSE_NAMES)}",
                remedy="Pass one number for each.",
            )
    for name, low, high in zip(POSE_NAMES, lower, upper, strict=True):
        if not low < high:
            raise ExportRefusedError(
                f"action of {name}",
                found=f"bounds {low:g} to {high:g}",
                expected="a lower bound below the upper one",
                remedy="Correct --action-lower and --action-upper.",
            )
    action = ActionSpec(
        joints=joints,
        unit=options.unit or "m, rad, fraction of the gripper's range",
        period_ms=_POSE_PERIOD_MS if options.period_ms is None else _period_ms(options),
        block=1,
        mean=(0.0,) * count,
        std=(1.0,) * count,
        lower=lower,
        upper=upper,
        kind="end_effector_delta",
        more={
            "names": list(POSE_NAMES),
            "endEffector": links,
            "gripper": gripper,
            **({} if rules.frozen is None else {"frozen": list(rules.frozen)}),
            **({} if rules.dead_band is None else {"deadBand": list(rules.dead_band)}),
        },
    )
    if not model.proprioception_dim:
        return Interface(action)
    fields = ({"kind": "pose", **links}, {"kind": "fraction", **gripper})
    return Interface(action, Proprioception(fields, (0.0,) * count, (1.0,) * count))


def required(options: argparse.Namespace, name: str, expected: str, example: str) -> Any:
    """The value of an option that has no default. Raises ExportRefusedError if it is missing."""
    value = getattr(options, name)
    if value is None:
        option = f"--{name.replace('_', '-')}"
        raise ExportRefusedError(
            option, found="none", expected=expected, remedy=f"Pass {example}, as in the robot description."
        )
    return value


def _period_ms(options: argparse.Namespace) -> float:
    if options.period_ms is None or not options.period_ms > 0:
        raise ExportRefusedError(
            "--period-ms",
            found=f"{options.period_ms}",
            expected="the time for which one raw action was held in the training data, more than 0 ms",
            remedy="Pass --period-ms 100 for data at 10 Hz.",
        )
    return options.period_ms


def _statistics(options: argparse.Namespace) -> Statistics | None:
    of_dataset = read_statistics(options.dataset_stats) if options.dataset_stats is not None else None
    if options.action_mean is None or options.action_std is None:
        return of_dataset
    numbers = Statistics(options.action_mean, options.action_std)
    return numbers if of_dataset is None else replace(of_dataset, mean=numbers.mean, std=numbers.std)
