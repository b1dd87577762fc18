"""Whether a planner can find its way with a model: robots whose latents are their joint positions, exact or flawed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from jepa_mpc_training.candidate_costs import demonstrated, demonstrated_in_words, spread, spread_in_words
from jepa_mpc_training.explore import exploration
from jepa_mpc_training.joint_sensitivity import sensitivity, sensitivity_in_words
from jepa_mpc_training.probe import planning
from jepa_mpc_training.probed import Objective, Probed
from jepa_mpc_training.rollout_error import errors_in_words

JOINTS = ["base", "elbow", "slide"]
LOWER, UPPER = np.array([-np.inf, -2.0, 0.0]), np.array([np.inf, 2.0, 0.5])
VELOCITY = np.array([2.0, 1.0, 0.2])
EPISODES, PERIODS = 24, 30
PERIOD_MS = 100


def moved(positions: np.ndarray) -> np.ndarray:
    return positions.clip(LOWER, UPPER)


def exact(history: Tensor, actions: Tensor) -> Tensor:
    """The positions after one predictor step."""
    change = actions.unflatten(1, (2, len(JOINTS))).sum(1) * PERIOD_MS / 1000
    return torch.from_numpy(moved((history[:, -1, 0] + change).numpy())).unsqueeze(1)


def still(history: Tensor, actions: Tensor) -> Tensor:
    """Predicts that nothing moves."""
    return history[:, -1]


def time_to(*seen: bool) -> Objective:
    """The minimum time to a goal in predictor steps, of the joints that are seen."""
    reach = torch.from_numpy(VELOCITY) * 0.2

    def objective(latents: Tensor, goals: Tensor) -> Tensor:
        away = latents - goals
        turned = torch.remainder(away[:, :1] + np.pi, 2 * np.pi) - np.pi
        return (torch.cat((turned, away[:, 1:]), 1).abs() / reach * torch.tensor(seen)).amax(1)

    return objective


def probed(noise: float = 0.0, periods: int = PERIODS, **changed: object) -> Probed:
    """An exact model and objective. `noise`: of the positions in pictures, as a share of what a joint moves in 1 s."""
    rng = np.random.default_rng(0)
    actions = np.stack([exploration(rng, periods, VELOCITY, PERIOD_MS / 1000) for _ in range(EPISODES)])
    positions = np.empty((EPISODES, periods + 1, len(JOINTS)))
    positions[:, 0] = rng.uniform(np.maximum(LOWER, -np.pi), np.minimum(UPPER, np.pi), positions[:, 0].shape)
    for period in range(periods):
        positions[:, period + 1] = moved(positions[:, period] + actions[:, period] * PERIOD_MS / 1000)
    speeds = np.concatenate((np.zeros_like(actions[:, :1]), np.diff(positions, axis=1) / (PERIOD_MS / 1000)), axis=1)
    latents = torch.from_numpy(positions)[:, None]
    whole = Probed(
        joints=JOINTS,
        prismatic=[False, False, True],
        lower=LOWER,
        upper=UPPER,
        velocity=VELOCITY,
        predictor=exact,
        block=2,
        window=2,
        objective=time_to(True, True, True),
        unit=" steps",
        horizon=4,
        steps="all",
        latents=latents,
        goals=latents + torch.from_numpy(rng.normal(size=positions.shape) * VELOCITY * noise)[:, None],
        positions=positions,
        velocities=speeds,
        actions=actions,
        period_ms=PERIOD_MS,
    )
    return replace(whole, **changed)


def test_an_exact_model_orders_candidates_by_their_times_and_prefers_what_was_recorded() -> None:
    model = probed()
    apart = spread(model)
    assert apart["relative"] == pytest.approx(apart["of_times"], abs=1e-3)
    assert apart["rank_correlation"] > 0.999
    assert demonstrated(model) == {"rank": 0.0, "steps": 4, "stretches": 128}
    verdicts = planning(model, np.array([0.2, 0.1, 0.1, 0.1]))["verdicts"]
    assert verdicts[0] == "predictions 0.8 s ahead have 10 % of the error of predicting that nothing moves"
    assert "tells candidates apart" in verdicts[1]
    assert "in the order of these times" in verdicts[1]
    assert "prefers the recorded actions of 0.8 s" in verdicts[2]
    assert [verdict.split(":")[0] for verdict in verdicts[3:]] == [
        "the objective sees base from 5 degrees on",
        "the objective sees elbow from 5 degrees on",
        "the objective sees slide from 25 mm on",
    ]


def test_a_joint_that_the_objective_ignores_is_named() -> None:
    model = probed(objective=time_to(True, False, True))
    words = sensitivity_in_words(sensitivity(model), model.prismatic, model.unit)
    assert [word.startswith("the objective sees") for word in words] == [True, False, True]
    assert words[1] == (
        "the objective does not see elbow: 20 degrees away it is higher than at the goal in only 50 % of the moments "
        "(median rise 0.00 steps, noise at the goal 0.00)"
    )


def test_a_model_that_predicts_no_change_tells_nothing_apart() -> None:
    model = probed(predictor=still)
    figures = planning(model, np.array([1.0]))
    assert figures["candidates"]["relative"] < 1e-6
    assert figures["demonstrated"]["rank"] == 0.5
    no_use, apart, recorded, *joints = figures["verdicts"]
    assert "are of no use: they have 100 %" in no_use
    assert apart.startswith("the objective hardly tells candidates apart: their costs differ by 0.0 % of their mean")
    assert "does not prefer" in recorded
    assert all("does not see" in word for word in joints)


def test_costs_in_another_order_than_the_times_are_said_to_be() -> None:
    def far(latents: Tensor, goals: Tensor) -> Tensor:
        return 30 - time_to(True, True, True)(latents, goals)

    apart = spread(probed(objective=far))
    assert apart["rank_correlation"] < -0.9
    assert "but hardly in the order of these times" in spread_in_words(apart)


def test_a_joint_that_pictures_show_inexactly_is_seen_only_far_from_the_goal() -> None:
    exactly, roughly, badly = (sensitivity(probed(noise))[1] for noise in (0.0, 0.15, 2.0))
    assert exactly["higher"] == [1.0, 1.0, 1.0]
    # 0.15 rad are 9 degrees.
    assert roughly["higher"][0] < 0.75 < roughly["higher"][2]
    assert max(badly["higher"]) < 0.75
    assert exactly["at_goal"] < roughly["at_goal"] < badly["at_goal"]


@settings(deadline=None, max_examples=25)
@given(st.floats(0.02, 5.0), st.floats(0.05, 8.0))
def test_no_move_is_beyond_the_range_or_the_speed_of_a_joint(velocity: float, width: float) -> None:
    limit, upper = VELOCITY.copy(), UPPER.copy()
    limit[1], upper[1] = velocity, LOWER[1] + width
    largest = sensitivity(probed(velocity=limit, upper=upper, positions=moved(probed().positions).clip(LOWER, upper)))
    moves = largest[1]["moves"]
    assert moves == pytest.approx([max(moves) / 4, max(moves) / 2, max(moves)], abs=1e-4)
    assert max(moves) == pytest.approx(min(np.deg2rad(20), width / 5, velocity * 0.8), abs=1e-4)


def test_short_episodes_give_no_rank_and_a_resting_joint_no_verdict() -> None:
    assert demonstrated(probed(periods=2, latents=probed().latents[:, :, :3])) is None
    fixed = probed(lower=np.array([-np.inf, 0.0, 0.0]), upper=np.array([np.inf, 0.0, 0.5]))
    words = sensitivity_in_words(sensitivity(fixed), fixed.prismatic, fixed.unit)
    assert words[1].startswith("elbow does not move in the held-out episodes")


def test_few_stretches_give_no_verdict_on_recorded_actions() -> None:
    figures = demonstrated(probed(periods=4))
    assert figures is not None
    assert figures["stretches"] == EPISODES
    assert "24 stretches of 0.2 s, too few to say" in demonstrated_in_words(figures, 0.2)


def test_large_latents_are_probed_from_fewer_starts() -> None:
    model = probed(latents=torch.zeros(EPISODES, 1, PERIODS + 1, 5000))
    assert probed().starts(64, 64) == 64
    assert model.starts(64, 64) == 4


@pytest.mark.parametrize(
    ("error", "verdict"), [(0.49, "ahead have 49 %"), (0.5, "of little use"), (0.99, "of little use"), (1.0, "no use")]
)
def test_predictions_are_compared_with_no_change(error: float, verdict: str) -> None:
    assert verdict in errors_in_words(np.array([0.1, error]), 5, 0.2)[0]
    assert errors_in_words(np.array([]), 5, 0.2) == []
