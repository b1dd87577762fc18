"""Further training of the predictor on frozen latents, where the next latent is known."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from jepa_mpc_training.config import PredictorConfig, TrainConfig
from jepa_mpc_training.joint_code import JointKinds, JointPart
from jepa_mpc_training.nets import Encoder, Predictor
from jepa_mpc_training.predictor import Motions, load_predictor, train_predictor
from jepa_mpc_training.tip_place import PLACE_SCALE_M
from jepa_mpc_training.train import Jepa, place_error

TRAIN = TrainConfig(latent_dim=5, predictor_width=48, patch_width=4, local_width=8, encoder_width=16)
JOINTS = JointKinds((False,), (-3.0,), (3.0,), (1.0,))
CONFIG = PredictorConfig(enabled=True, steps=400, batch=128, rollout=3)


def _jepa() -> Jepa:
    """Latents of 2 numbers of the image, the 3 of an object's place and the 3 of a joint."""
    torch.manual_seed(0)
    part = JointPart(JOINTS)
    predictor = Predictor(TRAIN, 1, part.width)
    return Jepa(Encoder(TRAIN, 16), predictor, [], [], joint_part=part, object_width=3)


def _motions(episodes: int, noise: float = 0.0) -> Motions:
    """A joint that turns by its actions and takes an object along x with it; the image shows twice the angle."""
    generator = torch.Generator().manual_seed(episodes)
    actions = (2 * torch.rand(episodes, 6, 1, generator=generator) - 1).repeat_interleave(5, dim=1)
    angle = torch.cat((torch.zeros(episodes, 1, 1), actions.cumsum(1) * 0.1), dim=1)
    velocity = torch.cat((torch.zeros(episodes, 1, 1), actions), dim=1)
    places = torch.cat((0.25 * angle, torch.zeros(episodes, 31, 2)), dim=2)
    read = places / PLACE_SCALE_M + noise * torch.randn(places.shape, generator=generator)
    joints = JointPart(JOINTS).of(torch.cat((angle, velocity), dim=2))
    return Motions(torch.cat((2 * angle, -angle, read, joints), dim=2)[:, None], actions, places)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_predictions_improve_and_the_weights_are_kept(tmp_path: Path) -> None:
    jepa = _jepa()
    figures = train_predictor(jepa, _motions(60), _motions(20), TRAIN, CONFIG, tmp_path)
    before, after = figures["before"], figures["after"]
    assert len(after["relative"]) == CONFIG.rollout
    assert all(error < 0.2 * earlier for error, earlier in zip(after["relative"], before["relative"], strict=True))
    assert after["object_m"][0] < 0.3 * after["object_unmoved_m"][0]
    again = Predictor(TRAIN, 1, jepa.joint_width)
    load_predictor(tmp_path / "predictor.pt", again)
    for one, other in zip(again.parameters(), jepa.predictor.parameters(), strict=True):
        assert torch.equal(one, other)


def test_places_are_learned_from_the_recordings_and_not_from_how_pictures_were_read(tmp_path: Path) -> None:
    jepa = _jepa()
    noisy = _motions(60, noise=0.2)
    figures = train_predictor(jepa, noisy, _motions(20), TRAIN, CONFIG, tmp_path)
    # Much less than the noise of the reading, 5 cm.
    assert figures["after"]["object_m"][0] < 0.03


def test_places_that_are_not_known_do_not_count() -> None:
    places = torch.zeros(4, 3, requires_grad=True)
    wanted = torch.tensor([[1.0, 0, 0], [torch.nan] * 3, [0, 0, 0], [0, 0, 0]])
    error = place_error(places, wanted)
    error.backward()
    assert float(error.detach()) == pytest.approx(1 / 12)
    gradient: Tensor = places.grad
    assert gradient.isfinite().all()
    assert gradient[1].tolist() == [0, 0, 0]
    assert gradient[0, 0] != 0
