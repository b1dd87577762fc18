"""The families of published world models that there is an exporter for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from . import dino_wm, lewm
from .dino_wm import DinoSizes, read_dino_wm
from .dino_wm_reference import DinoReference, random_dino_wm
from .heads import Heads
from .key_layouts import KeyLayout
from .lewm import read_lewm
from .lewm_reference import LewmReference, random_lewm
from .lewm_sizes import LewmSizes
from .world_model import Reference, WorldModel

Sizes = LewmSizes | DinoSizes

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
    ),
}
