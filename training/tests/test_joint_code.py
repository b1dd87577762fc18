"""The joint part of a latent is a fixed function of the joint state, and of its positions alone where it has to be."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from jepa_mpc_training.joint_code import EncoderWithJoints, JointKinds, JointPart

KINDS = JointKinds((False, True, False), lower=(-2.0, 0.1, -3.0), upper=(2.0, 0.5, 3.0), velocity=(1.0, 0.2, 2.0))
PART = JointPart(KINDS)
POSITIONS = st.tuples(st.floats(-3.1, 3.1), st.floats(0.1, 0.5), st.floats(-3.1, 3.1))
SPEEDS = st.tuples(*(st.floats(-limit, limit) for limit in KINDS.velocity))


@settings(deadline=None)
@given(POSITIONS, SPEEDS)
def test_the_part_has_sines_cosines_shares_and_velocities_in_their_limits(positions, speeds) -> None:
    part = PART.of(torch.tensor([*positions, *speeds]))
    first, sliding, last = positions
    expected = [math.sin(first), math.sin(last), math.cos(first), math.cos(last), (sliding - 0.3) / 0.2]
    expected += [speed / limit for speed, limit in zip(speeds, KINDS.velocity, strict=True)]
    assert part.tolist() == pytest.approx(expected, abs=1e-5)
    assert part.abs().max() <= 1 + 1e-5
    assert (PART.size, PART.width) == (5, 8)


@settings(deadline=None)
@given(POSITIONS, SPEEDS)
def test_what_the_node_normalises_gives_the_same_part(positions, speeds) -> None:
    state = torch.tensor([[*positions, *speeds]])
    torch.testing.assert_close(PART(PART.normalised(state)), PART.of(state), atol=1e-5, rtol=0)


@settings(deadline=None)
@given(POSITIONS, st.floats(0.2, 3.0))
def test_positions_are_read_back_from_pairs_of_any_length(positions, length) -> None:
    code = PART.targets(torch.tensor([positions]))
    stretched = torch.cat((code[:, :4] * length, code[:, 4:]), dim=1)
    torch.testing.assert_close(PART.on_circle(stretched), code, atol=1e-4, rtol=0)
    torch.testing.assert_close(PART.positions(stretched), torch.tensor([positions]), atol=1e-4, rtol=0)


def test_a_goal_is_at_rest_and_a_part_is_restored_with_its_joints() -> None:
    state = torch.tensor([[0.5, 0.2, -1.0, 0.0, 0.0, 0.0]])
    torch.testing.assert_close(PART.at_rest(PART.targets(state[:, :3])), PART.of(state))
    again = JointPart.restore(PART.state_dict())
    torch.testing.assert_close(again.of(state + 0.1), PART.of(state + 0.1))


def test_a_latent_is_what_the_image_shows_and_the_part() -> None:
    encoder = EncoderWithJoints(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Unflatten(1, (1, -1))), PART)
    image, state = torch.randn(2, 3, 1, 1), torch.randn(2, 6)
    latent = encoder(image, state)
    torch.testing.assert_close(latent[:, 0, :3], image[:, :, 0, 0])
    torch.testing.assert_close(latent[:, 0, 3:], PART(state))
