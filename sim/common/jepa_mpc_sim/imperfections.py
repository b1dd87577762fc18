"""Imperfections of a real robot and its camera, for testing the robustness of a model. Independent of ROS."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, fields
from xml.etree import ElementTree

import numpy as np

from .cameras import camera_sensors
from .errors import StartupError
from .urdf import parse_urdf

MOUNT = "camera_mount"
_SIGNED = ("camera_shift_m", "camera_tilt_deg")


@dataclass(frozen=True)
class Imperfections:
    """The default is the robot of the URDF in perfect light. All cameras have them, and goal images too."""

    camera_shift_m: float = 0.0
    """Displacement of the camera, to the left in the image."""
    camera_tilt_deg: float = 0.0
    """Rotation of the camera, to the left in the image."""
    brightness: float = 1.0
    """Factor on the grey levels, above 0."""
    noise: float = 0.0
    """Standard deviation of the noise on each value of an image, in grey levels of 255."""
    delay_ms: float = 0.0
    """Delay from a command to the joint controllers."""
    camera_delay_ms: float = 0.0
    """Delay from the stamp of an image to its publication. Goal images are not delayed."""
    camera_jitter_ms: float = 0.0
    """Each image's delay varies by up to this much in either direction, but is never below 0."""
    joint_delay_ms: float = 0.0
    """As `camera_delay_ms`, for joint states."""
    joint_jitter_ms: float = 0.0
    """As `camera_jitter_ms`, for joint states."""

    def __post_init__(self) -> None:
        """Raises StartupError if a value is out of range."""
        for field in fields(self):
            value = getattr(self, field.name)
            lowest = -math.inf if field.name in _SIGNED else 0.0
            if not math.isfinite(value) or value < lowest or (field.name == "brightness" and value == 0):
                expected = "a finite number" if lowest < 0 else "a number above 0" if value == 0 else "0 or more"
                raise StartupError(f"{flag(field.name)}: found {value:g}, expected {expected}.")

    def seen(self, pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The image of the imperfect camera, uint8 `[H, W, 3]`, from that of a perfect one."""
        return develop(pixels, self.brightness, self.noise, rng)

    def built(self, urdf_xml: str) -> str:
        """The URDF with each camera on a mount of its own, displaced from its link and rotated; image frames stay."""
        if not (self.camera_shift_m or self.camera_tilt_deg):
            return urdf_xml
        root = parse_urdf(urdf_xml)
        for index, (element, sensor) in enumerate(list(camera_sensors(root))):
            link = element.get("reference", "")
            mount = f"{MOUNT}_{index + 1}" if index else MOUNT
            self._add_mount(root, link, mount)
            if sensor.find("gz_frame_id") is None:
                ElementTree.SubElement(sensor, "gz_frame_id").text = link
            element.remove(sensor)
            ElementTree.SubElement(root, "gazebo", {"reference": mount}).append(sensor)
        return ElementTree.tostring(root, encoding="unicode")

    def _add_mount(self, root: ElementTree.Element, link: str, mount: str) -> None:
        ElementTree.SubElement(root, "link", {"name": mount})
        joint = ElementTree.SubElement(root, "joint", {"name": f"{link}_to_{mount}", "type": "fixed"})
        ElementTree.SubElement(joint, "parent", {"link": link})
        ElementTree.SubElement(joint, "child", {"link": mount})
        yaw = math.radians(self.camera_tilt_deg)
        ElementTree.SubElement(joint, "origin", {"xyz": f"0 {self.camera_shift_m!r} 0", "rpy": f"0 0 {yaw!r}"})


def develop(pixels: np.ndarray, brightness: float, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Scales the brightness of uint8 values of any shape, and adds normal noise; `noise` is in grey levels of 255."""
    if brightness == 1.0 and noise == 0.0:
        return pixels
    values = pixels * np.float32(brightness)
    if noise > 0:
        values = values + np.float32(noise) * rng.standard_normal(pixels.shape, dtype=np.float32)
    return np.rint(values).clip(0, 255).astype(np.uint8)


def flag(field: str) -> str:
    """The command-line option of a field."""
    return f"--{field.replace('_', '-')}"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds an option for each imperfection."""
    helps = {
        "camera_shift_m": "camera shifted to the left in the image",
        "camera_tilt_deg": "camera rotated to the left in the image",
        "brightness": "factor on the grey levels of all images",
        "noise": "standard deviation of the noise of images, in grey levels",
        "delay_ms": "delay from a command to the joint controllers",
        "camera_delay_ms": "delay from the stamp of an image to its publication",
        "camera_jitter_ms": "maximum variation of the delay of an image",
        "joint_delay_ms": "delay from the stamp of joint states to their publication",
        "joint_jitter_ms": "maximum variation of the delay of joint states",
    }
    group = parser.add_argument_group("imperfections")
    for field in fields(Imperfections):
        group.add_argument(flag(field.name), type=float, default=field.default, help=helps[field.name])


def chosen(arguments: argparse.Namespace) -> Imperfections:
    """The imperfections of the command line. Raises StartupError if one is out of range."""
    return Imperfections(**{field.name: getattr(arguments, field.name) for field in fields(Imperfections)})
