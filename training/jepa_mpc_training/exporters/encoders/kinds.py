"""The published encoders: names of their weights, what the weights do not determine, and their images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..key_layouts import KeyLayout
from ..world_model import IMAGENET_MEAN, IMAGENET_STD
from .frozen_vit import VitSizes

PUBLISHED = KeyLayout("published (blocks.0.attn.qkv)")
"""The names in the authors' own files, without the key of the part, `module.` and `backbone.`."""


@dataclass(frozen=True)
class EncoderKind:
    """One family of encoders. `mean` and `std` are per channel, of pixels in [0, 1]."""

    title: str
    licence: str
    source: str
    layouts: Sequence[KeyLayout]
    heads: Mapping[int, int]
    """By width. For other widths they must be given."""
    resize: str
    interpolation: str
    file: str
    """Name of a published file, for error messages."""
    full_size: VitSizes
    small: VitSizes
    extra_tokens: tuple[str, ...] = ()
    """Names of class and register tokens that the weights must have."""
    layer_scale: bool = False
    clip: bool = False
    """An encoder of clips: patches have two frames."""
    image_size: int = 0
    """Default size for weights without a table of positions, which can be used with other sizes as well."""
    ignored: tuple[str, ...] = ()
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD


def _vit(name: str, layer: str, attention: Sequence[str], mlp: Sequence[str]) -> KeyLayout:
    """A ViT of transformers: its names, under `layer`, of query, key, value and output, and of the two linear
    layers."""
    parts = zip(("q", "k", "v", "proj"), attention, strict=True)
    return KeyLayout(
        name,
        (
            ("pos_embed", "embeddings.position_embeddings"),
            ("patch_embed.proj.", "embeddings.patch_embeddings.projection."),
            *((f"blocks.{{i}}.attn.{ours}.", f"{layer}.{{i}}.{theirs}.") for ours, theirs in parts),
            ("blocks.{i}.norm1.", f"{layer}.{{i}}.layernorm_before."),
            ("blocks.{i}.norm2.", f"{layer}.{{i}}.layernorm_after."),
            ("blocks.{i}.mlp.fc1.", f"{layer}.{{i}}.{mlp[0]}."),
            ("blocks.{i}.mlp.fc2.", f"{layer}.{{i}}.{mlp[1]}."),
            ("norm.", "layernorm."),
        ),
    )


def _dinov2(name: str, attention: Sequence[str]) -> KeyLayout:
    parts = zip(("q", "k", "v", "proj"), attention, strict=True)
    return KeyLayout(
        name,
        (
            ("cls_token", "embeddings.cls_token"),
            ("mask_token", "embeddings.mask_token"),
            ("pos_embed", "embeddings.position_embeddings"),
            ("patch_embed.proj.", "embeddings.patch_embeddings.projection."),
            *((f"blocks.{{i}}.attn.{ours}.", f"encoder.layer.{{i}}.attention.{theirs}.") for ours, theirs in parts),
            ("blocks.{i}.ls1.gamma", "encoder.layer.{i}.layer_scale1.lambda1"),
            ("blocks.{i}.ls2.gamma", "encoder.layer.{i}.layer_scale2.lambda1"),
            ("blocks.{i}.", "encoder.layer.{i}."),
            ("norm.", "layernorm."),
        ),
    )


_VJEPA2 = KeyLayout(
    "transformers (encoder.layer.0.attention.query)",
    (
        ("patch_embed.proj.", "encoder.embeddings.patch_embeddings.proj."),
        ("blocks.{i}.attn.q.", "encoder.layer.{i}.attention.query."),
        ("blocks.{i}.attn.k.", "encoder.layer.{i}.attention.key."),
        ("blocks.{i}.attn.v.", "encoder.layer.{i}.attention.value."),
        ("blocks.{i}.attn.proj.", "encoder.layer.{i}.attention.proj."),
        ("blocks.{i}.", "encoder.layer.{i}."),
        ("norm.", "encoder.layernorm."),
    ),
)
_PROJECTIONS_5 = tuple(f"attention.{part}_proj" for part in "qkvo")
_PROJECTIONS_4 = (*(f"attention.attention.{part}" for part in ("query", "key", "value")), "attention.output.dense")
_CC_BY_NC = "CC-BY-NC-4.0"

