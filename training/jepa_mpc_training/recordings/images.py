"""Images of recordings, decoded and scaled as the planner node does."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image as Picture
from PIL import UnidentifiedImageError

from .errors import RecordingError

_CHANNELS = {
    "rgb8": (np.uint8, 3, (0, 1, 2)),
    "bgr8": (np.uint8, 3, (2, 1, 0)),
    "rgba8": (np.uint8, 4, (0, 1, 2)),
    "bgra8": (np.uint8, 4, (2, 1, 0)),
    "mono8": (np.uint8, 1, (0, 0, 0)),
    "rgb16": (np.uint16, 3, (0, 1, 2)),
    "bgr16": (np.uint16, 3, (2, 1, 0)),
    "mono16": (np.uint16, 1, (0, 0, 0)),
}
"""Encodings of sensor_msgs/Image: type of a sample, samples in a pixel, and which of them are red, green and blue."""

_YUV422 = {
    "yuv422_yuy2": (0, 1, 2, 3),
    "yuyv": (0, 1, 2, 3),
    "yuv422": (1, 0, 3, 2),
    "uyvy": (1, 0, 3, 2),
}
"""Encodings with two pixels in four bytes: indices of the first luma, U, the second luma and V."""

_YUV_BITS = 20
"""Fractional bits of the fixed-point conversion, which rounds as the planner node and cv_bridge do."""

_GREY_LEVELS_16 = 257
"""16-bit values for each 8-bit value."""


def raw_image(subject: str, encoding: str, height: int, width: int, step: int, big_endian: bool, data) -> np.ndarray:
    """Fields of a sensor_msgs/Image -> uint8 `[H, W, 3]`, RGB. Raises RecordingError for other encodings and sizes."""
    if encoding not in _CHANNELS and encoding not in _YUV422:
        raise RecordingError(
            subject,
            found=f"images in '{encoding}'",
            expected=f"one of {', '.join((*_CHANNELS, *_YUV422))}",
            remedy=_remedy(encoding),
        )
    kind, samples, colours = _CHANNELS.get(encoding, (np.uint8, 2, (0, 1)))
    row = width * samples * np.dtype(kind).itemsize
    values = np.frombuffer(data, dtype=np.uint8)
    is_odd = encoding in _YUV422 and width % 2 != 0
    if step < row or len(values) < step * height or width * height == 0 or is_odd:
        raise RecordingError(
            subject,
            found=f"{len(values)} bytes in rows of {step} for {width}x{height} {encoding}",
            expected=f"rows of at least {row} bytes, {height} of them"
            + (", and an even width" if encoding in _YUV422 else ""),
            remedy="The camera driver publishes invalid images: inspect one of them.",
        )
    rows = np.ascontiguousarray(values[: step * height].reshape(height, step)[:, :row])
    if encoding in _YUV422:
        return _from_yuv(rows.reshape(height, width // 2, 4)[..., list(_YUV422[encoding])])
    wide = rows.view(np.dtype(kind).newbyteorder(">" if big_endian else "<")).reshape(height, width, samples)
    image = wide[..., list(colours)]
    return image if kind is np.uint8 else np.rint(image / _GREY_LEVELS_16).astype(np.uint8)


def _remedy(encoding: str) -> str:
    if encoding.startswith("bayer_"):
        return "Record the camera's colour topic (image_proc converts a mosaic), or set the driver to rgb8."
    return "Record the camera's colour topic, or set the driver to rgb8."


def _from_yuv(pairs: np.ndarray) -> np.ndarray:
    """ITU-R BT.601 with luma from 16 to 235: uint8 `[H, W / 2, 4]` (Y, U, Y, V) -> uint8 `[H, W, 3]`, RGB."""
    y = pairs[..., [0, 2]].astype(np.int64)
    u, v = (pairs[..., place, None].astype(np.int64) - 128 for place in (1, 3))
    luma, v_red, u_green, v_green, u_blue = (
        round(weight * 2**_YUV_BITS) for weight in (1.164, 1.596, -0.391, -0.813, 2.018)
    )
    level = luma * np.maximum(y - 16, 0) + 2 ** (_YUV_BITS - 1)
    colours = np.stack((level + v_red * v, level + u_green * u + v_green * v, level + u_blue * u), axis=-1)
    return (colours >> _YUV_BITS).clip(0, 255).astype(np.uint8).reshape(len(pairs), -1, 3)


def compressed_image(subject: str, data) -> np.ndarray:
    """The bytes of a JPEG or PNG file -> uint8 `[H, W, 3]`, RGB. Raises RecordingError for anything else."""
    try:
        with Picture.open(io.BytesIO(bytes(data)), formats=("JPEG", "PNG")) as picture:
            return np.asarray(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise RecordingError(
            subject,
            found=f"a compressed image that cannot be read ({error})",
            expected="JPEG or PNG",
            remedy="Record with image_transport's 'compressed' plug-in (not theora, zstd or ffmpeg), or raw.",
        ) from error


def scaled(image: np.ndarray, size: int) -> np.ndarray:
    """Image uint8 `[H, W, 3]` -> uint8 `[size, size, 3]`: each pixel is the mean of the area that it covers."""
    height, width, _ = image.shape
    if height == width == size:
        return image
    rows = _area_weights(height, size) @ image.reshape(height, -1).astype(np.float32)
    columns = rows.reshape(size, width, 3).transpose(0, 2, 1) @ _area_weights(width, size).T
    return np.rint(columns.transpose(0, 2, 1)).clip(0, 255).astype(np.uint8)


@lru_cache(maxsize=8)
def _area_weights(length: int, size: int) -> np.ndarray:
    """Weight of each of `length` samples in each of `size` equal intervals: float32 `[size, length]`."""
    edges = np.arange(size + 1) * length / size
    pixels = np.arange(length)
    inside = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    weights = inside.clip(0)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
