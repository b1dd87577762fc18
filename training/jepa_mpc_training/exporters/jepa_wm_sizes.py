"""Sizes of a JEPA-WM and of its encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from .errors import ExportRefusedError
from .heads import Heads, require_division
from .key_layouts import layers_under
from .patches import PatchGrid, require_whole_patches
from .separate_encoder import ENCODER_OPTION

HEADS = 16
"""Heads of every published predictor. The shapes of the weights do not determine their number."""

PROPRIOCEPTION = "proprio_encoder.patch_embed"

_IMAGE_SIZE = {"dinov2": 224, "dinov3": 256}


@dataclass(frozen=True)
class JepaWmSizes(PatchGrid):
    """Widths and depths. Defaults: those of the simulated tasks, DINOv2-small, two joints in blocks of five actions."""

    channels: int = 3
    encoder: str = "dinov2"
    """`dinov2` or `dinov3`."""
    patch_size: int = 14
    positions: int = 37
    """Side of the grid that DINOv2's positions were learned on; they are scaled to that of the images."""
    registers: int = 0
    """Register tokens of DINOv3."""
    encoder_dim: int = 384
    encoder_depth: int = 12
    encoder_mlp_dim: int = 1536
    side: int = 16
    """Side of the grid of patches."""
    predictor_dim: int = 384
    """Width of a patch in the predictor, without the proprioception."""
    proprioception_dim: int = 4
    proprioception_embedding: int = 16
    depth: int = 6
    mlp_dim: int = 1600
    action_dim: int = 10
    heads: Heads = field(default_factory=lambda: Heads(encoder=6, predictor=HEADS))

    @property
    def width(self) -> int:
        """Width of a token of the predictor."""
        return self.predictor_dim + self.proprioception_embedding

    @property
    def latent_dim(self) -> int:
        """Width of a token of a latent: a patch, followed by the embedded proprioception, which is the same in all."""
        return self.encoder_dim + self.proprioception_embedding


def sizes_of(
    tensors: Mapping[str, Tensor], of_encoder: Mapping[str, Tensor], heads: Heads, subject: str
) -> JepaWmSizes:
    """Reads the sizes from the weights of a checkpoint and of its encoder, both in our names.

    Raises ExportRefusedError if the two do not fit each other, or if heads or image size cannot be.
    """
    encoder_dim, channels, patch_size, _ = of_encoder["patch_embed.proj.weight"].shape
    predictor_dim, taken = tensors["predictor.predictor_embed.weight"].shape
    measured = tensors.get(f"{PROPRIOCEPTION}.weight")
    embedding, proprioception_dim = (0, 0) if measured is None else measured.shape[:2]
    if taken != encoder_dim:
        raise ExportRefusedError(
            ENCODER_OPTION,
            found=f"an encoder of {encoder_dim} numbers a patch",
            expected=f"one of {taken}, which the predictor of {subject} takes",
            remedy="The published models of simulated tasks take DINOv2-small, those of DROID DINOv3-large (vitl16).",
        )
    is_older = "pos_embed" in of_encoder
    kind = "dinov2" if is_older else "dinov3"
    image_size = heads.image_size or _IMAGE_SIZE[kind]
    sizes = JepaWmSizes(
        encoder=kind,
        channels=channels,
        patch_size=patch_size,
        positions=round((of_encoder["pos_embed"].shape[1] - 1) ** 0.5) if is_older else image_size // patch_size,
        registers=0 if is_older else of_encoder["storage_tokens"].shape[1],
        encoder_dim=encoder_dim,
        encoder_depth=layers_under(of_encoder, "blocks."),
        encoder_mlp_dim=of_encoder["blocks.0.mlp.fc1.weight"].shape[0],
        side=image_size // patch_size,
        predictor_dim=predictor_dim,
        proprioception_dim=proprioception_dim,
        proprioception_embedding=embedding,
        depth=layers_under(tensors, "predictor.predictor_blocks."),
        mlp_dim=tensors["predictor.predictor_blocks.0.mlp.fc1.weight"].shape[0],
        action_dim=tensors["predictor.action_encoder.weight"].shape[1],
        heads=heads,
    )
    require_whole_patches(subject, image_size, patch_size, _IMAGE_SIZE[kind])
    require_division(f"{subject}: heads of the predictor", heads.predictor, sizes.width)
    return sizes


SMALL = JepaWmSizes(
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
DROID = JepaWmSizes(
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
    heads=Heads(encoder=16, predictor=HEADS),
)
SMALL_DROID = JepaWmSizes(
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
