"""A ViT with a class token, with the weight names of transformers 5."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class VisionTransformer(nn.Module):
    """Image `[B, C, S, S]` -> tokens `[B, 1 + (S / P)², D]`, the class token first, after the last normalisation."""

    def __init__(
        self,
        *,
        channels: int,
        image_size: int,
        patch_size: int,
        dim: int,
        depth: int,
        heads: int,
        mlp_dim: int,
        epsilon: float,
    ) -> None:
        super().__init__()
        self.embeddings = _Embeddings(channels, image_size, patch_size, dim)
        self.layers = nn.ModuleList(_Layer(dim, heads, mlp_dim, epsilon) for _ in range(depth))
        self.layernorm = nn.LayerNorm(dim, eps=epsilon)

    def forward(self, image: Tensor) -> Tensor:
        tokens = self.embeddings(image)
        for layer in self.layers:
            tokens = layer(tokens)
        return self.layernorm(tokens)


class _Embeddings(nn.Module):
    def __init__(self, channels: int, image_size: int, patch_size: int, dim: int) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.position_embeddings = nn.Parameter(torch.zeros(1, 1 + (image_size // patch_size) ** 2, dim))
        self.patch_embeddings = nn.Module()
        self.patch_embeddings.projection = nn.Conv2d(channels, dim, patch_size, stride=patch_size)

    def forward(self, image: Tensor) -> Tensor:
        patches = self.patch_embeddings.projection(image).flatten(2).transpose(1, 2)
        return torch.cat((self.cls_token.expand(image.shape[0], -1, -1), patches), dim=1) + self.position_embeddings


class _Layer(nn.Module):
    def __init__(self, dim: int, heads: int, mlp_dim: int, epsilon: float) -> None:
        super().__init__()
        self.layernorm_before = nn.LayerNorm(dim, eps=epsilon)
        self.attention = _Attention(dim, heads)
        self.layernorm_after = nn.LayerNorm(dim, eps=epsilon)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(dim, mlp_dim), "fc2": nn.Linear(mlp_dim, dim)})

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attention(self.layernorm_before(tokens))
        hidden = F.gelu(self.mlp["fc1"](self.layernorm_after(tokens)))
        return tokens + self.mlp["fc2"](hidden)


class _Attention(nn.Module):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (nn.Linear(dim, dim) for _ in range(4))

    def forward(self, tokens: Tensor) -> Tensor:
        query, key, value = (
            projection(tokens).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        attended = F.scaled_dot_product_attention(query, key, value)
        return self.o_proj(attended.transpose(1, 2).flatten(2))
