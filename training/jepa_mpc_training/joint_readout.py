"""A head that reads the joint positions from a latent. Only training has it: exported models do not contain it."""

from __future__ import annotations

from torch import Tensor, nn

from .config import TrainConfig
from .joint_code import JointKinds, PositionCode, kinds_to_fill


class JointReadout(PositionCode):
    """Latents `[..., D]` -> what they show of the joint positions, as `[..., size]` numbers."""

    def __init__(self, config: TrainConfig, joints: JointKinds) -> None:
        super().__init__(joints)
        self.net = nn.Sequential(
            nn.Linear(config.latent_dim, config.joint_readout_width),
            nn.GELU(),
            nn.Linear(config.joint_readout_width, self.size),
        )

    @classmethod
    def restore(cls, config: TrainConfig, state: dict[str, Tensor]) -> JointReadout:
        """The head with the joints and the weights of a `state_dict`."""
        head = cls(config, kinds_to_fill(state))
        head.load_state_dict(state)
        return head

    def forward(self, latents: Tensor) -> Tensor:
        return self.net(latents)

    def error(self, latents: Tensor, positions: Tensor) -> Tensor:
        """Mean squared error of the read-out of latents `[..., D]` at joint positions `[..., J]`."""
        return (self(latents) - self.targets(positions)).square().mean()
