"""Faults of the camera."""

from __future__ import annotations

import copy
import random
from array import array
from collections.abc import Callable

from sensor_msgs.msg import Image

from .fault import Action, Fault
from .relay import CameraFault, untouched
from .scene import Scene
from .stamps import shifted, stamp_of

_SECOND_NS = 1_000_000_000


def camera(make: Callable[[], CameraFault]) -> Action:
    """From now on images are relayed like this."""

    def inject(scene: Scene) -> None:
        scene.relay.camera = make()

    return inject


def calm_camera(scene: Scene) -> None:
    """Images are relayed as they come again."""
    scene.relay.camera = untouched


def silent() -> CameraFault:
    return lambda _message: []


def frozen() -> CameraFault:
    """The same picture forever, with fresh stamps."""
    kept: list[array] = []

    def relay(message: Image) -> list[tuple[float, Image]]:
        kept.append(message.data)
        message.data = kept[0]
        del kept[1:]
        return [(0.0, message)]

    return relay


def black() -> CameraFault:
    def relay(message: Image) -> list[tuple[float, Image]]:
        message.data = array("B", bytes(len(message.data)))
        return [(0.0, message)]

    return relay


_SIXTEENTH = bytes(value // 16 for value in range(256))


def dark() -> CameraFault:
    """A sixteenth of the brightness: dark, but not the same picture each time."""

    def relay(message: Image) -> list[tuple[float, Image]]:
        message.data = array("B", bytes(message.data).translate(_SIXTEENTH))
        return [(0.0, message)]

    return relay


def wrong_size() -> CameraFault:
    """A header that promises more rows than there are bytes."""

    def relay(message: Image) -> list[tuple[float, Image]]:
        message.height *= 2
        return [(0.0, message)]

    return relay


def other_resolution() -> CameraFault:
    """A whole picture of half the height and width, as after a change of the camera's mode."""

    def relay(message: Image) -> list[tuple[float, Image]]:
        pixels = memoryview(message.data)
        rows = [pixels[row * message.step : (row + 1) * message.step] for row in range(0, message.height, 2)]
        data = array("B")
        for row in rows:
            for column in range(0, message.width, 2):
                data.extend(row[3 * column : 3 * column + 3])
        message.height, message.width = message.height // 2, message.width // 2
        message.step, message.data = 3 * message.width, data
        return [(0.0, message)]

    return relay


def wrong_encoding() -> CameraFault:
    def relay(message: Image) -> list[tuple[float, Image]]:
        message.encoding = "x-unheard-of"
        return [(0.0, message)]

    return relay


def stamps_shifted(by_ns: int) -> CameraFault:
    def relay(message: Image) -> list[tuple[float, Image]]:
        message.header.stamp = shifted(message.header.stamp, by_ns)
        return [(0.0, message)]

    return relay


def stamps_go_back() -> CameraFault:
    """Every stamp is earlier than the one before."""
    first: list[int] = []

    def relay(message: Image) -> list[tuple[float, Image]]:
        stamp_ns = stamp_of(message.header.stamp)
        first[1:] = []
        if not first:
            first.append(stamp_ns)
        message.header.stamp = shifted(message.header.stamp, 2 * (first[0] - stamp_ns))
        return [(0.0, message)]

    return relay


def burst() -> CameraFault:
    """Ten pictures for each, 1 ns apart."""

    def relay(message: Image) -> list[tuple[float, Image]]:
        sent = []
        for index in range(10):
            one = copy.copy(message)
            one.header = copy.deepcopy(message.header)
            one.header.stamp = shifted(message.header.stamp, index)
            sent.append((0.0, one))
        return sent

    return relay


def late(delay_ms: float, jitter_ms: float, seed: int = 3) -> Callable[[], CameraFault]:
    """Later by this much and a random part of the jitter, in order."""

    def make() -> CameraFault:
        draws = random.Random(seed)

        def relay(message: Image) -> list[tuple[float, Image]]:
            return [((delay_ms + draws.uniform(0, jitter_ms)) / 1000, message)]

        return relay

    return make


def _fault(name: str, make: Callable[[], CameraFault], rung: str, **options: object) -> Fault:
    return Fault(name, rung, camera(make), calm_camera, **options)


CAMERA_FAULTS = (
    _fault("camera silent", silent, "image-silent"),
    _fault("camera frozen", frozen, "image-frozen"),
    _fault("camera black", black, "image-frozen"),
    _fault("camera image of wrong size mid-run", wrong_size, "image-broken"),
    _fault("camera of another resolution mid-run", other_resolution, "image-resized", goes_on=True),
    _fault("camera image of wrong encoding", wrong_encoding, "image-encoding"),
    _fault("camera stamps from the future", lambda: stamps_shifted(2 * _SECOND_NS), "image-stamps"),
    _fault("camera stamps an hour old", lambda: stamps_shifted(-3600 * _SECOND_NS), "image-stamps"),
    _fault("camera stamps going back", stamps_go_back, "image-stamps-back"),
    _fault("camera burst of 10x", burst, "image-burst", goes_on=True),
    *(
        _fault(f"camera {delay_ms} ms late with jitter", late(delay_ms, 20), "image-late", goes_on=True, lasts_s=2.4)
        for delay_ms in (0, 50, 100, 150)
    ),
)
