"""Where the links of a robot are, from its URDF alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .urdf import Joint, Robot, root_link


def rotation(rpy: Sequence[float]) -> np.ndarray:
    """Rotation matrix `[3, 3]` of roll, pitch and yaw about fixed axes."""
    roll, pitch, yaw = rpy
    return about((0, 0, 1), yaw) @ about((0, 1, 0), pitch) @ about((1, 0, 0), roll)


def about(axis: Sequence[float], angle: float | np.ndarray) -> np.ndarray:
    """Rotation matrices `[..., 3, 3]` about a unit vector by angles `[...]` in rad, by Rodrigues' formula."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turned = np.asarray(angle)[..., None, None]
    return np.eye(3) + np.sin(turned) * cross + (1 - np.cos(turned)) * cross @ cross


def link_positions(robot: Robot, positions: Mapping[str, np.ndarray]) -> np.ndarray:
    """Origins of all links `[L, N, 3]` in m, in the frame of the root link, in the order of `robot.links`.

    `positions`: N positions of each joint, by its name; a joint that is not there is at 0.
    """
    count = max((len(values) for values in positions.values()), default=1)
    below: dict[str, list[Joint]] = {}
    for joint in robot.joints:
        below.setdefault(joint.parent, []).append(joint)
    root = root_link(robot)
    turns, places = {root: np.tile(np.eye(3), (count, 1, 1))}, {root: np.zeros((count, 3))}
    waiting = [root]
    for link in waiting:
        for joint in below.get(link, ()):
            at = positions.get(joint.name, np.zeros(count))
            turn, place = turns[link] @ rotation(joint.rpy), places[link] + turns[link] @ np.array(joint.xyz)
            if joint.type == "prismatic":
                place = place + turn @ np.array(joint.axis) * at[:, None]
            elif joint.type in ("revolute", "continuous"):
                turn = turn @ about(joint.axis, at)
            turns[joint.child], places[joint.child] = turn, place
            waiting.append(joint.child)
    return np.stack([places[link] for link in robot.links])
