"""Latents that are grids of patches."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .errors import ExportRefusedError


class PatchGrid:
    """Sizes of an image that is cut into `side` x `side` patches of `patch_size` pixels a side, one token each."""

    side: int
    patch_size: int

    @property
    def tokens(self) -> int:
        return self.side**2

    @property
    def image_size(self) -> int:
        """Pixels of a side."""
        return self.side * self.patch_size


def require_whole_patches(subject: str, image_size: int, patch_size: int, published: int) -> None:
    """Raises ExportRefusedError for images that are not a whole number of patches wide."""
    if image_size % patch_size:
        raise ExportRefusedError(
            f"{subject}: images of {image_size} pixels",
            found=f"patches of {patch_size}",
            expected="images of a whole number of them",
            remedy=f"Pass --image-size {published}, or the size that the model was trained on.",
        )


class PatchEncoder(nn.Module):
    """Image `[B, C, S, S]`, normalised proprioception `[B, P]` -> latent `[B, N, D + E]`.

    Every patch is followed by the same embedding of the proprioception. A model that takes no proprioception (P is 0)
    has the patches alone: `[B, N, D]`.
    """

    def __init__(self, backbone: nn.Module, *, tokens: int, proprioception_dim: int, embedding: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.tokens = tokens
        self.proprioception = nn.Linear(proprioception_dim, embedding) if proprioception_dim else None

    def forward(self, image: Tensor, proprioception: Tensor | None = None) -> Tensor:
        patches = self.patches(image)
        if self.proprioception is None:
            return patches
        embedded = self.proprioception(proprioception).unsqueeze(1).expand(-1, self.tokens, -1)
        return torch.cat((patches, embedded), dim=2)

    def patches(self, image: Tensor) -> Tensor:
        """Image `[B, C, S, S]` -> patches `[B, N, D]`."""
        return self.backbone(image)
