"""The families of published world models that there is an exporter for."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from . import dino_wm, dino_wm_original, jepa_wm, lewm, vjepa2_ac
from .dino_wm import DinoSizes, read_dino_wm
from .dino_wm_original import read_original_dino_wm
from .dino_wm_original_reference import OriginalDinoReference, pack_original_dino_wm, random_original_dino_wm
from .dino_wm_reference import DinoReference, random_dino_wm
from .heads import Heads
from .interface import (
    Interface,
    end_effector_interface,
    jepa_wm_interface,
    joint_interface,
    measured_joint_interface,
)
from .jepa_wm import JepaWmSizes, read_jepa_wm, read_jepa_wm_droid
from .jepa_wm_reference import JepaWmReference, pack_encoder, pack_jepa_wm, random_jepa_wm
from .key_layouts import KeyLayout
from .lewm import read_lewm
from .lewm_reference import LewmReference, random_lewm
from .lewm_sizes import LewmSizes
from .reference_packages import STABLE_WORLDMODEL, VJEPA2
from .vjepa2_ac import VjepaSizes, read_vjepa2_ac
from .vjepa2_ac_reference import VjepaReference, pack_vjepa2_ac, random_vjepa2_ac
from .world_model import Reference, WorldModel

Sizes = LewmSizes | DinoSizes | VjepaSizes | JepaWmSizes

SMALL_LEWM = LewmSizes(
    image_size=28,
    patch_size=7,
    encoder_dim=24,
    encoder_depth=2,
    encoder_mlp_dim=96,
    dim=16,
    hidden=16,
    projector_dim=32,
    depth=2,
    inner=32,
    mlp_dim=32,
    embedder_dim=64,
    heads=Heads(encoder=3, predictor=4),
)
SMALL_DINO = DinoSizes(
    patch_size=7,
    positions=5,
    encoder_dim=24,
    encoder_depth=2,
    encoder_mlp_dim=48,
    side=3,
    depth=2,
    inner=32,
    mlp_dim=32,
    heads=Heads(encoder=3, predictor=4),
)
FULL_ORIGINAL_DINO = DinoSizes(side=14, proprioception_dim=4, proprioception_embedding=10)
SMALL_ORIGINAL_DINO = replace(SMALL_DINO, proprioception_dim=4, proprioception_embedding=6)
SMALL_VJEPA = VjepaSizes(
    patch_size=7,
    side=3,
    encoder_dim=42,
    encoder_depth=2,
    encoder_mlp_dim=84,
    predictor_dim=40,
    depth=2,
    mlp_dim=80,
    heads=Heads(encoder=3, predictor=2, image_size=21),
)
SMALL_JEPA_WM = JepaWmSizes(
    patch_size=7,
    positions=5,
    encoder_dim=24,
    encoder_depth=2,
    encoder_mlp_dim=48,
    side=3,
    predictor_dim=24,
    proprioception_embedding=6,
    depth=2,
    mlp_dim=60,
    heads=Heads(encoder=3, predictor=2, image_size=21),
)
_JEPA_WM_DROID = JepaWmSizes(
    encoder="dinov3",
    patch_size=16,
    positions=16,
    registers=4,
    encoder_dim=1024,
    encoder_depth=24,
    encoder_mlp_dim=4096,
    predictor_dim=1024,
    proprioception_dim=0,
    proprioception_embedding=0,
    depth=12,
    mlp_dim=4096,
    action_dim=7,
    heads=Heads(encoder=16, predictor=jepa_wm.HEADS),
)
SMALL_JEPA_WM_DROID = JepaWmSizes(
    encoder="dinov3",
    patch_size=7,
    positions=3,
    registers=2,
    encoder_dim=24,
    encoder_depth=2,
    encoder_mlp_dim=48,
    side=3,
    predictor_dim=28,
    proprioception_dim=0,
    proprioception_embedding=0,
    depth=2,
    mlp_dim=56,
    action_dim=7,
    heads=Heads(encoder=3, predictor=2, image_size=21),
)

_DINOV2_SMALL = "dinov2_vits14_pretrain.pth, or model.safetensors of facebook/dinov2-small"

_MADE_UP_JOINTS = {
    "joints": ("joint_1", "joint_2"),
    "period_ms": 100.0,
    "action_mean": (0.0, 0.0),
    "action_std": (1.0, 1.0),
}
_MADE_UP_MEASURED_JOINTS = {
    **_MADE_UP_JOINTS,
    "proprioception": "joint_position:joint_1,joint_position:joint_2,joint_velocity:joint_1,joint_velocity:joint_2",
    "proprioception_mean": (0.0,) * 4,
    "proprioception_std": (1.0,) * 4,
}
_MADE_UP_ARM = {
    "joints": tuple(f"joint_{number}" for number in range(1, 8)),
    "base": "base_link",
    "link": "tool0",
    "gripper_joint": "finger_joint",
    "gripper_zero": 0.0,
    "gripper_one": 0.8,
}


@dataclass(frozen=True)
class Family:
    """What is published under a name, and how it is read and built."""

    title: str
    licence: str
    source: str
    layouts: Sequence[KeyLayout]
    full_size: Sizes
    small: Sizes
    read: Callable[[dict[str, Tensor], Heads, str], tuple[WorldModel, Sizes, dict[str, Tensor]]]
    reference: Callable[[Sizes], Reference]
    random_reference: Callable[[Sizes, int], Reference]
    interface: Callable[[argparse.Namespace, WorldModel], Interface] = joint_interface
    made_up: Mapping[str, Any] = field(default_factory=lambda: _MADE_UP_JOINTS)
    """Options of the robot, for random weights."""
    groups: Sequence[str] = ()
    """Keys of the checkpoint with the state dicts that are read; none: it is one state dict."""
    pack: Callable[[dict[str, Tensor]], Mapping[str, object]] = dict
    """Weights in the names of a layout, as they lie in a checkpoint."""
    pack_encoder: Callable[[dict[str, Tensor]], Mapping[str, object]] | None = None
    """The same of an encoder that has a file of its own; none: it is in the checkpoint."""
    encoder_file: str = ""
    """That file, for people."""
    default_heads: Callable[[Mapping[str, Tensor]], Heads | None] = lambda _: None
    needs: Sequence[str] = STABLE_WORLDMODEL
    """Packages of the reference."""


_LEWM = Family(
    title="LeWM",
    licence="MIT",
    source="https://github.com/lucas-maes/le-wm",
    layouts=lewm.LAYOUTS,
    full_size=LewmSizes(),
    small=SMALL_LEWM,
    read=read_lewm,
    reference=lambda sizes: LewmReference("lewm", sizes),
    random_reference=lambda sizes, seed: random_lewm("lewm", sizes, seed),
)

_JEPA_WM = Family(
    title="JEPA-WM (of a simulated task, on DINOv2)",
    licence="CC-BY-NC-4.0 AND Apache-2.0",
    source="https://github.com/facebookresearch/jepa-wms, on https://github.com/facebookresearch/dinov2",
    layouts=jepa_wm.LAYOUTS,
    full_size=JepaWmSizes(),
    small=SMALL_JEPA_WM,
    read=read_jepa_wm,
    reference=JepaWmReference,
    random_reference=random_jepa_wm,
    interface=jepa_wm_interface,
    made_up=_MADE_UP_MEASURED_JOINTS,
    groups=jepa_wm.GROUPS,
    pack=pack_jepa_wm,
    pack_encoder=pack_encoder,
    encoder_file=_DINOV2_SMALL,
    default_heads=jepa_wm.default_heads,
    needs=(),
)

FAMILIES = {
    "lewm": _LEWM,
    "pldm": replace(
        _LEWM,
        title="PLDM (of stable-worldmodel)",
        source="https://github.com/galilai-group/stable-worldmodel",
        reference=lambda sizes: LewmReference("pldm", sizes),
        random_reference=lambda sizes, seed: random_lewm("pldm", sizes, seed),
    ),
    "dino-wm": Family(
        title="DINO-WM (stable-worldmodel's PreJEPA on DINOv2)",
        licence="MIT AND Apache-2.0",
        source="https://github.com/galilai-group/stable-worldmodel, on https://github.com/facebookresearch/dinov2",
        layouts=dino_wm.LAYOUTS,
        full_size=DinoSizes(),
        small=SMALL_DINO,
        read=read_dino_wm,
        reference=DinoReference,
        random_reference=random_dino_wm,
        interface=lambda options, model: (
            measured_joint_interface(options, model) if model.proprioception_dim else joint_interface(options, model)
        ),
    ),
    "dino-wm-original": Family(
        title="DINO-WM (with proprioception)",
        licence="MIT AND Apache-2.0",
        source="https://github.com/gaoyuezhou/dino_wm, on https://github.com/facebookresearch/dinov2",
        layouts=dino_wm_original.LAYOUTS,
        full_size=FULL_ORIGINAL_DINO,
        small=SMALL_ORIGINAL_DINO,
        read=read_original_dino_wm,
        reference=OriginalDinoReference,
        random_reference=random_original_dino_wm,
        interface=measured_joint_interface,
        made_up=_MADE_UP_MEASURED_JOINTS,
        groups=dino_wm_original.GROUPS,
        pack=pack_original_dino_wm,
        pack_encoder=pack_encoder,
        encoder_file=_DINOV2_SMALL,
        default_heads=dino_wm_original.default_heads,
        needs=(),
    ),
    "vjepa2-ac": Family(
        title="V-JEPA 2-AC",
        licence="MIT",
        source="https://github.com/facebookresearch/vjepa2",
        layouts=vjepa2_ac.LAYOUTS,
        full_size=VjepaSizes(),
        small=SMALL_VJEPA,
        read=read_vjepa2_ac,
        reference=VjepaReference,
        random_reference=random_vjepa2_ac,
        interface=end_effector_interface,
        made_up=_MADE_UP_ARM,
        groups=vjepa2_ac.GROUPS,
        pack=pack_vjepa2_ac,
        default_heads=vjepa2_ac.default_heads,
        needs=VJEPA2,
    ),
    "jepa-wm": _JEPA_WM,
    "jepa-wm-droid": replace(
        _JEPA_WM,
        title="JEPA-WM (of DROID, on DINOv3)",
        # DINOv3 has a licence of its own, which SPDX has no name for.
        licence="CC-BY-NC-4.0 AND LicenseRef-DINOv3",
        source="https://github.com/facebookresearch/jepa-wms, on https://github.com/facebookresearch/dinov3",
        layouts=jepa_wm.DROID_LAYOUTS,
        full_size=_JEPA_WM_DROID,
        small=SMALL_JEPA_WM_DROID,
        read=read_jepa_wm_droid,
        made_up=_MADE_UP_ARM,
        encoder_file="dinov3_vitl16_pretrain_lvd1689m-*.pth, or model.safetensors of that model",
    ),
}
