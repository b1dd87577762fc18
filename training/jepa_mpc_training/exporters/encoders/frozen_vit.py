"""The network that every published encoder is loaded into: a ViT on one image, which may be repeated in time."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_ROPE_BASE = 10000.0


@dataclass(frozen=True)
class VitSizes:
    """Widths and depths of an encoder, and the layout of its tokens."""

    image_size: int
    patch_size: int
    dim: int
    depth: int
    heads: int
    mlp_dim: int
    epsilon: float = 1e-6
    tubelets: int = 1
    """Number of times that the image's patches are repeated: half the frames of a clip; 1 for encoders of images."""
    extra_tokens: int = 0
    """Class and register tokens before the patches, which the output does not include."""
    rotary: bool = False
    """Positions rotate queries and keys (V-JEPA 2) instead of being added from a table."""

    @property
    def side(self) -> int:
        return self.image_size // self.patch_size

    @property
    def tokens(self) -> int:
        return self.tubelets * self.side**2


class FrozenVit(nn.Module):
    """Image `[B, 3, S, S]`, normalised -> tokens `[B, T * (S / P)², D]`, time first, after the last normalisation.

    All frames of a tubelet are the same image, so the graph applies the sum of the tubelet's kernel over time, once for
    all tubelets.
    """

    def __init__(self, sizes: VitSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.patch = nn.Conv2d(3, sizes.dim, sizes.patch_size, stride=sizes.patch_size)
        if sizes.extra_tokens:
            self.extra = nn.Parameter(torch.zeros(1, sizes.extra_tokens, sizes.dim))
        rotation = None
        if sizes.rotary:
            rotation = _Rotation(sizes)
        else:
            self.positions = nn.Parameter(torch.zeros(1, sizes.tokens, sizes.dim))
        self.layers = nn.ModuleList(_Layer(sizes, rotation) for _ in range(sizes.depth))
        self.norm = nn.LayerNorm(sizes.dim, eps=sizes.epsilon)

    def forward(self, image: Tensor) -> Tensor:
        tokens = self.patch(image).flatten(2).transpose(1, 2).repeat(1, self.sizes.tubelets, 1)
        if not self.sizes.rotary:
            tokens = tokens + self.positions
        if self.sizes.extra_tokens:
            tokens = torch.cat((self.extra.expand(image.shape[0], -1, -1), tokens), dim=1)
        for layer in self.layers:
            tokens = layer(tokens)
        return self.norm(tokens[:, self.sizes.extra_tokens :])


class _Layer(nn.Module):
    def __init__(self, sizes: VitSizes, rotation: _Rotation | None) -> None:
        super().__init__()
        self.heads = sizes.heads
        self.rotation = rotation
        self.norm1 = nn.LayerNorm(sizes.dim, eps=sizes.epsilon)
        self.qkv = nn.Linear(sizes.dim, 3 * sizes.dim)
        self.proj = nn.Linear(sizes.dim, sizes.dim)
        self.norm2 = nn.LayerNorm(sizes.dim, eps=sizes.epsilon)
        self.fc1 = nn.Linear(sizes.dim, sizes.mlp_dim)
        self.fc2 = nn.Linear(sizes.mlp_dim, sizes.dim)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self._attend(self.norm1(tokens))
        return tokens + self.fc2(F.gelu(self.fc1(self.norm2(tokens))))

    def _attend(self, tokens: Tensor) -> Tensor:
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(tokens).chunk(3, dim=-1)
        )
        if self.rotation is not None:
            query, key = self.rotation(query), self.rotation(key)
        attended = F.scaled_dot_product_attention(query, key, value)
        return self.proj(attended.transpose(1, 2).flatten(2))


class _Rotation(nn.Module):
    """Rotates queries or keys `[B, heads, N, W]` by the positions of their tokens in time, height and width.

    Each axis has a third of the width, rounded down to an even number; the rest is not rotated. As in the published
    training, pairs are neighbours, but the list of frequencies is repeated as a whole.
    """

    cosine: Tensor
    sine: Tensor
    partner: Tensor

    def __init__(self, sizes: VitSizes) -> None:
        super().__init__()
        width = sizes.dim // sizes.heads
        share = width // 3 // 2 * 2
        token = torch.arange(sizes.tokens)
        places = (token // sizes.side**2, token // sizes.side % sizes.side, token % sizes.side)
        frequencies = 1 / _ROPE_BASE ** (torch.arange(share // 2) / (share / 2))
        angles = torch.zeros(sizes.tokens, width)
        for axis, place in enumerate(places):
            angles[:, axis * share : (axis + 1) * share] = (place[:, None] * frequencies).repeat(1, 2)
        # In each pair, the first number receives minus the second, and the second receives the first.
        sign = torch.where(torch.arange(width) % 2 == 0, -1.0, 1.0)
        partner = torch.arange(width) ^ 1
        if width % 2:
            partner[-1] = width - 1
        self.register_buffer("cosine", angles.cos(), persistent=False)
        self.register_buffer("sine", angles.sin() * sign, persistent=False)
        self.register_buffer("partner", partner, persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        return values * self.cosine + values.index_select(-1, self.partner) * self.sine


class GridPool(nn.Module):
    """Tokens `[B, T * S * S, D]` -> means over all time and over `grid` x `grid` equal areas `[B, grid², D]`."""

    shares: Tensor

    def __init__(self, sizes: VitSizes, grid: int) -> None:
        super().__init__()
        place = torch.arange(sizes.side, dtype=torch.float64)
        edge = torch.arange(grid, dtype=torch.float64)[:, None] * sizes.side / grid
        overlap = (torch.minimum(place + 1, edge + sizes.side / grid) - torch.maximum(place, edge)).clamp_min(0)
        overlap = overlap / overlap.sum(1, keepdim=True)
        shares = torch.kron(overlap, overlap).repeat(1, sizes.tubelets) / sizes.tubelets
        self.register_buffer("shares", shares.float(), persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.shares @ tokens
