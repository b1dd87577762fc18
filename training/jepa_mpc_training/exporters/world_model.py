"""The common form of all families of published world models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Camera:
    """Resizing and normalisation of images: fields of `cameras` in the manifest."""

    # stable-worldmodel normalises before it resizes with anti-aliasing. Both are linear, so the order does not matter.
    resize: str = "squash"
    interpolation: str = "bilinear-antialias"
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD


@dataclass(frozen=True)
class Stream:
    """A part of a latent, as in `latent.streams`: ranges of `tokens` and of `dims`, the ends excluded."""

    name: str
    of: str
    update: str
    tokens: tuple[int, int]
    dims: tuple[int, int]
    weight: float

    def part_of(self, latent: Tensor) -> Tensor:
        """Latent `[…, N, D]` -> the part of this stream."""
        return latent[..., slice(*self.tokens), slice(*self.dims)]


@dataclass(frozen=True)
class Planner:
    """`plannerDefaults` of the manifest. Defaults: those of stable-worldmodel, which penalises no actions."""

    samples: int = 300
    iterations: int = 30
    elites: int = 30
    horizon: int = 5
    initial_std: float | None = None
    """In half action ranges. None: one standard deviation of the data set."""
    min_std: float = 0.0
    momentum: float | None = None


@dataclass(frozen=True)
class WorldModel:
    """Networks of the model contract, in evaluation mode, with their sizes.

    `encoder`: image `[B, C, S, S]`, and proprioception `[B, P]` where P is more than 0 -> latent `[B, N, D]`.
    `predictor`: history `[B, T, N, D]` and for each latent the normalised block of actions that leaves it `[B, T, A]`
    -> next `[B, N, D]`, T = 1 … `window`.
    """

    encoder: nn.Module
    predictor: nn.Module
    channels: int
    image_size: int
    tokens: int
    dim: int
    window: int
    action_dim: int
    max_window: int | None = None
    """Maximum of `window`. None: it cannot be changed."""
    history_mode: str = "sliding"
    proprioception_dim: int = 0
    streams: tuple[Stream, ...] = ()
    """Empty: one stream of the whole latent."""
    camera: Camera = field(default_factory=Camera)
    objective: str = "squared_latent_distance"
    planner: Planner = field(default_factory=Planner)

    def draw_observations(self, count: int, draw: torch.Generator) -> list[Tensor]:
        """Random inputs of the encoder, `count` rows each."""
        inputs = [torch.randn(count, self.channels, self.image_size, self.image_size, generator=draw)]
        if self.proprioception_dim:
            inputs.append(torch.randn(count, self.proprioception_dim, generator=draw))
        return inputs

    def draw_history(self, count: int, draw: torch.Generator) -> Tensor:
        """Random history `[count, window, N, D]`; 0 outside of the streams, as in the encoder's output."""
        history = torch.randn(count, self.window, self.tokens, self.dim, generator=draw)
        if not self.streams:
            return history
        used = torch.zeros(self.tokens, self.dim)
        for stream in self.streams:
            stream.part_of(used).fill_(1)
        return history * used

    def cost(self, latent: Tensor, goal: Tensor) -> Tensor:
        """The objective: latents `[K, N, D]`, goal `[1, N, D]` -> weighted sum over the streams `[K]`."""
        whole = Stream("latent", "images", "predicted", (0, self.tokens), (0, self.dim), 1.0)
        cost = torch.zeros(len(latent))
        for stream in self.streams or (whole,):
            difference = stream.part_of(latent) - stream.part_of(goal)
            distance = (
                difference.abs().mean(dim=(1, 2)) if self.objective == "l1" else difference.square().sum(dim=(1, 2))
            )
            cost = cost + stream.weight * distance
        return cost


class Reference(Protocol):
    """The published code of a family, or a restatement of it, with the same weights."""

    model: nn.Module
    cost_scale: float
    """Its cost divided by `WorldModel.cost`."""

    def encode(self, *observation: Tensor) -> Tensor:
        """The same as `WorldModel.encoder`."""

    def step(self, history: Tensor, actions: Tensor) -> Tensor:
        """The same as `WorldModel.predictor`."""

    def plan_cost(
        self, observation: list[Tensor], goal: list[Tensor], actions: Tensor, window: int
    ) -> tuple[Tensor, Tensor]:
        """Inputs of the encoder, one row each, and candidates `[K, H, A]` -> last latents `[K, N, D]`, costs `[K]`.

        A prediction takes at most the last `window` latents.
        """
