"""Proprioception: the measurements that a model takes in addition to images, as fields of the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .actions import Statistics
from .errors import ExportRefusedError

_POSE_NUMBERS = 6
_HOW = (
    "joint_position:JOINT, joint_velocity:JOINT, pose:BASE:LINK (6 numbers) or fraction:JOINT:ZERO:ONE, comma-separated"
)
_FIELDS: dict[str, Callable[..., dict[str, Any]]] = {
    "joint_position": lambda joint: {"joint": joint},
    "joint_velocity": lambda joint: {"joint": joint},
    "pose": lambda base, link: {"base": base, "link": link},
    "fraction": lambda joint, zero, one: {"joint": joint, "zero": float(zero), "one": float(one)},
}


@dataclass(frozen=True)
class Proprioception:
    """`proprioception` of the manifest."""

    fields: tuple[dict[str, Any], ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]


def make_proprioception(text: str | None, numbers: int, statistics: Statistics | None) -> Proprioception:
    """The fields of `--proprioception`, for a model that takes `numbers` numbers.

    Raises ExportRefusedError if fields are missing, cannot be parsed, or have another number of numbers.
    """
    if text is None:
        raise ExportRefusedError(
            "--proprioception",
            found="none",
            expected=f"the meaning of the {numbers} numbers that the model takes in addition to the image",
            remedy=f"Pass {_HOW}.",
        )
    fields = tuple(_field(field) for field in text.split(","))
    count = sum(_POSE_NUMBERS if field["kind"] == "pose" else 1 for field in fields)
    if count != numbers:
        raise ExportRefusedError(
            "--proprioception",
            found=f"{count} numbers",
            expected=f"{numbers}, as the model takes",
            remedy=f"Pass {_HOW}.",
        )
    if statistics is None:
        raise ExportRefusedError(
            "normalisers of the proprioception",
            found="none: the checkpoint does not hold them",
            expected=f"mean and standard deviation of its {numbers} numbers in the training data",
            remedy="Pass --proprioception-mean and --proprioception-std, or --preset.",
        )
    for name, values in (("mean", statistics.mean), ("standard deviation", statistics.std)):
        if len(values) != numbers:
            raise ExportRefusedError(
                f"{name} of the proprioception",
                found=f"{len(values)} numbers",
                expected=f"{numbers}, as the model takes",
                remedy="Pass one for each number, in the order of --proprioception.",
            )
    if min(statistics.std) <= 0:
        raise ExportRefusedError(
            "standard deviation of the proprioception",
            found=f"{min(statistics.std):g}",
            expected="more than 0",
            remedy="Correct --proprioception-std.",
        )
    return Proprioception(fields, statistics.mean, statistics.std)


def _field(text: str) -> dict[str, Any]:
    kind, *parts = text.split(":")
    try:
        if not all(parts):
            raise ValueError("an empty part")
        return {"kind": kind, **_FIELDS[kind](*parts)}
    except (KeyError, TypeError, ValueError) as error:
        raise ExportRefusedError(
            "--proprioception", found=f"{text!r}", expected=_HOW, remedy="Use the names of the robot description."
        ) from error
