"""A robot seen by two cameras: goals of two pictures, and one camera that falls silent while the robot moves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import StartNode
from lifecycle_msgs.msg import Transition
from peer import LATCHED, Peer
from sensor_msgs.msg import Image
from two_camera_model import make_two_camera_model

ALONE_S = 1.0
SILENCE_S = 2.0
REST_WITHIN_S = 1.5
"""0.5 s of silence, and the time to brake."""


class Wrist:
    """A second camera, in step with the one of a robot."""

    def __init__(self, peer: Peer, delay_ns: int = 4_000_000) -> None:
        self.is_on = True
        self._delay_ns = delay_ns
        self._images = peer.create_publisher(Image, "wrist/image_raw", 1)
        peer.create_subscription(Image, "image", self._on_image, 1)

    def _on_image(self, image: Image) -> None:
        if self.is_on:
            nanoseconds = image.header.stamp.sec * 1_000_000_000 + image.header.stamp.nanosec + self._delay_ns
            image.header.stamp.sec, image.header.stamp.nanosec = divmod(nanoseconds, 1_000_000_000)
            self._images.publish(image)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_two_camera_model(tmp_path / "two-cameras", "wrist")


def test_a_goal_is_an_image_of_each_camera(start_node: StartNode, make_peer: Callable[..., Peer], model: Path) -> None:
    process = start_node(model=str(model))
    peer = make_peer()
    Wrist(peer)
    assert peer.change_state(Transition.TRANSITION_CONFIGURE)
    assert peer.activate(), process.log_path.read_text()
    goals = {camera: peer.create_publisher(Image, f"goal_image/{camera}", LATCHED) for camera in ("image", "wrist")}
    picture = peer._image(90)
    goals["image"].publish(picture)
    peer.spin_for(ALONE_S)
    assert peer.rests(), "one of two images is no goal"
    later = peer._image(90)
    assert later.header.stamp != picture.header.stamp
    goals["wrist"].publish(later)
    assert peer.spin_until(lambda: "[goal.stamps]" in process.log_path.read_text()), process.log_path.read_text()
    assert peer.rests(), "images with two stamps are no goal"
    goals["wrist"].publish(picture)
    assert peer.spin_until(peer.moves), process.log_path.read_text()


def test_the_robot_holds_while_one_of_two_cameras_is_silent_says_which_and_goes_on(
    start_node: StartNode, make_peer: Callable[..., Peer], model: Path
) -> None:
    process = start_node(model=str(model))
    peer = make_peer()
    wrist = Wrist(peer)
    assert peer.change_state(Transition.TRANSITION_CONFIGURE)
    # The goal is a darker picture than those that follow.
    peer.shade = 90
    assert peer.activate(), process.log_path.read_text()
    assert peer.spin_until(lambda: peer.capture_goal().success), process.log_path.read_text()
    peer.shade = 200
    assert peer.spin_until(peer.moves), process.log_path.read_text()
    wrist.is_on = False
    assert peer.rests_within(REST_WITHIN_S), process.log_path.read_text()
    assert peer.spin_until(lambda: peer.reported("image: the last of camera wrist is")), peer.diagnostics
    peer.spin_for(SILENCE_S)
    assert peer.rests()
    assert "image: the last of camera wrist is" in process.log_path.read_text()
    wrist.is_on = True
    assert peer.spin_until(peer.moves), process.log_path.read_text()
