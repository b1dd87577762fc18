"""The joints of a robot that are not moved: some are held, others follow a joint that is moved."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np

from .cameras import Camera, camera_sensors, read_cameras
from .default_camera import DefaultCamera, default_camera
from .joint_limits import JointLimits, RobotOptions, joint_limits, moved_joints
from .kinematics import about, rotation
from .tip import tip_link
from .urdf import Joint, Robot, parse_urdf, read_robot

_JOINT_ELEMENTS = ("axis", "limit", "mimic", "safety_controller", "dynamics", "calibration")
"""Elements that a fixed joint has no use for."""
_SAMPLED_POSES = 500


@dataclass(frozen=True)
class Follower:
    """A joint that mimics another one: its position is `multiplier * position[driver] + offset`."""

    name: str
    driver: int
    """Index of the joint that is moved."""
    multiplier: float
    offset: float


@dataclass(frozen=True)
class MovedRobot:
    """A robot as a simulator builds it.

    `root`: its URDF, in which every joint that is held is fixed; `tip_link`: the link at its end; `cameras`: at least
    one, the main camera first; `added_camera`: the one that was added to `root` because the URDF has none.
    """

    root: ElementTree.Element
    joint_names: list[str]
    limits: JointLimits
    followers: tuple[Follower, ...]
    tip_link: str
    cameras: list[Camera]
    added_camera: DefaultCamera | None


def moved_robot(urdf_xml: str, options: RobotOptions) -> MovedRobot:
    """The robot of a URDF with the joints of the options moved and the others held. Raises UrdfError."""
    robot = read_robot(urdf_xml)
    names = moved_joints(robot, options)
    followers = []
    for joint in robot.joints:
        if joint.mimic is not None:
            driver = robot.driven_by(joint)
            if driver.joint in names:
                index = names.index(driver.joint)
                followers.append(Follower(joint.name, index, driver.multiplier, driver.offset))
    limits = joint_limits(robot, names, options)
    root = _with_fixed(robot, {*names, *(follower.name for follower in followers)})
    added = None if any(camera_sensors(root)) else _camera_for(root, names, limits, followers)
    if added is not None:
        added.add_to(root)
    cameras = read_cameras(root, options.camera)
    return MovedRobot(root, names, limits, tuple(followers), tip_link(robot, names, options.tip), cameras, added)


def with_camera(urdf_xml: str, options: RobotOptions) -> tuple[str, str]:
    """The URDF, with a camera if it has none, and the line for the log about it, or ''. Raises UrdfError."""
    added = moved_robot(urdf_xml, options).added_camera
    if added is None:
        return urdf_xml, ""
    root = parse_urdf(urdf_xml)
    added.add_to(root)
    return ElementTree.tostring(root, encoding="unicode"), added.note


def _camera_for(
    root: ElementTree.Element, names: Sequence[str], limits: JointLimits, followers: Sequence[Follower]
) -> DefaultCamera:
    """A camera that sees the robot at poses drawn from its whole range."""
    rng = np.random.default_rng(0)
    drawn = rng.uniform(limits.lowest_drawn, limits.highest_drawn, (_SAMPLED_POSES, len(names)))
    positions = dict(zip(names, drawn.T, strict=True))
    for one in followers:
        positions[one.name] = one.multiplier * drawn[:, one.driver] + one.offset
    return default_camera(read_robot(ElementTree.tostring(root, encoding="unicode")), positions)


def _with_fixed(robot: Robot, kept: set[str]) -> ElementTree.Element:
    """A copy of the URDF in which all joints but those `kept` are fixed."""
    root = copy.deepcopy(robot.root)
    for element, joint in zip(root.findall("joint"), robot.joints, strict=True):
        if joint.name in kept or joint.type == "fixed":
            continue
        position = _held_at(robot, joint)
        element.set("type", "fixed")
        for name in _JOINT_ELEMENTS:
            for child in element.findall(name):
                element.remove(child)
        if position != 0:
            _displace(element, joint, position)
    return root


def _held_at(robot: Robot, joint: Joint) -> float:
    """Where a joint is held: at 0 or the nearest position in its range, or where the joint that it mimics puts it."""
    driver = robot.driven_by(joint)
    master = robot.joint(driver.joint)
    assert master is not None
    limit = None if master.type == "continuous" else master.limit
    lower = [end for end in (master.soft_lower, limit and limit.lower) if end is not None] if limit else []
    upper = [end for end in (master.soft_upper, limit and limit.upper) if end is not None] if limit else []
    position = min(max(0.0, *lower, -math.inf), *upper, math.inf)
    return driver.multiplier * position + driver.offset


def _displace(element: ElementTree.Element, joint: Joint, position: float) -> None:
    """Moves the origin of a joint to where its child is at a position."""
    turned = rotation(joint.rpy)
    axis = np.array(joint.axis)
    xyz = np.array(joint.xyz)
    if joint.type == "prismatic":
        xyz = xyz + turned @ axis * position
    else:
        turned = turned @ about(joint.axis, position)
    origin = element.find("origin")
    if origin is None:
        origin = ElementTree.SubElement(element, "origin")
    origin.set("xyz", " ".join(f"{value:.17g}" for value in xyz))
    origin.set("rpy", " ".join(f"{value:.17g}" for value in _roll_pitch_yaw(turned)))


def _roll_pitch_yaw(rotation: np.ndarray) -> tuple[float, float, float]:
    across = math.hypot(rotation[0, 0], rotation[1, 0])
    pitch = math.atan2(-rotation[2, 0], across)
    if across < 1e-9:
        # Roll and yaw turn about one axis.
        return math.atan2(-rotation[1, 2], rotation[1, 1]), pitch, 0.0
    return math.atan2(rotation[2, 1], rotation[2, 2]), pitch, math.atan2(rotation[1, 0], rotation[0, 0])
