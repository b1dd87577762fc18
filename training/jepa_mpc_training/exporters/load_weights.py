"""Puts weights into a network, and refuses shapes that do not fit."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .errors import ExportRefusedError


def load_weights(network: nn.Module, weights: dict[str, Tensor], subject: str) -> None:
    """Makes the tensors of `weights`, which may hold more, the parameters of `network`. Raises ExportRefusedError."""
    names = set(network.state_dict())
    try:
        with torch.no_grad():
            network.load_state_dict({name: weights[name] for name in names}, assign=True)
    except (KeyError, RuntimeError) as error:
        raise ExportRefusedError(
            subject,
            found=" ".join(str(error).split()),
            expected="weights whose shapes fit one another",
            remedy="Take config.json and weights from one download.",
        ) from error
