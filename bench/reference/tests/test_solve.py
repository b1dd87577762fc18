"""Driving stable-worldmodel's solvers from outside changes nothing of what they do."""

from __future__ import annotations

import types

import gymnasium
import numpy as np
import pytest
import torch
from torch import Tensor

from jepa_mpc_reference.cases import Case
from jepa_mpc_reference.costables import DinoCost, LeWmCost
from jepa_mpc_reference.solve import Settings, solve
from jepa_mpc_reference.swm import cem, icem, mppi

SEED = 7
SOLVERS = {"cem": cem.CEMSolver, "mppi": mppi.MPPISolver, "icem": icem.ICEMSolver}


def _problem(case: Case) -> tuple[LeWmCost | DinoCost, Tensor, Tensor, Settings]:
    model = (LeWmCost if case.tokens == 1 else DinoCost)(case).eval()
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(1, case.tokens, case.dim, generator=generator)
    goal = torch.randn(case.tokens, case.dim, generator=generator)
    return model, start, goal, Settings(case.samples, case.iterations, case.elites, case.horizon, 1.0, bound=10.0)


def _noise(planner: str, case: Case) -> Tensor:
    """What the solver itself would draw from SEED, in the layout of our noise files: `[I, S, H, A]`."""
    generator = torch.Generator().manual_seed(SEED)
    shape = (case.samples, case.horizon, case.action_dim)
    if planner != "icem":
        return torch.stack([torch.randn(shape, generator=generator) for _ in range(case.iterations)])
    swapped = (case.samples, case.action_dim, case.horizon)
    return torch.stack([torch.randn(swapped, generator=generator).transpose(1, 2) for _ in range(case.iterations)])


@pytest.mark.parametrize("planner", SOLVERS)
def test_a_driven_solver_gives_what_it_gives_when_called_directly(small_case: Case, planner: str) -> None:
    model, start, goal, settings = _problem(small_case)
    options = {} if planner == "mppi" else {"callbacks": []}
    direct = SOLVERS[planner](
        model, num_samples=settings.samples, n_steps=settings.iterations, topk=settings.elites, seed=SEED, **options
    )
    space = gymnasium.spaces.Box(-settings.bound, settings.bound, (1, small_case.action_dim), np.float32)
    direct.configure(
        action_space=space, n_envs=1, config=types.SimpleNamespace(horizon=settings.horizon, action_block=1)
    )
    expected = direct.solve(model.prepare(start, goal, settings.samples))["actions"][0]

    trace = solve(planner, model, start, goal, _noise(planner, small_case), settings)

    assert torch.equal(trace.actions, expected)
    assert torch.equal(trace.iterations[-1].mean, expected)


@pytest.mark.parametrize("planner", ["cem", "mppi"])
def test_the_recorded_refit_follows_from_the_recorded_candidates_and_costs(small_case: Case, planner: str) -> None:
    model, start, goal, settings = _problem(small_case)

    trace = solve(planner, model, start, goal, _noise(planner, small_case), settings)

    for iteration in trace.iterations:
        costs, order = iteration.costs.sort()
        elites = iteration.candidates[order[: settings.elites]]
        if planner == "cem":
            torch.testing.assert_close(iteration.mean, elites.mean(0))
            torch.testing.assert_close(iteration.std, elites.std(0))
        else:
            weights = torch.softmax(-(costs[: settings.elites] - costs[0]) / settings.temperature, dim=0)
            torch.testing.assert_close(iteration.mean, (weights[:, None, None] * elites).sum(0))


def test_times_add_up(small_case: Case) -> None:
    model, start, goal, settings = _problem(small_case)

    trace = solve("cem", model, start, goal, _noise("cem", small_case), settings)

    assert len(trace.iterations) == settings.iterations
    assert all(0 < iteration.score_ms <= iteration.ms for iteration in trace.iterations)
    assert sum(iteration.ms for iteration in trace.iterations) <= trace.total_ms
