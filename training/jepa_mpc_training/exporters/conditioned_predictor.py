"""The action-conditioned predictor of LeWM and PLDM: causal attention over the window, modulated by the actions."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_MODULATION_EPSILON = 1e-6


class ConditionedPredictor(nn.Module):
    """Latents `[B, T, D]` and conditions `[B, T, D]` -> predictions `[B, T, D]`, T = 1 … window."""

    def __init__(
        self, *, window: int, dim: int, hidden: int, output: int, depth: int, heads: int, inner: int, mlp_dim: int
    ) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.zeros(1, window, dim))
        self.transformer = _Transformer(dim, hidden, output, depth, heads, inner, mlp_dim)

    def forward(self, latents: Tensor, conditions: Tensor) -> Tensor:
        return self.transformer(latents + self.pos_embedding[:, : latents.shape[1]], conditions)


class _Transformer(nn.Module):
    def __init__(self, dim: int, hidden: int, output: int, depth: int, heads: int, inner: int, mlp_dim: int) -> None:
        super().__init__()
        is_same_width = dim == hidden
        self.input_proj = nn.Identity() if is_same_width else nn.Linear(dim, hidden)
        self.cond_proj = nn.Identity() if is_same_width else nn.Linear(dim, hidden)
        self.layers = nn.ModuleList(_Block(hidden, heads, inner, mlp_dim) for _ in range(depth))
        self.norm = nn.LayerNorm(hidden)
        self.output_proj = nn.Identity() if hidden == output else nn.Linear(hidden, output)

    def forward(self, latents: Tensor, conditions: Tensor) -> Tensor:
        latents, conditions = self.input_proj(latents), self.cond_proj(conditions)
        for layer in self.layers:
            latents = layer(latents, conditions)
        return self.output_proj(self.norm(latents))


class _Block(nn.Module):
    def __init__(self, dim: int, heads: int, inner: int, mlp_dim: int) -> None:
        super().__init__()
        self.dim = dim
        self.attn = _CausalAttention(dim, heads, inner)
        # The published weights are named net.0 (norm), net.1 and net.4 (linear). The others have none.
        self.mlp = nn.Module()
        self.mlp.net = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, mlp_dim), nn.GELU(), nn.Identity(), nn.Linear(mlp_dim, dim)
        )
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(dim, 6 * dim))

    def forward(self, latents: Tensor, conditions: Tensor) -> Tensor:
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = self.adaLN_modulation(conditions).chunk(6, dim=-1)
        latents = latents + gate * self.attn(self._normalise(latents) * (1 + scale) + shift)
        return latents + mlp_gate * self.mlp.net(self._normalise(latents) * (1 + mlp_scale) + mlp_shift)

    def _normalise(self, latents: Tensor) -> Tensor:
        return F.layer_norm(latents, (self.dim,), eps=_MODULATION_EPSILON)


class _CausalAttention(nn.Module):
    def __init__(self, dim: int, heads: int, inner: int) -> None:
        super().__init__()
        self.heads = heads
        self.width = inner // heads
        self.norm = nn.LayerNorm(dim)
        self.to_qkv = nn.Linear(dim, 3 * inner, bias=False)
        # A single head as wide as the latent has no output projection.
        self.to_out = nn.Identity() if heads == 1 and inner == dim else nn.Sequential(nn.Linear(inner, dim))

    def forward(self, latents: Tensor) -> Tensor:
        batch, length, _ = latents.shape
        # `unflatten` would be exported as operators that cannot be compiled.
        query, key, value = (
            part.reshape(batch, length, self.heads, self.width).transpose(1, 2)
            for part in self.to_qkv(self.norm(latents)).chunk(3, dim=-1)
        )
        attended = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.to_out(attended.transpose(1, 2).flatten(2))
