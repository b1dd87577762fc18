"""What every family of published world models becomes before it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class WorldModel:
    """Networks in the form of the model contract, in evaluation mode, with their sizes.

    `encoder`: image `[B, C, S, S]` -> latent `[B, N, D]`. `predictor`: history `[B, T, N, D]` and for each latent the
    normalised block of actions that leaves it `[B, T, A]` -> next `[B, N, D]`, T = 1 … `window`.
    """

    encoder: nn.Module
    predictor: nn.Module
    channels: int
    image_size: int
    tokens: int
    dim: int
    window: int
    action_dim: int


class Reference(Protocol):
    """The published code of a family, with the same weights."""

    model: nn.Module
    cost_scale: float
    """Its cost, as a share of the sum of squared differences."""

    def encode(self, image: Tensor) -> Tensor:
        """Image `[B, C, S, S]` -> latent `[B, N, D]`."""

    def step(self, history: Tensor, actions: Tensor) -> Tensor:
        """As `WorldModel.predictor`."""

    def plan_cost(self, image: Tensor, goal: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
        """Image and goal `[1, C, S, S]`, candidates `[K, H, A]` -> last latents `[K, N, D]`, costs `[K]`."""
