"""A camera for a robot whose URDF has none: one that sees everything that the robot can reach."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np

from .cameras import Camera
from .kinematics import link_positions, rotation
from .urdf import Robot, Vector3, root_link

NAME = "camera"
_LINK = "simulator_camera"
SIZE = 256
"""Width and height of its images."""
RATE_HZ = 30
FIELD_OF_VIEW = math.radians(45)

_AZIMUTH = math.radians(30)
"""From the x axis of the root link, to the left: no axis of the robot is hidden behind itself."""
_ELEVATION = math.radians(40)
_MARGIN = 0.15
"""Share of the radius of the links' origins that the links extend beyond them."""
_MIN_MARGIN_M = 0.05


@dataclass(frozen=True)
class DefaultCamera:
    """Where the camera is: `xyz` in m and `rpy` in rad of its link (x forward, z up in the image), in the frame of the
    link `parent`. It looks at `target`."""

    link: str
    parent: str
    xyz: Vector3
    rpy: Vector3
    target: Vector3

    def add_to(self, root: ElementTree.Element) -> None:
        """Adds the camera to a URDF: its link, its optical frame, and the sensor."""
        optical = f"{self.link}_optical_frame"
        _add_fixed(root, self.parent, self.link, self.xyz, self.rpy)
        _add_fixed(root, self.link, optical, (0.0, 0.0, 0.0), (-math.pi / 2, 0.0, -math.pi / 2))
        gazebo = ElementTree.SubElement(root, "gazebo", {"reference": self.link})
        sensor = ElementTree.SubElement(gazebo, "sensor", {"name": NAME, "type": "camera"})
        ElementTree.SubElement(sensor, "update_rate").text = str(RATE_HZ)
        ElementTree.SubElement(sensor, "gz_frame_id").text = optical
        camera = ElementTree.SubElement(sensor, "camera", {"name": NAME})
        ElementTree.SubElement(camera, "horizontal_fov").text = repr(FIELD_OF_VIEW)
        image = ElementTree.SubElement(camera, "image")
        for element, text in (("width", str(SIZE)), ("height", str(SIZE)), ("format", "R8G8B8")):
            ElementTree.SubElement(image, element).text = text

    @property
    def note(self) -> str:
        """One line for the log: what was added, and how to have another one."""
        at, to = (" ".join(f"{value:g}" for value in vector) for vector in (self.xyz, self.target))
        return (
            f"The URDF has no camera sensor: the simulator adds one at {at} m of link '{self.parent}', which looks at "
            f"{to}, {SIZE}x{SIZE} at {RATE_HZ} Hz. For one of your own, add a link for it and "
            '<gazebo reference="LINK"><sensor type="camera" name="camera"> to the URDF (docs/simulators.md).'
        )


def is_default(camera: Camera) -> bool:
    """Whether a camera is one that was added, by its frame: also after its description was read again."""
    return camera.frame_id.startswith(_LINK)


def default_camera(robot: Robot, positions: Mapping[str, np.ndarray]) -> DefaultCamera:
    """A camera fixed to the root link that sees the moving part of the robot, from the links that it begins at.

    `positions`: N positions of each joint that moves, by its name.
    """
    shown = _moving_part(robot, positions)
    origins = link_positions(robot, positions)[[link in shown for link in robot.links]].reshape(-1, 3)
    centre = (origins.min(axis=0) + origins.max(axis=0)) / 2
    margin = max(_MARGIN * float(np.linalg.norm(origins - centre, axis=1).max()), _MIN_MARGIN_M)
    rpy = (0.0, _ELEVATION, _AZIMUTH - math.pi)
    forward, left, up = ((origins - centre) @ rotation(rpy)).T
    # From this distance the outermost origin, with its margin, is at the edge of the image.
    across = (np.maximum(np.abs(left), np.abs(up)) + margin) / math.tan(FIELD_OF_VIEW / 2)
    distance = float((across - forward).max())
    away = -rotation(rpy)[:, 0]
    link = _unused(_LINK, robot.links)
    return DefaultCamera(link, root_link(robot), _rounded(centre + distance * away), rpy, _rounded(centre))


def _moving_part(robot: Robot, moved: Collection[str]) -> set[str]:
    """The links that move, and those that they are joined to. Sensors and walls around the robot may be far away."""
    moving = {joint.child for joint in robot.joints if joint.name in moved}
    count = 0
    while count < len(moving):
        count = len(moving)
        moving |= {joint.child for joint in robot.joints if joint.parent in moving}
    return moving | {joint.parent for joint in robot.joints if joint.name in moved}


def _rounded(vector: np.ndarray) -> Vector3:
    """To the millimetre, so that the last bits of a machine's sines do not show in images."""
    x, y, z = (round(float(value), 3) + 0.0 for value in vector)
    return x, y, z


def _unused(name: str, names: Collection[str]) -> str:
    while name in names:
        name += "_"
    return name


def _add_fixed(root: ElementTree.Element, parent: str, link: str, xyz: Vector3, rpy: Vector3) -> None:
    ElementTree.SubElement(root, "link", {"name": link})
    joint = ElementTree.SubElement(root, "joint", {"name": f"{parent}_to_{link}", "type": "fixed"})
    ElementTree.SubElement(joint, "parent", {"link": parent})
    ElementTree.SubElement(joint, "child", {"link": link})
    origin = {"xyz": " ".join(map(repr, xyz)), "rpy": " ".join(map(repr, rpy))}
    ElementTree.SubElement(joint, "origin", origin)
