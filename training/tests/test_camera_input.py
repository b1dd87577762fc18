"""Frames are brought to the encoder's size as the planner node does it."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest
import torch
from torch.nn import functional

from jepa_mpc_training.camera_input import CameraInput, axis_weights


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


def _columns(width: int, height: int, size: int) -> np.ndarray:
    """The pixel of a row that each column is taken from."""
    weights = axis_weights((width, size), (height, size), "shortest-edge-crop", "nearest")
    return weights.argmax(dim=1).numpy()


def _nearest(length: int, resized: int, skipped: int, output: int) -> np.ndarray:
    return np.array([int((i + skipped + 0.5) * (length / resized)) for i in range(output)])


@pytest.mark.parametrize(
    ("frame", "size", "long", "skipped"),
    [
        ((640, 480), 64, 85, 10),
        ((640, 480), 96, 128, 16),
        ((640, 480), 112, 149, 18),
        ((640, 480), 224, 298, 37),
        ((640, 480), 256, 341, 42),
        ((1280, 720), 64, 113, 24),
        ((1280, 720), 224, 398, 87),
        ((1920, 1080), 336, 597, 130),
        ((848, 480), 112, 197, 42),
        ((752, 480), 256, 401, 72),
        ((1280, 1024), 84, 105, 10),
        # In floating point the quotient of the sizes times the long edge falls short of these.
        ((720, 320), 112, 252, 70),
        ((360, 160), 224, 504, 140),
    ],
)
def test_the_crop_of_the_shortest_edge_is_that_of_torchvision(
    frame: tuple[int, int], size: int, long: int, skipped: int
) -> None:
    width, height = frame
    np.testing.assert_array_equal(_columns(width, height, size), _nearest(width, long, skipped, size))
    np.testing.assert_array_equal(_columns(height, width, size), _nearest(height, size, 0, size))


def test_the_crop_of_the_shortest_edge_is_exact_for_common_sizes() -> None:
    frames = [(256, 192), (320, 240), (424, 240), (640, 360), (640, 480), (752, 480), (800, 600)]
    frames += [(848, 480), (960, 540), (1024, 768), (1280, 720), (1280, 800), (1280, 1024), (1920, 1080)]
    for width, height in frames:
        for size in (64, 84, 96, 112, 128, 160, 192, 224, 256, 336, 384):
            long = size * width // height
            half = Decimal(long - size) / 2
            skipped = int(half.quantize(Decimal(1), ROUND_HALF_EVEN))
            np.testing.assert_array_equal(
                _columns(width, height, size), _nearest(width, long, skipped, size), f"{width}x{height} to {size}"
            )


def test_values_are_normalised_and_the_manifest_s_entry_is_read_back() -> None:
    camera = CameraInput(4, 4, (0.5, 0.4, 0.3), (0.1, 0.2, 0.3), "squash", "area")
    assert CameraInput.of_manifest(camera.manifest("image")) == camera
    pixel = camera.fit(torch.full((3, 4, 4), 255, dtype=torch.uint8))[:, 0, 0]
    np.testing.assert_allclose(pixel, [5.0, 3.0, 0.7 / 0.3], rtol=1e-5)


@pytest.mark.parametrize(("resize", "interpolation"), [("stretch", "area"), ("squash", "bicubic")])
def test_unknown_ways_are_refused(resize: str, interpolation: str) -> None:
    with pytest.raises(ValueError, match="found '"):
        _fit(_frames(8, 8), 4, 4, resize, interpolation)
