"""A LeWM checkpoint becomes a model folder."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import onnx
import pytest
import torch
from published import ACTIONS, NORMALISERS, needs_reference
from safetensors.numpy import load_file
from safetensors.torch import save_file

from jepa_mpc_training import __main__ as program
from jepa_mpc_training.exporters import command
from jepa_mpc_training.exporters.command import main
from jepa_mpc_training.exporters.lewm import read_lewm
from jepa_mpc_training.exporters.lewm_reference import random_lewm
from jepa_mpc_training.exporters.lewm_sizes import SMALL


@needs_reference
def test_the_prediction_heeds_every_action_and_latent_of_the_window() -> None:
    model, _, _ = read_lewm(random_lewm("lewm", SMALL, seed=0).model.state_dict(), SMALL.heads, "random")
    history = torch.randn(1, 3, 1, SMALL.dim, requires_grad=True)
    actions = torch.randn(1, 3, SMALL.action_dim, requires_grad=True)

    model.predictor(history, actions).square().sum().backward()

    assert (history.grad.abs() > 0).all()
    assert (actions.grad.abs() > 0).all()


def test_a_checkpoint_becomes_a_folder_that_says_where_it_comes_from(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lewm", str(published), str(tmp_path), *ACTIONS, *NORMALISERS, "--dataset", "ours"]) == 0

    assert "5 of 100 ms in a step; shoulder -1.6 to 1.4, elbow -0.55 to 0.95 (rad/s)" in capsys.readouterr().out

    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["licence"] == "MIT"
    assert manifest["provenance"] == {
        "source": "LeWM, weights.pt; code and weights of https://github.com/lucas-maes/le-wm, licence MIT",
        "createdBy": "python -m jepa_mpc_training export lewm weights.pt",
        "dataset": "ours",
        "checkpointSha256": hashlib.sha256(published.read_bytes()).hexdigest(),
    }
    assert manifest["action"]["joints"] == ["shoulder", "elbow"]
    assert manifest["action"]["block"] == 5
    assert manifest["action"]["mean"] == [-0.1, 0.2]
    assert manifest["action"]["lower"] == pytest.approx([-1.6, -0.55])
    # One standard deviation of the data, as published.
    assert manifest["plannerDefaults"]["initialStd"] == pytest.approx(1 / 3)
    for entry in (*manifest["graphs"].values(), manifest["golden"]):
        assert hashlib.sha256((tmp_path / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


@pytest.mark.parametrize(("kind", "unit"), [("joint_position", "rad"), ("joint_delta", "rad")])
def test_actions_may_be_other_than_velocities(published: Path, tmp_path: Path, kind: str, unit: str) -> None:
    assert main(["lewm", str(published), str(tmp_path), *ACTIONS, *NORMALISERS, "--action-kind", kind]) == 0

    action = json.loads((tmp_path / "manifest.json").read_text())["action"]
    assert (action["kind"], action["unit"]) == (kind, unit)


def test_the_golden_outputs_are_the_reference_s(published: Path, tmp_path: Path) -> None:
    assert main(["lewm", str(published), str(tmp_path), *ACTIONS, *NORMALISERS]) == 0
    golden = {name: torch.from_numpy(tensor) for name, tensor in load_file(tmp_path / "golden.safetensors").items()}
    reference = random_lewm("lewm", SMALL, seed=command.SEED)

    torch.testing.assert_close(golden["encoder.latent"], reference.encode(golden["encoder.image"]))
    torch.testing.assert_close(
        golden["predictor.next"], reference.step(golden["predictor.history"], golden["predictor.actions"])
    )


def test_it_exports_without_the_reference_and_says_that_parity_was_not_measured(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "missing_package", lambda _: "transformers")

    assert main(["lewm", str(published), str(tmp_path), *ACTIONS, *NORMALISERS]) == 0

    assert "not measured, transformers is not installed" in capsys.readouterr().out
    assert (tmp_path / "manifest.json").is_file()


def test_safetensors_half_precision_and_an_envelope_are_read(published: Path, tmp_path: Path) -> None:
    weights = torch.load(published, weights_only=True)
    save_file({f"model.{name}": tensor.contiguous() for name, tensor in weights.items()}, tmp_path / "w.safetensors")
    half = {f"module.{name}": tensor.half() for name, tensor in weights.items() if tensor.is_floating_point()}
    torch.save({"state_dict": half, "epoch": 3}, tmp_path / "w.pt")
    heads = ["--encoder-heads", "3", "--predictor-heads", "4"]

    for file in ("w.safetensors", "w.pt"):
        out = tmp_path / f"{file}-model"
        assert main(["lewm", str(tmp_path / file), str(out), *heads, *ACTIONS, *NORMALISERS]) == 0


def test_graphs_are_of_operators_that_the_planner_compiles(published: Path, tmp_path: Path) -> None:
    assert main(["lewm", str(published), str(tmp_path), *ACTIONS, *NORMALISERS]) == 0
    graph = onnx.load(tmp_path / "predictor.onnx")
    operators = {node.op_type for node in graph.graph.node}

    assert {entry.domain for entry in graph.opset_import} == {""}
    assert not operators & {"Attention", "BatchNormalization", "Conv", "If", "Loop"}


def test_the_program_s_own_stage_export_is_distinguished_from_a_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "main", lambda arguments: 7 if arguments == ["lewm", "a", "b"] else 8)

    with pytest.raises(SystemExit) as ended:
        program.main(["export", "lewm", "a", "b"])
    assert ended.value.code == 7

    monkeypatch.setattr(sys, "argv", ["jepa_mpc_training", "export", "pldm"])
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 8
