"""The planner and the closed loop, on a world simple enough to know the answer."""

from __future__ import annotations

import numpy as np
import pytest

from jepa_mpc_training.config import PlannerConfig
from jepa_mpc_training.evaluate import Timing, evaluate
from jepa_mpc_training.explore import exploration
from jepa_mpc_training.planner import ActionSpace, CemPlanner, shifted

SPACE = ActionSpace(np.full(2, -2.0), np.full(2, 2.0), np.zeros(2), np.ones(2), period_ms=100, block=2)


class _Integrator:
    """Latent = position; a block of two actions moves it by their mean for 0.2 s."""

    def predict(self, history: np.ndarray, actions: np.ndarray) -> np.ndarray:
        return history[:, -1] + 0.1 * (actions[:, None, :2] + actions[:, None, 2:])

    def distance(self, latents: np.ndarray, goal: np.ndarray) -> np.ndarray:
        return np.linalg.norm(latents - goal, axis=(1, 2)) / 0.4


def _plan(planner: CemPlanner, position: np.ndarray, goal: np.ndarray, seed: int = 0) -> np.ndarray:
    history = np.stack([position[None], position[None]]).astype(np.float32)
    committed = np.array([[0.5, -0.25]])
    return planner.plan(history, goal[None].astype(np.float32), committed, 1.0, np.random.default_rng(seed))


@pytest.mark.parametrize("goal", [(1.5, -1.0), (-2.0, 0.3), (0.0, 0.0)])
def test_following_the_plans_reaches_the_goal_and_stays(goal: tuple[float, float]) -> None:
    planner, position = CemPlanner(_Integrator(), SPACE, PlannerConfig()), np.zeros(2)
    for period in range(40):
        actions = _plan(planner, position, np.array(goal), period)
        position = position + 0.1 * actions[1]
    assert position == pytest.approx(goal, abs=0.08)


def test_committed_actions_are_kept_and_the_others_bounded() -> None:
    actions = _plan(CemPlanner(_Integrator(), SPACE, PlannerConfig(initial_std=2.0)), np.zeros(2), np.full(2, 9.0))
    assert actions.shape == (10, 2)
    assert actions[0].tolist() == [0.5, -0.25]
    assert (np.abs(actions) <= 2.0).all()


def test_the_same_seed_gives_the_same_plan() -> None:
    one, two = (_plan(CemPlanner(_Integrator(), SPACE, PlannerConfig()), np.zeros(2), np.ones(2)) for _ in range(2))
    assert (one == two).all()


def test_a_warm_start_is_the_old_plan_seen_later() -> None:
    mean = np.arange(4.0)[:, None]
    assert shifted(mean, 0)[:, 0].tolist() == [0, 1, 2, 3]
    assert shifted(mean, 1)[:, 0].tolist() == [1, 2, 3, 3]
    assert shifted(mean, 0.5)[:, 0].tolist() == [0.5, 1.5, 2.5, 3]
    assert shifted(mean, 3.5)[:, 0].tolist() == [3, 3, 3, 3]


@pytest.mark.parametrize("shift", [-0.1, 4, 99, np.nan])
def test_a_plan_from_the_future_or_wholly_past_is_of_no_use(shift: float) -> None:
    assert shifted(np.arange(4.0)[:, None], shift) is None


def test_a_world_without_a_finite_cost_is_refused() -> None:
    with pytest.raises(ValueError, match="none of 100 finite"):
        _plan(CemPlanner(_Integrator(), SPACE, PlannerConfig()), np.zeros(2), np.full(2, np.nan))


def test_seeds_of_the_final_test_are_refused(urdf_xml: str) -> None:
    with pytest.raises(ValueError, match="final test"):
        evaluate(urdf_xml, None, PlannerConfig(), range(990, 1001), Timing())


def test_exploration_stays_inside_the_velocity_limits_and_knows_rest_and_full_speed() -> None:
    limit = np.array([2.0, 0.5])
    actions = exploration(np.random.default_rng(0), 2000, limit, 0.1)
    assert (np.abs(actions) <= limit).all()
    assert (actions == 0).mean() > 0.08
    assert (np.abs(actions) == limit).mean() > 0.08
    assert ((np.abs(actions) < 0.2 * limit) & (actions != 0)).mean() > 0.08
