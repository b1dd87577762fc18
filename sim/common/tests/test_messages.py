"""Arrays and ROS messages hold the same things."""

from __future__ import annotations

import io
import math
from array import array
from time import perf_counter

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs a sourced ROS 2")

from builtin_interfaces.msg import Duration, Time
from PIL import Image as Picture
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import Header
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from jepa_mpc_sim import messages
from jepa_mpc_sim.cameras import Camera
from jepa_mpc_sim.errors import RejectedMessage
from jepa_mpc_sim.joint_limits import JointLimits

STAMP_NS = 12_345_678_901
NAMES = ["shoulder", "elbow"]
LIMITS = JointLimits(("rad", "rad"), *(np.array([value, value]) for value in (-2.6, 2.6, 2.0, 10.0, 10.0)))


def test_an_image_comes_back_from_the_wire_as_it_was():
    pixels = np.random.default_rng(0).integers(0, 256, (6, 4, 3), dtype=np.uint8)
    message = deserialize_message(serialize_message(messages.image_message(pixels, STAMP_NS, "optical")), Image)
    assert (message.height, message.width, message.step) == (6, 4, 12)
    assert (message.encoding, message.is_bigendian) == ("rgb8", 0)
    assert message.header == Header(stamp=Time(sec=12, nanosec=345_678_901), frame_id="optical")
    np.testing.assert_array_equal(np.frombuffer(message.data, np.uint8).reshape(6, 4, 3), pixels)


def test_a_compressed_image_decodes_to_nearly_the_same_pixels():
    ramp = np.linspace(0, 255, 64, dtype=np.uint8)
    pixels = np.stack([np.tile(ramp, (48, 1)), np.full((48, 64), 90, np.uint8), np.tile(ramp[::-1], (48, 1))], axis=2)
    message = messages.compressed_image_message(pixels[::-1], STAMP_NS, "optical")
    assert message.format == "rgb8; jpeg compressed bgr8"
    assert message.header == Header(stamp=Time(sec=12, nanosec=345_678_901), frame_id="optical")
    assert len(message.data) < pixels.size / 3
    decoded = np.asarray(Picture.open(io.BytesIO(bytes(message.data))))
    assert np.abs(decoded.astype(int) - pixels[::-1].astype(int)).mean() < 2


def test_pixels_of_a_flipped_view_are_in_reading_order():
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    message = messages.image_message(pixels[::-1], STAMP_NS, "optical")
    assert list(message.data) == [*range(12, 24), *range(12)]


def test_packing_a_large_image_takes_no_loop_over_its_pixels():
    pixels = np.zeros((480, 640, 3), dtype=np.uint8)
    durations_s = []
    for _ in range(20):
        started = perf_counter()
        messages.image_message(pixels, STAMP_NS, "optical")
        durations_s.append(perf_counter() - started)
    # A loop over 0.9 million bytes takes 30 ms or more; the copy takes 0.2 ms. Other programs may interrupt some.
    assert min(durations_s) < 0.01


def test_camera_info_projects_the_edge_of_the_view_to_the_edge_of_the_image():
    camera = Camera("camera", "camera_link", width=160, height=120, fovy=60.0, rate_hz=30.0, frame_id="optical")
    message = messages.camera_info_message(camera, STAMP_NS, "optical")
    k = np.array(message.k).reshape(3, 3)
    u, v, w = k @ [0, math.tan(math.radians(30)), 1]
    assert (u / w, v / w) == pytest.approx((80, 120))
    np.testing.assert_array_equal(np.array(message.p).reshape(3, 4)[:, :3], k)


def test_joint_state_holds_what_it_is_given():
    message = messages.joint_state_message(NAMES, np.array([0.1, 0.2]), STAMP_NS, velocity=np.array([1.0, 2.0]))
    assert (list(message.name), list(message.position), list(message.velocity)) == (NAMES, [0.1, 0.2], [1.0, 2.0])
    assert list(message.effort) == []


def test_a_pose_is_read_by_joint_name():
    message = JointState(name=["elbow", "shoulder"], position=[0.7, -0.3])
    np.testing.assert_array_equal(messages.pose_from_message("~/set_goal", message, NAMES, LIMITS), [-0.3, 0.7])


@pytest.mark.parametrize(
    ("names", "positions", "message"),
    [
        (["shoulder"], [0.0], "joint names shoulder, expected each of shoulder, elbow"),
        (["shoulder", "wrist"], [0.0, 0.0], "joint names shoulder, wrist"),
        ([], [0.0, 0.0], "joint names none"),
        (NAMES, [0.0], "found 1 positions, expected 2"),
        (NAMES, [0.0, 2.7], r"found elbow at 2\.7, expected it within -2\.6 and 2\.6"),
        (NAMES, [math.nan, 0.0], "found shoulder at nan"),
    ],
)
def test_a_wrong_pose_is_rejected(names: list[str], positions: list[float], message: str):
    with pytest.raises(RejectedMessage, match="~/set_state: .*" + message):
        messages.pose_from_message("~/set_state", JointState(name=names, position=positions), NAMES, LIMITS)


def test_a_trajectory_is_read_with_its_times_in_nanoseconds():
    point = JointTrajectoryPoint(positions=[1.0, 2.0], time_from_start=Duration(sec=1, nanosec=5))
    message = JointTrajectory(joint_names=NAMES, points=[point])
    trajectory = messages.trajectory_from_message(message)
    assert trajectory.start_ns is None
    assert trajectory.points[0].time_from_start_ns == 1_000_000_005
    assert trajectory.points[0].positions == array("d", [1.0, 2.0])
    assert len(trajectory.points[0].velocities) == 0
    message.header.stamp = Time(sec=3, nanosec=7)
    assert messages.trajectory_from_message(message).start_ns == 3_000_000_007
