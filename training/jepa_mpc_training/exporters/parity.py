"""Parity: the largest differences between an exported folder and the family's own code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from .world_model import Reference, WorldModel

TOLERANCE = 1e-4
"""Maximum absolute difference in float32."""

_BATCH = 4
_HORIZON = 3


def report_parity(errors: Mapping[str, float]) -> int:
    """Prints the differences. Returns the exit status: 1 if one is above the tolerance."""
    print(f"parity, largest absolute differences in float32: {json.dumps(errors)}")
    worst = max(errors.values())
    if worst > TOLERANCE:
        print(f"parity: found {worst:g}, expected at most {TOLERANCE:g}", file=sys.stderr)
        return 1
    return 0


def measure_parity(folder: Path, model: WorldModel, reference: Reference, seed: int = 0) -> dict[str, float]:
    """Largest absolute differences between the folder's graphs in ONNX Runtime and the reference in PyTorch.

    `cost` is the difference of the objective after three steps, over four candidates, in the unit of the reference.
    """
    graphs = _Graphs(folder)
    draw = torch.Generator().manual_seed(seed)
    observations = model.draw_observations(_BATCH, draw)
    actions = torch.randn(_BATCH, max(model.window, _HORIZON), model.action_dim, generator=draw)
    history = model.draw_history(_BATCH, draw)
    steps = [
        _difference(graphs.step(history[:, :t], actions[:, :t]), reference.step(history[:, :t], actions[:, :t]))
        for t in range(1, model.window + 1)
    ]
    observation, goal = ([each[row : row + 1] for each in observations] for row in (0, 1))
    start, goal_latent = graphs.encode(observation), graphs.encode(goal)
    last = rollout(graphs.step, start.expand(_BATCH, -1, -1), actions[:, :_HORIZON], model.window)
    expected_last, expected_cost = reference.plan_cost(observation, goal, actions[:, :_HORIZON], model.window)
    return {
        "encoder": _difference(graphs.encode(observations), reference.encode(*observations)),
        "one_step": max(steps),
        "three_step_rollout": _difference(last, expected_last),
        "cost": _difference(model.cost(last, goal_latent) * reference.cost_scale, expected_cost),
    }


def rollout(step: Callable[[Tensor, Tensor], Tensor], start: Tensor, actions: Tensor, window: int) -> Tensor:
    """Predictions fed back into a window that grows to `window`: start `[B, N, D]`, actions `[B, H, A]` -> last
    `[B, N, D]`. `step`: history `[B, T, N, D]`, actions `[B, T, A]` -> next `[B, N, D]`.
    """
    latents = [start]
    for time in range(actions.shape[1]):
        first = max(0, time + 1 - window)
        latents.append(step(torch.stack(latents[first:], dim=1), actions[:, first : time + 1]))
    return latents[-1]


class _Graphs:
    def __init__(self, folder: Path) -> None:
        self._encoder, self._predictor = (
            onnxruntime.InferenceSession(folder / f"{name}.onnx", providers=["CPUExecutionProvider"])
            for name in ("encoder", "predictor")
        )

    def encode(self, observation: list[Tensor]) -> Tensor:
        names = [each.name for each in self._encoder.get_inputs()]
        feed = {name: each.numpy() for name, each in zip(names, observation, strict=True)}
        return torch.from_numpy(self._encoder.run(["latent"], feed)[0])

    def step(self, history: Tensor, actions: Tensor) -> Tensor:
        feed = {"history": np.ascontiguousarray(history), "actions": np.ascontiguousarray(actions)}
        return torch.from_numpy(self._predictor.run(["next"], feed)[0])


def _difference(found: Tensor, expected: Tensor) -> float:
    if found.shape != expected.shape:
        raise ValueError(f"found shape {tuple(found.shape)}, expected {tuple(expected.shape)}.")
    return float((found - expected).abs().max())
