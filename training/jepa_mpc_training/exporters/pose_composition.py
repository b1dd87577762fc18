"""Composes a pose of V-JEPA 2-AC with an action, using operators of ONNX.

A pose is `[x, y, z, roll, pitch, yaw, gripper]`: metres, extrinsic xyz Euler angles in radians, and the opening of the
gripper, 0 to 1. An action is the difference of two poses, with rotations R_next = R_delta R.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

POSE = 7
"""Numbers of a pose, and of an action."""

_SMALLEST = 1e-30


def compose_pose(pose: Tensor, delta: Tensor) -> Tensor:
    """The pose `[B, 7]` after an action `[B, 7]`; angles in -π … π, pitch in -π/2 … π/2.

    At a pitch of ±π/2 only the sum or the difference of roll and yaw is defined. The rotation is correct there, but
    other code may divide it differently between the two.
    """
    position = pose[:, :3] + delta[:, :3]
    angles = _angles_of(_product(_rotation(delta[:, 3:6]), _rotation(pose[:, 3:6])))
    gripper = (pose[:, 6:7] + delta[:, 6:7]).clamp(0, 1)
    return torch.cat((position, *angles, gripper), dim=1)


def _rotation(angles: Tensor) -> list[list[Tensor]]:
    """Rows of R_z R_y R_x of roll, pitch and yaw `[B, 3]`, each entry `[B, 1]`."""
    (cx, cy, cz), (sx, sy, sz) = angles.cos().split(1, dim=1), angles.sin().split(1, dim=1)
    return [
        [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx],
        [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx],
        [-sy, cy * sx, cy * cx],
    ]


def _product(first: list[list[Tensor]], second: list[list[Tensor]]) -> list[list[Tensor]]:
    return [
        [sum((row[k] * second[k][column] for k in range(1, 3)), row[0] * second[0][column]) for column in range(3)]
        for row in first
    ]


def _angles_of(rotation: list[list[Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
    (r00, _, _), (r10, _, _), (r20, r21, r22) = rotation
    roll = _arctangent(r21, r22)
    pitch = _arctangent(-r20, (r00 * r00 + r10 * r10).sqrt())
    return roll, pitch, _arctangent(r10, r00)


def _arctangent(y: Tensor, x: Tensor) -> Tensor:
    """Angle of (x, y) in -π … π; 0 for (0, 0). ONNX has no arctangent of two numbers."""
    abs_x, abs_y = x.abs(), y.abs()
    octant = (torch.minimum(abs_x, abs_y) / torch.maximum(abs_x, abs_y).clamp(min=_SMALLEST)).atan()
    quadrant = torch.where(abs_y > abs_x, math.pi / 2 - octant, octant)
    half = torch.where(x < 0, math.pi - quadrant, quadrant)
    return torch.where(y < 0, -half, half)
