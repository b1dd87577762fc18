"""Frames are brought to the encoder's size as the planner node does it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from jepa_mpc_training.camera_input import CameraInput


def _fit(frames: torch.Tensor, width: int, height: int, resize: str, interpolation: str) -> torch.Tensor:
    camera = CameraInput(width, height, (0.0,) * 3, (1.0,) * 3, resize, interpolation)
    return camera.fit(frames) * 255


def _frames(height: int, width: int) -> torch.Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(0)) * 255


@pytest.mark.parametrize(("height", "width"), [(48, 64), (128, 128), (16, 20), (37, 51)])
@pytest.mark.parametrize(
    ("interpolation", "mode", "antialias"),
    [
        ("bilinear", "bilinear", False),
        ("bilinear-antialias", "bilinear", True),
        ("bicubic-antialias", "bicubic", True),
    ],
)
def test_scaling_is_that_of_torch(height: int, width: int, interpolation: str, mode: str, antialias: bool) -> None:
    frames = _frames(height, width)
    expected = functional.interpolate(frames, size=(32, 40), mode=mode, antialias=antialias)
    found = _fit(frames, 40, 32, "squash", interpolation)
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-5)


def test_area_is_the_mean_of_what_is_covered() -> None:
    frames = _frames(48, 64)
    expected = functional.avg_pool2d(frames, 4)
    torch.testing.assert_close(_fit(frames, 16, 12, "squash", "area"), expected, atol=1e-3, rtol=1e-5)
    assert _fit(frames, 37, 11, "squash", "area").mean() == pytest.approx(float(frames.mean()), abs=1e-2)


def test_nearest_takes_the_pixel_under_the_centre() -> None:
    frames = _frames(48, 64)
    torch.testing.assert_close(_fit(frames, 16, 12, "squash", "nearest"), frames[..., 2::4, 2::4], atol=1e-4, rtol=0)


def test_crops_are_centred() -> None:
    frames = _frames(48, 64)
    square = functional.interpolate(frames[..., 8:56], size=(24, 24), mode="bilinear", antialias=True)
    found = {
        resize: _fit(frames, 24, 24, resize, "bilinear-antialias")
        for resize in ("largest-square-crop", "shortest-edge-crop")
    }
    torch.testing.assert_close(found["largest-square-crop"], square, atol=1e-3, rtol=1e-5)
    # Cut after scaling: only the outermost columns take in what is cut off.
    inner = (..., slice(1, -1))
    torch.testing.assert_close(found["shortest-edge-crop"][inner], square[inner], atol=1e-3, rtol=1e-5)


def test_values_are_normalised_and_the_manifest_s_entry_is_read_back() -> None:
    camera = CameraInput(4, 4, (0.5, 0.4, 0.3), (0.1, 0.2, 0.3), "squash", "area")
    assert CameraInput.of_manifest(camera.manifest("image")) == camera
    pixel = camera.fit(torch.full((3, 4, 4), 255, dtype=torch.uint8))[:, 0, 0]
    np.testing.assert_allclose(pixel, [5.0, 3.0, 0.7 / 0.3], rtol=1e-5)


@pytest.mark.parametrize(("resize", "interpolation"), [("stretch", "area"), ("squash", "bicubic")])
def test_unknown_ways_are_refused(resize: str, interpolation: str) -> None:
    with pytest.raises(ValueError, match="found '"):
        _fit(_frames(8, 8), 4, 4, resize, interpolation)
