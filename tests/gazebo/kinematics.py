"""Forward kinematics of a URDF and of an SDF, by what their specifications say and with nothing of the project's."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element

import numpy as np

Transform = np.ndarray
"""`[4, 4]`, from a frame to the one that it is in; lengths in m."""


def transform(xyz: str, rpy: str) -> Transform:
    """Of a translation in m and of angles about fixed axes in rad, "x y z" and "roll pitch yaw" both."""
    (roll, pitch, yaw) = (float(angle) for angle in rpy.split())
    result = np.eye(4)
    result[:3, :3] = turn((0, 0, 1), yaw) @ turn((0, 1, 0), pitch) @ turn((1, 0, 0), roll)
    result[:3, 3] = [float(length) for length in xyz.split()]
    return result


def turn(axis: tuple[float, ...], angle_rad: float) -> np.ndarray:
    """`[3, 3]`: Rodrigues' formula for a unit axis."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle_rad) * cross + (1 - np.cos(angle_rad)) * cross @ cross


def about(axis: str, angle_rad: float) -> Transform:
    """A joint's motion."""
    result = np.eye(4)
    result[:3, :3] = turn(tuple(float(part) for part in axis.split()), angle_rad)
    return result


def urdf_frame(robot: Element, link: str, positions: Mapping[str, float]) -> Transform:
    """A link of a URDF in its root link, with the joints at these positions in rad."""
    joint = next((joint for joint in robot.findall("joint") if joint.find("child").get("link") == link), None)
    if joint is None:
        return np.eye(4)
    origin = joint.find("origin")
    origin = {} if origin is None else origin.attrib
    result = urdf_frame(robot, joint.find("parent").get("link"), positions)
    result = result @ transform(origin.get("xyz", "0 0 0"), origin.get("rpy", "0 0 0"))
    if joint.get("type") == "fixed":
        return result
    return result @ about(joint.find("axis").get("xyz"), positions[joint.get("name")])


def sdf_pose(element: Element) -> Transform:
    """What an element's <pose> says, in the frame that it is relative to."""
    numbers = (element.findtext("pose") or "0 0 0 0 0 0").split()
    return transform(" ".join(numbers[:3]), " ".join(numbers[3:]))


def sdf_frame(model: Element, name: str) -> Transform:
    """A link or a joint of an SDF model in the model's frame, with all joints at 0."""
    frames = (*model.findall("link"), *model.findall("joint"))
    element = next(element for element in frames if element.get("name") == name)
    pose = element.find("pose")
    relative_to = None if pose is None else pose.get("relative_to")
    if relative_to is None and element.tag == "joint":
        relative_to = element.findtext("child")
    if relative_to in (None, "__model__"):
        return sdf_pose(element)
    return sdf_frame(model, relative_to) @ sdf_pose(element)


def sdf_link(model: Element, link: str, positions: Mapping[str, float]) -> Transform:
    """A link of an SDF model in the world, with the model at its origin and the joints at these positions in rad."""
    joint = next((joint for joint in model.findall("joint") if joint.findtext("child") == link), None)
    if joint is None:
        return sdf_frame(model, link)
    parent, at_joint = joint.findtext("parent"), sdf_frame(model, joint.get("name"))
    if parent == "world":
        moved, resting = np.eye(4), np.eye(4)
    else:
        moved, resting = sdf_link(model, parent, positions), sdf_frame(model, parent)
    motion = np.eye(4)
    if joint.get("type") != "fixed":
        motion = about(joint.findtext("axis/xyz"), positions[joint.get("name")])
    return moved @ np.linalg.inv(resting) @ at_joint @ motion @ np.linalg.inv(at_joint) @ sdf_frame(model, link)
