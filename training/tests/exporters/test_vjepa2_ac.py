"""A V-JEPA 2-AC checkpoint becomes a model folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from published import ARM, needs_reference_of

from jepa_mpc_training.exporters.checkpoint import read_checkpoint
from jepa_mpc_training.exporters.command import main, write_random_checkpoint
from jepa_mpc_training.exporters.heads import Heads
from jepa_mpc_training.exporters.rotary_position import RotaryTables, head_order
from jepa_mpc_training.exporters.vjepa2_ac import GROUPS, default_heads, read_vjepa2_ac
from jepa_mpc_training.exporters.vjepa2_ac_reference import VjepaReference, random_vjepa2_ac
from jepa_mpc_training.exporters.vjepa2_ac_sizes import SMALL
from jepa_mpc_training.exporters.world_model import WorldModel

Refusal = Callable[..., str]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file as published, small, with `config.json` in its folder."""
    needs_reference_of("vjepa2-ac")
    torch.set_num_threads(1)
    file = tmp_path_factory.mktemp("vjepa2-ac") / "vjepa2-ac-vitg.pt"
    write_random_checkpoint("vjepa2-ac", SMALL, file)
    return file


@pytest.fixture(scope="module")
def folder(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model")
    assert main(["vjepa2-ac", str(checkpoint), str(out), *ARM]) == 0
    return out


def random_model() -> tuple[WorldModel, VjepaReference]:
    needs_reference_of("vjepa2-ac")
    reference = random_vjepa2_ac(SMALL, seed=0)
    model, sizes, _ = read_vjepa2_ac(reference.model.state_dict(), SMALL.heads, "random")
    assert sizes == SMALL
    return model, reference


def save(checkpoint: Path, folder: Path, change: Callable[[dict], None]) -> Path:
    """The checkpoint after a change of what is in the file."""
    content = torch.load(checkpoint, weights_only=True)
    change(content)
    torch.save(content, folder / "weights.pt")
    (folder / "config.json").write_bytes(checkpoint.with_name("config.json").read_bytes())
    return folder / "weights.pt"


def test_the_manifest_says_how_the_robot_is_read_and_moved(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    links = {"base": "base_link", "link": "tool0"}
    gripper = {"joint": "finger_joint", "zero": 0.0, "one": 0.8}
    visual, dim = SMALL.tokens, SMALL.encoder_dim

    assert manifest["licence"] == "MIT"
    assert manifest["proprioception"] == {
        "fields": [{"kind": "pose", **links}, {"kind": "fraction", **gripper}],
        "mean": [0] * 7,
        "std": [1] * 7,
    }
    assert manifest["latent"] == {
        "tokens": visual + 1,
        "dim": dim,
        "streams": [
            {
                "name": "visual",
                "of": "images",
                "update": "predicted",
                "tokens": [0, visual],
                "dims": [0, dim],
                "weight": 1,
            },
            {
                "name": "pose",
                "of": "proprioception",
                "update": "pose",
                "tokens": [visual, visual + 1],
                "dims": [0, 7],
                "weight": 0,
            },
        ],
    }
    assert manifest["history"] == {"mode": "growing", "window": 4, "warmup": "short", "actions": "paired"}
    assert manifest["action"] == {
        "kind": "end_effector_delta",
        "joints": [f"joint_{number}" for number in range(1, 7)],
        "unit": "m, rad, fraction of the gripper's range",
        "periodMs": 250,
        "block": 1,
        "mean": [0] * 7,
        "std": [1] * 7,
        "lower": [-0.05, -0.05, -0.05, -0.1, -0.1, -0.1, -0.75],
        "upper": [0.05, 0.05, 0.05, 0.1, 0.1, 0.1, 0.75],
        "names": ["x", "y", "z", "roll", "pitch", "yaw", "gripper"],
        "endEffector": links,
        "gripper": gripper,
        "frozen": [None, None, None, 0, 0, 0, None],
        "deadBand": [0, 0, 0, 0, 0, 0, 0.25],
    }
    assert manifest["objective"] == {"default": "l1", "steps": "last"}
    assert manifest["plannerDefaults"] == {
        "samples": 400,
        "iterations": 10,
        "elites": 10,
        "horizon": 2,
        "initialStd": 1,
        "minStd": 0,
        "momentum": 0.15,
        "actionPenalty": 0,
    }
    assert [manifest["cameras"][0][key] for key in ("resize", "interpolation", "width")] == [
        "largest-square-crop",
        "bilinear",
        SMALL.image_size,
    ]


def test_graphs_take_any_number_of_candidates_and_frames(folder: Path) -> None:
    session = onnxruntime.InferenceSession(folder / "predictor.onnx", providers=["CPUExecutionProvider"])
    for rows, frames in ((1, 1), (3, 2), (2, 32)):
        history = torch.randn(rows, frames, SMALL.tokens + 1, SMALL.encoder_dim).numpy()
        actions = torch.randn(rows, frames, 7).numpy()
        (found,) = session.run(["next"], {"history": history, "actions": actions})
        assert found.shape == (rows, SMALL.tokens + 1, SMALL.encoder_dim)


def test_the_longest_history_is_predicted_from_as_the_reference_does_it() -> None:
    model, reference = random_model()
    history, actions = torch.randn(2, 32, model.tokens, model.dim), torch.randn(2, 32, 7)
    history[:, :, -1, 7:] = 0

    with torch.no_grad():
        torch.testing.assert_close(
            model.predictor(history, actions), reference.step(history, actions), atol=2e-5, rtol=1e-5
        )


def test_the_prediction_heeds_every_token_action_and_pose_of_the_history() -> None:
    model, _ = random_model()
    history = torch.randn(1, 4, model.tokens, model.dim, requires_grad=True)
    actions = torch.randn(1, 4, 7, requires_grad=True)

    model.predictor(history, actions)[:, : SMALL.tokens].square().sum().backward()

    assert (history.grad[:, :, : SMALL.tokens].abs().sum(dim=-1) > 0).all()
    assert (history.grad[:, :, SMALL.tokens, :7].abs() > 0).all()
    assert (history.grad[:, :, SMALL.tokens, 7:] == 0).all()
    assert (actions.grad.abs() > 0).all()


def test_the_pose_is_in_the_latent_as_it_is_measured() -> None:
    model, _ = random_model()
    image, pose = torch.randn(2, 3, SMALL.image_size, SMALL.image_size), torch.randn(2, 7)

    with torch.no_grad():
        latent = model.encoder(image, pose)

    assert torch.equal(latent[:, -1, :7], pose)
    assert (latent[:, -1, 7:] == 0).all()
    # Normalised token by token, as every prediction is.
    torch.testing.assert_close(latent[:, :-1].mean(dim=-1), torch.zeros(2, SMALL.tokens), atol=1e-5, rtol=0)


def test_frequencies_are_those_that_the_weights_were_trained_with() -> None:
    """One list of frequencies twice along an axis, not each of them twice."""
    tables = RotaryTables(torch.tensor([1]), torch.tensor([0]), torch.tensor([0]), head=64)
    cosine = torch.empty(1, 64)
    cosine[:, head_order(64)] = tables.cosine
    frequency = 1 / 10000 ** (torch.arange(10) / 10)

    torch.testing.assert_close(cosine[0, :20], torch.cat((frequency.cos(), frequency.cos())))
    assert (cosine[0, 20:] == 1).all()


def test_heads_of_the_published_widths_need_no_config_json() -> None:
    def norms(encoder: int, predictor: int) -> dict[str, torch.Tensor]:
        return {
            "encoder.norm.weight": torch.ones(encoder),
            "predictor.predictor_norm.weight": torch.ones(predictor),
        }

    assert default_heads(norms(1408, 1024)) == Heads(22, 16)
    assert default_heads(norms(1408, 1000)) is None
    assert default_heads({}) is None


def test_what_lies_beside_the_weights_in_the_file_is_left_out(checkpoint: Path) -> None:
    tensors = read_checkpoint(checkpoint, groups=GROUPS).tensors

    assert {key.split(".")[0] for key in tensors} == {"encoder", "predictor"}
    assert not any("module." in key or "backbone." in key for key in tensors)
    assert "encoder.pos_embed" in tensors
    assert "predictor.extrinsics_encoder.weight" in tensors


def test_numbers_of_numpy_beside_the_weights_are_no_hindrance(checkpoint: Path, tmp_path: Path) -> None:
    def add(content: dict) -> None:
        content.update(loss=np.float64(0.5), lr=np.float32(1e-4), epoch=np.int64(3), done=np.bool_(True))

    found = read_checkpoint(save(checkpoint, tmp_path, add), groups=GROUPS).tensors

    assert found.keys() == read_checkpoint(checkpoint, groups=GROUPS).tensors.keys()


def test_weights_are_in_one_file_beside_a_graph_of_more_than_2_gb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the exporter does by itself at 2 GB, asked for in a small graph."""
    from jepa_mpc_training.exporters import graph_export

    layer = torch.nn.Linear(64, 64)
    write = torch.onnx.export

    def write_outside(network: torch.nn.Module, inputs: tuple, file: Path, **options: object) -> None:
        write(network, inputs, file, **options)
        model = onnx.load(file)
        onnx.save_model(model, file, save_as_external_data=True, all_tensors_to_one_file=False, size_threshold=0)

    monkeypatch.setattr(torch.onnx, "export", write_outside)
    graph_export.export_graph(layer, {"x": torch.randn(4, 64)}, "y", tmp_path / "layer.onnx")

    assert sorted(file.name for file in tmp_path.iterdir()) == ["layer.data", "layer.onnx"]
    assert (tmp_path / "layer.data").stat().st_size >= 64 * 64 * 4


def test_a_plan_that_is_longer_than_the_window_looks_at_its_end(checkpoint: Path, tmp_path: Path) -> None:
    assert main(["vjepa2-ac", str(checkpoint), str(tmp_path), *ARM, "--window", "2"]) == 0

    assert json.loads((tmp_path / "manifest.json").read_text())["history"]["window"] == 2


@pytest.mark.parametrize("window", ["1", "33"])
def test_a_window_that_cannot_be_is_refused(checkpoint: Path, tmp_path: Path, refusal: Refusal, window: str) -> None:
    said = refusal("vjepa2-ac", checkpoint, tmp_path / "out", *ARM, "--window", window)

    assert f"--window: found {window}; expected 2 to 32" in said


def test_an_unknown_layout_is_refused_with_the_keys_that_differ(
    checkpoint: Path, tmp_path: Path, refusal: Refusal
) -> None:
    def move(content: dict) -> None:
        predictor = content["predictor"]
        predictor["module.blocks.0.attn.qkv.weight"] = predictor.pop("module.predictor_blocks.0.attn.qkv.weight")

    said = refusal("vjepa2-ac", save(checkpoint, tmp_path, move), tmp_path / "out", *ARM)

    assert "without predictor.predictor_blocks.0.attn.qkv.weight" in said
    assert "with predictor.blocks.0.attn.qkv.weight in addition" in said


def test_a_predictor_without_actions_is_refused(checkpoint: Path, tmp_path: Path, refusal: Refusal) -> None:
    """That of V-JEPA 2 itself: a file with the same keys."""

    def replace(content: dict) -> None:
        content["predictor"] = {"module.backbone.mask_tokens.0": torch.zeros(1, 1, 4)}

    said = refusal("vjepa2-ac", save(checkpoint, tmp_path, replace), tmp_path / "out", *ARM)

    assert "predictor.action_encoder.bias" in said
    assert "with predictor.mask_tokens.0 in addition" in said


def test_a_state_dict_of_something_else_is_refused(tmp_path: Path, refusal: Refusal) -> None:
    torch.save({"state_dict": {"weight": torch.zeros(3)}, "epoch": 3}, tmp_path / "weights.pt")

    said = refusal("vjepa2-ac", tmp_path / "weights.pt", tmp_path / "out", *ARM)

    assert "found no weights under encoder or predictor, but epoch, state_dict" in said


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_refused(checkpoint: Path, tmp_path: Path, refusal: Refusal, keep: float) -> None:
    content = checkpoint.read_bytes()
    (tmp_path / "weights.pt").write_bytes(content[: int(len(content) * keep)])

    said = refusal("vjepa2-ac", tmp_path / "weights.pt", tmp_path / "out", *ARM)

    assert "bytes that cannot be read" in said


def test_an_action_of_another_size_is_refused(checkpoint: Path, tmp_path: Path, refusal: Refusal) -> None:
    def widen(content: dict) -> None:
        weight = content["predictor"]["module.action_encoder.weight"]
        content["predictor"]["module.action_encoder.weight"] = torch.zeros(len(weight), 9)

    said = refusal("vjepa2-ac", save(checkpoint, tmp_path, widen), tmp_path / "out", *ARM)

    assert "found 9 numbers in an action and 7 in a pose; expected 7 in each" in said


def test_what_the_robot_is_must_be_said(checkpoint: Path, tmp_path: Path, refusal: Refusal) -> None:
    for option in ("--joints", "--base", "--link", "--gripper-joint", "--gripper-zero", "--gripper-one"):
        place = ARM.index(option)
        said = refusal("vjepa2-ac", checkpoint, tmp_path / "out", *ARM[:place], *ARM[place + 2 :])
        assert f"{option}: found none" in said

    said = refusal("vjepa2-ac", checkpoint, tmp_path / "out", *ARM, "--gripper-one", "0")
    assert "--gripper-one: found 0, as --gripper-zero" in said
    said = refusal("vjepa2-ac", checkpoint, tmp_path / "out", *ARM, "--action-lower", "1,2")
    assert "--action-lower: found 2 numbers; expected 7" in said
    said = refusal("vjepa2-ac", checkpoint, tmp_path / "out", *ARM, "--action-mean", "0", "--action-std", "1")
    assert "normalisers of the actions: found some; expected none" in said
    assert not (tmp_path / "out").exists()


def test_an_image_that_is_no_whole_number_of_patches_is_refused(
    checkpoint: Path, tmp_path: Path, refusal: Refusal
) -> None:
    said = refusal("vjepa2-ac", checkpoint, tmp_path / "out", *ARM, "--image-size", "20")

    assert "images of 20 pixels: found patches of 7" in said
