"""The cameras of a URDF: `<gazebo reference="LINK"><sensor type="camera">`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from .names import did_you_mean
from .urdf import UrdfError

MAX_SIZE = 4096
"""Width and height of an image: what software rendering can still draw."""
_SIZES = ("camera/image/width", "camera/image/height")
_RANGES: dict[str, tuple[float, float, str]] = {
    **{path: (1, MAX_SIZE, f"a whole number from 1 to {MAX_SIZE}") for path in _SIZES},
    "camera/horizontal_fov": (0.01, 3.1, "an angle from 0.01 to 3.1 rad"),
    "update_rate": (0.01, 1000, "a rate from 0.01 to 1000 Hz"),
}
"""Lowest and highest value of each number of a camera, and what is expected. From a field of view of pi on, nothing
would be in front of the camera."""


@dataclass(frozen=True)
class Camera:
    """A camera sensor of the URDF. `fovy` is the vertical field of view in degrees, as in MuJoCo; `frame_id` the frame
    of its images, `<gz_frame_id>` or else its link."""

    name: str
    link: str
    width: int
    height: int
    fovy: float
    rate_hz: float
    frame_id: str


def camera_sensors(root: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, ElementTree.Element]]:
    """Each camera: its `<gazebo>` element and the `<sensor>` in it."""
    for element in root.findall("gazebo"):
        for sensor in element.findall("sensor"):
            if sensor.get("type") == "camera":
                yield element, sensor


def read_cameras(root: ElementTree.Element, main: str = "") -> list[Camera]:
    """All cameras, in the order of the URDF but for the one named `main`, which comes first. None: an empty list.

    Raises UrdfError if one cannot be used, if two have one name, or if none is named `main`.
    """
    links = [link.get("name", "") for link in root.findall("link")]
    cameras = [_camera(element.get("reference", ""), sensor, links) for element, sensor in camera_sensors(root)]
    names = [camera.name for camera in cameras]
    for name in names:
        if names.count(name) > 1:
            raise _invalid(f"camera '{name}'", "two of that name", "one", "Rename one: <sensor name>.")
    if not main:
        return cameras
    if main not in names:
        raise UrdfError(
            "--camera",
            found=f"cameras {', '.join(names)}" if names else "no camera",
            expected=f"one named '{main}'",
            remedy=did_you_mean(main, names, "Name one that is there, or leave the option out."),
        )
    return sorted(cameras, key=lambda camera: camera.name != main)


def topic_name(name: str) -> str:
    """The name of a camera with `_` for characters that a ROS topic cannot have."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"_{plain}" if plain[:1].isdigit() else plain


def _camera(link: str, sensor: ElementTree.Element, links: list[str]) -> Camera:
    name = sensor.get("name", "camera")
    values = {}
    for path, (lowest, highest, expected) in _RANGES.items():
        try:
            values[path] = float(sensor.findtext(path, ""))
        except ValueError:
            values[path] = math.nan
        if not lowest <= values[path] <= highest or (path in _SIZES and not values[path].is_integer()):
            found = f"{sensor.findtext(path)!r} in <{path}>"
            raise _invalid(f"camera '{name}'", found, expected, f"Write one in <{path}>.")
    if link not in links:
        found = f"a reference to '{link}'"
        raise _invalid(f"camera '{name}'", found, "one of the links", "Correct the name in <gazebo reference>.")
    width, height = int(values["camera/image/width"]), int(values["camera/image/height"])
    fovx = values["camera/horizontal_fov"]
    fovy = 2 * math.atan(math.tan(fovx / 2) * height / width)
    frame_id = (sensor.findtext("gz_frame_id") or link).strip()
    return Camera(name, link, width, height, math.degrees(fovy), values["update_rate"], frame_id)


def _invalid(where: str, found: str, expected: str, remedy: str) -> UrdfError:
    return UrdfError(f"robot description, {where}", found=found, expected=expected, remedy=remedy)
