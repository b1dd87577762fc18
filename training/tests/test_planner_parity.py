"""The planner makes the plans of the node, on the same world and noise (tests/unit/planning/cem-plans.test.ts)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jepa_mpc_training.config import PlannerConfig
from jepa_mpc_training.planner import ActionSpace, CemPlanner

WRITTEN = json.loads((Path(__file__).parents[2] / "tests" / "fixtures" / "cem-plans.json").read_text())
WORLD = WRITTEN["world"]
SPACE = ActionSpace(*(np.array(WORLD[key]) for key in ("lower", "upper", "mean", "std")), WORLD["periodMs"], block=2)


class _LinearWorld:
    """Latent = pose in rad; each of the two raw actions of a block moves it for a period."""

    def predict(self, history: np.ndarray, actions: np.ndarray) -> np.ndarray:
        raw = actions.reshape(len(actions), 2, 1, 2) * SPACE.std + SPACE.mean
        return (history[:, -1] + WORLD["periodMs"] / 1000 * raw.sum(1)).astype(np.float32)

    def distance(self, latents: np.ndarray, goal: np.ndarray) -> np.ndarray:
        squares = np.square(latents - goal).sum(axis=(1, 2))
        outside = np.maximum(squares - WORLD["freeRadius"] ** 2, 0)
        return np.where(latents[:, 0, 0] > WORLD["wallRad"], np.nan, outside).astype(np.float32)


class _Recorded:
    """Plays noise back, one iteration after the other."""

    def __init__(self, draws: list[list[float]]) -> None:
        self._draws = iter(draws)

    def standard_normal(self, size: tuple[int, int, int]) -> np.ndarray:
        return np.array(next(self._draws)).reshape(size)


@pytest.mark.parametrize("case", WRITTEN["cases"], ids=lambda case: case["name"])
def test_plans_are_those_of_the_node(case: dict[str, Any]) -> None:
    planner = CemPlanner(_LinearWorld(), SPACE, PlannerConfig(**case["planner"]))
    for plan in case["plans"]:
        history = np.array([[plan["pose"]], [plan["pose"]]], dtype=np.float32)
        goal = np.array([plan["goal"]], dtype=np.float32)
        committed = np.array(plan["committed"]).reshape(-1, 2)
        proposal = np.array(plan["proposal"]).reshape(-1, 2) if "proposal" in plan else None
        actions = planner.plan(history, goal, committed, plan["shift"], _Recorded(plan["noise"]), proposal)
        assert actions == pytest.approx(np.array(plan["actions"]).reshape(-1, 2), abs=1e-5)


def test_the_cases_tell_planners_apart() -> None:
    plans = [plan for case in WRITTEN["cases"] for plan in case["plans"]]
    assert {plan["is_mean"] for plan in plans} == {True, False}
