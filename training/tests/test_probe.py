"""Probes of a run and of an exported folder agree, and draw what they say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Picture
from tiny_run import TINY, TinyRun

from jepa_mpc_training.__main__ import main
from jepa_mpc_training.dataset import Dataset
from jepa_mpc_training.probe import costs, plot_errors
from jepa_mpc_training.probe_folder import probe_folder
from jepa_mpc_training.rollout_error import ROLLOUT_STEPS, rollout_errors
from jepa_mpc_training.train import load_jepa

EPISODES, LENGTH = 12, 17


def test_an_exported_folder_predicts_as_its_network_does(tiny: TinyRun, tmp_path: Path) -> None:
    dataset, jepa = Dataset.load(tiny.run / "collect"), load_jepa(tiny.run / "train" / "jepa.pt")
    expected = rollout_errors(jepa, dataset, np.arange(EPISODES), ROLLOUT_STEPS)
    figures = probe_folder(tiny.model, tiny.run / "collect", tmp_path)
    assert figures["rollout_error"] == pytest.approx(expected, abs=2e-3)
    assert len(expected) == 7, "9 latents of an episode leave 7 steps after two of history"
    assert figures["episodes"] == EPISODES
    assert len(figures["r2"]) == 2
    assert all(joint in line for joint, line in zip(("shoulder", "elbow"), figures["read_out"], strict=True))
    assert len(figures["verdicts"]) == 5, "predictions, candidates, recorded actions, and two joints"
    assert [row["joint"] for row in figures["sensitivity"]] == ["shoulder", "elbow"]
    assert {"temporal_distance", "squared_latent_distance"} == set(figures["rank_correlation"])
    for name in ("costs.png", "rollout.png"):
        assert Picture.open(tmp_path / name).size[0] > 400


def test_a_run_is_probed_on_the_episodes_that_were_held_out(tiny: TinyRun) -> None:
    dataset, jepa = Dataset.load(tiny.run / "collect"), load_jepa(tiny.run / "train" / "jepa.pt")
    _, held_out = dataset.split(TINY.train.held_out)
    expected = rollout_errors(jepa, dataset, held_out, ROLLOUT_STEPS)
    assert tiny.figures["probe"]["rollout_error"] == pytest.approx(expected, abs=1e-4)
    assert (tiny.run / "probe" / "rollout.png").exists()
    card = (tiny.model / "MODEL_CARD.md").read_text()
    assert all(f"- {verdict}\n" in card for verdict in tiny.figures["probe"]["verdicts"])


def test_costs_are_ranked_by_the_time_that_the_slowest_joint_needs(tmp_path: Path) -> None:
    positions = np.random.default_rng(0).uniform(-2, 2, (EPISODES, LENGTH, 2))
    limit = np.array([2.0, 1.0])
    latents = torch.from_numpy(positions)[:, None]

    def exact(state: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
        return ((state - goal).abs() / torch.from_numpy(limit * 0.2)).amax(1)

    both = costs(positions, latents, exact, limit * 0.2, tmp_path / "both.png")
    assert both["rank_correlation"]["temporal_distance"]["far"] == pytest.approx(1.0, abs=1e-6)
    assert both["rank_correlation"]["squared_latent_distance"]["far"] < 0.99
    for row in both["costs"]:
        assert row["temporal_distance"][0] == pytest.approx(row["mean_true_steps"], abs=0.01)
    alone = costs(positions, latents, None, limit * 0.2, tmp_path / "alone.png")
    assert set(alone["rank_correlation"]) == {"squared_latent_distance"}
    wide, narrow = (Picture.open(tmp_path / f"{name}.png").size[0] for name in ("both", "alone"))
    assert wide == 2 * narrow


def test_the_picture_of_errors_shows_them(tmp_path: Path) -> None:
    assert plot_errors(np.array([0.1, 0.5, 1.3]), 0.2, tmp_path / "rising.png") == [0.1, 0.5, 1.3]
    plot_errors(np.array([0.1, 0.1, 0.1]), 0.2, tmp_path / "flat.png")
    assert (tmp_path / "rising.png").read_bytes() != (tmp_path / "flat.png").read_bytes()


def test_models_of_another_rhythm_are_refused(
    tiny: TinyRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(tiny.model, tmp_path / "model")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["action"]["periodMs"] = 50
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(SystemExit) as ended:
        main(["probe", str(folder), str(tiny.run / "collect"), "--out", str(tmp_path)])
    assert ended.value.code == 2
    assert "joint_velocity every 50 ms" in capsys.readouterr().err
    assert not (tmp_path / "costs.png").exists()
