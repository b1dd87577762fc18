"""Every encoding, raw and compressed, reliable and best effort: the pixels of a reference decoder, or a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from camera_harness import CameraHarness, tensor_of
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from reference_images import Case, compressed_cases, raw_cases
from sensor_msgs.msg import CompressedImage, Image
from spinning import spin_until

TOPICS = {"raw": (Image, "image"), "compressed": (CompressedImage, "image/compressed")}
CASES = {"raw": raw_cases(), "compressed": compressed_cases()}
RELIABILITIES = {"reliable": ReliabilityPolicy.RELIABLE, "best_effort": ReliabilityPolicy.BEST_EFFORT}
COMBINATIONS = [
    pytest.param(transport, reliability, case, id=f"{transport} {reliability} {case.name}")
    for transport, cases in CASES.items()
    for reliability in RELIABILITIES
    for wanted in ("colour", "grey")
    for case in cases
    if case.wanted == wanted
]


class Camera(Node):
    """Publishes images with stamps of its own, never the same twice."""

    def __init__(self, transport: str, reliability: str) -> None:
        super().__init__("camera")
        kind, topic = TOPICS[transport]
        qos = QoSProfile(depth=1, reliability=RELIABILITIES[reliability])
        self._images = self.create_publisher(kind, topic, qos)
        self._stamp_s = 0
        self._is_known = False

    def publish(self, message: Image | CompressedImage) -> int:
        """Stamp, ns."""
        self._stamp_s += 1
        message.header.stamp.sec = self._stamp_s
        self._images.publish(message)
        return self._stamp_s * 1_000_000_000

    def publish_until(self, message: Image | CompressedImage, has_come: Callable[[int], bool]) -> int:
        """Sends the message with ever new stamps until one of them has had its effect, which is returned.

        Once they arrive, it waits long for each: what a late one brings would be taken for the effect of the next case.
        """
        for _ in range(60):
            stamp_ns = self.publish(message)
            if spin_until(self, lambda stamp_ns=stamp_ns: has_come(stamp_ns), 10.0 if self._is_known else 0.5):
                self._is_known = True
                return stamp_ns
        raise AssertionError("no image had an effect")


class SharedCamera:
    """A camera and the node that subscribes to it, kept for the cases that share them: starting takes seconds."""

    def __init__(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        self._tmp_path_factory = tmp_path_factory
        self._kind: tuple[str, str, str] | None = None
        self._running: tuple[Camera, CameraHarness] | None = None

    def by(self, transport: str, reliability: str, wanted: str) -> tuple[Camera, CameraHarness]:
        kind = (transport, reliability, wanted)
        if self._kind != kind:
            self.close()
            self._kind = kind
            harness = CameraHarness(self._tmp_path_factory.mktemp("tensors"), transport=transport, wanted=wanted)
            self._running = (Camera(transport, reliability), harness)
        return self._running

    def close(self) -> None:
        if self._running is not None:
            camera, harness = self._running
            camera.destroy_node()
            harness.close()
        self._running = None


@pytest.fixture(scope="module")
def shared_camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedCamera]:
    running = SharedCamera(tmp_path_factory)
    yield running
    running.close()


@pytest.mark.parametrize(("transport", "reliability", "case"), COMBINATIONS)
def test_image(shared_camera: SharedCamera, transport: str, reliability: str, case: Case) -> None:
    camera, harness = shared_camera.by(transport, reliability, case.wanted)
    if case.pixels is None:
        known = len(harness.events)
        camera.publish_until(case.message(), lambda _: any(e["event"] == "problem" for e in harness.events[known:]))
        problem = next(event for event in harness.events[known:] if event["event"] == "problem")
        assert all(word in problem["message"] for word in case.refusal), problem["message"]
        assert not [event for event in harness.events[known:] if event["event"] == "set"]
    else:
        stamp_ns = camera.publish_until(case.message(), lambda stamp_ns: harness.frame(stamp_ns) is not None)
        seen, expected = tensor_of(harness.frame(stamp_ns)), case.pixels()
        assert seen.shape == expected.shape
        # Eight-bit values are whole in either; sixteen-bit ones are divided in single precision.
        np.testing.assert_allclose(seen, expected, rtol=0, atol=1e-4)
