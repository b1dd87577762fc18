"""The published encoders by other code, with random weights, to compare an export with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .frozen_vit import VitSizes
from .kinds import ENCODERS
from .read_encoder import TRAINED_FRAMES, TUBELET


class EncoderReference(Protocol):
    """An encoder in PyTorch, in evaluation mode."""

    model: nn.Module

    def tokens(self, image: Tensor) -> Tensor:
        """Image `[B, 3, S, S]`, normalised -> tokens `[B, N, D]`."""

    def config(self) -> dict[str, Any]:
        """The content of `config.json`."""


@dataclass
class _OfTransformers:
    model: nn.Module
    sizes: VitSizes

    @torch.no_grad()
    def tokens(self, image: Tensor) -> Tensor:
        if self.sizes.rotary:
            clip = image[:, None].expand(-1, TUBELET * self.sizes.tubelets, -1, -1, -1)
            return self.model(pixel_values_videos=clip, skip_predictor=True).last_hidden_state
        return self.model(pixel_values=image).last_hidden_state[:, self.sizes.extra_tokens :]

    def config(self) -> dict[str, Any]:
        return self.model.config.to_dict()


@dataclass
class _Vjepa:
    model: _RestatedVjepa
    sizes: VitSizes

    @torch.no_grad()
    def tokens(self, image: Tensor) -> Tensor:
        return self.model(image[:, :, None].expand(-1, -1, TUBELET * self.sizes.tubelets, -1, -1))

    def config(self) -> dict[str, Any]:
        return {"num_attention_heads": self.sizes.heads}


def random_encoder(kind: str, sizes: VitSizes, seed: int) -> EncoderReference:
    """Random weights with which every layer and every bias changes the output."""
    torch.manual_seed(seed)
    reference = _Vjepa(_RestatedVjepa(sizes), sizes) if kind == "vjepa" else _OfTransformers(_build(kind, sizes), sizes)
    with torch.no_grad():
        for name, parameter in reference.model.named_parameters():
            if name.endswith("bias") or "cls_token" in name or (kind == "dinov2" and "position" in name):
                nn.init.normal_(parameter, std=0.1)
            elif parameter.dim() > 1 and "pos" not in name:
                # Large enough for attention to be selective: otherwise positions and heads would not matter.
                nn.init.normal_(parameter, std=1.5 / math.sqrt(parameter[0].numel()))
            if "lambda1" in name:
                nn.init.uniform_(parameter, 0.5, 1.5)
    reference.model.eval()
    return reference


def published_weights(kind: str, reference: EncoderReference, layout: int) -> dict[str, Any]:
    """The content of a file in layout `layout` of the kind: a state dict, or the authors' envelope around one."""
    known = ENCODERS[kind].layouts
    tensors = reference.model.state_dict()
    # The first layout is that of transformers 5, and of the restated V-JEPA.
    ours = {known[0].to_ours(key): tensor for key, tensor in tensors.items()}
    if known[layout].renames:
        return {known[layout].to_theirs(key): tensor for key, tensor in ours.items()}
    fused = _as_published(ours)
    if kind == "dinov2":
        return fused
    prefix = "module." if kind == "ijepa" else "module.backbone."
    average = {f"{prefix}{key}": tensor for key, tensor in fused.items()}
    other = {key: torch.zeros_like(tensor) for key, tensor in average.items()}
    return {
        "encoder": other,
        "predictor": {"module.proj.weight": torch.zeros(1)},
        "target_encoder": average,
        "epoch": 3,
    }


