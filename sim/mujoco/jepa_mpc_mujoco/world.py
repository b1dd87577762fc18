"""What acts on the robot: objects around it, contacts and gravity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import mujoco
import numpy as np
from jepa_mpc_sim.scene import Pose, Scene, SceneError, SceneObject

from .contacts import touching_by_construction

Gravity = Literal["compensated", "on"]

_TYPES = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
}
_TORSIONAL_FRICTION, _ROLLING_FRICTION = 0.005, 0.0001
"""MuJoCo's own values."""
_FRICTION_RATIO = 10.0
"""How much stiffer contacts are along their surface than across: objects in a gripper would slide slowly otherwise."""


@dataclass(frozen=True)
class World:
    """What acts on the robot. The default is nothing: an arm alone, whose drives compensate gravity."""

    scene: Scene = ()
    collisions: bool | None = None
    """Whether robot and objects touch each other; None: with a scene."""
    gravity: Gravity = "compensated"
    """`on`: gravity pulls the robot's links, too; objects fall in either case."""

    @property
    def has_contacts(self) -> bool:
        """Whether anything can touch."""
        return bool(self.scene) if self.collisions is None else self.collisions


EMPTY = World()


def add_objects(spec: mujoco.MjSpec, scene: Scene) -> None:
    """Adds the objects to a model. Raises SceneError for the name of a link."""
    links = {body.name for body in spec.bodies}
    for one in scene:
        if one.name in links:
            raise SceneError(
                f"scene, object '{one.name}'",
                found="the name of a link of the robot",
                expected="another name",
                remedy="Rename the object.",
            )
        body = spec.worldbody.add_body(name=one.name, pos=list(one.pose.position), quat=_mujoco_order(one.pose))
        if one.free:
            body.add_freejoint()
        geom = body.add_geom(type=_TYPES[one.shape], size=_half_sizes(one), rgba=list(one.rgba))
        geom.friction = [one.friction, _TORSIONAL_FRICTION, _ROLLING_FRICTION]
        # The friction of the object counts, whatever that of the robot's link.
        geom.priority = 1
        geom.condim = 4
        if one.free:
            geom.mass = one.mass


def enable_contacts(spec: mujoco.MjSpec, model: mujoco.MjModel, links: Sequence[str], zero: np.ndarray) -> None:
    """Lets things touch, but for links that do by their construction at the zero pose `zero [nq]` of `model`, which was
    made from `spec`."""
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = _FRICTION_RATIO
    for first, second in sorted(map(sorted, touching_by_construction(model, links, zero))):
        spec.add_exclude(bodyname1=model.body(first).name, bodyname2=model.body(second).name)


class Objects:
    """The free objects of a model, and where they are put at a reset."""

    def __init__(self, model: mujoco.MjModel, scene: Scene) -> None:
        self.names = [one.name for one in scene if one.free]
        self._qpos = {name: int(model.jnt_qposadr[model.body(name).jntadr[0]]) for name in self.names}
        self._dofs = {name: int(model.jnt_dofadr[model.body(name).jntadr[0]]) for name in self.names}
        self._start = {one.name: one.pose for one in scene if one.free}

    def pose(self, data: mujoco.MjData, name: str) -> Pose:
        """Where an object is. Raises KeyError if none that is free has this name."""
        x, y, z, qw, qx, qy, qz = (float(value) for value in data.qpos[self._qpos[name] :][:7])
        return Pose((x, y, z), (qx, qy, qz, qw))

    def place(self, data: mujoco.MjData, name: str, pose: Pose) -> None:
        """Puts an object somewhere at rest, now and at each reset. Raises KeyError."""
        self._put(data, name, pose)
        self._start[name] = pose

    def reset(self, data: mujoco.MjData) -> None:
        """Puts all objects where they start, at rest."""
        for name, pose in self._start.items():
            self._put(data, name, pose)

    def copy(self, source: mujoco.MjData, target: mujoco.MjData) -> None:
        """Gives the objects of `target` the poses that they have in `source`."""
        for address in self._qpos.values():
            target.qpos[address : address + 7] = source.qpos[address : address + 7]

    def _put(self, data: mujoco.MjData, name: str, pose: Pose) -> None:
        address = self._qpos[name]
        data.qpos[address : address + 7] = [*pose.position, *_mujoco_order(pose)]
        data.qvel[self._dofs[name] : self._dofs[name] + 6] = 0.0


def _mujoco_order(pose: Pose) -> list[float]:
    """Quaternion (w, x, y, z)."""
    x, y, z, w = pose.quaternion
    return [w, x, y, z]


def _half_sizes(one: SceneObject) -> list[float]:
    if one.shape == "box":
        return [edge / 2 for edge in one.size]
    if one.shape == "cylinder":
        return [one.size[0], one.size[1] / 2, 0.0]
    return [one.size[0], 0.0, 0.0]
