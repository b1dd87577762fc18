"""What touches what in a model, what is below a point, and how the tip of a robot moves with its joints."""

from __future__ import annotations

from typing import NamedTuple

import mujoco
import numpy as np

_LONG_M = 0.01
"""A tip at least so far from the link that moves it points away from it."""


class Touch(NamedTuple):
    """Two bodies that touch, by their names, and how far they are inside each other."""

    first: str
    second: str
    depth_m: float


class Tip(NamedTuple):
    """The tip of a robot at some pose: its place `[3]` in m, the unit vector `[3]` in which it points, both in the
    frame of the root link, and what they change by for a small motion of each joint, `[3, J]` each, per rad or m."""

    place: np.ndarray
    axis: np.ndarray
    place_jacobian: np.ndarray
    axis_jacobian: np.ndarray


def touches(model: mujoco.MjModel, data: mujoco.MjData) -> list[Touch]:
    """Every contact at the poses of `data`, whose contacts are found anew."""
    mujoco.mj_collision(model, data)
    bodies = model.geom_bodyid[data.contact.geom]
    depths = np.maximum(0.0, -data.contact.dist)
    return [
        Touch(*(model.body(body).name for body in pair), float(depth))
        for pair, depth in zip(bodies, depths, strict=True)
    ]


def surface_below(model: mujoco.MjModel, data: mujoco.MjData, point: np.ndarray) -> float:
    """Height in m of the highest fixed surface below a point `[3]` that objects collide with; -inf: none."""
    down = np.array([0.0, 0.0, -1.0])
    nearest = np.inf
    for geom in range(model.ngeom):
        if model.body_weldid[model.geom_bodyid[geom]] != 0 or not model.geom_contype[geom]:
            continue
        if model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_MESH:
            distance = mujoco.mj_rayMesh(model, data, geom, point, down)
        else:
            distance = mujoco.mju_rayGeom(
                data.geom_xpos[geom],
                data.geom_xmat[geom],
                model.geom_size[geom],
                point,
                down,
                model.geom_type[geom],
            )
        if distance >= 0:
            nearest = min(nearest, float(distance))
    return float(point[2]) - nearest


def is_in_view(model: mujoco.MjModel, data: mujoco.MjData, camera: int, aspect: float, point: np.ndarray) -> bool:
    """Whether a camera looks at a point `[3]`, which may be hidden. `aspect`: width of the image by its height."""
    right, up, behind = data.cam_xmat[camera].reshape(3, 3).T @ (point - data.cam_xpos[camera])
    half = -behind * np.tan(np.deg2rad(model.cam_fovy[camera]) / 2)
    return bool(abs(up) < half and abs(right) < half * aspect)


def pointing(model: mujoco.MjModel, data: mujoco.MjData, tip: int) -> np.ndarray:
    """The unit vector `[3]`, in the frame of the body `tip`, in which it points: away from the link that moves it, or,
    if it is at that link's origin, along the axis of that link's joint, away from the link before."""
    link = model.body_weldid[tip]
    turned = data.xmat[tip].reshape(3, 3)
    offset = turned.T @ (data.xpos[tip] - data.xpos[link])
    if np.linalg.norm(offset) >= _LONG_M:
        return offset / np.linalg.norm(offset)
    if model.body_jntnum[link] == 0:
        return np.array([0.0, 0.0, 1.0])
    axis = data.xaxis[model.body_jntadr[link]]
    away = float(axis @ (data.xpos[link] - data.xpos[model.body_parentid[link]]))
    return turned.T @ (axis if away >= 0 else -axis)


def tip_at(model: mujoco.MjModel, data: mujoco.MjData, tip: int, axis: np.ndarray) -> Tip:
    """The body `tip` at the poses of `data`, with the Jacobians `[3, nv]` of all degrees of freedom. `axis`: of
    `pointing`."""
    mujoco.mj_comPos(model, data)
    place, turn = np.zeros((3, model.nv)), np.zeros((3, model.nv))
    mujoco.mj_jacBody(model, data, place, turn, tip)
    points = data.xmat[tip].reshape(3, 3) @ axis
    return Tip(data.xpos[tip].copy(), points, place, np.cross(turn, points, axis=0))
