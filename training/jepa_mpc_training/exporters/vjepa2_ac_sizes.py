"""Sizes of a V-JEPA 2-AC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from .errors import ExportRefusedError
from .heads import Heads, require_division
from .key_layouts import layers_under
from .patches import PatchGrid, require_whole_patches
from .pose_composition import POSE

MAX_FRAMES = 32
"""Frames that the mask of the published predictor is made for."""

_IMAGE_SIZE = 256


@dataclass(frozen=True)
class VjepaSizes(PatchGrid):
    """Widths and depths. Defaults: the published ones, a ViT-g of 1.0 B and a predictor of 305 M parameters."""

    channels: int = 3
    patch_size: int = 16
    tubelet: int = 2
    """Frames of a patch in time, which are all the same image."""
    side: int = 16
    """Side of the grid of patches."""
    encoder_dim: int = 1408
    encoder_depth: int = 40
    encoder_mlp_dim: int = 6144
    predictor_dim: int = 1024
    depth: int = 24
    mlp_dim: int = 4096
    heads: Heads = field(default_factory=lambda: Heads(encoder=22, predictor=16))


def sizes_of(tensors: Mapping[str, Tensor], heads: Heads, subject: str) -> VjepaSizes:
    """Reads the sizes from weights in our names. Raises ExportRefusedError if poses, heads or image size do not fit."""
    encoder_dim, channels, tubelet, patch_size, _ = tensors["encoder.patch_embed.proj.weight"].shape
    predictor_dim = tensors["predictor.predictor_embed.weight"].shape[0]
    image_size = heads.image_size or _IMAGE_SIZE
    given = [tensors[f"predictor.{name}_encoder.weight"].shape[1] for name in ("action", "state")]
    if given != [POSE, POSE]:
        raise ExportRefusedError(
            subject,
            found=f"{given[0]} numbers in an action and {given[1]} in a pose",
            expected=f"{POSE} in each: x, y, z, roll, pitch, yaw, gripper",
            remedy="Other poses cannot be composed. Use a model that was trained on these.",
        )
    require_division(f"{subject}: heads of the encoder", heads.encoder, encoder_dim)
    require_division(f"{subject}: heads of the predictor", heads.predictor, predictor_dim)
    require_whole_patches(subject, image_size, patch_size, _IMAGE_SIZE)
    return VjepaSizes(
        channels=channels,
        patch_size=patch_size,
        tubelet=tubelet,
        side=image_size // patch_size,
        encoder_dim=encoder_dim,
        encoder_depth=layers_under(tensors, "encoder.blocks."),
        encoder_mlp_dim=tensors["encoder.blocks.0.mlp.fc1.weight"].shape[0],
        predictor_dim=predictor_dim,
        depth=layers_under(tensors, "predictor.predictor_blocks."),
        mlp_dim=tensors["predictor.predictor_blocks.0.mlp.fc1.weight"].shape[0],
        heads=heads,
    )


SMALL = VjepaSizes(
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
