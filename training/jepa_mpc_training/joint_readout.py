"""A head that reads the joint positions from a latent. Only training has it: exported models do not contain it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jepa_mpc_sim.joint_limits import JointLimits
from torch import Tensor, nn

from .config import TrainConfig


@dataclass(frozen=True)
class JointKinds:
    """What a read-out has to know of each joint `[J]`: whether it slides, and its range in rad or m."""

    prismatic: tuple[bool, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]


def joint_kinds(limits: JointLimits) -> JointKinds:
    """The kinds of the joints that are moved."""
    prismatic = tuple(unit == "m" for unit in limits.units)
    return JointKinds(prismatic, tuple(limits.lowest_drawn.tolist()), tuple(limits.highest_drawn.tolist()))


class JointReadout(nn.Module):
    """Latents `[..., D]` -> what they show of the joint positions `[..., K]`.

    K numbers: the sines of the joints that turn, their cosines, then the positions of the joints that slide, scaled to
    -1 at the lower limit and 1 at the upper limit. Sine and cosine do not jump where an angle wraps.
    """

    prismatic: Tensor
    centre: Tensor
    half_range: Tensor

    def __init__(self, config: TrainConfig, joints: JointKinds) -> None:
        super().__init__()
        lower, upper = torch.tensor(joints.lower), torch.tensor(joints.upper)
        self.register_buffer("prismatic", torch.tensor(joints.prismatic))
        self.register_buffer("centre", (lower + upper) / 2)
        self.register_buffer("half_range", (upper - lower) / 2)
        sliding = sum(joints.prismatic)
        self.net = nn.Sequential(
            nn.Linear(config.latent_dim, config.joint_readout_width),
            nn.GELU(),
            nn.Linear(config.joint_readout_width, 2 * len(joints.prismatic) - sliding),
        )

    @classmethod
    def restore(cls, config: TrainConfig, state: dict[str, Tensor]) -> JointReadout:
        """The head with the joints and the weights of a `state_dict`."""
        lower, upper = state["centre"] - state["half_range"], state["centre"] + state["half_range"]
        joints = JointKinds(*(tuple(values.tolist()) for values in (state["prismatic"], lower, upper)))
        head = cls(config, joints)
        head.load_state_dict(state)
        return head

    def forward(self, latents: Tensor) -> Tensor:
        return self.net(latents)

    def targets(self, positions: Tensor) -> Tensor:
        """What the head should read at joint positions `[..., J]` in rad or m: `[..., K]`."""
        angles = positions[..., ~self.prismatic]
        scaled = (positions - self.centre) / self.half_range
        return torch.cat((angles.sin(), angles.cos(), scaled[..., self.prismatic]), dim=-1)

    def error(self, latents: Tensor, positions: Tensor) -> Tensor:
        """Mean squared error of the read-out of latents `[..., D]` at joint positions `[..., J]`."""
        return (self(latents) - self.targets(positions)).square().mean()
