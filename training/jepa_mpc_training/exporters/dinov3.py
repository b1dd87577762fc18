"""DINOv3 as an encoder of patches: names of its weights, and its network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .heads import require_division
from .key_layouts import KeyLayout, layers_under, match_layout
from .load_weights import load_weights
from .rotary_position import RotaryBlock, grid_positions


def _transformers(layer: str) -> KeyLayout:
    return KeyLayout(
        f"transformers ({layer}.0.attention.q_proj, embeddings.register_tokens)",
        (
            ("cls_token", "embeddings.cls_token"),
            ("mask_token", "embeddings.mask_token"),
            ("storage_tokens", "embeddings.register_tokens"),
            ("patch_embed.proj.", "embeddings.patch_embeddings."),
            *((f"blocks.{{i}}.attn.{ours}.", f"{layer}.{{i}}.attention.{ours}_proj.") for ours in "qkv"),
            ("blocks.{i}.attn.proj.", f"{layer}.{{i}}.attention.o_proj."),
            ("blocks.{i}.ls1.gamma", f"{layer}.{{i}}.layer_scale1.lambda1"),
            ("blocks.{i}.ls2.gamma", f"{layer}.{{i}}.layer_scale2.lambda1"),
            ("blocks.{i}.mlp.fc1.", f"{layer}.{{i}}.mlp.up_proj."),
            ("blocks.{i}.mlp.fc2.", f"{layer}.{{i}}.mlp.down_proj."),
            ("blocks.{i}.", f"{layer}.{{i}}."),
        ),
    )


LAYOUTS = (
    KeyLayout("published (blocks.0.attn.qkv, storage_tokens)"),
    _transformers("layer"),
    _transformers("model.layer"),
)
HEAD = 64
"""Width of a head in every published size except ViT-7B."""

_IGNORED = ("mask_token",)
_PERIODS = "rope_embed.periods"
_BASE = 100.0
_EPSILON = 1e-5
_WEIGHTS = ("weight", "bias")


@dataclass(frozen=True)
class Dinov3Sizes:
    """Widths and depths. Defaults: ViT-L/16 on images of 256 pixels."""

    channels: int = 3
    patch_size: int = 16
    side: int = 16
    """Side of the grid of patches."""
    dim: int = 1024
    depth: int = 24
    mlp_dim: int = 4096
    registers: int = 4
    heads: int = 16


def is_dinov3(tensors: Mapping[str, Tensor]) -> bool:
    """Whether an encoder's weights are of DINOv3: they have registers, and no table of positions."""
    names = set(tensors)
    return bool(names & {"storage_tokens", "embeddings.register_tokens"}) and not names & {
        "pos_embed",
        "embeddings.position_embeddings",
    }


def published_dinov3_names(tensors: dict[str, Tensor], subject: str) -> dict[str, Tensor]:
    """Weights in the names of the authors' own files, with query, key and value as one layer.

    Raises ExportRefusedError for weights of another model.
    """
    _, ours = match_layout(tensors, LAYOUTS, _expected_keys, _IGNORED, subject)
    fused = {}
    for key, tensor in ours.items():
        if ".attn.q." in key:
            parts = [
                ours.get(key.replace(".attn.q.", f".attn.{part}."), torch.zeros_like(tensor))
                for part in ("q", "k", "v")
            ]
            fused[key.replace(".attn.q.", ".attn.qkv.")] = torch.cat(parts)
        elif ".attn.k." not in key and ".attn.v." not in key:
            fused[key] = tensor
    return fused


def dinov3_sizes(tensors: Mapping[str, Tensor], heads: int, image_size: int, subject: str) -> Dinov3Sizes:
    """Sizes of weights in their published names. Raises ExportRefusedError for an impossible number of heads."""
    dim, channels, patch_size, _ = tensors["patch_embed.proj.weight"].shape
    require_division(f"{subject}: heads of the encoder", heads, dim)
    return Dinov3Sizes(
        channels=channels,
        patch_size=patch_size,
        side=image_size // patch_size,
        dim=dim,
        depth=layers_under(tensors, "blocks."),
        mlp_dim=tensors["blocks.0.mlp.fc1.weight"].shape[0],
        registers=tensors["storage_tokens"].shape[1],
        heads=heads,
    )


