"""What a camera of 640 x 480 at 30 Hz costs the thread of the command stream, and how many of its images arrive."""

from __future__ import annotations

import os
import time
from array import array
from pathlib import Path

import numpy as np
import pytest
from camera_harness import CameraHarness
from rclpy.node import Node
from reference_images import compressed, encoded
from sensor_msgs.msg import CompressedImage, Image
from spinning import spin_until

WIDTH, HEIGHT, RATE_HZ, SECONDS = 640, 480, 30, 10
LARGEST_SHARE = 0.15
LEAST_RECEIVED = 0.95
# Other programs on the machine may keep either process from running for longer than an image lasts.
TRIES = 5
# Share of the time that either queues for a core. Above it, the machine loses the images.
BUSY = 0.05


def picture() -> np.ndarray:
    """Neither flat nor noise: compresses as a camera's image does."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    texture = np.random.default_rng(3).integers(0, 24, (HEIGHT, WIDTH, 3))
    return ((np.stack([x // 3, y // 2, (x + y) // 5], axis=-1) + texture) % 256).astype(np.uint8)


def message(transport: str) -> Image | CompressedImage:
    if transport == "compressed":
        return compressed("rgb8; jpeg compressed bgr8", encoded(picture(), "JPEG", quality=90))
    image = Image(height=HEIGHT, width=WIDTH, encoding="rgb8", step=3 * WIDTH)
    image.data = array("B", picture().tobytes())
    return image


def queue_times_s(*pids: int) -> np.ndarray:
    """How long the first thread of each process has queued for a core so far."""
    return np.array([int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) for pid in pids]) / 1e9


@pytest.mark.parametrize("transport", ["raw", "compressed"])
def test_thirty_images_a_second(tmp_path: Path, transport: str, record_property) -> None:
    node = Node("camera")
    harness = CameraHarness(tmp_path, transport=transport, tensors=False)
    try:
        image = message(transport)
        publisher = node.create_publisher(type(image), "image/compressed" if transport == "compressed" else "image", 1)

        def received() -> int:
            return harness.report(node)["cameras"][0]["received"]

        def publish(seconds: float) -> int:
            count = int(seconds * RATE_HZ)
            due = time.monotonic()
            for _ in range(count):
                image.header.stamp = node.get_clock().now().to_msg()
                publisher.publish(image)
                # What was late is not made up for: of two images at once only the newer could be used.
                due = max(due, time.monotonic()) + 1 / RATE_HZ
                time.sleep(max(0.0, due - time.monotonic()))
            return count

        # Until both sides know of each other and the QoS has settled.
        assert any(publish(0.5) and received() > 10 for _ in range(40)), "no image arrives"
        publish(2)
        pids = (os.getpid(), harness.pid)
        was_busy = True
        for _ in range(TRIES):
            before = received()
            start_s, queued_s = time.monotonic(), queue_times_s(*pids)
            sent = publish(SECONDS)
            waits = float(np.max(queue_times_s(*pids) - queued_s)) / (time.monotonic() - start_s)
            was_busy = was_busy and waits > BUSY
            spin_until(node, lambda: False, 0.3)
            report = harness.report(node)
            camera = report["cameras"][0]
            arrived = (camera["received"] - before) / sent
            figures = (
                f"{transport}: {arrived:.3f} of {sent} images at {RATE_HZ} Hz arrived ({camera['reliability']}), "
                f"{camera['overtaken']} overtaken, {camera['refused']} refused; "
                f"ROS thread {report['threadShare']:.1%} of a core (event loop busy {report['loopUtilization']:.1%}), "
                f"process {report['processShare']:.1%}, waits for a core {waits:.1%}"
            )
            print(f"\n{figures}")
            record_property("figures", figures)
            assert camera["refused"] == 0, figures
            if arrived >= LEAST_RECEIVED and report["threadShare"] <= LARGEST_SHARE:
                return
        # Work takes longer, too, where another program uses the same caches.
        assert was_busy, figures
        pytest.skip(f"the machine was too busy in {TRIES} runs: {figures}")
    finally:
        node.destroy_node()
        harness.close()
