"""Pictures of recordings become those that the encoder sees."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as Picture

from jepa_mpc_training.recordings.errors import RecordingError
from jepa_mpc_training.recordings.images import compressed_image, raw_image, scaled

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 5, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("encoding", "stored"),
    [
        ("rgb8", PIXELS),
        ("bgr8", PIXELS[..., ::-1]),
        ("rgba8", np.dstack((PIXELS, PIXELS[..., :1]))),
        ("bgra8", np.dstack((PIXELS[..., ::-1], PIXELS[..., :1]))),
        ("rgb16", PIXELS.astype("<u2") * 257),
        ("bgr16", PIXELS[..., ::-1].astype("<u2") * 257),
    ],
)
@pytest.mark.parametrize("padding", [0, 7])
def test_every_encoding_gives_the_same_picture(encoding: str, stored: np.ndarray, padding: int) -> None:
    rows = np.ascontiguousarray(stored).view(np.uint8).reshape(6, -1)
    padded = np.pad(rows, ((0, 0), (0, padding)), constant_values=99)
    image = raw_image("camera", encoding, 6, 5, padded.shape[1], False, padded.tobytes())
    assert (image == PIXELS).all()


@pytest.mark.parametrize("big_endian", [False, True])
def test_grey_is_grey_in_either_byte_order(big_endian: bool) -> None:
    grey = PIXELS[..., 0].astype(">u2" if big_endian else "<u2") * 257
    image = raw_image("camera", "mono16", 6, 5, 10, big_endian, grey.astype(grey.dtype).tobytes())
    assert (image == PIXELS[..., :1]).all()


@pytest.mark.parametrize(
    ("encoding", "order"),
    [("yuv422_yuy2", "yuyv"), ("yuyv", "yuyv"), ("yuv422", "uyvy"), ("uyvy", "uyvy")],
)
def test_yuv_is_unpacked(encoding: str, order: str) -> None:
    # Red and yellow-green side by side have the same U and V; then white and black.
    pairs = [(81, 90, 145, 240), (235, 128, 16, 128)]
    rows = [(y, u, z, v) if order == "yuyv" else (u, y, v, z) for y, u, z, v in pairs]
    data = b"".join(bytes(row) + b"\x09" for row in rows)
    image = raw_image("camera", encoding, 2, 2, 5, False, data)
    expected = [[[254, 0, 0], [255, 74, 73]], [[255, 255, 255], [0, 0, 0]]]
    np.testing.assert_array_equal(image, expected)


def test_yuv_of_an_odd_width_is_refused() -> None:
    with pytest.raises(RecordingError, match="3x2 uyvy"):
        raw_image("camera", "uyvy", 2, 3, 6, False, bytes(12))


def test_what_cannot_be_a_picture_is_refused() -> None:
    with pytest.raises(RecordingError, match=r"found images in 'nv12'.*set the driver to rgb8"):
        raw_image("camera", "nv12", 6, 5, 5, False, bytes(60))
    with pytest.raises(RecordingError, match=r"found images in 'bayer_rggb8'.*image_proc"):
        raw_image("camera", "bayer_rggb8", 6, 5, 5, False, bytes(30))
    with pytest.raises(RecordingError, match="found 10 bytes"):
        raw_image("camera", "rgb8", 6, 5, 15, False, bytes(10))
    with pytest.raises(RecordingError, match="JPEG or PNG"):
        compressed_image("camera", b"theora")


def test_png_is_read_as_it_was() -> None:
    encoded = io.BytesIO()
    Picture.fromarray(PIXELS).save(encoded, "PNG")
    assert (compressed_image("camera", encoded.getvalue()) == PIXELS).all()


def test_images_of_any_shape_are_averaged_over_equal_areas() -> None:
    even = np.random.default_rng(1).integers(0, 256, (128, 192, 3), dtype=np.uint8)
    blocks = even.reshape(64, 2, 64, 3, 3).mean((1, 3))
    assert np.abs(scaled(even, 64) - blocks).max() <= 0.51
    square = even[:, :128]
    assert (scaled(square, 64) == np.rint(square.reshape(64, 2, 64, 2, 3).mean((1, 3)))).all()
    assert (scaled(square, 128) == square).all()
    ramp = np.broadcast_to(np.arange(100, dtype=np.uint8)[:, None, None] * 2, (100, 37, 3))
    expected = (np.arange(64) + 0.5) * 100 / 64 * 2 - 1
    assert np.abs(scaled(ramp, 64)[:, 3, 0] - expected).max() <= 0.75
