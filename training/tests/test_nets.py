"""Encoders of our own: every network, for frames of every size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_run import JOINTS

from jepa_mpc_training.config import PhotometryConfig, TrainConfig
from jepa_mpc_training.dataset import Dataset
from jepa_mpc_training.exporters.errors import ExportRefusedError
from jepa_mpc_training.nets import Encoder, SpatialSoftmax
from jepa_mpc_training.train import load_jepa, train


@pytest.mark.parametrize("frame_size", [64, 96, 128])
@pytest.mark.parametrize("name", ["patches", "convolution", "deep", "points"])
def test_every_part_of_an_image_changes_its_latent(name: str, frame_size: int) -> None:
    torch.manual_seed(1)
    encoder = Encoder(TrainConfig(encoder=name), frame_size)
    image = torch.rand(2, 3, frame_size, frame_size, requires_grad=True)
    latent = encoder(image)
    assert latent.shape == (2, 1, TrainConfig.latent_dim)
    latent.square().sum().backward()
    parts = image.grad.abs().unfold(2, 8, 8).unfold(3, 8, 8).sum((1, 4, 5))
    assert (parts > 0).all()


def test_a_spatial_softmax_finds_the_place_of_a_peak() -> None:
    maps = torch.zeros(1, 2, 9, 5)
    maps[0, 0, 0, 4] = maps[0, 1, 6, 1] = 50.0
    assert torch.allclose(SpatialSoftmax()(maps), torch.tensor([[1.0, -0.5, -1.0, 0.5]]), atol=1e-6)


@pytest.mark.parametrize(
    ("config", "frame_size", "words"),
    [
        (
            TrainConfig(encoder="resnet"),
            64,
            "train.encoder: found 'resnet'; expected patches, convolution, deep, points",
        ),
        (TrainConfig(), 90, "expected 16 or more, a multiple of 8"),
        (TrainConfig(encoder="points"), 0, "collect.frame_size"),
    ],
)
def test_a_setting_of_no_encoder_is_refused_by_name(config: TrainConfig, frame_size: int, words: str) -> None:
    with pytest.raises(ExportRefusedError, match=words):
        Encoder(config, frame_size)


def test_the_encoder_takes_the_size_of_the_recorded_frames(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    frames = rng.integers(0, 256, (6, 2, 17, 32, 32, 3), dtype=np.uint8)
    positions = rng.normal(size=(6, 17, 2)).astype(np.float32)
    actions = rng.normal(size=(6, 16, 2)).astype(np.float32)
    dataset = Dataset(frames, actions, positions, positions, np.zeros(6, dtype=bool), 100)
    config = TrainConfig(steps=2, batch=4, encoder="convolution", held_out=0.4)
    # So few steps on noise collapse, which is not what this is about.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jepa_mpc_training.train.check_collapse", lambda *_: {})
        train(dataset, JOINTS, config, PhotometryConfig(), tmp_path, "here")
    camera = load_jepa(tmp_path / "jepa.pt").camera
    assert (camera.width, camera.height) == (32, 32)
