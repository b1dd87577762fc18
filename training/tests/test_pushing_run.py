"""A model that pushes an object, from exploration to the model card, with the smallest settings."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_tasks import CUBE
from tiny_run import TINY, URDF

from jepa_mpc_training.config import Config, PredictorConfig, with_settings
from jepa_mpc_training.exporters.errors import ExportRefusedError
from jepa_mpc_training.runtime import ExportedModel
from jepa_mpc_training.stages import Pipeline
from jepa_mpc_training.train import Jepa, load_jepa

SETTINGS = ["train.object_reading=5", "train.tip_place=on", "predictor.enabled=on", "distance.goal=objects"]


def _config(folder: Path, *settings: str) -> Config:
    (folder / "cube.yaml").write_text(CUBE)
    tiny = replace(
        TINY,
        collect=replace(TINY.collect, scene=str(folder / "cube.yaml"), push_share=1.0),
        predictor=PredictorConfig(steps=40, batch=64, rollout=2),
    )
    return with_settings(tiny, settings)


@pytest.fixture(scope="module")
def pushing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("pushing")
    figures = Pipeline(URDF.read_text(), _config(folder, *SETTINGS), folder / "run", folder / "model").run("evaluate")
    return folder, figures


def test_a_latent_has_the_places_of_objects_and_of_the_tip(pushing) -> None:
    folder, _ = pushing
    streams = json.loads((folder / "model" / "manifest.json").read_text())["latent"]["streams"]
    named = {stream["name"]: (stream["of"], stream["dims"]) for stream in streams}
    assert named == {
        "image": ("images", [0, 29]),
        "objects": ("images", [29, 32]),
        # Two sines, two cosines, the place of the tip.
        "joints": ("proprioception", [32, 39]),
        "velocities": ("proprioception", [39, 41]),
    }


def test_distance_and_proposals_take_the_places_of_the_goal_and_not_its_pose(pushing) -> None:
    folder, _ = pushing
    model = ExportedModel(folder / "model")
    state, goal = torch.randn(2, 5, 1, 41, generator=torch.Generator().manual_seed(0)).numpy()
    elsewhere, other_pose, other_picture = goal.copy(), goal.copy(), state.copy()
    elsewhere[..., 29:32] += 1.0
    other_pose[..., 32:] += 1.0
    other_pose[..., :29] += 1.0
    other_picture[..., :29] += 1.0
    for of in (model.distance, lambda one, to: model.propose(one[0], to[0])):
        np.testing.assert_array_equal(of(state, other_pose), of(state, goal))
        np.testing.assert_array_equal(of(other_picture, goal), of(state, goal))
        assert (of(state, elsewhere) != of(state, goal)).any()


def test_the_predictor_that_is_exported_was_trained_further(pushing) -> None:
    folder, _ = pushing
    first = load_jepa(folder / "run" / "train" / "jepa.pt").predictor
    model = ExportedModel(folder / "model")
    history, actions = np.zeros((1, 2, 1, 41), dtype=np.float32), np.ones((1, 4), dtype=np.float32)
    with torch.no_grad():
        earlier = first(torch.from_numpy(history), torch.from_numpy(actions)).numpy()
    assert np.abs(model.predict(history, actions) - earlier).max() > 1e-3


def test_it_is_judged_by_pushes_also_of_an_object_that_is_suddenly_elsewhere(pushing) -> None:
    folder, figures = pushing
    evaluated = figures["evaluate"]
    assert evaluated["policies"]["do nothing"]["success"] == 0
    assert "inverse dynamics alone" in evaluated["policies"]
    assert "planner, joint positions of the goal known" not in evaluated["policies"]
    assert "the object is suddenly elsewhere while the robot stands still" in evaluated["conditions"]
    card = (folder / "model" / "MODEL_CARD.md").read_text()
    assert "the object within 4 cm of where the\npicture of the goal shows it" in card
    assert "the predictor further on frozen latents, 40 steps of 64 stretches" in card
    assert "within 4 cm at the end" in card
    assert "The two costs against the true distance" not in card
    assert not any("does not see" in verdict for verdict in figures["probe"]["verdicts"])


def test_latents_are_encoded_once_for_all_heads_and_again_after_another_training(
    pushing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = pushing
    encoded: list[int] = []
    encode_all = Jepa.encode_all
    monkeypatch.setattr(Jepa, "encode_all", lambda *given: encoded.append(1) or encode_all(*given))
    model = tmp_path / "model"
    Pipeline(
        URDF.read_text(), _config(folder, *SETTINGS, "distance.steps=61", "inverse.steps=61"), folder / "run", model
    ).run("inverse")
    assert not encoded
    Pipeline(
        URDF.read_text(), _config(folder, *SETTINGS, "train.steps=101", "inverse.steps=61"), folder / "run", model
    ).run("inverse")
    assert len(encoded) == 1


@pytest.mark.parametrize(
    ("settings", "refused"),
    [
        (["distance.goal=objects"], r"^distance\.goal: found objects, with train\.object_reading=0"),
        (
            ["distance.goal=objects", "train.object_reading=5"],
            r"^distance\.goal: found objects, without the place of the tip",
        ),
        (["inverse.latent_part=objects"], r"^inverse\.latent_part: found objects, with train\.object_reading=0"),
        (
            ["collect.scene=", "collect.push_share=0", "train.object_reading=5"],
            r"^train\.object_reading: found 5, with no scene",
        ),
        ([*SETTINGS, "evaluate.gazebo_episodes=1"], r"^evaluate\.gazebo_episodes: found 1, with distance\.goal=obj"),
    ],
)
def test_places_that_nobody_has_are_refused_before_any_work(tmp_path: Path, settings: list[str], refused: str) -> None:
    with pytest.raises(ExportRefusedError, match=refused):
        Pipeline(URDF.read_text(), _config(tmp_path, *settings), tmp_path / "run", tmp_path / "model")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("settings", "refused"),
    [
        (["train.tip_place=on"], r"found a model with train\.object_reading.* Pass --set train\.object_reading=5\.$"),
        (["train.object_reading=5"], r"found a model with train\.tip_place; .* Pass --set train\.tip_place=on\.$"),
    ],
)
def test_a_model_is_trained_further_with_the_parts_that_it_has(
    pushing, tmp_path: Path, settings: list[str], refused: str
) -> None:
    folder, _ = pushing
    start = f"train.start={folder / 'run' / 'train' / 'jepa.pt'}"
    config = _config(folder, start, *settings)
    with pytest.raises(ExportRefusedError, match=refused):
        Pipeline(URDF.read_text(), config, folder / "run", tmp_path / "model").run("train")


def test_another_goal_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^--set distance\.goal: found 'object', expected pose or objects\.$"):
        with_settings(Config(), ["distance.goal=object"])
