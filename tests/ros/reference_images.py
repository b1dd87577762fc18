"""Images in every encoding, and what other decoders (NumPy, Pillow) make of them: RGB `[H, W, 3]` or grey `[H, W, 1]`,
0 to 255."""

from __future__ import annotations

import io
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image as Picture
from sensor_msgs.msg import CompressedImage, Image

HEIGHT, WIDTH = 27, 34
PATTERNS = ("rggb", "bggr", "gbrg", "grbg")


def scene(seed: int = 5) -> np.ndarray:
    """Gradients with noise on them: neither flat nor without neighbourhood. uint8 `[H, W, 3]`."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    smooth = np.stack([x * 7, y * 9, (x + y) * 4], axis=-1)
    noise = np.random.default_rng(seed).integers(0, 40, smooth.shape)
    return ((smooth + noise) % 256).astype(np.uint8)


def wide_scene() -> np.ndarray:
    """uint16 `[H, W, 3]`, over the whole range."""
    return np.random.default_rng(6).integers(0, 65536, (HEIGHT, WIDTH, 3), dtype=np.uint16)


def raw(encoding: str, pixels: np.ndarray, padding: int = 0, big_endian: bool = False) -> Image:
    """An Image of these samples `[H, W, C]`, with `padding` bytes of 0xAB behind each row."""
    samples = pixels.astype(pixels.dtype.newbyteorder(">" if big_endian else "<"))
    rows = np.frombuffer(samples.tobytes(), dtype=np.uint8).reshape(pixels.shape[0], -1)
    padded = np.pad(rows, ((0, 0), (0, padding)), constant_values=0xAB)
    message = Image(height=pixels.shape[0], width=pixels.shape[1], encoding=encoding, is_bigendian=int(big_endian))
    message.step = padded.shape[1]
    message.data = array("B", padded.tobytes())
    return message


def compressed(format_text: str, file: bytes) -> CompressedImage:
    return CompressedImage(format=format_text, data=array("B", file))


def encoded(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Picture.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def decoded(file: bytes) -> np.ndarray:
    pixels = np.asarray(Picture.open(io.BytesIO(file)))
    return as_grey(pixels) if pixels.ndim == 2 else as_rgb(pixels)


def as_rgb(pixels: np.ndarray) -> np.ndarray:
    return _levels(pixels)[:, :, :3]


def as_grey(pixels: np.ndarray) -> np.ndarray:
    return _levels(pixels).reshape(*pixels.shape[:2], 1)


def _levels(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(np.float32) / (257 if pixels.dtype.itemsize > 1 else 1)


def luma(rgb: np.ndarray) -> np.ndarray:
    """BT.601 of all levels of float colours: what a model of grey is given."""
    return (rgb @ np.array([0.299, 0.587, 0.114]))[:, :, None]


def yuv422_of(rgb: np.ndarray, order: str) -> np.ndarray:
    """Two bytes a pixel, uint8 `[H, W, 2]`: any bytes do, for each is a luma or half a colour of somebody."""
    first, second = rgb[:, :, 0], rgb[:, :, 1]
    return np.stack((first, second) if order == "yuyv" else (second, first), axis=-1)


def unpacked(rgb: np.ndarray) -> np.ndarray:
    """The colours of `yuv422_of`, in BT.601 with 20 bits behind the point, as OpenCV and so cv_bridge have them."""
    y, chroma = rgb[:, :, 0].astype(np.int64), rgb[:, :, 1].astype(np.int64) - 128
    u, v = np.repeat(chroma[:, 0::2], 2, axis=1), np.repeat(chroma[:, 1::2], 2, axis=1)
    luma_, red, green_u, green_v, blue = (round(c * 2**20) for c in (1.164, 1.596, -0.391, -0.813, 2.018))
    level = luma_ * np.maximum(y - 16, 0) + 2**19
    planes = (level + red * v, level + green_u * u + green_v * v, level + blue * u)
    return np.clip(np.stack(planes, axis=-1) >> 20, 0, 255).astype(np.float32)


def mosaic_of(rgb: np.ndarray, pattern: str) -> np.ndarray:
    mosaic = np.empty(rgb.shape[:2], dtype=rgb.dtype)
    for index, colour in enumerate(pattern):
        row, column = divmod(index, 2)
        mosaic[row::2, column::2] = rgb[row::2, column::2, "rgb".index(colour)]
    return mosaic


def bilinear(mosaic: np.ndarray, pattern: str) -> np.ndarray:
    """Demosaicing: a missing colour is the rounded mean of the nearest sites that have it, mirrored at the border."""
    height, width = mosaic.shape
    planes = []
    for colour in "rgb":
        mask = np.zeros((height + 2, width + 2))
        for index, site in enumerate(pattern):
            if site == colour:
                # Sites are counted from the first inside the mirrored frame of one pixel.
                mask[(1 + index // 2) % 2 :: 2, (1 + index % 2) % 2 :: 2] = 1
        values = np.pad(mosaic.astype(float), 1, mode="reflect") * mask
        cross = [(-1, 0), (1, 0), (0, -1), (0, 1)]
        corners = [(-1, -1), (-1, 1), (1, -1), (1, 1)]

        def around(field_: np.ndarray, places: list[tuple[int, int]]) -> np.ndarray:
            return sum(field_[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width] for dy, dx in places)

        near, far = around(mask, cross), around(mask, corners)
        mean = np.where(
            near > 0, around(values, cross) / np.maximum(near, 1), around(values, corners) / np.maximum(far, 1)
        )
        own = mask[1:-1, 1:-1] > 0
        planes.append(np.where(own, mosaic, np.floor(mean + 0.5)))
    return np.stack(planes, axis=-1).astype(np.float32)


@dataclass
class Case:
    """A message, and what is to become of it: pixels, or a refusal whose text has all of these words."""

    name: str
    message: Callable[[], Image | CompressedImage]
    pixels: Callable[[], np.ndarray] | None = None
    refusal: tuple[str, ...] = field(default=())
    wanted: str = "colour"
    """What the model was trained on."""


RGB = scene()
GREY = RGB[:, :, :1]
ALPHA = np.dstack([RGB, np.full(RGB.shape[:2], 77, dtype=np.uint8)])
WIDE = wide_scene()


def raw_cases() -> list[Case]:
    flipped, alpha_flipped = RGB[:, :, ::-1], ALPHA[:, :, [2, 1, 0, 3]]
    whole = [
        Case("rgb8", lambda: raw("rgb8", RGB), lambda: as_rgb(RGB)),
        Case("rgb8 padded", lambda: raw("rgb8", RGB, padding=6), lambda: as_rgb(RGB)),
        Case("bgr8", lambda: raw("bgr8", flipped), lambda: as_rgb(RGB)),
        Case("bgr8 padded", lambda: raw("bgr8", flipped, padding=1), lambda: as_rgb(RGB)),
        Case("rgba8", lambda: raw("rgba8", ALPHA), lambda: as_rgb(RGB)),
        Case("bgra8", lambda: raw("bgra8", alpha_flipped, padding=4), lambda: as_rgb(RGB)),
        Case("rgb16", lambda: raw("rgb16", WIDE), lambda: as_rgb(WIDE)),
        Case("bgr16 big-endian", lambda: raw("bgr16", WIDE[:, :, ::-1], 5, True), lambda: as_rgb(WIDE)),
    ]
    mosaics = [
        Case(
            f"bayer_{pattern}8",
            lambda pattern=pattern, padding=padding: raw(
                f"bayer_{pattern}8", mosaic_of(RGB, pattern)[:, :, None], padding
            ),
            lambda pattern=pattern: bilinear(mosaic_of(RGB, pattern), pattern),
        )
        for padding, pattern in enumerate(PATTERNS)
    ]
    yuv = [
        Case(
            name,
            lambda name=name, order=order, padding=padding: raw(name, yuv422_of(RGB, order), padding),
            lambda: unpacked(RGB),
        )
        for padding, (name, order) in enumerate(
            [("yuv422_yuy2", "yuyv"), ("yuyv", "yuyv"), ("yuv422", "uyvy"), ("uyvy", "uyvy")]
        )
    ]
    grey = [
        Case("mono8", lambda: raw("mono8", GREY), lambda: as_grey(GREY), wanted="grey"),
        Case("mono8 padded", lambda: raw("mono8", GREY, padding=3), lambda: as_grey(GREY), wanted="grey"),
        Case("mono16", lambda: raw("mono16", WIDE[:, :, :1], 2), lambda: as_grey(WIDE[:, :, :1]), wanted="grey"),
        Case(
            "mono16 big-endian",
            lambda: raw("mono16", WIDE[:, :, :1], 3, True),
            lambda: as_grey(WIDE[:, :, :1]),
            wanted="grey",
        ),
        Case("rgb8 as grey", lambda: raw("rgb8", RGB), lambda: luma(as_rgb(RGB)), wanted="grey"),
        Case("yuv422_yuy2 as grey", lambda: raw("yuv422_yuy2", yuv422_of(RGB, "yuyv")), _luma_of_yuv, wanted="grey"),
    ]
    refused = [
        Case("nv12", lambda: raw("nv12", RGB[:, :, :2]), refusal=("image.encoding", "nv12", "rgb8, or yuv422_yuy2")),
        Case("odd yuv422", lambda: raw("uyvy", RGB[:, :33, :2]), refusal=("image.size", "33 x 27", "even width")),
        Case("grey", lambda: raw("mono8", GREY), refusal=("image.encoding", "/image", "mono8", "picture in colour")),
        Case("grey16", lambda: raw("mono16", WIDE[:, :, :1]), refusal=("image.encoding", "mono16", "colour topic")),
        Case("8UC3", lambda: raw("8UC3", RGB), refusal=("image.encoding", "8UC3", "bgr8 or rgb8")),
        Case("16UC1", lambda: raw("16UC1", WIDE[:, :, :1]), refusal=("image.encoding", "16UC1", "colour topic")),
        Case(
            "16UC1 as grey",
            lambda: raw("16UC1", WIDE[:, :, :1]),
            refusal=("image.encoding", "16UC1", "mono16"),
            wanted="grey",
        ),
        Case("32FC1", lambda: raw("32FC1", WIDE[:, :, :2]), refusal=("image.encoding", "32FC1", "colour topic")),
        Case("cut short", lambda: _cut(raw("rgb8", RGB)), refusal=("image.size", "bytes of data")),
    ]
    return whole + mosaics + yuv + grey + refused


def _luma_of_yuv() -> np.ndarray:
    return luma(unpacked(RGB))


def _cut(message: Image) -> Image:
    message.data = message.data[:-1]
    return message


def compressed_cases() -> list[Case]:
    jpeg, grey_jpeg = encoded(RGB, "JPEG", quality=90), encoded(GREY[:, :, 0], "JPEG", quality=90)
    fine_jpeg = encoded(RGB, "JPEG", quality=95, subsampling=0)
    png, alpha_png, grey_png = encoded(RGB, "PNG"), encoded(ALPHA, "PNG"), encoded(GREY[:, :, 0], "PNG")
    wide_png = encoded(WIDE[:, :, 0], "PNG")
    mosaic_png = encoded(mosaic_of(RGB, "gbrg"), "PNG")
    swapped = decoded(jpeg)[:, :, ::-1]
    return [
        Case("jpeg", lambda: compressed("jpeg", jpeg), lambda: decoded(jpeg)),
        Case("rgb8 as jpeg", lambda: compressed("rgb8; jpeg compressed bgr8", jpeg), lambda: decoded(jpeg)),
        Case("bgr8 as jpeg", lambda: compressed("bgr8; jpeg compressed bgr8", fine_jpeg), lambda: decoded(fine_jpeg)),
        Case("jpeg with red for blue", lambda: compressed("rgb8; jpeg compressed rgb8", jpeg), lambda: swapped),
        Case(
            "mono8 as jpeg",
            lambda: compressed("mono8; jpeg compressed ", grey_jpeg),
            lambda: decoded(grey_jpeg),
            wanted="grey",
        ),
        Case("png", lambda: compressed("png", png), lambda: as_rgb(RGB)),
        Case("rgb8 as png", lambda: compressed("rgb8; png compressed bgr8", png), lambda: as_rgb(RGB)),
        Case("rgba8 as png", lambda: compressed("rgba8; png compressed bgra8", alpha_png), lambda: as_rgb(RGB)),
        Case(
            "mono8 as png",
            lambda: compressed("mono8; png compressed ", grey_png),
            lambda: as_grey(GREY),
            wanted="grey",
        ),
        Case(
            "mono16 as png",
            lambda: compressed("mono16; png compressed ", wide_png),
            lambda: as_grey(WIDE[:, :, :1]),
            wanted="grey",
        ),
        Case("jpeg as grey", lambda: compressed("jpeg", jpeg), lambda: luma(decoded(jpeg)), wanted="grey"),
        Case(
            "yuv422_yuy2 as grey jpeg",
            lambda: compressed("yuv422_yuy2; jpeg compressed mono8", grey_jpeg),
            refusal=("image.encoding", "/image/compressed", "yuv422_yuy2; jpeg", "camera.transport: raw"),
        ),
        Case(
            "grey jpeg for colours",
            lambda: compressed("mono8; jpeg compressed ", grey_jpeg),
            refusal=("image.encoding", "/image/compressed", "mono8", "colour topic"),
        ),
        Case(
            "grey png for colours",
            lambda: compressed("png", grey_png),
            refusal=("image.encoding", "/image/compressed", "picture in colour"),
        ),
        Case(
            "bayer as png",
            lambda: compressed("bayer_gbrg8; png compressed ", mosaic_png),
            lambda: bilinear(mosaic_of(RGB, "gbrg"), "gbrg"),
        ),
        Case(
            "compressedDepth",
            lambda: compressed("16UC1; compressedDepth png", b"\0" * 12 + wide_png),
            refusal=("image.compressed", "compressedDepth", "colour topic"),
        ),
        Case(
            "depth as png",
            lambda: compressed("16UC1; png compressed ", wide_png),
            refusal=("image.encoding", "16UC1"),
        ),
        Case("h264", lambda: compressed("h264", b"\0\0\0\1\x67"), refusal=("image.compressed", "h264", "JPEG or PNG")),
        Case(
            "cut short",
            lambda: compressed("jpeg", jpeg[: len(jpeg) // 2]),
            refusal=("image.compressed", "cannot be decoded"),
        ),
    ]
