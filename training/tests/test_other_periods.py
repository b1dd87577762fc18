"""A model with another control period, block and history than the defaults, from the URDF to the closed loop."""

from __future__ import annotations

import json
import shutil
from collections import deque
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from jepa_mpc_mujoco.plant import Plant
from safetensors.numpy import load_file
from tiny_run import JOINTS, TINY, URDF, TinyRun, first_fields

from jepa_mpc_training import stages
from jepa_mpc_training.attach_distance import attach_distance
from jepa_mpc_training.config import TICK_MS, CollectConfig, DistanceConfig, TrainConfig, with_settings
from jepa_mpc_training.dataset import Dataset
from jepa_mpc_training.evaluate import Timing, evaluate, run_episode
from jepa_mpc_training.exporters.errors import ExportRefusedError
from jepa_mpc_training.inverse import load_inverse
from jepa_mpc_training.periods import ticks_in
from jepa_mpc_training.planner import ActionSpace, RestRule
from jepa_mpc_training.probe_folder import probe_folder
from jepa_mpc_training.recordings.source import BagSource, identity
from jepa_mpc_training.robot import Robot
from jepa_mpc_training.rollout_error import ROLLOUT_STEPS, rollout_errors
from jepa_mpc_training.runtime import ExportedModel
from jepa_mpc_training.stage import fingerprint
from jepa_mpc_training.stages import Pipeline
from jepa_mpc_training.tasks import Reach
from jepa_mpc_training.train import load_jepa, train

PERIOD_MS, BLOCK, WINDOW, PERIODS = 40, 3, 3, 24
SETTINGS = [f"collect.period_ms={PERIOD_MS}", f"train.block={BLOCK}", f"train.window={WINDOW}"]
CONFIG = with_settings(
    replace(TINY, name="other"), [*SETTINGS, f"collect.periods={PERIODS}", "collect.frame_size=32", "train.steps=60"]
)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> TinyRun:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("other")
    figures = Pipeline(URDF.read_text(), CONFIG, folder / "run", folder / "model").run("export")
    return TinyRun(folder / "run", folder / "model", figures)


def test_motions_are_recorded_with_the_period(other: TinyRun) -> None:
    dataset = Dataset.load(other.run / "collect")
    assert dataset.period_ms == PERIOD_MS
    moved = np.diff(dataset.positions, axis=1) / (PERIOD_MS / 1000)
    between = (dataset.velocities[:, :-1] + dataset.velocities[:, 1:]) / 2
    assert np.abs(moved - between).max() < 0.3
    assert np.abs(between).max() > 1.5


def test_the_manifest_and_the_graphs_have_period_block_and_history(other: TinyRun) -> None:
    manifest = json.loads((other.model / "manifest.json").read_text())
    assert (manifest["action"]["periodMs"], manifest["action"]["block"]) == (PERIOD_MS, BLOCK)
    assert manifest["history"]["window"] == WINDOW
    shapes = {
        f"{name}.{value.name}": [dim.dim_value for dim in value.type.tensor_type.shape.dim][1:]
        for name in ("predictor", "inverse_dynamics")
        for values in (onnx.load(other.model / f"{name}.onnx").graph,)
        for value in (*values.input, *values.output)
    }
    assert shapes["predictor.history"] == [WINDOW, 1, 38]
    assert shapes["predictor.actions"] == [BLOCK * 2]
    assert shapes["inverse_dynamics.actions"] == [TINY.planner.horizon, BLOCK * 2]


def test_the_graphs_give_what_the_networks_give(other: TinyRun) -> None:
    golden, model = load_file(other.model / "golden.safetensors"), ExportedModel(other.model)
    jepa, inverse = load_jepa(other.run / "train" / "jepa.pt"), load_inverse(other.run / "inverse" / "inverse.pt")
    assert (jepa.block, jepa.window, inverse.block) == (BLOCK, WINDOW, BLOCK)
    history, actions = golden["predictor.history"], golden["predictor.actions"]
    with torch.no_grad():
        expected = jepa.predictor(torch.from_numpy(history), torch.from_numpy(actions)).numpy()
        latent, goal = torch.from_numpy(history[:1, -1]), torch.from_numpy(history[1:2, -1])
        proposed = inverse(latent, goal).numpy()
    np.testing.assert_allclose(model.predict(history, actions), expected, atol=1e-5)
    np.testing.assert_allclose(golden["predictor.next"], expected, atol=1e-5)
    np.testing.assert_allclose(model.propose(history[0, -1], history[1, -1]), proposed.reshape(-1, 2), atol=1e-5)
    # A block and a history of other lengths fit the shapes, too, if only their product counts.
    oldest_first = model.predict(np.ascontiguousarray(history[:, ::-1]), actions)
    assert np.abs(oldest_first - expected).max() > 1e-3


@pytest.mark.parametrize("policy", ["planner", "inverse"])
def test_the_closed_loop_runs_with_the_model(other: TinyRun, urdf_xml: str, policy: str) -> None:
    timing = Timing(frame_period_ms=PERIOD_MS, plan_every=4)
    result = evaluate(urdf_xml, ExportedModel(other.model), TINY.planner, range(1), timing, policy, frame_size=32)
    assert (result["episodes"], result["policy"]) == (1, policy)


