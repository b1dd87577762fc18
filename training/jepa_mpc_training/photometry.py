"""Random effects of camera and light on pixels: drawn for each recorded view and applied during training."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from .config import PhotometryConfig

_WHITE = 255.0
_SPARE_NOISE = 50
"""Frames of noise drawn in addition to those of one view. All views take theirs from this bank, because drawing noise
for each would take most of the time."""


@dataclass(frozen=True)
class Photometry:
    """Effects on `N` views: gain `[N, 3, H, W]`; offset `[N]` and standard deviation of the noise `[N]`, in grey
    levels; blur `[N]`, the weight of a pixel's neighbourhood in it."""

    gain: Tensor
    offset: Tensor
    noise: Tensor
    blur: Tensor
    generator: torch.Generator

    def apply(self, frames: Tensor) -> Tensor:
        """Frames uint8 `[N, L, 3, H, W]` -> float `[N, L, 3, H, W]` in [0, 255]."""
        values = frames.float().mul_(self.gain[:, None]).add_(self.offset.view(-1, 1, 1, 1, 1))
        bank = torch.randn(frames.shape[1] + _SPARE_NOISE, *frames.shape[2:], generator=self.generator)
        for view, images in enumerate(values):
            if self.blur[view] > 0:
                images.lerp_(_neighbourhood(images), float(self.blur[view]))
            if self.noise[view] > 0:
                first = int(torch.randint(_SPARE_NOISE, (), generator=self.generator))
                images.add_(bank[first : first + len(images)], alpha=float(self.noise[view]))
        return values.clamp_(0, _WHITE)


def photographed(config: PhotometryConfig, frames: Tensor, generator: torch.Generator) -> Tensor:
    """Frames uint8 `[N, L, 3, H, W]`, each of the N under a photometry of its own, float `[N, L, 3, H, W]` in [0, 255].
    Of C cameras `[N, L, C, 3, H, W]`, each camera has one of its own."""
    alone = frames if frames.ndim == 5 else frames.transpose(1, 2).flatten(0, 1)
    changed = draw_photometry(config, len(alone), tuple(alone.shape[-2:]), generator).apply(alone)
    return changed if frames.ndim == 5 else changed.unflatten(0, (len(frames), -1)).transpose(1, 2)


def draw_photometry(
    config: PhotometryConfig, count: int, size: tuple[int, int], generator: torch.Generator
) -> Photometry:
    """Draws the effects on `count` views of `size` pixels (height, width). Some views are left unchanged."""

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    changed = uniform(0, 1) >= config.nominal_share
    brightness = uniform(config.brightness_low, config.brightness_high, 1)
    channels = brightness * (1 + uniform(-config.channel_gain, config.channel_gain, 3))
    contrast = 1 + uniform(-config.contrast, config.contrast, 1)
    # Contrast scales about the middle of the grey levels at this brightness.
    offset = ((1 - contrast) * brightness * _WHITE / 2)[:, 0]
    gain = (channels * contrast)[..., None, None] * _shading(config, count, size, generator)[:, None]
    gain[~changed], offset[~changed] = 1.0, 0.0
    blur = uniform(0, 1) * (uniform(0, 1) < config.blur_share) * changed
    noise = uniform(0, config.noise_high) * (uniform(0, 1) < config.noise_share) * changed
    return Photometry(gain, offset, noise, blur, generator)


def _shading(config: PhotometryConfig, count: int, size: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Factors on brightness `[count, height, width]`: a gradient in some views, the edge of a shadow in others."""
    kind = torch.rand(count, generator=generator)
    angle = torch.rand(count, generator=generator) * 2 * torch.pi
    where = torch.rand(count, generator=generator) - 0.5
    depth = torch.rand(count, generator=generator) * config.shading
    height, width = (torch.linspace(-0.7, 0.7, side) for side in size)
    across = angle.cos()[:, None, None] * width + angle.sin()[:, None, None] * height[:, None]
    slope = across + 0.5
    edge = ((across - where[:, None, None]) * 20).clamp(0, 1)
    weight = torch.where((kind < 0.35)[:, None, None], slope, torch.where((kind < 0.6)[:, None, None], edge, 0.0))
    return 1 - depth[:, None, None] * weight


def _neighbourhood(images: Tensor) -> Tensor:
    """Averages of images `[L, 3, H, W]` over 3 x 3 pixels."""
    return functional.avg_pool2d(functional.pad(images, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
