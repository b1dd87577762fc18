"""Where the links are at given joint positions, as a function that gradients pass through."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jepa_mpc_sim.kinematics import rotation
from jepa_mpc_sim.urdf import AXIAL_TYPES, Joint, Robot
from torch import Tensor


class LinkPlaces:
    """Joint positions `[B, J]` in rad or m -> places of the L links that they move `[B, L, 3]`, in m.

    A place is the origin of a link's frame, seen from the root of the robot. Joints that are not among those moved stay
    at 0, except followers of them (`<mimic>`). The same as `link_positions` of the simulators, in PyTorch.
    """

    def __init__(self, robot: Robot, moved: Sequence[str]) -> None:
        """`moved`: names of the joints, in the order of their positions."""
        self._joints = _from_the_root(robot)
        self._mounts = [
            (torch.from_numpy(rotation(joint.rpy)).float(), torch.tensor(joint.xyz)) for joint in self._joints
        ]
        self._driven = {joint.name: driven for joint in robot.joints if (driven := _driven(robot, joint, moved))}
        moving: set[str] = set()
        for joint in self._joints:
            if joint.name in self._driven or joint.parent in moving:
                moving.add(joint.child)
        self.links = tuple(link for link in robot.links if link in moving)
        """Names of the L links."""

    def __call__(self, positions: Tensor) -> Tensor:
        turns: dict[str, Tensor] = {}
        places: dict[str, Tensor] = {}
        unturned = torch.eye(3).expand(len(positions), 3, 3)
        for joint, (mounted, offset) in zip(self._joints, self._mounts, strict=True):
            turn, place = turns.get(joint.parent, unturned), places.get(joint.parent, unturned.new_zeros(3))
            place, turn = place + turn @ offset, turn @ mounted
            if joint.name in self._driven:
                column, multiplier, added = self._driven[joint.name]
                at = positions[:, column] * multiplier + added
                if joint.type == "prismatic":
                    place = place + turn @ torch.tensor(joint.axis) * at[:, None]
                else:
                    turn = turn @ _about(joint.axis, at)
            turns[joint.child], places[joint.child] = turn, place
        return torch.stack([places[link] for link in self.links], dim=1)


def _from_the_root(robot: Robot) -> list[Joint]:
    """The joints, each behind the one that carries its parent link."""
    carrier = {joint.child: joint for joint in robot.joints}

    def depth(joint: Joint) -> int:
        return 1 + depth(carrier[joint.parent]) if joint.parent in carrier else 0

    return sorted(robot.joints, key=depth)


def _driven(robot: Robot, joint: Joint, moved: Sequence[str]) -> tuple[int, float, float] | None:
    """Column of the positions that drives the joint, multiplier and offset; None for a joint that stays where it is."""
    if joint.type not in AXIAL_TYPES:
        return None
    driver = robot.driven_by(joint)
    return (moved.index(driver.joint), driver.multiplier, driver.offset) if driver.joint in moved else None


def _about(axis: Sequence[float], angle: Tensor) -> Tensor:
    """Rotations `[B, 3, 3]` about a unit vector by angles `[B]`, by Rodrigues' formula."""
    x, y, z = axis
    cross = torch.tensor([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    sine, cosine = angle.sin()[:, None, None], angle.cos()[:, None, None]
    return torch.eye(3) + sine * cross + (1 - cosine) * (cross @ cross)
