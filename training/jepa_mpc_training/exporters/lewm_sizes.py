"""Sizes of a LeWM or PLDM. All but the numbers of heads follow from the shapes of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from .heads import Heads, require_division
from .key_layouts import layers_under


@dataclass(frozen=True)
class LewmSizes:
    """Widths and depths. Defaults: the published ones, 18 M parameters, two joints in blocks of five actions."""

    channels: int = 3
    image_size: int = 224
    patch_size: int = 14
    encoder_dim: int = 192
    encoder_depth: int = 12
    encoder_mlp_dim: int = 768
    dim: int = 192
    hidden: int = 192
    projector_dim: int = 2048
    window: int = 3
    depth: int = 6
    inner: int = 1024
    mlp_dim: int = 2048
    action_dim: int = 10
    smoothed_dim: int = 10
    embedder_dim: int = 768
    heads: Heads = field(default_factory=lambda: Heads(encoder=3, predictor=16))


def sizes_of(tensors: Mapping[str, Tensor], heads: Heads, subject: str) -> LewmSizes:
    """Reads the sizes from weights in our names. Raises ExportRefusedError for an impossible number of heads."""
    patches = tensors["encoder.embeddings.patch_embeddings.projection.weight"]
    encoder_dim, channels, patch_size, _ = patches.shape
    side = round((tensors["encoder.embeddings.position_embeddings"].shape[1] - 1) ** 0.5)
    _, window, dim = tensors["predictor.pos_embedding"].shape
    mlp_dim, hidden = tensors["predictor.transformer.layers.0.mlp.net.1.weight"].shape
    smoothed, action_dim, _ = tensors["action_encoder.patch_embed.weight"].shape
    sizes = LewmSizes(
        channels=channels,
        image_size=side * patch_size,
        patch_size=patch_size,
        encoder_dim=encoder_dim,
        encoder_depth=layers_under(tensors, "encoder.layers."),
        encoder_mlp_dim=tensors["encoder.layers.0.mlp.fc1.weight"].shape[0],
        dim=dim,
        hidden=hidden,
        projector_dim=tensors["projector.net.0.weight"].shape[0],
        window=window,
        depth=layers_under(tensors, "predictor.transformer.layers."),
        inner=tensors["predictor.transformer.layers.0.attn.to_qkv.weight"].shape[0] // 3,
        mlp_dim=mlp_dim,
        action_dim=action_dim,
        smoothed_dim=smoothed,
        embedder_dim=tensors["action_encoder.embed.0.weight"].shape[0],
        heads=heads,
    )
    require_division(f"{subject}: heads of the encoder", heads.encoder, sizes.encoder_dim)
    require_division(f"{subject}: heads of the predictor", heads.predictor, sizes.inner)
    return sizes


SMALL = LewmSizes(
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
