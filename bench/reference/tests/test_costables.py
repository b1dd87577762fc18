"""The models behind the solvers are those of the model folders."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from jepa_mpc_training.exporters.parity import rollout
from safetensors.torch import load_file, save_file

from jepa_mpc_reference import costables
from jepa_mpc_reference.cases import Case
from jepa_mpc_reference.costables import DemoCost, DinoCost, LeWmCost, open_model
from jepa_mpc_reference.make_models import make_model

REACHER = Path(__file__).parents[3] / "models" / "reacher"


def test_the_demo_model_rebuilt_from_its_graphs_gives_its_golden_vectors() -> None:
    assert DemoCost(REACHER).check_golden(REACHER) < 1e-5


def test_the_demo_cost_is_the_mean_distance_over_the_steps_and_the_action_penalty() -> None:
    model = DemoCost(REACHER)
    golden = load_file(REACHER / "golden.safetensors")
    history, goal = golden["predictor.history"][0], golden["predictor.history"][1, -1]
    actions = torch.randn(3, 2, model.action_dim, generator=torch.Generator().manual_seed(0))

    with torch.no_grad():
        info = {"history": history.expand(1, 3, 2, 1, -1), "goal": goal.expand(1, 3, 1, -1)}
        found = model.get_cost(info, actions[None])
        first = model.predictor(history.expand(3, -1, -1, -1), actions[:, 0])
        second = model.predictor(torch.stack((history[-1:].expand(3, -1, -1), first), dim=1), actions[:, 1])
        distances = [model.distance(latent, goal.expand(3, -1, -1)) for latent in (first, second)]
        expected = sum(distances) / 2 + model.penalty * (actions / 2).square().mean(dim=(1, 2))

    torch.testing.assert_close(found[0], expected)


def test_the_random_weight_cost_is_the_squared_distance_of_the_last_latent(small_case: Case) -> None:
    model = (LeWmCost if small_case.tokens == 1 else DinoCost)(small_case).eval()
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(1, small_case.tokens, small_case.dim, generator=generator)
    goal = torch.randn(small_case.tokens, small_case.dim, generator=generator)
    candidates = torch.randn(5, small_case.horizon, small_case.action_dim, generator=generator)
    info = model.prepare(start, goal, 5)
    expanded = {name: value[:, None].expand(1, 5, *value.shape[1:]) for name, value in info.items()}

    with torch.no_grad():
        found = model.get_cost(expanded, candidates[None])[0]
        last = rollout(model.graph, start.expand(5, -1, -1), candidates, small_case.window)

    torch.testing.assert_close(found, (last - goal).square().sum(dim=(1, 2)), rtol=1e-5, atol=1e-5)


def test_a_folder_of_another_model_is_refused(
    small_case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_model(small_case, tmp_path)
    monkeypatch.setitem(costables.CASES, small_case.name, small_case)
    open_model(small_case.name, tmp_path, "cpu")
    golden = load_file(tmp_path / "golden.safetensors")
    golden["predictor.next"] += 0.01
    save_file(golden, tmp_path / "golden.safetensors")
    with pytest.raises(ValueError, match="expected at most"):
        open_model(small_case.name, tmp_path, "cpu")
