"""Rotary positions of V-JEPA 2 and of the predictors that follow it: along depth (time), height and width.

Each axis has `2 * (head // 3 // 2)` numbers of a head, taken in pairs; the remaining numbers are not rotated. In the
published code, the two numbers of a pair have different frequencies (it repeats the list of frequencies instead of each
of them). The weights were trained that way.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_THETA = 10000.0
_AXES = 3


def axis_width(head: int) -> int:
    """How many of the `head` numbers of a head one axis rotates."""
    return 2 * (head // _AXES // 2)


def head_order(head: int) -> Tensor:
    """Order of a head's numbers: the first number of every pair, then the second of every pair, then the rest.

    Queries and keys in this order have the same products, and their pairs need not be taken apart for the rotation.
    """
    rotated = _AXES * axis_width(head)
    return torch.cat((torch.arange(0, rotated, 2), torch.arange(1, rotated, 2), torch.arange(rotated, head)))


def reorder_heads(weight: Tensor, heads: int) -> Tensor:
    """The linear layer of queries, keys and values `[3 * D, …]`, with the rows of queries and keys in `head_order`."""
    head = weight.shape[0] // (3 * heads)
    parts = weight.unflatten(0, (3, heads, head))
    return torch.cat((parts[:2, :, head_order(head)], parts[2:])).flatten(0, 2)


def reordered_weights(tensors: Mapping[str, Tensor], prefix: str, heads: int) -> dict[str, Tensor]:
    """The weights under `prefix`, named without it, with queries and keys of every attention in `head_order`."""
    return {
        key.removeprefix(prefix): reorder_heads(tensor, heads) if ".attn.qkv." in key else tensor
        for key, tensor in tensors.items()
        if key.startswith(prefix)
    }


class RotaryTables(nn.Module):
    """Cosines and signed sines of tokens `[N, head]`, in `head_order`."""

    cosine: Tensor
    sine: Tensor

    def __init__(self, depth: Tensor, height: Tensor, width: Tensor, head: int) -> None:
        super().__init__()
        size = axis_width(head)
        frequency = 1.0 / _THETA ** (torch.arange(size // 2, dtype=torch.float32) / (size / 2.0))
        angles = torch.zeros(len(depth), head)
        for axis, position in enumerate((depth, height, width)):
            angle = position.to(torch.float32)[:, None] * frequency[None, :]
            angles[:, axis * size : (axis + 1) * size] = torch.cat((angle, angle), dim=1)
        angles = angles[:, head_order(head)]
        sine = angles.sin()
        pairs = _AXES * size // 2
        sine[:, :pairs].neg_()  # the contribution of the second of a pair to the first
        self.register_buffer("cosine", angles.cos(), persistent=False)
        self.register_buffer("sine", sine, persistent=False)


class RotaryAttention(nn.Module):
    """Attention with queries and keys rotated by the positions of their tokens.

    The first `pairs` numbers of a head are the first ones of the pairs, the next `pairs` the second ones. Default: the
    number of pairs of V-JEPA 2, in `head_order`.
    """

    def __init__(self, dim: int, heads: int, pairs: int | None = None) -> None:
        super().__init__()
        self.heads = heads
        self.head = dim // heads
        self.pairs = _AXES * axis_width(self.head) // 2 if pairs is None else pairs
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, tokens: Tensor, cosine: Tensor, sine: Tensor, mask: Tensor | None) -> Tensor:
        """Tokens `[B, N, D]`, cosine and sine `[N, D / heads]`, mask `[N, N]`, True where a token may attend."""
        batch, count, dim = tokens.shape
        query, key, value = (
            part.reshape(batch, count, self.heads, self.head).transpose(1, 2)
            for part in self.qkv(tokens).chunk(3, dim=-1)
        )
        query, key = (part * cosine + self._partner(part) * sine for part in (query, key))
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return self.proj(attended.transpose(1, 2).reshape(batch, count, dim))

    def _partner(self, part: Tensor) -> Tensor:
        """The numbers of a head, each replaced by the other one of its pair."""
        return torch.cat(
            (part[..., self.pairs : 2 * self.pairs], part[..., : self.pairs], part[..., 2 * self.pairs :]), dim=-1
        )


class RotaryBlock(nn.Module):
    """A layer of a pre-normalised transformer with rotary positions."""

    def __init__(self, dim: int, heads: int, mlp_dim: int, epsilon: float, pairs: int | None = None) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=epsilon)
        self.attn = RotaryAttention(dim, heads, pairs)
        self.norm2 = nn.LayerNorm(dim, eps=epsilon)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(dim, mlp_dim), "fc2": nn.Linear(mlp_dim, dim)})

    def forward(self, tokens: Tensor, cosine: Tensor, sine: Tensor, mask: Tensor | None = None) -> Tensor:
        tokens = tokens + self.attn(self.norm1(tokens), cosine, sine, mask)
        return tokens + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(tokens))))


def grid_positions(side: int) -> tuple[Tensor, Tensor]:
    """Rows and columns of the patches of a square grid, `[side * side]` each."""
    patches = torch.arange(side * side)
    return patches // side, patches % side
