"""The world model of each case, for stable-worldmodel's solvers: `get_cost(info, candidates [1, S, H, A]) -> [1, S]`.

Costs are in the unit of our own objective, so that both sides can be compared.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from .cases import CASES, Case
from .demo_model import DemoDistance, DemoPredictor
from .world_models import DinoGraph, LeWmGraph, build_graph

DEMO = "demo"
# PyTorch and ONNX Runtime differ by 1e-6 in the prediction of one step. A larger difference than this is another model.
_GOLDEN_TOLERANCE = 1e-4


class ReferenceModel(Protocol):
    """A world model with its conversion of planning problems."""

    action_dim: int
    """Entries of one model action (A)."""

    def parameters(self) -> Any: ...

    def prepare(self, history: Tensor, goal: Tensor, samples: int) -> dict[str, Tensor]:
        """The solver's `info_dict` for history `[T, N, D]` and goal `[N, D]`, in one environment."""
        ...

    def get_cost(self, info_dict: dict, action_candidates: Tensor) -> Tensor: ...

    def check_golden(self, folder: Path) -> float:
        """Largest difference between the predictor and the golden vectors of the model folder."""
        ...

    def parts(self) -> dict[str, list[nn.Module]]:
        """The modules that correspond to our graphs `predictor` and `distance`."""
        ...


class DemoCost(nn.Module):
    """The demo model for a solver: one call of the predictor and one of the distance for each step of the horizon.

    Cost = mean over the steps of the distance to the goal + penalty * mean of (action / bound)^2, as in the manifest.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        manifest = json.loads((folder / "manifest.json").read_text())
        self.predictor = DemoPredictor(folder / "predictor.onnx")
        self.distance = DemoDistance(folder / "distance.onnx")
        self.every_step = manifest["objective"]["steps"] == "all"
        self.penalty = manifest["plannerDefaults"]["actionPenalty"]
        action = manifest["action"]
        bounds = [max(abs(low), abs(high)) for low, high in zip(action["lower"], action["upper"], strict=True)]
        self.action_dim = len(bounds) * action["block"]
        for name in ("mean", "std"):
            self.register_buffer(name, torch.tensor(action[name]).repeat(action["block"]))
        self.register_buffer("bound", torch.tensor(bounds).repeat(action["block"]))

    def prepare(self, history: Tensor, goal: Tensor, samples: int) -> dict[str, Tensor]:
        del samples
        return {"history": history[None], "goal": goal[None]}

    def get_cost(self, info_dict: dict, action_candidates: Tensor) -> Tensor:
        history, goal = info_dict["history"][0], info_dict["goal"][0]
        candidates = action_candidates[0]
        horizon = candidates.shape[1]
        total = torch.zeros(len(candidates), device=candidates.device)
        for step in range(horizon):
            latent = self.predictor(history, candidates[:, step])
            history = torch.cat((history[:, 1:], latent[:, None]), dim=1)
            if self.every_step:
                total += self.distance(latent, goal) / horizon
            elif step == horizon - 1:
                total = self.distance(latent, goal)
        raw = candidates * self.std + self.mean
        return (total + self.penalty * (raw / self.bound).square().mean(dim=(1, 2)))[None]

    def parts(self) -> dict[str, list[nn.Module]]:
        return {"predictor": [self.predictor], "distance": [self.distance]}

    @torch.no_grad()
    def check_golden(self, folder: Path) -> float:
        golden = load_file(folder / "golden.safetensors")
        found = self.predictor(golden["predictor.history"], golden["predictor.actions"])
        distance = self.distance(golden["distance.latent"], golden["distance.goal"])
        return max(
            (found - golden["predictor.next"]).abs().max().item(),
            (distance - golden["distance.distance"]).abs().max().item(),
        )


class _RandomWeightCost(nn.Module):
    """Base of the random-weight cases: the graph of the model contract, with the reference's own class inside."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.case = case
        self.graph: LeWmGraph | DinoGraph = build_graph(case)
        self.action_dim = case.action_dim

    @torch.no_grad()
    def check_golden(self, folder: Path) -> float:
        golden = load_file(folder / "golden.safetensors")
        found = self.graph(golden["predictor.history"], golden["predictor.actions"])
        return (found - golden["predictor.next"]).abs().max().item()


class LeWmCost(_RandomWeightCost):
    """stable-worldmodel's own `LeWM.rollout` and `LeWM.get_cost`, on given latents instead of its encoder's."""

    def prepare(self, history: Tensor, goal: Tensor, samples: int) -> dict[str, Tensor]:
        del samples
        # Of pixels and goal, LeWM uses only their presence and the number of frames.
        placeholder = torch.zeros(1, len(history), 1)
        return {"pixels": placeholder, "goal": placeholder, "emb": history[:, 0][None], "goal_emb": goal[None]}

    def get_cost(self, info_dict: dict, action_candidates: Tensor) -> Tensor:
        return self.graph.model.get_cost(info_dict, action_candidates)

    def parts(self) -> dict[str, list[nn.Module]]:
        model = self.graph.model
        return {"predictor": [model.action_encoder, model.predictor, model.pred_proj], "distance": []}


class DinoCost(_RandomWeightCost):
    """stable-worldmodel's own `PreJEPA.rollout` and `PreJEPA.get_cost`, with the latents in its cache."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        # PreJEPA takes the mean over tokens and width, our objective the sum.
        self.cost_scale = case.tokens * case.dim

    def prepare(self, history: Tensor, goal: Tensor, samples: int) -> dict[str, Tensor]:
        model, case, device = self.graph.model, self.case, history.device
        actions = torch.zeros(1, samples, len(history), case.tokens, case.action_embedding, device=device)
        pixels = history[None, None].expand(1, samples, -1, -1, -1)
        key = {"id": torch.zeros(1, device=device), "step_idx": torch.zeros(1, device=device)}
        model._init_cached_info = {
            **key,
            "emb": torch.cat((pixels, actions), dim=-1),
            "pixels_emb": pixels,
            "action_emb": actions[:, :, :, 0],
        }
        goals = goal[None, None, None].expand(1, samples, 1, -1, -1)
        model._goal_cached_info = {**key, "goal_emb": goals, "pixels_goal_emb": goals}
        placeholder = torch.zeros(1, len(history), 1)
        return {**key, "pixels": placeholder, "action": placeholder}

    def get_cost(self, info_dict: dict, action_candidates: Tensor) -> Tensor:
        return self.graph.model.get_cost(info_dict, action_candidates) * self.cost_scale

    def parts(self) -> dict[str, list[nn.Module]]:
        model = self.graph.model
        return {"predictor": [model.extra_encoders["action"], model.predictor], "distance": []}


def open_model(name: str, folder: Path, device: str) -> ReferenceModel:
    """The model of the case on `device`, compared with the golden vectors of its folder.

    Raises ValueError if it is not the model of the folder.
    """
    if name == DEMO:
        model: DemoCost | LeWmCost | DinoCost = DemoCost(folder)
    else:
        case = CASES[name]
        model = LeWmCost(case) if case.tokens == 1 else DinoCost(case)
    difference = model.check_golden(folder)
    if difference > _GOLDEN_TOLERANCE:
        raise ValueError(
            f"{folder}: found a difference of {difference:g} to golden.safetensors, "
            f"expected at most {_GOLDEN_TOLERANCE}; write it again (python -m jepa_mpc_reference.make_models)."
        )
    return model.to(device).eval()
