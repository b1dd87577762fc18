"""Encoders that are published in a file of their own, and not in the checkpoint of the world model."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .encoders.kinds import ENCODERS
from .encoders.read_encoder import network_of, published_names
from .heads import Heads

ENCODER = "encoder."
"""Prefix of the encoder's weights, once they are merged with those of the checkpoint."""

ENCODER_OPTION = "--encoder-weights"

DINOV2_SMALL = "dinov2_vits14_pretrain.pth, or model.safetensors of facebook/dinov2-small"

_DINOV2 = ENCODERS["dinov2"]

# DINOv2's own loader scales positions by (side + 0.1) / side instead of to a size.
_POSITION_OFFSET = 0.1


def encoder_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The encoder's weights among those of a world model, without their prefix."""
    return {key.removeprefix(ENCODER): each for key, each in tensors.items() if key.startswith(ENCODER)}


def with_encoder(tensors: Mapping[str, Tensor], encoder: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a world model and of its encoder in one dictionary."""
    return {**tensors, **{f"{ENCODER}{key}": each for key, each in encoder.items()}}


def encoder_width(encoder: Mapping[str, Tensor]) -> int:
    """Width of a token; 0 where the weights have no last normalisation."""
    norm = encoder.get("norm.weight", encoder.get("layernorm.weight"))
    return 0 if norm is None else len(norm)


def dinov2_heads(encoder: Mapping[str, Tensor], predictor: int) -> Heads | None:
    """Heads of a published DINOv2 and of a predictor on it; None where the encoder has none of the published widths."""
    heads = _DINOV2.heads.get(encoder_width(encoder))
    return None if heads is None else Heads(heads, predictor)


def published_dinov2_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of DINOv2 in the names of its authors' files. Raises ExportRefusedError for those of something else."""
    return published_names(_DINOV2, dict(tensors), ENCODER_OPTION)


def dinov2_of(encoder: Mapping[str, Tensor], *, heads: int, image_size: int, side: int) -> nn.Module:
    """DINOv2 in evaluation mode, its positions scaled to a grid of `side` x `side`: images -> patches `[B, N, D]`."""
    backbone = network_of(_DINOV2, encoder, ENCODER_OPTION, config={}, heads=heads, image_size=image_size)
    with torch.no_grad():
        backbone.positions.copy_(positions_on_grid(encoder["pos_embed"][:, 1:], side))
    return backbone


def positions_on_grid(positions: Tensor, side: int) -> Tensor:
    """Positions of patches `[1, M, D]` on a grid of `side` x `side`, scaled as DINOv2's own loader does."""
    trained = round(positions.shape[1] ** 0.5)
    if trained == side:
        return positions
    grid = positions.unflatten(1, (trained, trained)).permute(0, 3, 1, 2)
    factor = (side + _POSITION_OFFSET) / trained
    scaled = F.interpolate(grid, scale_factor=(factor, factor), mode="bicubic", align_corners=False)
    return scaled.flatten(2).transpose(1, 2)
