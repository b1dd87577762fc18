"""Planning problems: where the robot is and where it is to get to, both as latents."""

from __future__ import annotations

from pathlib import Path

import torch
from jepa_mpc_training.exporters.parity import rollout
from safetensors.torch import load_file
from torch import Tensor

from .cases import CASES
from .costables import DEMO, ReferenceModel


@torch.no_grad()
def make_problems(name: str, model: ReferenceModel, folder: Path, count: int, seed: int) -> dict[str, Tensor]:
    """`history [P, T, N, D]` and `goal [P, N, D]`, on the CPU, each goal another place than its start.

    - demo: latents of real camera frames, from the golden vectors (held-back episodes): every start with every other
      frame as its goal, in an order drawn from the seed.
    - random weights: a start of standard normals, and as its goal what the model predicts after random actions from
      there: a goal that the actions can reach, as a camera's goal image would be.
    """
    generator = torch.Generator().manual_seed(seed)
    if name == DEMO:
        golden = load_file(folder / "golden.safetensors")
        histories = golden["predictor.history"]
        pairs = [(start, goal) for start in range(len(histories)) for goal in range(len(histories)) if start != goal]
        order = torch.randperm(len(pairs), generator=generator)[:count].tolist()
        if len(order) < count:
            raise ValueError(f"found {len(pairs)} pairs of golden frames, expected at least {count} (--problems)")
        starts, goals = zip(*(pairs[index] for index in order), strict=True)
        return {"history": histories[list(starts)], "goal": histories[list(goals), -1]}
    case = CASES[name]
    device = next(iter(model.parameters())).device
    start = torch.randn(count, case.tokens, case.dim, generator=generator)
    actions = torch.randn(count, case.horizon, case.action_dim, generator=generator)
    graph = model.graph
    reached = [
        rollout(graph, start[i : i + 1].to(device), actions[i : i + 1].to(device), case.window) for i in range(count)
    ]
    return {"history": start[:, None], "goal": torch.cat(reached).cpu()}
