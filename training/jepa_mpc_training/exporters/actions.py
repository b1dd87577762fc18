"""Properties of the actions that no checkpoint holds: joints, period, normalisation and bounds."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .errors import ExportRefusedError

_DEFAULT_BOUND = 3.0
"""Default bounds of a raw action around its mean, in standard deviations of the data set."""


@dataclass(frozen=True)
class Statistics:
    """Mean and standard deviation of raw actions `[J]`, and their range if the data set has it."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    lower: tuple[float, ...] | None = None
    upper: tuple[float, ...] | None = None


@dataclass(frozen=True)
class ActionSpec:
    """Fields of `action` in the manifest."""

    joints: tuple[str, ...]
    unit: str
    period_ms: float
    block: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    kind: str = "joint_velocity"
    more: dict[str, Any] = field(default_factory=dict)
    """Further fields of the manifest that a kind of action has."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers of a raw action."""
        return tuple(self.more.get("names", self.joints))

    def manifest(self) -> dict[str, Any]:
        """`action` of the manifest."""
        return {
            "kind": self.kind,
            "joints": list(self.joints),
            "unit": self.unit,
            "periodMs": self.period_ms,
            "block": self.block,
            "mean": list(self.mean),
            "std": list(self.std),
            "lower": list(self.lower),
            "upper": list(self.upper),
            **self.more,
        }

    @property
    def normalised_std(self) -> float:
        """The smallest standard deviation of a joint in the data set, as a share of half its action range."""
        return min(
            2 * std / (upper - lower) for std, lower, upper in zip(self.std, self.lower, self.upper, strict=True)
        )


def read_statistics(file: Path) -> Statistics:
    """Statistics of a data set: from JSON with `mean` and `std` (LeRobot's: under `action`), or from raw actions
    `[N, J]` in a .npy file. Raises ExportRefusedError for anything else.
    """
    expected = "JSON with 'mean' and 'std' of the actions (alone or under 'action'), or .npy with raw actions [N, J]"
    try:
        if file.suffix == ".npy":
            return _of_actions(np.load(file, allow_pickle=False))
        content = json.loads(file.read_text())
        content = content.get("action", content)
        lower, upper = (_numbers(content[key]) if key in content else None for key in ("min", "max"))
        return Statistics(_numbers(content["mean"]), _numbers(content["std"]), lower, upper)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExportRefusedError(
            f"--dataset-stats {file}",
            found=f"{type(error).__name__}: {error}",
            expected=expected,
            remedy="Write the numbers that the model was trained with, or pass --action-mean and --action-std.",
        ) from error


def _of_actions(actions: np.ndarray) -> Statistics:
    if actions.ndim != 2:
        raise ValueError(f"an array of shape {actions.shape}")
    # The last action of a recording was never taken; it is NaN.
    actions = actions[~np.isnan(actions).any(axis=1)].astype(np.float64)
    return Statistics(*(tuple(of(axis=0).tolist()) for of in (actions.mean, actions.std, actions.min, actions.max)))


def _numbers(values: object) -> tuple[float, ...]:
    if not isinstance(values, list):
        raise ValueError(f"{values!r} instead of a list of numbers")
    return tuple(float(value) for value in values)


def make_action_spec(
    *,
    action_dim: int,
    joints: tuple[str, ...],
    unit: str,
    period_ms: float,
    block: int | None,
    statistics: Statistics | None,
    lower: tuple[float, ...] | None,
    upper: tuple[float, ...] | None,
) -> ActionSpec:
    """Makes the actions from the options. `action_dim`: numbers that the model takes in a step.

    Raises ExportRefusedError if normalisers are missing, or if the number of joints does not fit the model.
    """
    count = len(joints)
    if action_dim % count or (block is not None and count * block != action_dim):
        requested = f"{count} joints" + (f" in blocks of {block}" if block is not None else "")
        raise ExportRefusedError(
            "action",
            found=f"a model that takes {action_dim} numbers a step",
            expected=f"a multiple of {count} for {requested}" if block is None else f"{count * block} for {requested}",
            remedy="Pass the joints that the model was trained on (--joints) and the raw actions in a step (--block).",
        )
    if statistics is None:
        raise ExportRefusedError(
            "normalisers of the actions",
            found="none: the checkpoint does not hold them",
            expected=f"mean and standard deviation of the {count} raw actions in the training data",
            remedy="Pass --dataset-stats FILE, or --action-mean and --action-std.",
        )
    for name, values in (
        ("mean", statistics.mean),
        ("std", statistics.std),
        ("lower bound", lower or statistics.lower),
        ("upper bound", upper or statistics.upper),
    ):
        if values is not None and len(values) != count:
            raise ExportRefusedError(
                f"action {name}",
                found=f"{len(values)} numbers",
                expected=f"{count}, one for each of {', '.join(joints)}",
                remedy="Pass one number for each joint, in the order of --joints.",
            )
    lower = lower or statistics.lower or _bound(statistics, -_DEFAULT_BOUND)
    upper = upper or statistics.upper or _bound(statistics, _DEFAULT_BOUND)
    for joint, std, low, high in zip(joints, statistics.std, lower, upper, strict=True):
        if not (std > 0 and low < high):
            raise ExportRefusedError(
                f"action of {joint}",
                found=f"standard deviation {std:g}, bounds {low:g} to {high:g}",
                expected="a standard deviation above 0 and a lower bound below the upper one",
                remedy="Leave out joints that never move in the data, or correct the numbers.",
            )
    return ActionSpec(
        joints, unit, period_ms, action_dim // count, statistics.mean, statistics.std, tuple(lower), tuple(upper)
    )


def _bound(statistics: Statistics, stds: float) -> tuple[float, ...]:
    return tuple(mean + stds * std for mean, std in zip(statistics.mean, statistics.std, strict=True))
