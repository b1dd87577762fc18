"""The whole way from URDF to model folder, and what happens when it is run again."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from safetensors.numpy import load_file
from tiny_run import TINY, TinyRun

from jepa_mpc_training.config import Config, simulated_in, with_settings
from jepa_mpc_training.runtime import ExportedModel
from jepa_mpc_training.stages import Pipeline

MANIFEST_FIELDS = {
    "": "format version name description licence graphs cameras latent history action goal objective "
    "plannerDefaults provenance golden",
    "cameras.0": "name topic width height channels colorOrder resize interpolation scale mean std",
    "latent": "tokens dim",
    "history": "mode window warmup",
    "action": "kind joints unit periodMs block mean std lower upper",
    "objective": "default steps",
    "plannerDefaults": "samples iterations elites horizon initialStd minStd actionPenalty restMargin",
    "provenance": "source createdBy dataset",
    "golden": "file sha256 tolerance",
    "golden.tolerance": "cpu webgpu",
    "graphs": "encoder predictor distance",
    "graphs.encoder": "file sha256",
}


@pytest.mark.parametrize("path", MANIFEST_FIELDS)
def test_the_manifest_has_exactly_the_fields_of_the_contract(tiny: TinyRun, path: str) -> None:
    value = json.loads((tiny.model / "manifest.json").read_text())
    for key in filter(None, path.split(".")):
        value = value[int(key)] if key.isdigit() else value[key]
    assert set(value) == set(MANIFEST_FIELDS[path].split())


def test_the_manifest_tells_the_robot_and_the_hashes_of_its_files(tiny: TinyRun) -> None:
    manifest = json.loads((tiny.model / "manifest.json").read_text())
    assert manifest["action"]["joints"] == ["shoulder", "elbow"]
    assert manifest["action"]["lower"] == [-2.0, -2.0]
    assert manifest["action"]["upper"] == [2.0, 2.0]
    for entry in (*manifest["graphs"].values(), manifest["golden"]):
        assert hashlib.sha256((tiny.model / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


def test_graphs_have_the_names_and_shapes_of_the_contract(tiny: TinyRun) -> None:
    expected = {
        "encoder": ({"image": [None, 3, 64, 64]}, {"latent": [None, 1, 32]}),
        "predictor": ({"history": [None, 2, 1, 32], "actions": [None, 4]}, {"next": [None, 1, 32]}),
        "distance": ({"latent": [None, 1, 32], "goal": [None, 1, 32]}, {"distance": [None]}),
    }
    for name, (inputs, outputs) in expected.items():
        model = onnx.load(tiny.model / f"{name}.onnx")
        onnx.checker.check_model(model)
        assert model.opset_import[0].version >= 17
        assert _shapes(model.graph.input) == inputs
        assert _shapes(model.graph.output) == outputs


def test_the_exported_graphs_give_the_golden_vectors_one_by_one(tiny: TinyRun) -> None:
    golden, model = load_file(tiny.model / "golden.safetensors"), ExportedModel(tiny.model)
    assert all(tensor.dtype == np.float32 and len(tensor) >= 4 for tensor in golden.values())
    for row in range(len(golden["predictor.next"])):
        one = slice(row, row + 1)
        following = model.predict(golden["predictor.history"][one], golden["predictor.actions"][one])
        away = model.distance(golden["distance.latent"][one], golden["distance.goal"][one])
        np.testing.assert_allclose(following, golden["predictor.next"][one], atol=1e-4)
        np.testing.assert_allclose(away, golden["distance.distance"][one], atol=1e-4)


def test_pixels_through_the_manifest_give_the_golden_latent(tiny: TinyRun) -> None:
    golden, model = load_file(tiny.model / "golden.safetensors"), ExportedModel(tiny.model)
    camera = model.manifest["cameras"][0]
    image = golden["encoder.image"][0].transpose(1, 2, 0)
    pixels = (image * np.array(camera["std"]) + np.array(camera["mean"])) / camera["scale"]
    np.testing.assert_allclose(pixels, np.rint(pixels), atol=1e-2)
    latent = model.encode(np.rint(pixels).astype(np.uint8))
    np.testing.assert_allclose(latent, golden["encoder.latent"][0], atol=1e-4)


def test_a_second_run_does_nothing_and_gives_the_same_figures(
    tiny: TinyRun, urdf_xml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    again = Pipeline(urdf_xml, TINY, tiny.run, tiny.model).run("evaluate")
    assert capsys.readouterr().out.count("up to date") == 6
    assert again == tiny.figures


def test_a_changed_planner_leaves_data_and_weights_alone(
    tiny: TinyRun, urdf_xml: str, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = _copy(tiny, tmp_path)
    changed = replace(TINY, planner=replace(TINY.planner, horizon=3))
    Pipeline(urdf_xml, changed, run, tmp_path / "model").run("export")
    assert capsys.readouterr().out.count("up to date") == 4
    assert json.loads((tmp_path / "model" / "manifest.json").read_text())["plannerDefaults"]["horizon"] == 3


def test_a_stage_whose_output_is_gone_is_done_again(
    tiny: TinyRun, urdf_xml: str, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = _copy(tiny, tmp_path)
    (run / "distance" / "distance.pt").unlink()
    Pipeline(urdf_xml, TINY, run, tmp_path / "model").run("distance")
    assert capsys.readouterr().out.count("up to date") == 2
    assert (run / "distance" / "distance.pt").exists()


def test_the_card_carries_the_figures_of_the_run(tiny: TinyRun) -> None:
    card = (tiny.model / "MODEL_CARD.md").read_text()
    for value in tiny.figures["probe"]["r2"]:
        assert f"{value:.4f}" in card
    for result in tiny.figures["evaluate"]["policies"].values():
        assert f"{result['success']} / {result['episodes']}" in card


def test_settings_of_the_command_line_keep_their_types_and_refuse_strangers() -> None:
    assert with_settings(Config(), ["train.steps=7", "planner.min_std=0.5"]).train.steps == 7
    for bad in ("train.stepz=7", "train.steps=many", "name=x", "train.steps"):
        with pytest.raises(ValueError, match="--set"):
            with_settings(Config(), [bad])


def test_all_motions_are_collected_in_the_simulator_that_is_named() -> None:
    config = with_settings(Config(), ["collect.gazebo_episodes=5"])
    assert simulated_in(None, config).collect.gazebo_episodes == 5
    assert simulated_in("mujoco", config).collect.gazebo_episodes == 0
    assert simulated_in("gazebo", config).collect.gazebo_episodes == config.collect.episodes


def _copy(tiny: TinyRun, folder: Path) -> Path:
    """The tiny run's folder, free to change."""
    return shutil.copytree(tiny.run, folder / "run")


def _shapes(values) -> dict[str, list[int | None]]:
    return {
        value.name: [None if dim.dim_param else dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in values
    }