def _as_published(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    published = {}
    for key, tensor in tensors.items():
        if ".attn.q." in key:
            parts = [tensors[key.replace(".attn.q.", f".attn.{part}.")] for part in "qkv"]
            published[key.replace(".attn.q.", ".attn.qkv.")] = torch.cat(parts)
        elif ".attn.k." not in key and ".attn.v." not in key and not key.startswith("predictor."):
            published[key] = tensor
    return published


def _build(kind: str, sizes: VitSizes) -> nn.Module:
    from transformers import Dinov2Config, Dinov2Model, IJepaConfig, IJepaModel, VJEPA2Config, VJEPA2Model

    common: dict[str, Any] = {
        "hidden_size": sizes.dim,
        "num_hidden_layers": sizes.depth,
        "num_attention_heads": sizes.heads,
        "patch_size": sizes.patch_size,
        "layer_norm_eps": sizes.epsilon,
        "attn_implementation": "sdpa",
    }
    if kind == "ijepa":
        config = IJepaConfig(**common, intermediate_size=sizes.mlp_dim, image_size=sizes.image_size)
        model = IJepaModel(config, add_pooling_layer=False)
        with torch.no_grad():
            model.embeddings.position_embeddings.copy_(_places_2d(sizes))
        return model
    if kind == "dinov2":
        ratio = sizes.mlp_dim // sizes.dim
        # As published, the grid of the positions differs from that of the images: 37 x 37 for 16 x 16.
        grid = 37 if sizes.side == 16 else sizes.side + 1
        return Dinov2Model(Dinov2Config(**common, mlp_ratio=ratio, image_size=grid * sizes.patch_size))
    # The predictor of masked patches is not exported, so it is as small as possible.
    return VJEPA2Model(
        VJEPA2Config(
            **common,
            mlp_ratio=sizes.mlp_dim / sizes.dim,
            crop_size=sizes.image_size,
            frames_per_clip=TRAINED_FRAMES,
            tubelet_size=TUBELET,
            pred_hidden_size=12,
            pred_num_attention_heads=2,
            pred_num_hidden_layers=1,
        )
    )


def _places_2d(sizes: VitSizes) -> Tensor:
    """The fixed positions of I-JEPA: sines and cosines of the column, then of the row, half the width each."""
    row, column = torch.meshgrid(*(torch.arange(sizes.side, dtype=torch.float64),) * 2, indexing="ij")
    return torch.cat([_waves(place.flatten(), sizes.dim // 2) for place in (column, row)], dim=1)[None].float()


def _waves(place: Tensor, width: int) -> Tensor:
    """Sines, then cosines, of decreasing frequency: `[N, width]`."""
    angle = place[:, None] * torch.exp(torch.arange(width // 2, dtype=torch.float64) * (-2 * math.log(1e4) / width))
    return torch.cat((angle.sin(), angle.cos()), dim=1)


class _RestatedVjepa(nn.Module):
    """V-JEPA's encoder of clips `[B, 3, T, S, S]`, restated from its description. Only its authors have published code,
    whose licence does not allow it in this project.

    Patches of two frames; added positions of time, row and column, a third of the width each, for clips of 16 frames
    and scaled linearly in time; pre-normalised blocks.
    """

    def __init__(self, sizes: VitSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.patch_embed = nn.Module()
        pixels = (TUBELET, sizes.patch_size, sizes.patch_size)
        self.patch_embed.proj = nn.Conv3d(3, sizes.dim, pixels, stride=pixels)
        self.pos_embed = nn.Parameter(_places_3d(sizes), requires_grad=False)
        self.blocks = nn.ModuleList(_block(sizes) for _ in range(sizes.depth))
        self.norm = nn.LayerNorm(sizes.dim, eps=sizes.epsilon)

    def forward(self, clip: Tensor) -> Tensor:
        sizes = self.sizes
        tokens = self.patch_embed.proj(clip).flatten(2).transpose(1, 2) + self._places()
        for block in self.blocks:
            normal = block.norm1(tokens)
            heads = block.attn.qkv(normal).reshape(*normal.shape[:2], 3, sizes.heads, -1).permute(2, 0, 3, 1, 4)
            query, key, value = heads
            weights = (query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])).softmax(-1)
            tokens = tokens + block.attn.proj((weights @ value).transpose(1, 2).flatten(2))
            tokens = tokens + block.mlp.fc2(F.gelu(block.mlp.fc1(block.norm2(tokens))))
        return self.norm(tokens)

    def _places(self) -> Tensor:
        """Positions of each tubelet: the mean of the trained ones around the middle of its interval."""
        trained = TRAINED_FRAMES // TUBELET
        places = self.pos_embed.unflatten(1, (trained, self.sizes.side**2))
        scaled = []
        for tubelet in range(self.sizes.tubelets):
            at = (tubelet + 0.5) * trained / self.sizes.tubelets - 0.5
            low = math.floor(at)
            scaled.append(places[:, low].lerp(places[:, min(low + 1, trained - 1)], at - low))
        return torch.cat(scaled, dim=1)


def _places_3d(sizes: VitSizes) -> Tensor:
    axes = (torch.arange(length, dtype=torch.float64) for length in (TRAINED_FRAMES // TUBELET, *(sizes.side,) * 2))
    grid = torch.meshgrid(*axes, indexing="ij")
    # A third of the width, rounded up to an even number; the surplus is dropped.
    width = 2 * math.ceil(sizes.dim / 6)
    return torch.cat([_waves(place.flatten(), width) for place in grid], dim=1)[None, :, : sizes.dim].float()


def _block(sizes: VitSizes) -> nn.Module:
    block = nn.Module()
    block.norm1, block.norm2 = (nn.LayerNorm(sizes.dim, eps=sizes.epsilon) for _ in range(2))
    block.attn, block.mlp = nn.Module(), nn.Module()
    block.attn.qkv, block.attn.proj = nn.Linear(sizes.dim, 3 * sizes.dim), nn.Linear(sizes.dim, sizes.dim)
    block.mlp.fc1, block.mlp.fc2 = nn.Linear(sizes.dim, sizes.mlp_dim), nn.Linear(sizes.mlp_dim, sizes.dim)
    return block
