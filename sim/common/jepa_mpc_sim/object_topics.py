"""Topics of the free objects around a robot: where they are, and where they are put."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from geometry_msgs.msg import Quaternion, Transform, Vector3
from rclpy.node import Node
from sensor_msgs.msg import MultiDOFJointState
from std_msgs.msg import Header

from .errors import RejectedMessage
from .messages import time_message
from .scene import MAX_DISTANCE_M, Pose

TRUE_POSES = "~/true_object_poses"
SET_POSES = "~/set_objects"
_UNIT_TOLERANCE = 1e-3


class ObjectsPlant(Protocol):
    """A plant with objects that can be moved."""

    objects: Sequence[str]

    def object_pose(self, name: str) -> Pose:
        """Where an object is."""
        ...

    def place_object(self, name: str, pose: Pose) -> None:
        """Puts an object somewhere at rest, now and at each reset."""
        ...


class ObjectTopics:
    """Publishes true poses of the objects, for scoring and never for planning, and places objects."""

    def __init__(self, node: Node, plant: ObjectsPlant, frame_id: str, on_placed: Callable[[], None]) -> None:
        """`frame_id`: the root link. `on_placed` is called after objects were placed, to put the robot at rest."""
        self._plant = plant
        self._frame_id = frame_id
        self._on_placed = on_placed
        self._logger = node.get_logger()
        self._poses = node.create_publisher(MultiDOFJointState, TRUE_POSES, 5)
        node.create_subscription(MultiDOFJointState, SET_POSES, self._on_set, 10)

    def publish(self, stamp_ns: int) -> None:
        """Publishes where the objects are."""
        names = list(self._plant.objects)
        message = MultiDOFJointState(header=Header(stamp=time_message(stamp_ns), frame_id=self._frame_id))
        message.joint_names = names
        message.transforms = [_transform(self._plant.object_pose(name)) for name in names]
        self._poses.publish(message)

    def _on_set(self, message: MultiDOFJointState) -> None:
        try:
            poses = poses_from_message(message, self._plant.objects)
        except RejectedMessage as error:
            self._logger.error(str(error))
            return
        for name, pose in poses.items():
            self._plant.place_object(name, pose)
        self._on_placed()


def poses_from_message(message: MultiDOFJointState, objects: Sequence[str]) -> Mapping[str, Pose]:
    """Poses by the name of the object. Raises RejectedMessage."""
    names = list(message.joint_names)
    if not names or len(set(names)) < len(names) or not set(names) <= set(objects):
        found = ", ".join(names) or "no name"
        raise RejectedMessage(f"{SET_POSES}: found {found}, expected free objects, of {', '.join(objects)}, each once.")
    if len(message.transforms) != len(names):
        raise RejectedMessage(f"{SET_POSES}: found {len(message.transforms)} transforms, expected {len(names)}.")
    return {name: _pose(name, transform) for name, transform in zip(names, message.transforms, strict=True)}


def _pose(name: str, transform: Transform) -> Pose:
    at, turn = transform.translation, transform.rotation
    numbers = [at.x, at.y, at.z, turn.x, turn.y, turn.z, turn.w]
    length = math.hypot(*numbers[3:])
    # The negation also catches NaN.
    if not (all(abs(value) <= MAX_DISTANCE_M for value in numbers[:3]) and abs(length - 1) <= _UNIT_TOLERANCE):
        raise RejectedMessage(
            f"{SET_POSES}: found {name} at {numbers}, expected a position within {MAX_DISTANCE_M:g} m and a unit "
            "quaternion."
        )
    x, y, z, w = (value / length for value in numbers[3:])
    return Pose((at.x, at.y, at.z), (x, y, z, w))


def _transform(pose: Pose) -> Transform:
    (x, y, z), (qx, qy, qz, qw) = pose.position, pose.quaternion
    return Transform(translation=Vector3(x=x, y=y, z=z), rotation=Quaternion(x=qx, y=qy, z=qz, w=qw))
