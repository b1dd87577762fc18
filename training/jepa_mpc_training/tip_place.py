"""The place of the tip, as numbers of a latent that follow from those of the joint positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import torch
from jepa_mpc_sim.kinematics import rotation
from jepa_mpc_sim.urdf import AXIAL_TYPES, Joint, Robot
from torch import Tensor, nn

from .exporters.errors import ExportRefusedError

PLACE_SCALE_M = 0.25
"""Places in a latent, of the tip and of objects, are in this unit: arms move them by a few of it."""


class TipPlace(nn.Module):
    """Sines and cosines of the joints that turn `[..., T]` and positions in m of those that slide `[..., S]` -> place
    of the tip `[..., 3]`, seen from the root of the robot, in `PLACE_SCALE_M`.

    Pushing depends on where the tip is beside an object. A network would have to learn the kinematics to know it.
    """

    mounts: Tensor
    offsets: Tensor
    axes: Tensor
    slides: Tensor
    columns: Tensor
    end: Tensor

    def __init__(self, count: int) -> None:
        """`count`: joints between root and tip that move, whose buffers are then filled."""
        super().__init__()
        self.register_buffer("mounts", torch.eye(3).repeat(count, 1, 1))
        self.register_buffer("offsets", torch.zeros(count, 3))
        self.register_buffer("axes", torch.zeros(count, 3))
        self.register_buffer("slides", torch.zeros(count, dtype=torch.bool))
        self.register_buffer("columns", torch.zeros(count, dtype=torch.int64))
        self.register_buffer("end", torch.zeros(3))

    @classmethod
    def of_robot(cls, robot: Robot, moved: Sequence[str], prismatic: Sequence[bool], tip: str) -> Self:
        """The place of the link `tip`. `moved`: names of the joints, in the order of their positions; `prismatic`:
        which of them slide. Raises ExportRefusedError if a follower of another joint (`<mimic>`) carries the tip."""
        turn, place, steps = torch.eye(3), torch.zeros(3), []
        for joint in _chain(robot, tip):
            turn, place = (
                turn @ torch.from_numpy(rotation(joint.rpy)).float(),
                place + turn @ torch.tensor(joint.xyz).float(),
            )
            column = _column(robot, joint, moved, prismatic)
            if column is not None:
                steps.append((turn, place, torch.tensor(joint.axis).float(), joint.type == "prismatic", column))
                turn, place = torch.eye(3), torch.zeros(3)
        result = cls(len(steps))
        for index, (mount, offset, axis, slides, column) in enumerate(steps):
            result.mounts[index], result.offsets[index], result.axes[index] = mount, offset, axis
            result.slides[index], result.columns[index] = slides, column
        result.end.copy_(place)
        return result

    def forward(self, sine: Tensor, cosine: Tensor, slid: Tensor) -> Tensor:
        place = self.end
        # From the tip to the root, so that a vector is turned instead of matrices multiplied.
        for index in reversed(range(len(self.columns))):
            column, axis = int(self.columns[index]), self.axes[index]
            if self.slides[index]:
                place = place + slid[..., column : column + 1] * axis
            else:
                cross = _cross(axis)
                across, twice = place @ cross.T, place @ (cross @ cross).T
                place = place + sine[..., column : column + 1] * across + (1 - cosine[..., column : column + 1]) * twice
            place = place @ self.mounts[index].T + self.offsets[index]
        return place / PLACE_SCALE_M


def _cross(axis: Tensor) -> Tensor:
    """The matrix `[3, 3]` of the cross product with a unit vector."""
    x, y, z = axis.tolist()
    return torch.tensor([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]], device=axis.device)


def _chain(robot: Robot, tip: str) -> list[Joint]:
    """The joints from the root to a link."""
    carrier = {joint.child: joint for joint in robot.joints}
    chain, link = [], tip
    while link in carrier:
        chain.append(carrier[link])
        link = carrier[link].parent
    return chain[::-1]


def _column(robot: Robot, joint: Joint, moved: Sequence[str], prismatic: Sequence[bool]) -> int | None:
    """Index of a joint among the moved ones of its kind; None for one that stays where it is."""
    if joint.type not in AXIAL_TYPES:
        return None
    if joint.name in moved:
        index = moved.index(joint.name)
        return list(prismatic[:index]).count(prismatic[index])
    if robot.driven_by(joint).joint in moved:
        raise ExportRefusedError(
            "train.tip_place",
            found=f"a tip that {joint.name} carries, which follows {robot.driven_by(joint).joint}",
            expected="a tip behind joints that are moved themselves",
            remedy="Name a link before that joint as the tip (--tip LINK), or pass --set train.tip_place=off.",
        )
    return None
