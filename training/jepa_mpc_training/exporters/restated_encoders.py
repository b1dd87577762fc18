"""DINOv2 and DINOv3 restated, to hold the exported encoders against.

Written from the published weights and papers. Shares no code with what it checks (encoders/frozen_vit.py, dinov3.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .heads import Heads


class EncoderSizes(Protocol):
    """The sizes of a world model that determine its encoder."""

    channels: int
    patch_size: int
    positions: int
    side: int
    encoder_dim: int
    encoder_depth: int
    encoder_mlp_dim: int
    heads: Heads


def rollout(step: Callable[[Tensor, Tensor], Tensor], start: Tensor, actions: Tensor, window: int) -> Tensor:
    """Predictions fed back as history: start `[K, N, D]`, actions `[K, H, A]` -> last latents `[K, N, D]`.

    `step`: history `[K, T, N, D]`, actions `[K, T, A]` -> next `[K, N, D]`, with T at most `window`.
    """
    frames = [start]
    for time in range(actions.shape[1]):
        context = torch.stack(frames[-window:], dim=1)
        frames.append(step(context, actions[:, time + 1 - context.shape[1] : time + 1]))
    return frames[-1]


class RestatedDinov2(nn.Module):
    """DINOv2: image `[B, C, S, S]` -> patches `[B, N, D]` after the last normalisation, without the class token."""

    def __init__(self, sizes: EncoderSizes) -> None:
        super().__init__()
        dim = sizes.encoder_dim
        self.side, self.positions = sizes.side, sizes.positions
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + sizes.positions**2, dim))
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(sizes.channels, dim, sizes.patch_size, stride=sizes.patch_size)
        self.blocks = nn.ModuleList(_DinoLayer(sizes) for _ in range(sizes.encoder_depth))
        self.norm = nn.LayerNorm(dim, eps=1e-6)

    def forward(self, image: Tensor) -> Tensor:
        patches = self.patch_embed.proj(image)
        if self.positions == self.side:
            table = self.pos_embed[:, 1:].transpose(1, 2).unflatten(2, (self.side, self.side))
        else:
            table = self._scaled()
        tokens = (patches + table).flatten(2).transpose(1, 2)
        start = (self.cls_token + self.pos_embed[:, :1]).repeat(len(image), 1, 1)
        tokens = torch.cat((start, tokens), dim=1)
        for layer in self.blocks:
            tokens = layer(tokens)
        return self.norm(tokens)[:, 1:]

    def _scaled(self) -> Tensor:
        """Positions `[1, D, side, side]`, scaled by (side + 0.1) / positions (bicubic) instead of to a size."""
        grid = self.pos_embed[0, 1:].unflatten(0, (self.positions, self.positions))
        place = (torch.arange(self.side, dtype=torch.float64) + 0.5) * self.positions / (self.side + 0.1) - 0.5
        shares = torch.zeros(self.side, self.positions, dtype=torch.float64)
        for row, at in enumerate(place.tolist()):
            for near in range(math.floor(at) - 1, math.floor(at) + 3):
                shares[row, min(max(near, 0), self.positions - 1)] += _cubic(abs(at - near))
        scaled = torch.einsum("rm,cn,mnd->drc", shares.float(), shares.float(), grid)
        return scaled.unsqueeze(0)


def _cubic(distance: float) -> float:
    """Weight of a neighbour in cubic convolution with a = -0.75."""
    if distance <= 1:
        return (1.25 * distance - 2.25) * distance**2 + 1
    return -0.75 * (((distance - 5) * distance + 8) * distance - 4) if distance < 2 else 0.0


class _DinoLayer(nn.Module):
    def __init__(self, sizes: EncoderSizes, epsilon: float = 1e-6) -> None:
        super().__init__()
        dim = sizes.encoder_dim
        self.heads = sizes.heads.encoder
        self.norm1, self.norm2 = nn.LayerNorm(dim, eps=epsilon), nn.LayerNorm(dim, eps=epsilon)
        self.attn = nn.ModuleDict({"qkv": nn.Linear(dim, 3 * dim), "proj": nn.Linear(dim, dim)})
        self.mlp = nn.ModuleDict(
            {"fc1": nn.Linear(dim, sizes.encoder_mlp_dim), "fc2": nn.Linear(sizes.encoder_mlp_dim, dim)}
        )
        self.ls1, self.ls2 = (nn.ParameterDict({"gamma": nn.Parameter(torch.ones(dim))}) for _ in range(2))

    def forward(self, tokens: Tensor, rotated: Callable[[Tensor], Tensor] = lambda values: values) -> Tensor:
        parts = self.attn["qkv"](self.norm1(tokens)).chunk(3, dim=2)
        query, key, value = (each.unflatten(2, (self.heads, -1)).transpose(1, 2) for each in parts)
        query, key = rotated(query), rotated(key)
        scores = (query @ key.transpose(2, 3) / math.sqrt(query.shape[-1])).softmax(dim=-1)
        tokens = tokens + self.ls1["gamma"] * self.attn["proj"]((scores @ value).transpose(1, 2).flatten(2))
        return tokens + self.ls2["gamma"] * self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(tokens))))


class RestatedDinov3(nn.Module):
    """DINOv3: the same, without class token and registers. Patches are rotated by their place."""

    def __init__(self, sizes: EncoderSizes, registers: int) -> None:
        super().__init__()
        dim = sizes.encoder_dim
        self.side = sizes.side
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.storage_tokens = nn.Parameter(torch.zeros(1, registers, dim))
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(sizes.channels, dim, sizes.patch_size, stride=sizes.patch_size)
        self.rope_embed = nn.Module()
        count = dim // sizes.heads.encoder // 4
        self.rope_embed.register_buffer("periods", 100.0 ** (torch.arange(count) / count))
        self.blocks = nn.ModuleList(_DinoLayer(sizes, epsilon=1e-5) for _ in range(sizes.encoder_depth))
        self.norm = nn.LayerNorm(dim, eps=1e-5)

    def forward(self, image: Tensor) -> Tensor:
        patches = self.patch_embed.proj(image).flatten(2).transpose(1, 2)
        before = torch.cat((self.cls_token, self.storage_tokens), dim=1).repeat(len(image), 1, 1)
        tokens = torch.cat((before, patches), dim=1)
        for layer in self.blocks:
            tokens = layer(tokens, lambda values: self._rotated(values, before.shape[1]))
        return self.norm(tokens)[:, before.shape[1] :]

    def _rotated(self, values: Tensor, before: int) -> Tensor:
        """Queries or keys `[B, H, N, W]`: each number is paired with the one half a head further on, and the pair is
        rotated; first by rows, then by columns."""
        half = values.shape[-1] // 2
        patch = torch.arange(self.side**2)
        rotated = values.clone()
        for axis, place in enumerate((patch.div(self.side, rounding_mode="floor"), patch % self.side)):
            for number, period in enumerate(self.rope_embed.periods):
                angle = 2 * math.pi * ((2 * place + 1) / self.side - 1) / period
                at = axis * half // 2 + number
                first, second = values[:, :, before:, at], values[:, :, before:, at + half]
                rotated[:, :, before:, at] = first * angle.cos() - second * angle.sin()
                rotated[:, :, before:, at + half] = second * angle.cos() + first * angle.sin()
        return rotated
