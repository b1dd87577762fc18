"""DINO-WM's predictor: every patch attends to all patches of its own and of earlier frames."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class BlockCausalPredictor(nn.Module):
    """Tokens `[B, T * N, D]` of T frames, oldest first, T = 1 … `window` -> `[B, T * N, D]`."""

    mask: Tensor

    def __init__(self, *, window: int, tokens: int, dim: int, depth: int, heads: int, inner: int, mlp_dim: int) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.zeros(1, window * tokens, dim))
        self.transformer = nn.Module()
        self.transformer.layers = nn.ModuleList(
            nn.ModuleList((_Attention(dim, heads, inner), _mlp(dim, mlp_dim))) for _ in range(depth)
        )
        self.transformer.norm = nn.LayerNorm(dim)
        frame = torch.arange(window * tokens) // tokens
        self.register_buffer("mask", frame[:, None] >= frame[None, :], persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        count = tokens.shape[1]
        mask = self.mask[:count, :count]
        tokens = tokens + self.pos_embedding[:, :count]
        for attention, mlp in self.transformer.layers:
            tokens = tokens + attention(tokens, mask)
            tokens = tokens + mlp.net(tokens)
        return self.transformer.norm(tokens)


def _mlp(dim: int, mlp_dim: int) -> nn.Module:
    # The published weights are named net.0 (norm), net.1 and net.4 (linear). The activation and dropout between have
    # none.
    mlp = nn.Module()
    mlp.net = nn.Sequential(
        nn.LayerNorm(dim), nn.Linear(dim, mlp_dim), nn.GELU(), nn.Identity(), nn.Linear(mlp_dim, dim)
    )
    return mlp


class _Attention(nn.Module):
    def __init__(self, dim: int, heads: int, inner: int) -> None:
        super().__init__()
        self.heads = heads
        self.width = inner // heads
        self.norm = nn.LayerNorm(dim)
        self.to_qkv = nn.Linear(dim, 3 * inner, bias=False)
        self.to_out = nn.Sequential(nn.Linear(inner, dim))

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        batch, count, _ = tokens.shape
        query, key, value = (
            part.reshape(batch, count, self.heads, self.width).transpose(1, 2)
            for part in self.to_qkv(self.norm(tokens)).chunk(3, dim=-1)
        )
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return self.to_out(attended.transpose(1, 2).reshape(batch, count, self.heads * self.width))
