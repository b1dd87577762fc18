"""The cameras of a URDF: `<gazebo reference="LINK"><sensor type="camera">`."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from .urdf import UrdfError

_NUMBERS = ("camera/image/width", "camera/image/height", "camera/horizontal_fov", "update_rate")


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
        nearest = difflib.get_close_matches(main, names, n=1, cutoff=0.0)
        raise UrdfError(
            "--camera",
            found=f"cameras {', '.join(names)}" if names else "no camera",
            expected=f"one named '{main}'",
            remedy=f"Did you mean '{nearest[0]}'?" if nearest else "Leave the option out.",
        )
    return sorted(cameras, key=lambda camera: camera.name != main)


def _camera(link: str, sensor: ElementTree.Element, links: list[str]) -> Camera:
    name = sensor.get("name", "camera")
    values = {}
    for path in _NUMBERS:
        try:
            values[path] = float(sensor.findtext(path, ""))
        except ValueError:
            values[path] = math.nan
        if not values[path] > 0:
            found = f"{sensor.findtext(path)!r} in <{path}>"
            raise _invalid(f"camera '{name}'", found, "a number above 0", f"Write one in <{path}>.")
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
