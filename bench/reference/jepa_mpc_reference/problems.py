"""Planning problems: latents of a start and of a goal."""

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
    """`history [P, T, N, D]` and `goal [P, N, D]`, on the CPU. Each goal differs from its start.

    - demo: latents of camera frames from the golden vectors, which are of held-out episodes; every start with every
    other
      frame as its goal, in random order.
    - random weights: a start of standard normals, and as its goal the prediction after random actions from there, so
    that
      the goal can be reached.

    Raises ValueError if there are fewer problems than `count`.
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
