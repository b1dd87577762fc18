"""Any model folder gets a temporal distance from recordings."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from published import ACTIONS, NORMALISERS, needs_reference
from safetensors.numpy import load_file
from tiny_run import TinyRun

from jepa_mpc_training import __main__ as program
from jepa_mpc_training.attach_distance import _spread, attach_distance
from jepa_mpc_training.attach_distance import main as train_distance
from jepa_mpc_training.config import DistanceConfig
from jepa_mpc_training.distance import fit_distance
from jepa_mpc_training.exporters.command import main as export
from jepa_mpc_training.exporters.errors import ExportRefusedError
from jepa_mpc_training.nets import TokenDistanceHead
from jepa_mpc_training.runtime import ExportedModel

CONFIG = DistanceConfig(steps=40, batch=32, width=32, queries=2)
PROGRAM = Path(__file__).resolve().parents[3] / "dist" / "src" / "cli" / "main.js"


@pytest.fixture
def lewm(published: Path, tmp_path: Path) -> Path:
    """A random LeWM as a model folder."""
    assert export(["lewm", str(published), str(tmp_path / "lewm"), *ACTIONS, *NORMALISERS]) == 0
    return tmp_path / "lewm"


def test_a_published_world_model_gets_one(lewm: Path, tiny: TinyRun, capsys: pytest.CaptureFixture[str]) -> None:
    before = json.loads((lewm / "manifest.json").read_text())
    arguments = [str(lewm), str(tiny.run / "collect"), "--threads", "1", "--set", "distance.steps=30"]

    with pytest.raises(SystemExit) as ended:
        program.main(["train", "distance", *arguments])

    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert json.loads(printed[printed.rindex("{") :])["frames_in_a_step"] == 5
    manifest = json.loads((lewm / "manifest.json").read_text())
    assert manifest["objective"] == {**before["objective"], "default": "temporal_distance"}
    assert manifest["graphs"]["encoder"] == before["graphs"]["encoder"]
    assert manifest["provenance"]["createdBy"].endswith("; python -m jepa_mpc_training train distance lewm collect")
    for entry in (*manifest["graphs"].values(), manifest["golden"]):
        assert hashlib.sha256((lewm / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    golden, model = load_file(lewm / "golden.safetensors"), ExportedModel(lewm)
    assert {"encoder.image", "predictor.next", "distance.distance"} <= set(golden)
    away = model.distance(golden["distance.latent"], golden["distance.goal"])
    np.testing.assert_allclose(away, golden["distance.distance"], atol=1e-4)
    assert sorted(file.name for file in lewm.iterdir()) == sorted(
        ["manifest.json", "golden.safetensors", *(f"{name}.onnx" for name in manifest["graphs"])]
    )


def test_doing_it_again_replaces_it(lewm: Path, tiny: TinyRun) -> None:
    for _ in range(2):
        attach_distance(lewm, tiny.run / "collect", CONFIG)
    manifest = json.loads((lewm / "manifest.json").read_text())
    assert manifest["provenance"]["createdBy"].count("train distance") == 1


@needs_reference
@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on the PATH")
@pytest.mark.parametrize("kind", ["lewm", "dino-wm", "vjepa"])
def test_the_product_plans_with_it(kind: str, tiny: TinyRun, tmp_path: Path) -> None:
    assert export([kind, "--random", str(tmp_path)]) == 0
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["action"]["joints"] = ["shoulder", "elbow"]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    attach_distance(tmp_path, tiny.run / "collect", CONFIG)

    command = ["node", str(PROGRAM), "model", "check", str(tmp_path), "--device", "cpu"]
    check = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert check.returncode == 0, check.stdout + check.stderr
    assert "judged by temporal_distance" in check.stdout
    assert "an iteration in one run" in check.stdout


def _walks(tokens: int) -> torch.Tensor:
    """Latents `[E, V, T + 1, N, D]` of which one token moves on a line and the others are noise."""
    draw = torch.Generator().manual_seed(0)
    latents = torch.randn(40, 1, 21, tokens, 4, generator=draw)
    place = (torch.rand(40, 1, 21, generator=draw) * 2 - 1).cumsum(2) * 0.5
    latents[..., tokens // 2, 0] = place
    latents[..., tokens // 2, 1:] = 0
    return latents


@pytest.mark.parametrize("tokens", [1, 5])
def test_a_head_finds_the_token_that_tells_how_far_it_is(tokens: int) -> None:
    latents = _walks(tokens)
    config = replace(CONFIG, steps=600, batch=128, learning_rate=3e-3)
    torch.manual_seed(0)
    head = TokenDistanceHead(config, (0, tokens), (0, 4))
    head.mean, head.std = _spread(latents, head)
    fit_distance(head, latents, config, stride=2)
    some = latents.flatten(0, 2)
    first, second = torch.randint(len(some), (2, 2000), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        found = head(some[first], some[second])
    true = (some[first, tokens // 2, 0] - some[second, tokens // 2, 0]).abs()
    ranks = torch.stack((found, true)).argsort(1).argsort(1).double()
    assert float(torch.corrcoef(ranks)[0, 1]) > 0.8


def test_only_the_stream_of_images_counts() -> None:
    head = TokenDistanceHead(CONFIG, (0, 3), (1, 4))
    latent, goal = torch.randn(2, 5, 4, 6, generator=torch.Generator().manual_seed(0))
    changed = goal.clone()
    changed[:, 3:] = 7
    changed[:, :, 0] = 7
    changed[:, :, 4:] = 7
    with torch.no_grad():
        torch.testing.assert_close(head(latent, changed), head(latent, goal))
        assert (head(latent, goal.roll(1, 1)) - head(latent, goal)).abs().min() > 1e-6


def _changed(folder: Path, change) -> Path:
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m["action"].update(joints=["left", "right"]), "joints: found shoulder, elbow; expected left, right"),
        (lambda m: m["cameras"][0].update(width=96), "frames: found 64 x 64 pixels; expected at least the 96 x 28"),
        (
            lambda m: m["cameras"].append(m["cameras"][0] | {"name": "wrist"}),
            "cameras: found one camera; expected image, wrist",
        ),
        (lambda m: m["action"].update(periodMs=30), "predictor step: found 150 ms; expected a multiple of the 100 ms"),
        (lambda m: m["action"].update(block=17), "predictor step: found 1700 ms"),
        (lambda m: m["latent"].update(streams=[]), "latent.streams: found 0 of images; expected 1"),
    ],
)
def test_what_does_not_fit_is_refused_and_the_folder_stays(lewm: Path, tiny: TinyRun, change, said: str) -> None:
    _changed(lewm, change)
    before = {file.name: file.read_bytes() for file in lewm.iterdir()}

    with pytest.raises(ExportRefusedError) as refused:
        attach_distance(lewm, tiny.run / "collect", CONFIG)

    assert said in str(refused.value)
    assert {file.name: file.read_bytes() for file in lewm.iterdir()} == before


def test_no_model_and_no_recordings_are_refused(
    lewm: Path, tiny: TinyRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train_distance([str(tmp_path), str(tiny.run / "collect"), "--threads", "1"]) == 2
    assert "found no manifest.json; expected a model folder" in capsys.readouterr().err
    assert train_distance([str(lewm), str(tiny.run), "--threads", "1"]) == 2
    assert "expected a folder that collect wrote" in capsys.readouterr().err


def test_joints_are_counted_where_no_names_were_recorded(lewm: Path, tiny: TinyRun, tmp_path: Path) -> None:
    data = shutil.copytree(tiny.run / "collect", tmp_path / "data")
    (data / "collect.json").unlink()
    _changed(lewm, lambda m: m["action"].update(joints=["a", "b", "c"]))
    with pytest.raises(ExportRefusedError, match="joints: found 2; expected a, b, c"):
        attach_distance(lewm, data, CONFIG)


def test_the_graph_is_of_operators_that_the_planner_compiles(lewm: Path, tiny: TinyRun) -> None:
    attach_distance(lewm, tiny.run / "collect", CONFIG)
    operators = {node.op_type for node in onnx.load(lewm / "distance.onnx").graph.node}
    assert not operators & {"If", "Loop", "Conv"}
