"""Several cameras, their camera_info, names and QoS: the planner node's camera inputs among publishers of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from camera_harness import CameraHarness
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from reference_images import RGB, compressed, encoded, raw
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from spinning import TIMEOUT_S, spin_until

MS = 1_000_000
SENT_AT_MOST = 300
BEST_EFFORT = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)


class Publisher(Node):
    """Publishes small images with the stamps that it is told."""

    def __init__(self) -> None:
        super().__init__("camera")
        self._topics: dict[str, object] = {}

    def offer(self, topic: str, qos: QoSProfile = RELIABLE, kind: type = Image) -> None:
        if topic in self._topics:
            self.destroy_publisher(self._topics[topic])
        self._topics[topic] = self.create_publisher(kind, topic, qos)

    def send(self, topic: str, stamp_ns: int) -> None:
        message = raw("rgb8", RGB)
        if topic.endswith("/compressed"):
            message = compressed("rgb8; jpeg compressed bgr8", encoded(RGB, "JPEG"))
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
        self._topics[topic].publish(message)

    def send_until(self, topic: str, condition: Callable[[], bool], timeout_s: float = TIMEOUT_S) -> bool:
        """One image after another, with ever later stamps, until the condition holds."""
        for _ in range(int(timeout_s / 0.05)):
            self.send(topic, self.get_clock().now().nanoseconds)
            if spin_until(self, condition, 0.05):
                return True
        return False


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    node = Publisher()
    yield node
    node.destroy_node()


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Callable[..., CameraHarness]]:
    running: list[CameraHarness] = []

    def start(*ros_arguments: str, **settings: object) -> CameraHarness:
        running.append(CameraHarness(tmp_path, *ros_arguments, tensors=False, **settings))
        return running[-1]

    yield start
    for harness in running:
        harness.close()


def sets(harness: CameraHarness) -> list[list[int]]:
    """Stamps of all sets so far, ns."""
    return [
        [int(frame["stampNs"]) for frame in event["frames"]]
        for event in list(harness.events)
        if event["event"] == "set"
    ]


def settle(publisher: Publisher, harness: CameraHarness) -> None:
    """Until the node has handled the images that were sent."""
    spin_until(publisher, lambda: False, 0.3)
    harness.report(publisher)


class TestSeveralCameras:
    def test_frames_go_together_by_stamp_and_those_left_over_are_counted(self, publisher, listen):
        harness = listen(topics=("left", "right"), tolerance_ms=10)
        for topic in ("left", "right"):
            publisher.offer(topic)
        stamps = iter(range(33 * MS, 10**12, 33 * MS))

        def both() -> None:
            stamp = next(stamps)
            publisher.send("left", stamp)
            publisher.send("right", stamp + 4 * MS)

        for _ in range(100):
            both()
            if spin_until(publisher, lambda: len(sets(harness)) > 0, 0.2):
                break
        spin_until(publisher, lambda: False, 0.7)
        settle(publisher, harness)
        heard = len(sets(harness))
        # The right camera is now two frames late.
        late: list[int] = []
        # A node that does not run for a moment takes the newest image alone.
        for _ in range(SENT_AT_MOST):
            if len(sets(harness)) >= heard + 18:
                break
            stamp = next(stamps)
            publisher.send("left", stamp)
            late.append(stamp + 4 * MS)
            spin_until(publisher, lambda: False, 0.03)
            if len(late) > 2:
                publisher.send("right", late.pop(0))
        assert spin_until(publisher, lambda: len(sets(harness)) >= heard + 18)
        settle(publisher, harness)
        assert all(right - left == 4 * MS for left, right in sets(harness))
        # Half a period apart is too far.
        heard = len(sets(harness))
        for _ in range(10):
            stamp = next(stamps)
            publisher.send("left", stamp)
            publisher.send("right", stamp + 16 * MS)
            spin_until(publisher, lambda: False, 0.03)
        settle(publisher, harness)
        assert len(sets(harness)) == heard
        # And then there is none any more.
        before = [camera["unmatched"] for camera in harness.report(publisher)["cameras"]]
        for _ in range(SENT_AT_MOST):
            publisher.send("left", next(stamps))
            spin_until(publisher, lambda: False, 0.03)
            if harness.report(publisher)["cameras"][0]["unmatched"] >= before[0] + 10:
                break
        assert harness.report(publisher)["cameras"][0]["unmatched"] >= before[0] + 10
        assert harness.report(publisher)["cameras"][1]["unmatched"] == before[1]


class TestCameraInfo:
    def test_of_another_size_is_told_once_and_the_images_are_used_all_the_same(self, publisher, listen):
        harness = listen("-r", "image:=camera/image_raw")
        publisher.offer("camera/image_raw")
        infos = publisher.create_publisher(CameraInfo, "camera/camera_info", 1)
        publisher.create_timer(0.05, lambda: infos.publish(info))
        info = CameraInfo(width=640, height=480)

        def verdict() -> str:
            return harness.report(publisher)["cameras"][0]["info"]

        assert publisher.send_until("camera/image_raw", lambda: harness.find("warning") is not None)
        warning = harness.find("warning")["text"]
        assert all(part in warning for part in ("/camera/camera_info", "640 x 480", "34 x 27")), warning
        assert verdict() == "other size"
        assert sets(harness)
        info.width, info.height = RGB.shape[1], RGB.shape[0]
        assert spin_until(publisher, lambda: verdict() == "same size")
        assert sum(event["event"] == "warning" for event in harness.events) == 1

    def test_is_not_missed_where_there_is_none(self, publisher, listen):
        harness = listen()
        publisher.offer("image")
        assert publisher.send_until("image", lambda: len(sets(harness)) > 3)
        assert harness.report(publisher)["cameras"][0]["info"] == "none"
        assert harness.find("warning") is None


class TestNames:
    @pytest.mark.parametrize(
        ("transport", "suffix", "kind"), [("raw", "", Image), ("compressed", "/compressed", CompressedImage)]
    )
    def test_a_namespace_and_a_remapping_hold_for_either_transport(self, publisher, listen, transport, suffix, kind):
        harness = listen("-r", "__ns:=/left", "-r", "image:=camera/image_raw", transport=transport)
        topic = f"/left/camera/image_raw{suffix}"
        publisher.offer(topic, kind=kind)
        assert publisher.send_until(topic, lambda: len(sets(harness)) > 0)
        assert harness.report(publisher)["cameras"][0]["topic"] == topic

    def test_the_compressed_topic_can_be_remapped_by_itself(self, publisher, listen):
        harness = listen("-r", "image/compressed:=/elsewhere/compressed", transport="compressed")
        publisher.offer("/elsewhere/compressed", kind=CompressedImage)
        assert publisher.send_until("/elsewhere/compressed", lambda: len(sets(harness)) > 0)


class TestQos:
    def reliability(self, publisher, harness) -> str:
        return harness.report(publisher)["cameras"][0]["reliability"]

    def test_follows_the_publishers_that_come_and_go(self, publisher, listen):
        harness = listen()
        for qos, expected in ((BEST_EFFORT, "best_effort"), (RELIABLE, "reliable"), (BEST_EFFORT, "best_effort")):
            publisher.offer("image", qos)
            heard = len(sets(harness))
            assert publisher.send_until("image", lambda heard=heard: len(sets(harness)) > heard + 3)
            assert publisher.send_until(
                "image", lambda expected=expected: self.reliability(publisher, harness) == expected
            )
        stamps = [first for (first,) in sets(harness)]
        assert len(set(stamps)) == len(stamps), "an image was taken twice"
        assert harness.find("warning") is None

    def test_an_override_holds_whatever_the_publisher_offers(self, publisher, listen):
        harness = listen("-p", "qos_overrides./image.subscription.reliability:=best_effort")
        publisher.offer("image", RELIABLE)
        assert publisher.send_until("image", lambda: len(sets(harness)) > 20)
        assert self.reliability(publisher, harness) == "best_effort"

    def test_what_cannot_be_heard_is_told_by_topic_policy_and_node(self, publisher, listen):
        harness = listen("-p", "qos_overrides./image.subscription.reliability:=reliable")
        publisher.offer("image", BEST_EFFORT)
        assert publisher.send_until("image", lambda: harness.find("warning") is not None)
        warning = harness.find("warning")["text"]
        for part in ("/image", "/camera", "policy reliability", "best_effort is offered", "reliable requested"):
            assert part in warning, warning
        # What it recommends is what the test before this one shows to help.
        assert "-p qos_overrides./image.subscription.reliability:=best_effort" in warning
        assert not sets(harness)
        publisher.offer("image", RELIABLE)
        assert publisher.send_until("image", lambda: len(sets(harness)) > 0)

    def test_a_topic_of_another_type_is_told_too(self, publisher, listen):
        harness = listen()
        publisher.offer("image", kind=CompressedImage)
        assert spin_until(publisher, lambda: harness.find("warning") is not None)
        assert (
            "sensor_msgs/msg/CompressedImage is sent, sensor_msgs/msg/Image expected" in harness.find("warning")["text"]
        )

    def test_an_override_that_does_not_exist_ends_the_node_with_a_reason(self, start_node):
        for name, value, reason in (
            ("qos_overrides./image.subscription.reliability", "relaible", "best_available, best_effort, reliable"),
            ("qos_overrides./image.subscription.deadline", "3", "depth, reliability, durability"),
            ("qos_overrides./image.subscription.depth", "0", "from 1 to 1000"),
        ):
            process = start_node(**{name: value})
            assert process.wait(TIMEOUT_S) == 2
            log = process.log_path.read_text()
            assert name in log and reason in log, log
