"""What a robot touches. Independent of ROS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Contacts:
    """What touches at one time: pairs of names, in order.

    `self_collisions`: two links of the robot that both move. `surroundings`: a link that moves, then what it touches:
    a link that does not move, or an object of the scene.
    """

    self_collisions: Sequence[tuple[str, str]] = ()
    surroundings: Sequence[tuple[str, str]] = ()
