"""Steps to goals that are places of objects, of a hand on a line that pushes a block ahead of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from jepa_mpc_training.config import DistanceConfig, InverseConfig
from jepa_mpc_training.distance import load_distance
from jepa_mpc_training.inverse import Recorded, TowardsObjects, load_inverse, train_inverse
from jepa_mpc_training.steps_to_objects import ObjectNumbers, StepsToObjects, are_near, train_steps_to_objects
from jepa_mpc_training.tip_place import PLACE_SCALE_M

CONFIG = DistanceConfig(steps=1500, batch=256, width=64, goal="objects")
NUMBERS = ObjectNumbers(dim=8, first=1, last=4, tip=4)
"""Latents: one number of the image, the place of the block, that of the hand and its velocity."""
STEP_M = 0.02
"""How far the hand moves in a period at its limit, one period in a predictor step."""


def _recorded(episodes: int) -> tuple[Tensor, Tensor, Tensor]:
    """Latents `[E, 1, T + 1, 8]`, actions `[E, T, 1]` as shares of the limit, and places `[E, T + 1, 3]` in m. The hand
    is behind the block, or touches it, and never goes back through it."""
    rng = np.random.default_rng(0)
    speeds = np.repeat(rng.uniform(-1, 1, (episodes, 8)), 5, axis=1)
    hand, block = rng.uniform(-0.3, 0.1, episodes), rng.uniform(0.1, 0.2, episodes)
    hands, blocks = [hand], [block]
    for speed in speeds.T:
        hand = hand + STEP_M * speed
        block = np.maximum(block, hand)
        hands.append(hand)
        blocks.append(block)
    hands, places = np.stack(hands, 1), np.zeros((episodes, 41, 3))
    places[..., 0] = np.stack(blocks, 1)
    velocities = np.concatenate((np.zeros((episodes, 1)), speeds), axis=1)
    picture = rng.normal(size=(episodes, 41))
    latents = np.concatenate(
        (picture[..., None], places / PLACE_SCALE_M, *_along(hands / PLACE_SCALE_M), velocities[..., None]), axis=2
    )
    return (
        torch.from_numpy(latents).float()[:, None],
        torch.from_numpy(speeds).float()[..., None],
        torch.from_numpy(places).float(),
    )


def _along(x: np.ndarray) -> list[np.ndarray]:
    """Coordinates of places on the line, `[..., 1]` each."""
    return [x[..., None], 0 * x[..., None], 0 * x[..., None]]


def _at(hand_m: float, block_m: float, picture: float = 0.0) -> Tensor:
    """A latent at rest `[1, 1, 8]`."""
    block, hand = ([place / PLACE_SCALE_M, 0.0, 0.0] for place in (block_m, hand_m))
    return torch.tensor([[[picture, *block, *hand, 0.0]]])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[StepsToObjects, dict, Path]:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("steps")
    latents, _, places = _recorded(400)
    # Part of the places are not known: as if the block had fallen.
    places[::10, 30:] = torch.nan
    figures = train_steps_to_objects(latents, places, NUMBERS, CONFIG, 1, folder)
    head = load_distance(folder / "distance.pt")
    assert isinstance(head, StepsToObjects)
    return head, figures, folder


def test_the_steps_are_those_of_the_way_to_the_block_and_of_the_push(trained) -> None:
    head, figures, _ = trained
    with torch.no_grad():
        there, near, far, behind = (
            float(head(_at(hand, block), _at(0.0, goal)))
            for hand, block, goal in ((0.1, 0.15, 0.15), (0.14, 0.15, 0.2), (0.14, 0.15, 0.3), (0.0, 0.15, 0.2))
        )
    assert there < 0.7 < near < far
    assert near < behind
    assert figures["rank_correlation"] > 0.3, "recordings wander, the estimates are of the fastest"
    assert 0.1 < figures["estimated_of_taken"] < 1.2


def test_neither_the_picture_nor_the_hand_of_a_goal_counts(trained) -> None:
    head, _, _ = trained
    with torch.no_grad():
        one = head(_at(0.1, 0.15), _at(0.0, 0.25))
        assert torch.equal(head(_at(0.1, 0.15, picture=3.0), _at(0.2, 0.25, picture=-2.0)), one)
        assert not torch.equal(head(_at(0.05, 0.15), _at(0.0, 0.25)), one)


def test_objects_are_near_where_all_of_them_are() -> None:
    here = torch.tensor([[0.0, 0, 0, 1, 0, 0], [0.0, 0, 0, 1, 0.03, 0], [torch.nan, 0, 0, 1, 0, 0]])
    goal = torch.tensor([0.01, 0, 0, 1, 0, 0])
    assert are_near(here, goal, 0.02).tolist() == [True, False, False]


def test_inverse_dynamics_push_where_the_block_has_to_go_and_rest_where_it_is(trained, tmp_path: Path) -> None:
    head, _, _ = trained
    latents, actions, places = _recorded(400)
    config = InverseConfig(steps=500, batch=256, width=64, ahead=15, learning_rate=3e-3, detour=1.0)
    recorded = Recorded(latents, actions, None, places)
    towards = TowardsObjects(NUMBERS, CONFIG.near_m)
    limit = torch.ones(1)
    figures = train_inverse(recorded, recorded, head, limit, 3, 1, config, tmp_path, towards=towards)
    proposes = load_inverse(tmp_path / "inverse.pt")
    with torch.no_grad():
        pushed = proposes(_at(0.14, 0.15), _at(-0.3, 0.25))
        rests = proposes(_at(0.14, 0.15), _at(-0.3, 0.15))
        assert torch.equal(proposes(_at(0.14, 0.15, picture=2.0), _at(0.3, 0.25)), pushed)
    assert pushed.shape == (1, 3, 1)
    assert float(pushed.mean()) > 0.3
    assert float(rests.abs().mean()) < 0.2
    assert figures["held_out"][-1]["first_action_error"] < figures["held_out"][-1]["no_action_error"]
