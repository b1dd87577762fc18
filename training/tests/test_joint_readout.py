"""What of the joint positions training asks for, and what a probe finds of them in latents."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from jepa_mpc_sim.joint_limits import JointLimits

from jepa_mpc_training.config import TrainConfig
from jepa_mpc_training.joint_code import JointKinds, joint_kinds
from jepa_mpc_training.joint_readout import JointReadout
from jepa_mpc_training.read_out import in_words, read_out

KINDS = JointKinds((False, True, False), lower=(-2.0, 0.1, -1.0), upper=(2.0, 0.5, 3.0), velocity=(1.0, 0.2, 2.0))
CONFIG = TrainConfig(latent_dim=8, joint_readout_width=16)


def test_joints_that_turn_are_read_as_sine_and_cosine_and_those_that_slide_as_a_share_of_their_range() -> None:
    positions = torch.tensor([[[math.pi / 2, 0.5, 0.0], [0.0, 0.2, math.pi]]])
    expected = torch.tensor([[[1.0, 0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, -1.0, -0.5]]])
    head = JointReadout(CONFIG, KINDS)
    torch.testing.assert_close(head.targets(positions), expected, atol=1e-6, rtol=0)
    turned = positions + torch.tensor([2 * math.pi, 0.0, 0.0])
    torch.testing.assert_close(head.targets(turned), expected, atol=1e-5, rtol=0)
    assert head(torch.zeros(4, 2, 8)).shape == (4, 2, 5)


def test_the_error_falls_when_the_latent_has_what_is_asked_for() -> None:
    torch.manual_seed(0)
    lower, upper = torch.tensor(KINDS.lower), torch.tensor(KINDS.upper)
    head, positions = JointReadout(CONFIG, KINDS), lower + torch.rand(400, 3) * (upper - lower)
    latents = torch.cat((head.targets(positions), torch.zeros(400, 3)), dim=1)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.02)
    first = float(head.error(latents, positions).detach())
    for _ in range(300):
        optimizer.zero_grad()
        error = head.error(latents, positions)
        error.backward()
        optimizer.step()
    assert float(error.detach()) < 0.02 * first


def test_a_head_is_restored_with_its_joints_and_weights() -> None:
    head = JointReadout(CONFIG, KINDS)
    again = JointReadout.restore(CONFIG, head.state_dict())
    latents, positions = torch.randn(5, 8), torch.rand(5, 3)
    torch.testing.assert_close(again(latents), head(latents))
    torch.testing.assert_close(again.targets(positions), head.targets(positions))


def test_kinds_follow_from_the_limits_and_a_continuous_joint_has_one_revolution() -> None:
    ones, velocity = np.ones(2), np.array([0.5, 2.0])
    limits = JointLimits(("m", "rad"), np.array([-1.0, -np.inf]), np.array([2.0, np.inf]), velocity, ones, ones)
    assert joint_kinds(limits) == JointKinds((True, False), (-1.0, -math.pi), (2.0, math.pi), (0.5, 2.0))


def _split(latents: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, ...]:
    half = len(latents) // 2
    return latents[:half], positions[:half], latents[half:], positions[half:]


@pytest.mark.parametrize("width", [8, 1200], ids=["few numbers", "more numbers than frames"])
def test_a_read_out_finds_the_joints_that_the_latent_has_and_no_others(width: int) -> None:
    rng = np.random.default_rng(0)
    positions = rng.uniform(-3, 3, (1000, 4))
    positions[:, 3] = 0.4
    shown = np.c_[np.sin(positions[:, :2]), np.cos(positions[:, :2])]
    # Of the second joint, half is noise.
    shown[:, [1, 3]] += rng.normal(size=(1000, 2)) * 0.5
    mixed = shown @ rng.normal(size=(4, width)) + 5
    r2 = read_out(*_split(mixed, positions))
    assert r2[0] > 0.99
    assert 0.5 < r2[1] < 0.8
    assert -0.1 < r2[2] < 0.1
    assert r2[3] is None
    words = in_words(["pan", "lift", "wrist", "rail"], r2)
    assert words[0] == f"the latent shows pan (R2 {r2[0]:.2f})"
    assert words[1] == f"the latent shows lift only roughly (R2 {r2[1]:.2f})"
    assert words[2] == f"the latent does not show wrist (R2 {r2[2]:.2f})"
    assert words[3].startswith("rail does not move")


def test_a_read_out_follows_a_joint_that_turns_on() -> None:
    angle = np.linspace(0, 40, 1000)[:, None]
    assert read_out(*_split(np.c_[np.sin(angle), np.cos(angle)], angle))[0] == pytest.approx(1.0, abs=1e-4)
