"""What the export command needs to know about a family of published world models."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from torch import Tensor

from .heads import Heads
from .interface import Interface, joint_interface
from .key_layouts import KeyLayout
from .reference_packages import STABLE_WORLDMODEL
from .world_model import Reference, WorldModel

RANDOM_JOINTS: Mapping[str, Any] = {
    "joints": ("joint_1", "joint_2"),
    "period_ms": 100.0,
    "action_mean": (0.0, 0.0),
    "action_std": (1.0, 1.0),
}
"""Options of a robot with two joints, for models with random weights."""

RANDOM_MEASURED_JOINTS: Mapping[str, Any] = {
    **RANDOM_JOINTS,
    "proprioception": "joint_position:joint_1,joint_position:joint_2,joint_velocity:joint_1,joint_velocity:joint_2",
    "proprioception_mean": (0.0,) * 4,
    "proprioception_std": (1.0,) * 4,
}
"""The same robot, for models that take proprioception."""

RANDOM_ARM: Mapping[str, Any] = {
    "joints": tuple(f"joint_{number}" for number in range(1, 8)),
    "base": "base_link",
    "link": "tool0",
    "gripper_joint": "finger_joint",
    "gripper_zero": 0.0,
    "gripper_one": 0.8,
}
"""Options of an arm with seven joints and a gripper, for models that move an end effector."""


class Sizes(Protocol):
    """Widths and depths of a family's networks."""

    @property
    def heads(self) -> Heads: ...


S = TypeVar("S", bound=Sizes)


@dataclass(frozen=True)
class Family(Generic[S]):
    """What is published under a name, and how to read and to build it."""

    title: str
    licence: str
    source: str
    layouts: Sequence[KeyLayout]
    full_size: S
    small: S
    read: Callable[[dict[str, Tensor], Heads, str], tuple[WorldModel, S, dict[str, Tensor]]]
    """Tensors of a checkpoint, heads, and the name of the file for errors -> the model, its sizes, its weights in our
    names. Raises ExportRefusedError for a checkpoint of another family."""
    reference: Callable[[S], Reference]
    random_reference: Callable[[S, int], Reference]
    """Sizes and a seed -> a reference with random weights."""
    interface: Callable[[argparse.Namespace, WorldModel], Interface] = joint_interface
    random_options: Mapping[str, Any] = field(default_factory=lambda: RANDOM_JOINTS)
    """Options of the robot, for random weights."""
    groups: Sequence[str] = ()
    """Keys of the checkpoint whose state dicts are read. Empty: the checkpoint is one state dict."""
    pack: Callable[[dict[str, Tensor]], Mapping[str, object]] = dict
    """Weights in the names of a layout -> the content of a checkpoint."""
    pack_encoder: Callable[[dict[str, Tensor]], Mapping[str, object]] | None = None
    """The same for the encoder's own file. None: the encoder is part of the checkpoint."""
    encoder_file: str = ""
    """The published name of that file, for error messages."""
    default_heads: Callable[[Mapping[str, Tensor]], Heads | None] = lambda _: None
    needs: Sequence[str] = STABLE_WORLDMODEL
    """Packages that the reference imports."""
