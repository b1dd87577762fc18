"""What the robot touches: found by MuJoCo, also where contacts do not act on the motion."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np
from jepa_mpc_sim.contacts import Contacts


def touching(model: mujoco.MjModel, data: mujoco.MjData) -> set[frozenset[int]]:
    """Pairs of bodies that touch at the positions of `data`, by MuJoCo's list of contacts.

    A joint's two bodies are no pair, unless one of them does not move. `data` gets the poses of the bodies.
    """
    flags = model.opt.disableflags
    model.opt.disableflags = flags & ~int(mujoco.mjtDisableBit.mjDSBL_CONTACT)
    try:
        mujoco.mj_kinematics(model, data)
        mujoco.mj_collision(model, data)
    finally:
        model.opt.disableflags = flags
    contacts = data.contact
    geoms = np.stack([contacts.geom1, contacts.geom2], axis=-1)[contacts.dist <= 0]
    return {frozenset(pair) for pair in model.geom_bodyid[geoms].tolist()}


def touching_by_construction(model: mujoco.MjModel, links: Sequence[str], zero: np.ndarray) -> set[frozenset[int]]:
    """Pairs of links that touch by their construction, as MoveIt's setup assistant has it.

    These are the pairs that one joint joins, and those that touch at the zero pose `zero [nq]`.
    """
    data = mujoco.MjData(model)
    data.qpos[:] = zero
    at_zero = touching(model, data)
    solid = [body for body in (model.body(name).id for name in links) if is_solid(model, body)]
    pairs = (frozenset((first, second)) for index, first in enumerate(solid) for second in solid[index + 1 :])
    return {pair for pair in pairs if pair in at_zero or _are_joined(model, *pair)}


def is_solid(model: mujoco.MjModel, body: int) -> bool:
    """Whether a body has a shape that can touch others."""
    return bool(np.any(model.geom_contype[model.geom_bodyid == body]))


def _are_joined(model: mujoco.MjModel, first: int, second: int) -> bool:
    """Whether at most one joint is between two bodies, with any number of fixed ones."""
    one, other = (int(model.body_weldid[body]) for body in (first, second))
    above = [int(model.body_weldid[model.body_parentid[weld]]) for weld in (one, other)]
    return one == other or above[0] == other or above[1] == one


class ContactCheck:
    """Sorts what touches into collisions of the robot with itself and with what is around it.

    Two links that both move collide, unless they touch by construction. A link that moves collides with its
    surroundings where it touches a body that does not move, such as a table that is a part of the base, or an object.
    The tool may: it is the link with a shape that is nearest to the tip, from the tip towards the base, and all links
    below it.
    """

    def __init__(self, model: mujoco.MjModel, links: Sequence[str], tip: str, zero: np.ndarray) -> None:
        """`zero [nq]`: the pose in which links that touch do so by construction."""
        self._model = model
        self._robot = {model.body(name).id for name in links}
        self._allowed = touching_by_construction(model, links, zero)
        self._tool = _tool(model, model.body(tip).id)
        self._data = mujoco.MjData(model)
        self._sees_any = any(is_solid(model, body) for body in self._robot if self._moves(body))

    def contacts(self, data: mujoco.MjData) -> Contacts | None:
        """What touches at the positions of `data`; None where no link that moves has a shape."""
        if not self._sees_any:
            return None
        self._data.qpos[:] = data.qpos
        own, around = [], []
        for pair in touching(self._model, self._data) - self._allowed:
            moving = sorted(body for body in pair & self._robot if self._moves(body))
            if len(moving) == 2:
                own.append(self._names(moving))
            elif moving and moving[0] not in self._tool:
                around.append(self._names([*moving, *(pair - set(moving))]))
        return Contacts(sorted(own), sorted(around))

    def _moves(self, body: int) -> bool:
        return self._model.body_weldid[body] != 0

    def _names(self, pair: Sequence[int]) -> tuple[str, str]:
        first, second = (self._model.body(body).name for body in pair)
        return first, second


def _tool(model: mujoco.MjModel, tip: int) -> set[int]:
    """The tool of a robot: empty where no link above the tip has a shape and moves."""
    body = tip
    while body and not is_solid(model, body):
        body = int(model.body_parentid[body])
    if model.body_weldid[body] == 0:
        return set()
    tool = {body}
    # Bodies come after their parents.
    for below in range(body + 1, model.nbody):
        if int(model.body_parentid[below]) in tool:
            tool.add(below)
    return tool
