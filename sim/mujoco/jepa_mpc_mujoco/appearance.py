"""The appearance of the simulated scene: light, colours, the table's pattern and the pose of the camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import mujoco
import numpy as np

Vector = tuple[float, float, float]


HIDDEN_GROUP = 3
"""Group of shapes that MuJoCo does not draw unless asked to."""


@dataclass(frozen=True)
class Appearance:
    """An appearance of the scene. The default is the simulator's own, with the colours and the camera of the URDF."""

    light_direction: Vector = (-0.2, -0.1, -1.0)
    """Direction of the light, in the world frame; its length does not matter."""
    light_strength: float = 0.6
    """Brightness that the light adds to a surface facing it, in [0, 1]."""
    ambient: float = 0.45
    """Brightness of every surface without the light, in [0, 1]."""
    tints: Mapping[str, Vector] = field(default_factory=dict)
    """Factors on red, green and blue, by the name of a URDF visual. Colours are clipped to [0, 1]."""
    pattern: str | None = None
    """Pattern on the largest fixed surface: a name of `patterns.make_patterns`."""
    camera_shift_m: Vector = (0.0, 0.0, 0.0)
    """Displacement of the camera, in the frame of its link (x forward, y left, z up in the image)."""
    camera_tilt_rad: Vector = (0.0, 0.0, 0.0)
    """Small rotations of the camera about the same axes: roll, pitch, yaw."""
    fov_scale: float = 1.0
    """Factor on the vertical field of view."""


def apply_appearance(model: mujoco.MjModel, nominal: mujoco.MjModel, appearance: Appearance) -> None:
    """Gives `model`, which has one light, the appearance, relative to that of `nominal`; all its cameras move alike.

    Raises ValueError for an unknown part or pattern.
    """
    direction = np.asarray(appearance.light_direction, dtype=np.float64)
    model.light_dir[0] = direction / np.linalg.norm(direction)
    model.light_diffuse[0] = appearance.light_strength
    model.vis.headlight.ambient[:] = appearance.ambient
    model.geom_rgba[:] = nominal.geom_rgba
    for part, factors in appearance.tints.items():
        geom = _named(model, mujoco.mjtObj.mjOBJ_GEOM, "tints", part)
        model.geom_rgba[geom, :3] = (nominal.geom_rgba[geom, :3] * factors).clip(0, 1)
    model.geom_matid[:] = nominal.geom_matid
    if appearance.pattern is not None:
        material = _named(model, mujoco.mjtObj.mjOBJ_MATERIAL, "pattern", appearance.pattern)
        model.geom_matid[_background(model)] = material
    for camera in range(model.ncam):
        model.cam_pos[camera] = nominal.cam_pos[camera] + np.asarray(appearance.camera_shift_m)
        tilt = _quaternion(appearance.camera_tilt_rad)
        mujoco.mju_mulQuat(model.cam_quat[camera], tilt, nominal.cam_quat[camera])
        model.cam_fovy[camera] = nominal.cam_fovy[camera] * appearance.fov_scale


def part_names(model: mujoco.MjModel) -> list[str]:
    """Names of the named visuals of the URDF."""
    names = (model.geom(index).name for index in range(model.ngeom))
    return [name for name in names if name]


def _background(model: mujoco.MjModel) -> list[int]:
    """The largest geom that is drawn and fixed to the world; none if all of them move."""
    fixed = np.flatnonzero((model.body_weldid[model.geom_bodyid] == 0) & (model.geom_group != HIDDEN_GROUP))
    return [int(fixed[np.argmax(model.geom_rbound[fixed])])] if len(fixed) else []


def _named(model: mujoco.MjModel, kind: mujoco.mjtObj, field_name: str, name: str) -> int:
    index = mujoco.mj_name2id(model, kind, name)
    if index < 0:
        raise ValueError(f"appearance: found '{name}' in {field_name}, which the model does not have.")
    return index


def _quaternion(rotation_rad: Vector) -> np.ndarray:
    """Rotation vector -> quaternion `[w, x, y, z]`."""
    vector = np.asarray(rotation_rad, dtype=np.float64)
    angle = float(np.linalg.norm(vector))
    quaternion = np.array([1.0, 0.0, 0.0, 0.0])
    if angle > 0:
        mujoco.mju_axisAngle2Quat(quaternion, vector / angle, angle)
    return quaternion
