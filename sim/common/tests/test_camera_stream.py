"""What each camera publishes, and when, without a running node."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs a sourced ROS 2")

from jepa_mpc_sim.camera_stream import CameraStream, camera_folders
from jepa_mpc_sim.cameras import Camera
from jepa_mpc_sim.imperfections import Imperfections
from jepa_mpc_sim.settings import Settings

FRONT, WRIST = (
    Camera(name, "link", 8, 6, 50.0, rate, "optical") for name, rate in (("front", 30.0), ("2nd-cam", 15.0))
)
PERIOD_NS = 20_000_000
SCENE = np.full((6, 8, 3), 100, dtype=np.uint8)


class Topics:
    """Stands for the node: keeps what is published, by topic."""

    def __init__(self) -> None:
        self.sent: dict[str, list[Any]] = {}

    def create_publisher(self, _kind: type, topic: str, _qos: object) -> Publisher:
        return Publisher(self.sent.setdefault(topic, []))


class Publisher:
    def __init__(self, sent: list[Any]) -> None:
        self.publish = sent.append

    def get_subscription_count(self) -> int:
        return 0


def streams(settings: Settings) -> tuple[Topics, list[CameraStream]]:
    topics, cameras = Topics(), [FRONT, WRIST]
    folders = camera_folders(cameras)
    return topics, [CameraStream(topics, camera, i, folders[i], settings) for i, camera in enumerate(cameras)]


def sent_after_each_period(seed: int) -> list[list[int]]:
    """Number of images that each camera has sent after each of 40 lockstep periods."""
    late = Imperfections(camera_delay_ms=60, camera_jitter_ms=40)
    topics, cameras = streams(Settings(lockstep=True, seed=seed, imperfections=late))
    counts = []
    for camera in cameras:
        camera.restart(np.array([0.1, 0.2]))
    for period in range(40):
        for camera in cameras:
            if camera.advance():
                camera.take(SCENE, period * PERIOD_NS)
            camera.publish_due(period * PERIOD_NS)
            camera.send_awaiting_command()
        counts.append([len(topics.sent[topic]) for topic in ("front/image_raw", "_2nd_cam/image_raw")])
    return counts


def test_an_only_camera_has_the_plain_topics_and_of_several_the_first_has_both():
    assert camera_folders([FRONT]) == [[""]]
    assert camera_folders([FRONT, WRIST]) == [["", "front/"], ["_2nd_cam/"]]
    topics, (front, _) = streams(Settings())
    front.publish_goal(SCENE, np.zeros(2), 5)
    front.take(SCENE, 5)
    front.publish_due(5)
    for topic in ("image_raw", "camera_info", "goal_image", "goal_image/compressed"):
        assert len(topics.sent[topic]) == len(topics.sent[f"front/{topic}"]) == 1
        assert topics.sent[f"_2nd_cam/{topic}"] == []


def test_the_rate_is_that_of_each_sensor_of_lockstep_or_of_the_parameter():
    def rates(settings: Settings) -> list[float]:
        return [stream.rate_hz for stream in streams(settings)[1]]

    assert rates(Settings()) == [30, 15]
    assert rates(Settings(lockstep=True)) == [10, 10]
    assert rates(Settings(camera_rate=20.0)) == [20, 20]


def test_each_camera_is_late_by_itself_as_the_seed_has_it():
    first = sent_after_each_period(seed=3)
    assert any(front != wrist for front, wrist in first)
    assert sent_after_each_period(seed=3) == first
    assert sent_after_each_period(seed=4) != first


def test_noise_differs_between_cameras():
    topics, cameras = streams(Settings(imperfections=Imperfections(noise=8)))
    for camera in cameras:
        camera.restart(np.zeros(2))
        camera.take(SCENE, 0)
        camera.publish_due(0)
    front, wrist = (topics.sent[topic][0].data for topic in ("front/image_raw", "_2nd_cam/image_raw"))
    assert front != wrist
