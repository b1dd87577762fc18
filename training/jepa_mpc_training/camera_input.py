"""Turns a camera's frame into the encoder's input, as the planner node does (src/perception/resampling.ts)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

PIXEL_SCALE = 1 / 255


@dataclass(frozen=True)
class CameraInput:
    """Size and normalisation of the encoder's input, and how frames of other sizes are resized: `cameras[]` of the
    manifest.

    `mean` and `std` are per channel, of pixels times `scale`.
    """

    width: int
    height: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize: str = "squash"
    interpolation: str = "area"
    scale: float = PIXEL_SCALE

    @classmethod
    def of_manifest(cls, camera: dict[str, Any]) -> CameraInput:
        """From an entry of `cameras`."""
        fields = {field.name: camera[field.name] for field in dataclasses.fields(cls)}
        return cls(**{**fields, "mean": tuple(fields["mean"]), "std": tuple(fields["std"])})

    def manifest(self, name: str, topic: str = "") -> dict[str, Any]:
        """The entry of `cameras` for a camera of that name. `topic`: that of its images; empty: its name."""
        return {
            "name": name,
            "topic": topic or name,
            "width": self.width,
            "height": self.height,
            "channels": len(self.mean),
            "colorOrder": "rgb",
            "resize": self.resize,
            "interpolation": self.interpolation,
            "scale": self.scale,
            "mean": list(self.mean),
            "std": list(self.std),
        }

    def fit(self, frames: Tensor) -> Tensor:
        """Frames uint8 or float `[..., 3, H, W]` in [0, 255], of any size -> normalised `[..., 3, height, width]`."""
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in (self.mean, self.std))
        return torch.addcmul(-mean / std, self._sized(frames.float()), self.scale / std)

    def _sized(self, frames: Tensor) -> Tensor:
        height, width = frames.shape[-2:]
        if (height, width) == (self.height, self.width):
            return frames
        rows, columns = self._weights(height, width)
        return rows @ frames @ columns.T

    def _weights(self, height: int, width: int) -> tuple[Tensor, Tensor]:
        down, across = (height, self.height), (width, self.width)
        rows = axis_weights(down, across, self.resize, self.interpolation)
        columns = axis_weights(across, down, self.resize, self.interpolation)
        return rows, columns


@lru_cache(maxsize=16)
def axis_weights(axis: tuple[int, int], other: tuple[int, int], resize: str, interpolation: str) -> Tensor:
    """Weights of the resize along one axis: `[output, length]`, one row for each output sample.

    `axis` and `other` are the input and output lengths of this axis and of the other one. Raises ValueError for an
    unknown resize or interpolation.
    """
    (length, output), (other_length, other_output) = axis, other
    first, size, resized, skipped = 0, length, output, 0
    if resize == "largest-square-crop":
        size = min(length, other_length)
        first = (length - size) // 2
    elif resize == "shortest-edge-crop":
        # Exactly torchvision's Resize(shortest edge) and CenterCrop.
        is_short = output * other_length >= other_output * length
        resized = output if is_short else int(other_output * length / other_length)
        skipped = round((resized - output) / 2)
    elif resize != "squash":
        raise ValueError(f"resize: found '{resize}', expected squash, shortest-edge-crop or largest-square-crop.")
    weights = np.zeros((output, length))
    for index in range(output):
        weights[index, first : first + size] = _taps(index + skipped, size, size / resized, interpolation)
    return torch.from_numpy(weights.astype(np.float32))


def _taps(index: int, length: int, ratio: float, interpolation: str) -> np.ndarray:
    """Weights `[length]` of the input samples in output sample `index`, which is `ratio` input samples wide."""
    places = np.arange(length)
    middle = (index + 0.5) * ratio
    if interpolation == "nearest":
        shares = (places == min(length - 1, int(middle))).astype(float)
    elif interpolation == "bilinear":
        at = min(length - 1, max(0.0, middle - 0.5))
        shares = np.maximum(0, 1 - np.abs(places - at))
    elif interpolation == "bilinear-antialias":
        shares = np.maximum(0, 1 - np.abs(places + 0.5 - middle) / max(1.0, ratio))
    elif interpolation == "bicubic-antialias":
        shares = _cubic(np.abs(places + 0.5 - middle) / max(1.0, ratio))
    elif interpolation == "area":
        low, high = index * ratio, (index + 1) * ratio
        shares = np.clip(np.minimum(places + 1, high) - np.maximum(places, low), 0, None)
    else:
        raise ValueError(
            f"interpolation: found '{interpolation}', expected area, bilinear, bilinear-antialias, "
            "bicubic-antialias or nearest."
        )
    return shares / shares.sum()


def _cubic(distance: np.ndarray) -> np.ndarray:
    """Keys' cubic kernel with a = -1/2, as in Pillow and torchvision; 0 for distances of 2 and more."""
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance < 1, near, np.where(distance < 2, far, 0.0))


def planar(frames: np.ndarray) -> Tensor:
    """Frames `[..., H, W, 3]` -> `[..., 3, H, W]`, a copy."""
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(frames, -1, -3)))