class Dinov3(nn.Module):
    """Image `[B, C, S, S]`, normalised -> patches `[B, N, D]` after the last normalisation."""

    cosine: Tensor
    sine: Tensor

    def __init__(self, sizes: Dinov3Sizes, periods: Tensor) -> None:
        super().__init__()
        self.before = 1 + sizes.registers
        self.extra = nn.Parameter(torch.zeros(1, self.before, sizes.dim))
        self.patch = nn.Conv2d(sizes.channels, sizes.dim, sizes.patch_size, stride=sizes.patch_size)
        half = sizes.dim // sizes.heads // 2
        self.blocks = nn.ModuleList(
            RotaryBlock(sizes.dim, sizes.heads, sizes.mlp_dim, _EPSILON, pairs=half) for _ in range(sizes.depth)
        )
        self.norm = nn.LayerNorm(sizes.dim, eps=_EPSILON)
        # Class token and registers have no position, and are not rotated.
        places = torch.stack([2 * (at + 0.5) / sizes.side - 1 for at in grid_positions(sizes.side)], dim=1)
        angles = (2 * math.pi * places[:, :, None] / periods).flatten(1)
        angles = torch.cat((torch.zeros(self.before, half), angles))
        self.register_buffer("cosine", angles.cos().repeat(1, 2), persistent=False)
        self.register_buffer("sine", torch.cat((-angles.sin(), angles.sin()), dim=1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        patches = self.patch(image).flatten(2).transpose(1, 2)
        tokens = torch.cat((self.extra.expand(image.shape[0], -1, -1), patches), dim=1)
        for block in self.blocks:
            tokens = block(tokens, self.cosine, self.sine)
        return self.norm(tokens[:, self.before :])


def dinov3_of(tensors: Mapping[str, Tensor], sizes: Dinov3Sizes, subject: str) -> Dinov3:
    """The network of weights in their published names, in evaluation mode."""
    count = sizes.dim // sizes.heads // 4
    network = Dinov3(sizes, tensors.get(_PERIODS, _BASE ** (torch.arange(count) / count)))
    load_weights(network, _weights(tensors, sizes), subject)
    return network.eval().requires_grad_(False)


def _expected_keys(tensors: Mapping[str, Tensor]) -> list[str]:
    fused = any(".attn.qkv." in key for key in tensors)
    attention = [f"attn.qkv.{kind}" for kind in _WEIGHTS]
    if not fused:
        attention = [f"attn.{part}.{kind}" for part in "qkv" for kind in _WEIGHTS if (part, kind) != ("k", "bias")]
    layer = [
        *attention,
        *(f"{part}.{kind}" for part in ("norm1", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2") for kind in _WEIGHTS),
        "ls1.gamma",
        "ls2.gamma",
    ]
    depth = max(1, layers_under(tensors, "blocks."))
    optional = [key for key in tensors if key == _PERIODS or key.endswith(".attn.qkv.bias_mask")]
    return [
        "cls_token",
        "storage_tokens",
        *(f"{part}.{kind}" for part in ("patch_embed.proj", "norm") for kind in _WEIGHTS),
        *(f"blocks.{index}.{key}" for index in range(depth) for key in layer),
        *optional,
    ]


def _weights(tensors: Mapping[str, Tensor], sizes: Dinov3Sizes) -> dict[str, Tensor]:
    """Weights in Dinov3's names. Masks of biases and layer scales are folded into the linear layers."""
    weights = {
        "extra": torch.cat((tensors["cls_token"], tensors["storage_tokens"]), dim=1),
        **{f"patch.{kind}": tensors[f"patch_embed.proj.{kind}"] for kind in _WEIGHTS},
        **{f"norm.{kind}": tensors[f"norm.{kind}"] for kind in _WEIGHTS},
    }
    for layer in range(sizes.depth):
        name = f"blocks.{layer}"
        for part in ("norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2"):
            for kind in _WEIGHTS:
                weights[f"{name}.{part}.{kind}"] = tensors[f"{name}.{part}.{kind}"]
        mask = tensors.get(f"{name}.attn.qkv.bias_mask")
        if mask is not None:
            weights[f"{name}.attn.qkv.bias"] = weights[f"{name}.attn.qkv.bias"] * mask
        for scale, scaled in (("ls1", "attn.proj"), ("ls2", "mlp.fc2")):
            gain = tensors[f"{name}.{scale}.gamma"]
            weights[f"{name}.{scaled}.weight"] = weights[f"{name}.{scaled}.weight"] * gain[:, None]
            weights[f"{name}.{scaled}.bias"] = weights[f"{name}.{scaled}.bias"] * gain
    return weights
