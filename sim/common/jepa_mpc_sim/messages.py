"""Converts between numpy arrays and ROS messages. Pixels are copied as one block of bytes."""

from __future__ import annotations

import io
import math
from array import array
from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Time
from PIL import Image as Picture
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, JointState
from std_msgs.msg import Header
from trajectory_msgs.msg import JointTrajectory

from .cameras import Camera
from .errors import RejectedMessage
from .joint_limits import JointLimits
from .trajectory_controller import Trajectory, TrajectoryPoint

_NS_PER_S = 1_000_000_000
_JPEG_QUALITY = 95
"""The default of image_transport's compressed plug-in."""


def time_message(stamp_ns: int) -> Time:
    """Nanoseconds since the epoch -> builtin_interfaces/Time."""
    seconds, nanoseconds = divmod(stamp_ns, _NS_PER_S)
    return Time(sec=seconds, nanosec=nanoseconds)


def clock_message(stamp_ns: int) -> Clock:
    """The current time of nodes with use_sim_time."""
    return Clock(clock=time_message(stamp_ns))


def image_message(pixels: np.ndarray, stamp_ns: int, frame_id: str) -> Image:
    """uint8 `[H, W, 3]`, RGB -> Image, rgb8, rows without padding."""
    height, width, channels = pixels.shape
    message = Image(header=Header(stamp=time_message(stamp_ns), frame_id=frame_id))
    message.height, message.width = height, width
    message.encoding = "rgb8"
    message.step = width * channels
    # rclpy takes an array('B') without the check of each byte that it makes for other types.
    message.data = array("B", pixels.tobytes())
    return message


def compressed_image_message(pixels: np.ndarray, stamp_ns: int, frame_id: str) -> CompressedImage:
    """uint8 `[H, W, 3]`, RGB -> CompressedImage, JPEG, with the format string of image_transport."""
    encoded = io.BytesIO()
    Picture.fromarray(np.ascontiguousarray(pixels)).save(encoded, "JPEG", quality=_JPEG_QUALITY)
    message = CompressedImage(header=Header(stamp=time_message(stamp_ns), frame_id=frame_id))
    message.format = "rgb8; jpeg compressed bgr8"
    message.data = array("B", encoded.getvalue())
    return message


def camera_info_message(camera: Camera, stamp_ns: int, frame_id: str) -> CameraInfo:
    """An ideal pinhole camera with square pixels."""
    focal = camera.height / 2 / math.tan(math.radians(camera.fovy) / 2)
    cx, cy = camera.width / 2, camera.height / 2
    message = CameraInfo(header=Header(stamp=time_message(stamp_ns), frame_id=frame_id))
    message.height, message.width = camera.height, camera.width
    message.distortion_model = "plumb_bob"
    message.d = [0.0] * 5
    message.k = [focal, 0.0, cx, 0.0, focal, cy, 0.0, 0.0, 1.0]
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [focal, 0.0, cx, 0.0, 0.0, focal, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    return message


def joint_state_message(
    names: Sequence[str],
    position: np.ndarray,
    stamp_ns: int,
    velocity: np.ndarray | None = None,
    effort: np.ndarray | None = None,
) -> JointState:
    """Joint arrays `[J]` -> JointState; velocity and effort are empty if they are None."""
    message = JointState(header=Header(stamp=time_message(stamp_ns)), name=list(names))
    message.position = array("d", position)
    if velocity is not None:
        message.velocity = array("d", velocity)
    if effort is not None:
        message.effort = array("d", effort)
    return message


def pose_from_message(topic: str, message: JointState, names: Sequence[str], limits: JointLimits) -> np.ndarray:
    """JointState -> positions `[J]` in the order of `names`. Raises RejectedMessage if names or positions do not
    fit."""
    if sorted(message.name) != sorted(names):
        found = ", ".join(message.name) or "none"
        raise RejectedMessage(f"{topic}: found joint names {found}, expected each of {', '.join(names)} once.")
    if len(message.position) != len(names):
        raise RejectedMessage(f"{topic}: found {len(message.position)} positions, expected {len(names)}.")
    by_name = dict(zip(message.name, message.position, strict=True))
    position = np.array([by_name[name] for name in names])
    for name, value, lower, upper in zip(names, position, limits.lower, limits.upper, strict=True):
        # The negation also catches NaN.
        if not lower <= value <= upper:
            raise RejectedMessage(f"{topic}: found {name} at {value:g}, expected it within {lower:g} and {upper:g}.")
    return position


def trajectory_from_message(message: JointTrajectory) -> Trajectory:
    """JointTrajectory -> Trajectory, without checks. A stamp of 0 means now."""
    start_ns = message.header.stamp.sec * _NS_PER_S + message.header.stamp.nanosec
    points = [
        TrajectoryPoint(
            point.time_from_start.sec * _NS_PER_S + point.time_from_start.nanosec, point.positions, point.velocities
        )
        for point in message.points
    ]
    return Trajectory(message.joint_names, points, start_ns or None)