class _Watching:
    """Eyes that see the number of a frame, and a policy that remembers what it is asked and plans a ramp."""

    def __init__(self, period_ms: int, block: int, window: int) -> None:
        ones = np.ones(2)
        self.action_space, self.window = ActionSpace(-ones, ones, 0 * ones, ones, period_ms, block), window
        self.frames = 0
        self.asked: list[tuple[list[int], np.ndarray, float]] = []

    def encode(self, frame: np.ndarray, position: np.ndarray, velocity: np.ndarray) -> np.ndarray:
        self.frames += 1
        return np.full((1, 1), self.frames - 1)

    def encode_goal(self, frame: np.ndarray, position: np.ndarray | None) -> np.ndarray:
        return np.zeros((1, 1))

    def policy(self, history, goal, committed, shift, rng) -> np.ndarray:
        self.asked.append(([int(latent[0, 0]) for latent in history], committed, shift))
        return len(self.asked) + np.arange(20.0)[:, None] / 100 + np.zeros(2)


@pytest.mark.parametrize(
    ("period_ms", "block", "window", "timing", "back", "committed"),
    [
        (100, 2, 2, Timing(), [2, 0], 1),
        (40, 3, 3, Timing(frame_period_ms=40.0, delay_ms=80), [6, 3, 0], 2),
        (100, 4, 3, Timing(frame_period_ms=100 / 3, delay_ms=80), [24, 12, 0], 1),
        (200, 1, 1, Timing(), [0], 1),
    ],
)
def test_the_history_reaches_back_by_whole_steps_and_what_is_under_way_is_committed(
    period_ms: int, block: int, window: int, timing: Timing, back: list[int], committed: int
) -> None:
    watching, plant = _Watching(period_ms, block, window), Plant(URDF.read_text())
    try:
        run_episode(Robot(plant, 10.0, frame_size=16), Reach(plant.fingertip), watching, watching.policy, 0, timing)
    finally:
        plant.close()
    number = len(watching.asked) - 1
    seen, sent, shift = watching.asked[number]
    assert seen == [number - frames for frames in back]
    assert shift == pytest.approx(timing.frame_period_ms / period_ms, abs=0.02)
    assert sent.shape == (committed, 2)
    if timing.frame_period_ms == period_ms:
        # Each period runs the plan of so many frames before, at the place that it has by then.
        plans = [number - committed + 1 + min(later, committed) for later in range(committed)]
        assert sent[:, 0] == pytest.approx([plan + committed / 100 for plan in plans])


