"""The whole way with a published encoder that stays as it is."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from tiny_run import JOINTS, TINY, URDF

from jepa_mpc_training import __main__ as program
from jepa_mpc_training import features as features_module
from jepa_mpc_training.camera_input import planar
from jepa_mpc_training.config import Config, EncoderConfig, with_encoder
from jepa_mpc_training.dataset import Dataset
from jepa_mpc_training.exporters.encoders.kinds import ENCODERS
from jepa_mpc_training.exporters.encoders.reference import published_weights, random_encoder
from jepa_mpc_training.exporters.errors import ExportRefusedError
from jepa_mpc_training.features import Features, open_encoder, write_features
from jepa_mpc_training.runtime import ExportedModel
from jepa_mpc_training.stages import Pipeline
from jepa_mpc_training.train import load_jepa, train


@dataclass(frozen=True)
class EncoderRun:
    """A tiny run on a tiny random V-JEPA, which needs no other packages."""

    folder: Path
    config: Config


@pytest.fixture(scope="module")
def on_vjepa(tmp_path_factory: pytest.TempPathFactory) -> EncoderRun:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("vjepa")
    reference = random_encoder("vjepa", ENCODERS["vjepa"].small, 0)
    torch.save(published_weights("vjepa", reference, 0), folder / "vitl16.pth.tar")
    encoder = EncoderConfig(kind="vjepa", weights=str(folder / "vitl16.pth.tar"), heads=3, grid=2)
    config = replace(TINY, encoder=encoder)
    Pipeline(URDF.read_text(), config, folder / "run", folder / "model").run("evaluate")
    return EncoderRun(folder, config)


def test_the_folder_says_what_it_is_on_and_how_to_see(on_vjepa: EncoderRun) -> None:
    manifest = json.loads((on_vjepa.folder / "model" / "manifest.json").read_text())
    assert manifest["licence"] == "CC-BY-NC-4.0"
    assert "V-JEPA, code and weights of https://github.com/facebookresearch/jepa" in manifest["provenance"]["source"]
    assert len(manifest["provenance"]["checkpointSha256"]) == 64
    camera = manifest["cameras"][0]
    assert (camera["width"], camera["resize"], camera["interpolation"]) == (32, "shortest-edge-crop", "bilinear")
    assert camera["mean"] == [0.485, 0.456, 0.406]
    assert "licence CC-BY-NC-4.0" in (on_vjepa.folder / "model" / "MODEL_CARD.md").read_text()


def test_the_folder_gives_its_golden_vectors(on_vjepa: EncoderRun) -> None:
    golden, model = (
        load_file(on_vjepa.folder / "model" / "golden.safetensors"),
        ExportedModel(on_vjepa.folder / "model"),
    )
    following = model.predict(golden["predictor.history"], golden["predictor.actions"])
    away = model.distance(golden["distance.latent"], golden["distance.goal"])
    np.testing.assert_allclose(following, golden["predictor.next"], atol=1e-4)
    np.testing.assert_allclose(away, golden["distance.distance"], atol=1e-4)


def test_a_camera_frame_gives_the_latent_that_the_predictor_was_trained_on(on_vjepa: EncoderRun) -> None:
    dataset = Dataset.load(on_vjepa.folder / "run" / "collect")
    assert dataset.frames.shape[3:] == (128, 128, 3), "as the camera has them"
    features = np.load(on_vjepa.folder / "run" / "features" / "features.npy", mmap_mode="r")
    assert (features.shape[3:], features.dtype) == ((4, 24), np.float16)
    jepa = Pipeline(URDF.read_text(), on_vjepa.config, on_vjepa.folder / "run", on_vjepa.folder / "model")._jepa()
    with torch.no_grad():
        trained_on = jepa.see(features[3, :1])[0]
    latents = ExportedModel(on_vjepa.folder / "model").encode_frames(dataset.frames[3, 0])[:, 0]
    # Half precision on disk is all that is between them.
    np.testing.assert_allclose(latents[:, :32], trained_on.numpy(), atol=0.02)


def test_a_goal_is_read_from_the_same_features(on_vjepa: EncoderRun) -> None:
    golden, model = (
        load_file(on_vjepa.folder / "model" / "golden.safetensors"),
        ExportedModel(on_vjepa.folder / "model"),
    )
    assert model.reads_goals
    frame = Dataset.load(on_vjepa.folder / "run" / "collect").frames[3, 0, 5]
    np.testing.assert_allclose(
        model.encode_goal(frame)[:, :32], model.encode_goal(frame, np.zeros(2))[:, :32], atol=1e-4
    )
    assert golden["goalEncoder.latent"].shape == golden["encoder.latent"].shape == (8, 1, 38)


def test_the_encoder_is_left_as_it_was(on_vjepa: EncoderRun) -> None:
    encoder = open_encoder(on_vjepa.config.encoder)
    before = {name: tensor.clone() for name, tensor in encoder.network.state_dict().items()}
    assert not any(parameter.requires_grad for parameter in encoder.network.parameters())
    reference = random_encoder("vjepa", ENCODERS["vjepa"].small, 0)
    torch.testing.assert_close(before["layers.1.qkv.weight"], reference.model.blocks[1].attn.qkv.weight.detach())


def test_features_are_computed_once_and_an_interrupted_run_goes_on(
    on_vjepa: EncoderRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = Dataset.load(on_vjepa.folder / "run" / "collect")
    encoder, config = open_encoder(on_vjepa.config.encoder), on_vjepa.config
    seen: list[int] = []

    class PowerCutError(Exception):
        pass

    def cut(frames: np.ndarray) -> torch.Tensor:
        seen.append(len(frames))
        if len(seen) == 6:
            raise PowerCutError
        return planar(frames)

    arguments = (dataset, encoder, config.encoder, config.photometry, tmp_path, "same")
    monkeypatch.setattr(features_module, "planar", cut)
    with pytest.raises(PowerCutError):
        write_features(*arguments)
    write_features(*arguments)
    assert len(seen) == 12 + 1
    whole = np.load(on_vjepa.folder / "run" / "features" / "features.npy")
    assert (np.load(tmp_path / "features.npy") == whole).all()

    Pipeline(URDF.read_text(), config, on_vjepa.folder / "run", on_vjepa.folder / "model").run("train")
    assert capsys.readouterr().out.count("up to date") == 3


def test_a_run_goes_on_from_a_model_on_the_same_features_alone(on_vjepa: EncoderRun, tmp_path: Path) -> None:
    dataset, start = Dataset.load(on_vjepa.folder / "run" / "collect"), on_vjepa.folder / "run" / "train" / "jepa.pt"
    features = Features.of(dataset, on_vjepa.folder / "run" / "features" / "features.npy")
    config = replace(TINY.train, start=str(start), steps=1, learning_rate=0.0)
    train(features, JOINTS, config, TINY.photometry, tmp_path, "further")
    further, whole = (load_jepa(path).encoder.state_dict() for path in (tmp_path / "jepa.pt", start))
    assert all(torch.equal(further[name], whole[name]) for name in whole)
    with pytest.raises(ExportRefusedError, match="found a model on features of 4 x 24; expected one on images"):
        train(dataset, JOINTS, config, TINY.photometry, tmp_path, "other")


def test_another_photometry_or_encoder_is_not_taken_for_the_same(on_vjepa: EncoderRun, tmp_path: Path) -> None:
    def made_from(config: Config) -> dict[str, str]:
        return Pipeline(URDF.read_text(), config, tmp_path, tmp_path)._made_from

    first = made_from(on_vjepa.config)
    for changed in (
        replace(on_vjepa.config, encoder=replace(on_vjepa.config.encoder, grid=4)),
        replace(on_vjepa.config, photometry=replace(on_vjepa.config.photometry, noise_high=1.0)),
    ):
        assert made_from(changed)["collect"] == first["collect"]
        assert made_from(changed)["features"] != first["features"]
        assert made_from(changed)["train"] != first["train"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"weights": ""}, "--encoder-weights: found none; expected the file with the weights of V-JEPA"),
        ({"weights": "/nowhere.pt"}, "no such file"),
        ({"kind": "jepa"}, "--encoder: found 'jepa'; expected ijepa, vjepa, vjepa2, dinov2"),
        ({"frames": 3}, "encoder.frames: found 3; expected a multiple of 2"),
        ({"heads": 0}, "attention heads: found a width of 24, and no config.json"),
        ({"heads": 5}, "heads of the encoder: found 5; expected a divisor of the width 24"),
        ({"image_size": 64}, "image size: found 64; expected 32, which the positions of the weights are for"),
        ({"grid": 5}, "encoder.grid: found 5; expected 1 to 4"),
        ({"dtype": "int8"}, "encoder.dtype: found 'int8'"),
        ({"kind": "ijepa"}, "patches: found 2 x 8 x 8 of a clip; expected squares of one image, as I-JEPA has them"),
        ({"kind": "dinov2"}, "nearest is 'published (blocks.0.attn.qkv)', without blocks.0.ls1.gamma"),
    ],
)
def test_what_cannot_be_used_is_refused(on_vjepa: EncoderRun, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ExportRefusedError) as refused:
        open_encoder(replace(on_vjepa.config.encoder, **changes))
    assert said in str(refused.value)


def test_features_beyond_half_precision_are_refused(on_vjepa: EncoderRun, tmp_path: Path) -> None:
    encoder = open_encoder(on_vjepa.config.encoder)
    with torch.no_grad():
        encoder.network.norm.weight.mul_(1e6)
    dataset = Dataset.load(on_vjepa.folder / "run" / "collect")
    with pytest.raises(ExportRefusedError, match=r"encoder\.dtype=float32"):
        write_features(dataset, encoder, on_vjepa.config.encoder, on_vjepa.config.photometry, tmp_path, "same")


def test_the_command_takes_the_encoder_and_refuses_before_it_collects(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(["train", "--encoder", "dinov2", "--run", str(tmp_path / "run"), "--threads", "1"])
    assert "--encoder-weights: found none" in str(ended.value.code)
    assert not (tmp_path / "run").exists()
    config = with_encoder("vjepa", Path("w.pt"), Config())
    assert (config.encoder.kind, config.encoder.weights) == ("vjepa", "w.pt")