ENCODERS: dict[str, EncoderKind] = {
    "ijepa": EncoderKind(
        title="I-JEPA",
        licence=_CC_BY_NC,
        source="https://github.com/facebookresearch/ijepa",
        layouts=(
            _vit("transformers 5 (layers.0.attention.q_proj)", "layers", _PROJECTIONS_5, ("mlp.fc1", "mlp.fc2")),
            _vit(
                "transformers 4 (encoder.layer.0.attention.attention.query)",
                "encoder.layer",
                _PROJECTIONS_4,
                ("intermediate.dense", "output.dense"),
            ),
            PUBLISHED,
        ),
        heads={192: 3, 384: 6, 768: 12, 1024: 16, 1280: 16, 1408: 16},
        resize="squash",
        interpolation="bilinear-antialias",
        file="IN1K-vit.h.14-300e.pth.tar, or model.safetensors of facebook/ijepa_vith14_1k",
        full_size=VitSizes(image_size=224, patch_size=14, dim=1280, depth=32, heads=16, mlp_dim=5120),
        small=VitSizes(image_size=28, patch_size=7, dim=24, depth=2, heads=3, mlp_dim=96),
        ignored=("embeddings.mask_token", "pooler."),
    ),
    "vjepa": EncoderKind(
        title="V-JEPA",
        licence=_CC_BY_NC,
        source="https://github.com/facebookresearch/jepa",
        layouts=(PUBLISHED,),
        heads={1024: 16, 1280: 16},
        resize="shortest-edge-crop",
        interpolation="bilinear",
        file="vitl16.pth.tar",
        full_size=VitSizes(image_size=224, patch_size=16, dim=1024, depth=24, heads=16, mlp_dim=4096),
        small=VitSizes(image_size=32, patch_size=8, dim=24, depth=2, heads=3, mlp_dim=96),
        clip=True,
    ),
    "vjepa2": EncoderKind(
        title="V-JEPA 2",
        licence="MIT AND Apache-2.0",
        source="https://github.com/facebookresearch/vjepa2",
        layouts=(_VJEPA2, PUBLISHED),
        heads={1024: 16, 1280: 16, 1408: 22},
        resize="shortest-edge-crop",
        interpolation="bilinear-antialias",
        file="vitl.pt, or model.safetensors of facebook/vjepa2-vitl-fpc64-256",
        full_size=VitSizes(image_size=256, patch_size=16, dim=1024, depth=24, heads=16, mlp_dim=4096, rotary=True),
        # Heads of 14 numbers: each of three axes rotates 4, and 2 are not rotated.
        small=VitSizes(image_size=32, patch_size=8, dim=28, depth=2, heads=2, mlp_dim=112, rotary=True),
        clip=True,
        image_size=256,
        # The positions are not used. The predictor is one of masked patches, not of actions.
        ignored=("pos_embed", "predictor."),
    ),
    "dinov2": EncoderKind(
        title="DINOv2",
        licence="Apache-2.0",
        source="https://github.com/facebookresearch/dinov2",
        layouts=(
            _dinov2("transformers 5 (encoder.layer.0.attention.q_proj)", tuple(f"{part}_proj" for part in "qkvo")),
            _dinov2(
                "transformers 4 (encoder.layer.0.attention.attention.query)",
                ("attention.query", "attention.key", "attention.value", "output.dense"),
            ),
            PUBLISHED,
        ),
        heads={384: 6, 768: 12, 1024: 16},
        resize="shortest-edge-crop",
        interpolation="bicubic-antialias",
        file="dinov2_vits14_pretrain.pth, or model.safetensors of facebook/dinov2-small",
        full_size=VitSizes(image_size=224, patch_size=14, dim=384, depth=12, heads=6, mlp_dim=1536, extra_tokens=1),
        small=VitSizes(image_size=28, patch_size=7, dim=24, depth=2, heads=3, mlp_dim=96, extra_tokens=1),
        extra_tokens=("cls_token",),
        layer_scale=True,
        image_size=224,
        ignored=("mask_token", "pooler."),
    ),
}
