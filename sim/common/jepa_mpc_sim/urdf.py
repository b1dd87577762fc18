"""Reads the joint limits and the camera sensor of a URDF."""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np

MOVABLE_JOINT_TYPES = ("revolute", "prismatic", "continuous")
LIMIT_ATTRIBUTES = ("lower", "upper", "velocity", "effort", "acceleration")


class UrdfError(ValueError):
    """The URDF lacks something that the simulator needs. The message says what, where, and what to add."""


@dataclass(frozen=True)
class JointLimits:
    """Limits of the independent joints `[J]`, in the order of the URDF and in SI units (rad or m)."""

    lower: np.ndarray
    upper: np.ndarray
    velocity: np.ndarray
    effort: np.ndarray
    acceleration: np.ndarray


@dataclass(frozen=True)
class Camera:
    """A camera sensor of the URDF. `fovy` is the vertical field of view in degrees, as in MuJoCo."""

    name: str
    link: str
    width: int
    height: int
    fovy: float
    rate_hz: float


def parse_urdf(urdf_xml: str) -> ElementTree.Element:
    """Parses the text of a URDF. Raises UrdfError if it is not one."""
    try:
        # XML allows nothing before its declaration, but multi-line strings begin with a line break.
        root = ElementTree.fromstring(urdf_xml.lstrip("\ufeff \t\r\n"))
    except ElementTree.ParseError as error:
        raise UrdfError(f"URDF: found text that is not XML ({error}), expected a <robot> element.") from error
    if root.tag != "robot":
        raise UrdfError(f"URDF: found <{root.tag}> at the top, expected <robot>.")
    return root


def _independent_joints(root: ElementTree.Element) -> list[ElementTree.Element]:
    """The movable joints, except those that `<mimic>` another one."""
    joints = root.findall("joint")
    return [joint for joint in joints if joint.get("type") in MOVABLE_JOINT_TYPES and joint.find("mimic") is None]


def read_joint_names(root: ElementTree.Element) -> list[str]:
    """Names of the independent joints, in the order of the URDF."""
    return [joint.get("name", "") for joint in _independent_joints(root)]


def read_limits(root: ElementTree.Element) -> JointLimits:
    """Limits of the independent joints, with position ranges narrowed by the soft limits of `<safety_controller>`.

    Raises UrdfError, with the joint and the attribute, if one is missing or wrong.
    """
    rows: list[list[float]] = []
    for joint in _independent_joints(root):
        name = joint.get("name", "")
        limit = joint.find("limit")
        row = [_limit(name, limit, attribute) for attribute in LIMIT_ATTRIBUTES]
        if row[0] >= row[1]:
            raise UrdfError(
                f"URDF joint '{name}': found lower={row[0]:g} and upper={row[1]:g}, expected lower < upper."
            )
        soft = joint.find("safety_controller")
        if soft is not None:
            row[0] = max(row[0], _soft_limit(name, soft, "soft_lower_limit", row[0]))
            row[1] = min(row[1], _soft_limit(name, soft, "soft_upper_limit", row[1]))
            if row[0] >= row[1]:
                raise UrdfError(
                    f"URDF joint '{name}': found soft limits in <safety_controller> that leave no range of <limit>, "
                    "expected soft_lower_limit < soft_upper_limit. Correct them, or remove both."
                )
        rows.append(row)
    if not rows:
        raise UrdfError("URDF: found no independent movable joint, expected at least one revolute or prismatic joint.")
    columns = np.asarray(rows, dtype=np.float64).T
    return JointLimits(**dict(zip(LIMIT_ATTRIBUTES, columns, strict=True)))


def _limit(joint: str, limit: ElementTree.Element | None, attribute: str) -> float:
    text = None if limit is None else limit.get(attribute)
    if text is None:
        raise UrdfError(
            f"URDF joint '{joint}': found no {attribute} in <limit>, expected a number. Add {attribute}=\"...\" to it."
        )
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    positive = attribute not in ("lower", "upper")
    if not math.isfinite(value) or (positive and value <= 0):
        expected = "a number above 0" if positive else "a finite number"
        raise UrdfError(f"URDF joint '{joint}': found {attribute}=\"{text}\" in <limit>, expected {expected}.")
    return value


def _soft_limit(joint: str, soft: ElementTree.Element, attribute: str, default: float) -> float:
    text = soft.get(attribute)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UrdfError(
            f"URDF joint '{joint}': found {attribute}=\"{text}\" in <safety_controller>, expected a finite number."
        )
    return value


def read_camera(root: ElementTree.Element) -> Camera:
    """The first `<gazebo reference="LINK"><sensor type="camera">`. Raises UrdfError if there is none."""
    for element in root.findall("gazebo"):
        for sensor in element.findall("sensor"):
            if sensor.get("type") == "camera":
                return _camera(element.get("reference", ""), sensor)
    raise UrdfError('URDF: found no camera, expected <gazebo reference="LINK"><sensor type="camera">.')


def _camera(link: str, sensor: ElementTree.Element) -> Camera:
    name = sensor.get("name", "camera")
    values = {}
    for path in ("camera/image/width", "camera/image/height", "camera/horizontal_fov", "update_rate"):
        try:
            values[path] = float(sensor.findtext(path, ""))
        except ValueError:
            values[path] = math.nan
        if not values[path] > 0:
            raise UrdfError(
                f"URDF camera '{name}': found {sensor.findtext(path)!r} in <{path}>, expected a number above 0."
            )
    width, height = int(values["camera/image/width"]), int(values["camera/image/height"])
    fovx = values["camera/horizontal_fov"]
    fovy = 2 * math.atan(math.tan(fovx / 2) * height / width)
    return Camera(name, link, width, height, math.degrees(fovy), values["update_rate"])
