"""How far an exported folder is from the family's own code: encoder, steps, rollout and cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from .world_model import Reference, WorldModel

TOLERANCE = 1e-4
"""Largest absolute difference in float32."""

_BATCH = 4
_HORIZON = 3


def measure_parity(folder: Path, model: WorldModel, reference: Reference, seed: int = 0) -> dict[str, float]:
    """Largest absolute differences between ONNX Runtime on the folder's graphs and the reference in PyTorch.

    `cost` is that of `squared_latent_distance` after the last of three steps, over four candidates, in the unit of the
    reference.
    """
    graphs = _Graphs(folder)
    draw = torch.Generator().manual_seed(seed)

    def noise(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw)

    images = noise(_BATCH, model.channels, model.image_size, model.image_size)
    actions = noise(_BATCH, max(model.window, _HORIZON), model.action_dim)
    history = noise(_BATCH, model.window, model.tokens, model.dim)
    steps = [
        _difference(graphs.step(history[:, :t], actions[:, :t]), reference.step(history[:, :t], actions[:, :t]))
        for t in range(1, model.window + 1)
    ]
    start, goal = graphs.encode(images[:1]), graphs.encode(images[1:2])
    last = graphs.rollout(start.expand(_BATCH, -1, -1), actions[:, :_HORIZON], model.window)
    expected_last, expected_cost = reference.plan_cost(images[:1], images[1:2], actions[:, :_HORIZON])
    return {
        "encoder": _difference(graphs.encode(images), reference.encode(images)),
        "one_step": max(steps),
        "three_step_rollout": _difference(last, expected_last),
        "cost": _difference((last - goal).square().sum(dim=(1, 2)) * reference.cost_scale, expected_cost),
    }


class _Graphs:
    def __init__(self, folder: Path) -> None:
        self._encoder, self._predictor = (
            onnxruntime.InferenceSession(folder / f"{name}.onnx", providers=["CPUExecutionProvider"])
            for name in ("encoder", "predictor")
        )

    def encode(self, images: Tensor) -> Tensor:
        feed = {self._encoder.get_inputs()[0].name: images.numpy()}
        return torch.from_numpy(self._encoder.run(["latent"], feed)[0])

    def step(self, history: Tensor, actions: Tensor) -> Tensor:
        feed = {"history": np.ascontiguousarray(history), "actions": np.ascontiguousarray(actions)}
        return torch.from_numpy(self._predictor.run(["next"], feed)[0])

    def rollout(self, start: Tensor, actions: Tensor, window: int) -> Tensor:
        latents = [start]
        for step in range(actions.shape[1]):
            first = max(0, step + 1 - window)
            latents.append(self.step(torch.stack(latents[first:], dim=1), actions[:, first : step + 1]))
        return latents[-1]


def _difference(found: Tensor, expected: Tensor) -> float:
    if found.shape != expected.shape:
        raise ValueError(f"found shape {tuple(found.shape)}, expected {tuple(expected.shape)}.")
    return float((found - expected).abs().max())
