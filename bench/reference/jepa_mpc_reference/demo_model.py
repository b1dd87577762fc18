"""The shipped demo model in PyTorch, with the weights of its ONNX graphs."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn


def _weights(file: Path, prefix: str) -> dict[str, Tensor]:
    """Initializers of the module `prefix`, without the prefix, and those of no module."""
    return {
        entry.name.removeprefix(f"{prefix}."): torch.from_numpy(numpy_helper.to_array(entry).copy())
        for entry in onnx.load(file).graph.initializer
        if not entry.name.startswith("onnx::")
    }


def _dense_network(weights: dict[str, Tensor]) -> nn.Sequential:
    """Linear layers of these weights, at even indices, with GELU between them: `[B, inputs]` -> `[B, outputs]`.

    Raises ValueError for other indices.
    """
    indices = sorted(int(name.removesuffix(".weight")) for name in weights if name.endswith(".weight"))
    if indices != list(range(0, 2 * len(indices), 2)):
        raise ValueError(f"found linear layers at {indices}, expected every second index from 0 (training/…/nets.py)")
    layers: list[nn.Module] = []
    for index in indices:
        outputs, inputs = weights[f"{index}.weight"].shape
        layers += [nn.Linear(inputs, outputs), nn.GELU()]
    network = nn.Sequential(*layers[:-1])
    network.load_state_dict(weights)
    return network.eval()


class DemoPredictor(nn.Module):
    """`Predictor` of training/…/nets.py: history `[B, W, 1, D]`, actions `[B, A]` -> next `[B, 1, D]`."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.net = _dense_network(_weights(file, "net"))

    def forward(self, history: Tensor, actions: Tensor) -> Tensor:
        return history[:, -1] + self.net(torch.cat((history.flatten(1), actions), dim=1)).unsqueeze(1)


class DemoDistance(nn.Module):
    """`DistanceHead` of training/…/nets.py: latents and goals `[B, 1, D]` -> predictor steps to go `[B]`."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        weights = _weights(file, "phi")
        self.register_buffer("scale", weights.pop("scale"))
        self.phi = _dense_network(weights)

    def forward(self, latent: Tensor, goal: Tensor) -> Tensor:
        difference = self.phi(latent.flatten(1)) - self.phi(goal.flatten(1))
        return self.scale * (difference.square().sum(1) + 1e-8).sqrt()