def test_the_stages_evaluate_with_a_frame_at_the_start_of_each_period_and_the_card_says_which(
    other: TinyRun, tiny: TinyRun, urdf_xml: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    timings: deque[Timing] = deque()
    figures = next(iter(tiny.figures["evaluate"]["policies"].values()))

    def fake(urdf, model, settings, seeds, timing, *rest, **named) -> dict:
        timings.append(timing)
        return figures

    monkeypatch.setattr(stages, "evaluate", fake)
    Pipeline(urdf_xml, CONFIG, other.run, other.model).run("evaluate")
    assert {timing.frame_period_ms for timing in timings} == {float(PERIOD_MS), 100 / 3}
    card = " ".join((other.model / "MODEL_CARD.md").read_text().split())
    assert "target velocities held for 0.04 s, predictor step 0.12 s, history of 3 latents" in card


def test_a_folder_is_probed_on_recordings_of_its_own_period_alone(
    other: TinyRun, tiny: TinyRun, tmp_path: Path
) -> None:
    dataset, jepa = Dataset.load(other.run / "collect"), load_jepa(other.run / "train" / "jepa.pt")
    expected = rollout_errors(jepa, dataset, np.arange(12), ROLLOUT_STEPS)
    assert len(expected) == 6, "9 latents of an episode leave 6 steps after three of history"
    figures = probe_folder(other.model, other.run / "collect", tmp_path)
    assert figures["rollout_error"] == pytest.approx(expected, abs=2e-3)
    assert figures["verdicts"][0].startswith("predictions 0.24 s ahead")
    with pytest.raises(ExportRefusedError, match=r"every 40 ms; expected .* every 100 ms.*collect\.period_ms=40"):
        probe_folder(other.model, tiny.run / "collect", tmp_path)
    short = shutil.copytree(other.run / "collect", tmp_path / "short")
    for name, last in (("actions", 8), ("frames", 9), ("positions", 9), ("velocities", 9)):
        values = np.load(short / f"{name}.npy")
        np.save(short / f"{name}.npy", values[:, :, :last] if name == "frames" else values[:, :last])
    with pytest.raises(ExportRefusedError, match=r"found episodes of 8 periods; expected 9 or more"):
        probe_folder(other.model, short, tmp_path)


def test_a_distance_counts_the_steps_of_the_model_in_the_frames_of_the_recordings(
    other: TinyRun, tiny: TinyRun, tmp_path: Path
) -> None:
    folder, config = shutil.copytree(other.model, tmp_path / "model"), DistanceConfig(steps=2, batch=16)
    assert attach_distance(folder, other.run / "collect", config)["frames_in_a_step"] == BLOCK
    with pytest.raises(ExportRefusedError, match=r"found 120 ms; expected a multiple of the 100 ms"):
        attach_distance(folder, tiny.run / "collect", config)


def test_what_earlier_versions_left_has_the_period_block_and_history_that_they_had(
    tiny: TinyRun, tmp_path: Path
) -> None:
    assert Dataset.load(tiny.run / "collect").period_ms == 100
    for name in ("train/jepa.pt", "inverse/inverse.pt"):
        state = torch.load(tiny.run / name, weights_only=True)
        state.pop("block", None)
        for setting in ("block", "window"):
            state["config"].pop(setting, None)
        torch.save(state, tmp_path / Path(name).name)
    jepa, inverse = load_jepa(tmp_path / "jepa.pt"), load_inverse(tmp_path / "inverse.pt")
    assert (jepa.block, jepa.window, inverse.block) == (2, 2, 2)


def test_fingerprints_of_the_defaults_are_those_of_earlier_versions(urdf_xml: str, tmp_path: Path) -> None:
    for config in (CollectConfig(), TrainConfig()):
        assert fingerprint(config) == fingerprint(first_fields(config))
    source = BagSource(("bag",))
    pipeline = Pipeline(urdf_xml, TINY, tmp_path, tmp_path, source)
    parts = (TINY.robot, TINY.collect.periods, TINY.collect.frame_size, TINY.recordings, identity(source))
    assert pipeline._made_from["collect"] == fingerprint(urdf_xml, *parts)


@pytest.mark.parametrize("source", [None, BagSource(("bag",))])
def test_another_period_collects_again_and_another_block_or_history_only_trains_again(
    source: BagSource | None, urdf_xml: str, tmp_path: Path
) -> None:
    def made_from(*settings: str) -> dict[str, str]:
        return Pipeline(urdf_xml, with_settings(TINY, settings), tmp_path, tmp_path, source)._made_from

    usual = made_from()
    for index, setting in enumerate(SETTINGS):
        changed = made_from(setting)
        assert (changed["collect"] == usual["collect"]) == (index > 0)
        assert all(changed[stage] != usual[stage] for stage in ("train", "distance", "inverse", "export"))


@pytest.mark.parametrize(
    ("settings", "words", "remedy"),
    [
        (["collect.period_ms=50"], "found 50 ms; expected a multiple of the 20 ms", "collect.period_ms=40"),
        (["collect.period_ms=5"], "found 5 ms", "collect.period_ms=20"),
        (["train.block=5"], r"collect\.periods: found 16; expected 20 or more", "collect.periods=20"),
        (["train.window=7"], "expected 18 or more: a history of 7 latents", "collect.periods=18"),
    ],
)
def test_what_does_not_fit_is_refused_before_any_work_with_a_remedy_that_works(
    settings: list[str], words: str, remedy: str, urdf_xml: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*more: str) -> None:
        Pipeline(urdf_xml, with_settings(TINY, [*settings, *more]), tmp_path / "run", tmp_path / "model").run("train")

    with pytest.raises(ExportRefusedError, match=f"{words}.*--set {remedy}"):
        run()
    assert not (tmp_path / "run").exists()
    monkeypatch.setattr(Pipeline, "_run_one", lambda *_: {})
    run(remedy)


@pytest.mark.parametrize("setting", ["collect.period_ms=0", "train.block=0", "train.window=-1"])
def test_periods_blocks_and_histories_are_above_0(setting: str) -> None:
    with pytest.raises(ValueError, match="expected a number above 0"):
        with_settings(TINY, [setting])


@given(st.integers(1, 10_000))
def test_a_period_is_a_whole_number_of_ticks_or_refused(period_ms: int) -> None:
    if period_ms % TICK_MS == 0:
        assert ticks_in(period_ms) * TICK_MS == period_ms
    else:
        with pytest.raises(ExportRefusedError, match=f"found {period_ms} ms"):
            ticks_in(period_ms)


def test_a_model_of_another_block_is_not_trained_further(other: TinyRun, tmp_path: Path) -> None:
    dataset, start = Dataset.load(other.run / "collect"), str(other.run / "train" / "jepa.pt")
    words = r"found a model with a block of 3 and a history of 3; expected .*2 .*2\. Pass --set train\.block=3"
    with pytest.raises(ExportRefusedError, match=words):
        train(dataset, JOINTS, replace(TINY.train, start=start), TINY.photometry, tmp_path, "further")


@pytest.mark.parametrize("period_ms", [20, 100, 250])
def test_the_patience_of_the_planner_is_a_time_whatever_the_period(period_ms: int) -> None:
    rule, at_s = RestRule(1.0, period_ms), []
    for plan in range(200):
        if not rule.decide(0.01, True, 0.0 if plan == 0 else 50 / period_ms):
            at_s.append(plan * 50 / 1000)
    assert at_s[:2] == pytest.approx([1.0, 3.05], abs=0.06), "the node's rest.patience_s, then twice as long"
