"""What a camera of the simulator publishes, and when: images, late ones too, and goal images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from . import messages
from .camera_schedule import CameraSchedule
from .cameras import Camera, topic_name
from .draws import Draws
from .late import Late
from .settings import Settings

LOCKSTEP_RATE_HZ = 10.0
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
_PURPOSES = (1, 2, 4)
"""Streams of random numbers of the first camera: noise of images, lateness, noise of goal images. 3 is that of joint
states."""
_PURPOSES_PER_CAMERA = 10


class CameraStream:
    """The topics of one camera: `image_raw`, `image_raw/compressed`, `camera_info`, `goal_image` and
    `goal_image/compressed`."""

    def __init__(self, node: Node, camera: Camera, index: int, folders: Sequence[str], settings: Settings) -> None:
        """`index`: that of the camera in the plant. `folders`: '' or 'NAME/', in which its topics are.

        Raises StartupError for a rate that no schedule can have.
        """
        self.camera = camera
        self._imperfections = settings.imperfections
        self._lockstep = settings.lockstep
        self.rate_hz = settings.camera_rate or (LOCKSTEP_RATE_HZ if settings.lockstep else camera.rate_hz)
        self._schedule = CameraSchedule(self.rate_hz, settings.period_ns)
        noise, lateness, goal_noise = (index * _PURPOSES_PER_CAMERA + purpose for purpose in _PURPOSES)
        self._noise = Draws(settings.seed, noise)
        self._goal_noise = Draws(settings.seed, goal_noise)
        self._late: Late[tuple[np.ndarray, int]] = Late(
            settings.imperfections.camera_delay_ms,
            settings.imperfections.camera_jitter_ms,
            Draws(settings.seed, lateness),
            # With two images in one period, the one that is planned from would depend on the speed of the planner.
            settings.period_ns if settings.lockstep else 0,
        )
        self._awaiting_command: list[tuple[np.ndarray, int]] = []
        self.newest_ns = 0
        """Stamp of the newest image that is out or awaits a command; 0: none yet."""

        def publishers(kind: type, topic: str, qos: QoSProfile | int) -> list:
            return [node.create_publisher(kind, f"{folder}{topic}", qos) for folder in folders]

        self._image = publishers(Image, "image_raw", 2)
        self._compressed_image = publishers(CompressedImage, "image_raw/compressed", 2)
        self._camera_info = publishers(CameraInfo, "camera_info", 2)
        self._goal_image = publishers(Image, "goal_image", LATCHED)
        self._compressed_goal_image = publishers(CompressedImage, "goal_image/compressed", LATCHED)

    @property
    def due_ns(self) -> int | None:
        """Time at which the next delayed image is due; None if there is none."""
        return self._late.due_ns

    def advance(self, updates: int = 1) -> bool:
        """Counts updates. Returns whether an image has become due with them."""
        return self._schedule.advance(updates)

    def restart(self, pose: np.ndarray) -> None:
        """Drops delayed images, which show the robot at its previous pose, and begins the noise of this one `[J]`. The
        next image is due one interval from now."""
        self._schedule.restart()
        self._late.restart(pose)
        self._noise.restart(pose)
        self._awaiting_command.clear()

    def take(self, scene: np.ndarray, stamp_ns: int) -> None:
        """Takes an image of the scene, uint8 `[H, W, 3]`, for publication when it is due."""
        self._late.add((self._imperfections.seen(scene, self._noise.rng), stamp_ns), stamp_ns)

    def publish_due(self, now_ns: int) -> None:
        """Publishes the images that are due; in lockstep they go out with `send_awaiting_command`."""
        for pixels, stamp_ns in self._late.take_due(now_ns):
            self.newest_ns = stamp_ns
            if self._lockstep:
                self._awaiting_command.append((pixels, stamp_ns))
            else:
                self._send(pixels, stamp_ns)

    def send_awaiting_command(self) -> None:
        """Sends the images of this lockstep period.

        They are sent after the first command of the period, or at its end if there is none. Otherwise it would depend
        on timing whether that command already follows a plan from the image, and whether the plan knows of the command
        and of the joint states of the period.
        """
        for pixels, stamp_ns in self._awaiting_command:
            self._send(pixels, stamp_ns)
        self._awaiting_command.clear()

    def publish_goal(self, scene: np.ndarray, pose: np.ndarray, stamp_ns: int) -> None:
        """Publishes the image of the goal `pose [J]`, which is never late."""
        self._goal_noise.restart(pose)
        pixels = self._imperfections.seen(scene, self._goal_noise.rng)
        image = messages.image_message(pixels, stamp_ns, self.camera.frame_id)
        compressed = messages.compressed_image_message(pixels, stamp_ns, self.camera.frame_id)
        for raw_out, compressed_out in zip(self._goal_image, self._compressed_goal_image, strict=True):
            raw_out.publish(image)
            compressed_out.publish(compressed)

    def _send(self, pixels: np.ndarray, stamp_ns: int) -> None:
        """Sends an image: raw always, compressed only if there is a subscriber, because compression takes longer than
        rendering."""
        image = messages.image_message(pixels, stamp_ns, self.camera.frame_id)
        info = messages.camera_info_message(self.camera, stamp_ns, self.camera.frame_id)
        subscribed = [out for out in self._compressed_image if out.get_subscription_count() > 0]
        for out in self._image:
            out.publish(image)
        if subscribed:
            compressed = messages.compressed_image_message(pixels, stamp_ns, self.camera.frame_id)
            for out in subscribed:
                out.publish(compressed)
        for out in self._camera_info:
            out.publish(info)


def camera_folders(cameras: Sequence[Camera]) -> list[list[str]]:
    """The folders of each camera's topics: none for the only one; of several, the first has its topics there too."""
    if len(cameras) == 1:
        return [[""]]
    named = [f"{topic_name(camera.name)}/" for camera in cameras]
    return [["", named[0]], *([folder] for folder in named[1:])]
