"""Joint positions and velocities as the numbers that latents and read-outs hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from jepa_mpc_sim.joint_limits import JointLimits
from torch import Tensor, nn

from .nets import together
from .tip_place import TipPlace

_EPSILON = 1e-6


@dataclass(frozen=True)
class JointKinds:
    """What the numbers depend on, for each joint `[J]`: whether it slides, its range in rad or m, and its velocity
    limit in rad/s or m/s."""

    prismatic: tuple[bool, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    velocity: tuple[float, ...]


def joint_kinds(limits: JointLimits) -> JointKinds:
    """The kinds of the joints that are moved."""
    prismatic = tuple(unit == "m" for unit in limits.units)
    ranges = (tuple(limits.lowest_drawn.tolist()), tuple(limits.highest_drawn.tolist()))
    return JointKinds(prismatic, *ranges, tuple(limits.velocity.tolist()))


def kinds_to_fill(state: dict[str, Tensor]) -> JointKinds:
    """Kinds of the joints of a `state_dict`, for a module that then loads their ranges and limits from it."""
    prismatic = tuple(state["prismatic"].tolist())
    ones = (1.0,) * len(prismatic)
    return JointKinds(prismatic, tuple(-one for one in ones), ones, ones)


class PositionCode(nn.Module):
    """Joint positions as `size` numbers: the sines of the joints that turn, their cosines, then the positions of the
    joints that slide, scaled to -1 at the lower limit and 1 at the upper limit. Sine and cosine do not jump where an
    angle wraps."""

    prismatic: Tensor
    centre: Tensor
    half_range: Tensor

    def __init__(self, joints: JointKinds) -> None:
        super().__init__()
        lower, upper = torch.tensor(joints.lower), torch.tensor(joints.upper)
        self.register_buffer("prismatic", torch.tensor(joints.prismatic))
        self.register_buffer("centre", (lower + upper) / 2)
        self.register_buffer("half_range", (upper - lower) / 2)
        self.joints = len(joints.prismatic)
        # Indices instead of the mask: a graph with a mask has shapes that depend on values.
        self._turns = [joint for joint, slides in enumerate(joints.prismatic) if not slides]
        self._slides = [joint for joint, slides in enumerate(joints.prismatic) if slides]
        self.turning = len(self._turns)
        self.size = self.joints + self.turning

    def targets(self, positions: Tensor) -> Tensor:
        """The numbers of joint positions `[..., J]` in rad or m: `[..., size]`."""
        angles = positions[..., self._turns]
        scaled = (positions - self.centre) / self.half_range
        return torch.cat((angles.sin(), angles.cos(), scaled[..., self._slides]), dim=-1)

    def positions(self, code: Tensor) -> Tensor:
        """Joint positions `[..., J]` of numbers `[..., size]`; of joints that turn, from -pi to pi."""
        sine, cosine, scaled = self._parts(code)
        result = code.new_empty((*code.shape[:-1], self.joints))
        result[..., self._turns] = torch.atan2(sine, cosine)
        result[..., self._slides] = scaled * self.half_range[self._slides] + self.centre[self._slides]
        return result

    def on_circle(self, code: Tensor) -> Tensor:
        """The same numbers with every pair of sine and cosine scaled to length 1: `[..., size]`."""
        sine, cosine, scaled = self._parts(code)
        length = (sine.square() + cosine.square() + _EPSILON).sqrt()
        return torch.cat((sine / length, cosine / length, scaled), dim=-1)

    def _parts(self, code: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        turning = self.turning
        return code[..., :turning], code[..., turning : 2 * turning], code[..., 2 * turning :]


class JointPart(PositionCode):
    """The part of a latent that holds the joints: `width` numbers, those of the positions, then with a `tip` its place,
    then the velocities divided by their limits.

    It is a fixed function of the measured joint state. `forward` takes the state as the node passes it, normalised by
    `mean` and `std` `[2 J]`: positions by centre and half of their range, velocities by their limit.
    """

    limit: Tensor

    def __init__(self, joints: JointKinds, tip: TipPlace | None = None) -> None:
        super().__init__(joints)
        self.register_buffer("limit", torch.tensor(joints.velocity))
        self.tip = tip
        self.still = self.size + (0 if tip is None else 3)
        """Numbers that do not depend on the velocities."""
        self.width = self.still + self.joints

    @classmethod
    def restore(cls, state: dict[str, Tensor]) -> Self:
        """The part with the joints of a `state_dict`."""
        mounts = state.get("tip.mounts")
        part = cls(kinds_to_fill(state), None if mounts is None else TipPlace(len(mounts)))
        part.load_state_dict(state)
        return part

    @property
    def mean(self) -> Tensor:
        """The mean that the node subtracts from the state `[2 J]`."""
        return torch.cat((self.centre, torch.zeros_like(self.limit)))

    @property
    def std(self) -> Tensor:
        """What it divides by `[2 J]`."""
        return torch.cat((self.half_range, self.limit))

    def of(self, states: Tensor) -> Tensor:
        """Positions, then velocities `[..., 2 J]`, in rad, m and per second -> the part `[..., width]`."""
        code, velocities = self.targets(states[..., : self.joints]), states[..., self.joints :] / self.limit
        return torch.cat((*self._still(code), velocities), dim=-1)

    def forward(self, proprioception: Tensor) -> Tensor:
        return self.of(proprioception * self.std + self.mean)

    def normalised(self, states: Tensor) -> Tensor:
        """Positions, then velocities `[..., 2 J]`, as the node passes them."""
        return (states - self.mean) / self.std

    def at_rest(self, code: Tensor) -> Tensor:
        """The numbers of positions `[..., size]` with velocities of 0: `[..., width]`."""
        # Computed, because zeros that are made have the traced batch in the exported graph.
        return torch.cat((*self._still(code), 0 * code[..., : self.joints]), dim=-1)

    def _still(self, code: Tensor) -> list[Tensor]:
        """The numbers of positions `[..., size]` and, if it counts, the place of the tip `[..., 3]`."""
        if self.tip is None:
            return [code]
        sine, cosine, scaled = self._parts(code)
        slid = scaled * self.half_range[self._slides] + self.centre[self._slides]
        return [code, self.tip(sine, cosine, slid)]


class EncoderWithJoints(nn.Module):
    """Images `[B, 3, height, width]`, one of each camera, and proprioception `[B, 2 J]`, all normalised -> whole latent
    `[B, 1, D]`."""

    def __init__(self, encoder: nn.Module, joint_part: JointPart) -> None:
        super().__init__()
        self.encoder, self.joint_part = encoder, joint_part

    def forward(self, *inputs: Tensor) -> Tensor:
        *images, proprioception = inputs
        return torch.cat((self.encoder(together(images)), self.joint_part(proprioception).unsqueeze(1)), dim=2)
