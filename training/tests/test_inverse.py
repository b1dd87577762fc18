"""The inverse dynamics, on a robot whose latent is its joint positions and velocities."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from jepa_mpc_training.config import InverseConfig
from jepa_mpc_training.inverse import Recorded, load_inverse, train_inverse
from jepa_mpc_training.nets import InverseDynamics

HORIZON, BLOCK, JOINTS, PERIOD_S = 2, 2, 2, 0.1
LIMIT = torch.tensor([2.0, 0.5])
CONFIG = InverseConfig(steps=400, batch=256, width=64, ahead=12, learning_rate=3e-3, detour=0.3)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def _distance(latent: Tensor, goal: Tensor) -> Tensor:
    """Predictor steps at full speed."""
    away = (latent - goal)[:, 0, :JOINTS].abs() / (LIMIT * PERIOD_S * BLOCK)
    return away.max(dim=1).values


def _recorded(actions: Tensor, start: Tensor) -> Recorded:
    """Episodes of a robot that follows its commands exactly: actions `[E, T, J]` from poses `[E, J]`."""
    moved = torch.cumsum(actions * PERIOD_S, dim=1)
    positions = start[:, None] + torch.cat((torch.zeros_like(moved[:, :1]), moved), dim=1)
    velocities = torch.cat((torch.zeros_like(actions[:, :1]), actions), dim=1)
    return Recorded(torch.cat((positions, velocities), dim=2)[:, None], actions, None)


def _explored(episodes: int, seed: int) -> Recorded:
    """Each joint moves at its own speed, which changes halfway."""
    generator = torch.Generator().manual_seed(seed)
    speeds = (2 * torch.rand(episodes, 2, JOINTS, generator=generator) - 1) * LIMIT
    start = 2 * torch.rand(episodes, JOINTS, generator=generator) - 1
    return _recorded(speeds.repeat_interleave(10, dim=1), start)


def _at(*positions: float) -> Tensor:
    """The latent of a robot at rest `[1, 1, 2 J]`."""
    return torch.tensor([[[*positions, *[0.0] * JOINTS]]])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[InverseDynamics, dict]:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("inverse")
    figures = train_inverse(
        _explored(300, 0), _explored(60, 1), _distance, LIMIT, HORIZON, BLOCK, CONFIG, folder, ignored=JOINTS
    )
    return load_inverse(folder / "inverse.pt"), figures


def _proposed(head: InverseDynamics, latent: Tensor, goal: Tensor) -> Tensor:
    """Actions `[H * BLOCK, J]`, with the shape of the contract on the way."""
    with torch.no_grad():
        actions = head(latent, goal)
    assert actions.shape == (1, HORIZON, BLOCK * JOINTS)
    return actions.reshape(-1, JOINTS)


def test_what_is_proposed_leads_to_a_goal_within_the_horizon_and_rests_there(trained) -> None:
    head, _ = trained
    # A period at nearly full speed; the horizon is four periods.
    goal = torch.tensor([0.18, -0.04])
    actions = _proposed(head, _at(0, 0), _at(*goal.tolist()))
    assert (actions.sum(0) * PERIOD_S).tolist() == pytest.approx(goal.tolist(), abs=0.06)
    assert actions[-1].abs().max() < actions[0].abs().max() / 2


def test_at_the_goal_it_proposes_rest(trained) -> None:
    head, _ = trained
    shares = _proposed(head, _at(0.4, -0.2), _at(0.4, -0.2)) / LIMIT
    assert shares.abs().max() < 0.15


def test_towards_far_goals_it_proposes_speed_inside_the_limits(trained) -> None:
    head, _ = trained
    shares = _proposed(head, _at(-0.8, -0.3), _at(1.2, 0.3)) / LIMIT
    assert (shares.abs() <= 1).all()
    assert (shares > 0.6).all()


def test_velocities_of_a_goal_do_not_count_and_those_of_the_robot_do(trained) -> None:
    head, _ = trained
    goal = _at(0.3, 0.1)
    moving = goal.clone()
    moving[..., JOINTS:] = 0.5
    assert (_proposed(head, _at(0, 0), moving) == _proposed(head, _at(0, 0), goal)).all()
    assert (_proposed(head, moving, _at(0, 0)) != _proposed(head, goal, _at(0, 0))).any()


def test_the_figures_are_of_held_out_ways_and_beat_no_action(trained) -> None:
    _, figures = trained
    assert [row["goals"] for row in figures["held_out"]] == ["within the horizon", "beyond it"]
    for row, line in zip(figures["held_out"], figures["read_out"], strict=True):
        assert 0 < row["first_action_error"] < row["no_action_error"] / 2
        assert row["goals"] in line


@pytest.mark.parametrize(("detour", "speed"), [(0.2, 1.0), (1e6, 0.625)])
def test_direct_ways_count_more(detour: float, speed: float, tmp_path: Path) -> None:
    """One recording of four goes at full speed, the others rest in every second period. Unweighted, the mean is
    slow."""
    direct = torch.ones(40, 16, JOINTS) * LIMIT
    idle = direct.clone()
    idle[:, ::2] = 0
    recorded = _recorded(torch.cat((direct, idle, idle, idle)), torch.zeros(160, JOINTS))
    config = InverseConfig(steps=200, batch=128, width=32, ahead=12, learning_rate=3e-3, detour=detour)
    train_inverse(recorded, recorded, _distance, LIMIT, HORIZON, BLOCK, config, tmp_path)
    moving = torch.cat((_at(0.4, 0.1)[..., :JOINTS], LIMIT.expand(1, 1, -1)), dim=2)
    actions = _proposed(load_inverse(tmp_path / "inverse.pt"), moving, _at(1.6, 0.4))
    share = float((actions / LIMIT).mean())
    assert share == pytest.approx(speed, abs=0.1)


def test_goals_that_are_read_from_pictures_are_learned_from_too(tmp_path: Path) -> None:
    """The pictures show another place, so a head that never sees them proposes full speed to one, of both joints."""
    recorded = _explored(200, 0)
    shown = recorded.latents.clone()
    shown[..., :JOINTS] += 10
    second = []
    for pictures in (None, shown):
        given = recorded._replace(pictures=pictures)
        config = replace(CONFIG, picture_share=0.5)
        train_inverse(given, given, _distance, LIMIT, HORIZON, BLOCK, config, tmp_path)
        second.append(float(_proposed(load_inverse(tmp_path / "inverse.pt"), _at(0, 0), _at(10.4, 10))[0, 1]))
    assert second[0] == pytest.approx(float(LIMIT[1]), abs=0.05)
    assert abs(second[1]) < 0.25


def test_a_robot_at_rest_at_its_goal_is_given_exactly_nothing_to_do(trained) -> None:
    head, _ = trained
    for goal in (_at(0.4, -0.2), _at(-0.9, 0.1)):
        assert _proposed(head, goal, goal).abs().max() == 0
    moving = torch.cat((_at(0.4, -0.2)[..., :JOINTS], LIMIT.expand(1, 1, -1)), dim=2)
    assert _proposed(head, moving, _at(0.4, -0.2)).abs().max() > 0


def test_files_of_earlier_versions_give_what_they_gave(trained, tmp_path: Path) -> None:
    """Their heads learned to rest at the goal, as far as they did."""
    head, _ = trained
    limit = head.limit
    state = {"config": CONFIG.__dict__, "latent_dim": 2 * JOINTS, "horizon": HORIZON, "limit": limit, "ignored": JOINTS}
    torch.save(state | {"head": head.state_dict()}, tmp_path / "inverse.pt")
    earlier = load_inverse(tmp_path / "inverse.pt")
    given = head._shares(_at(0.1, 0.2)[0], _at(0.1, 0.2)[0, :, :JOINTS])
    assert torch.allclose(
        _proposed(earlier, _at(0.1, 0.2), _at(0.1, 0.2)).flatten(),
        given.tanh().unflatten(1, (-1, JOINTS)).mul(limit).flatten(),
    )
