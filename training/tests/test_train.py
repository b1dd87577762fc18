"""Training learns, and an interrupted run ends where an uninterrupted one ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_run import JOINTS, TINY, TinyRun

from jepa_mpc_training import train as train_module
from jepa_mpc_training.config import DistanceConfig, TrainConfig
from jepa_mpc_training.dataset import Dataset
from jepa_mpc_training.distance import load_distance, train_distance
from jepa_mpc_training.invariance import invariance
from jepa_mpc_training.nets import Predictor, rollout
from jepa_mpc_training.rollout_error import rollout_errors
from jepa_mpc_training.train import Jepa, load_jepa, planar, train


class _PowerCutError(Exception):
    pass


def _same_weights(one: Jepa, other: Jepa) -> bool:
    """Whether all networks of two models are equal, and both have the head that reads the joints."""
    pairs = zip(one.networks, other.networks, strict=True)
    states = [(first.state_dict(), second.state_dict()) for first, second in pairs]
    return len(states) == 3 and all(torch.equal(a[name], b[name]) for a, b in states for name in b)


def test_a_resumed_run_gives_the_weights_of_an_uninterrupted_one(
    tiny: TinyRun, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, calls, loss = Dataset.load(tiny.run / "collect"), [0], train_module._loss

    def cut_after_70(*arguments):
        calls[0] += 1
        if calls[0] == 70:
            raise _PowerCutError
        return loss(*arguments)

    monkeypatch.setattr(train_module, "_loss", cut_after_70)
    with pytest.raises(_PowerCutError):
        train(dataset, JOINTS, TINY.train, TINY.photometry, tmp_path, "same")
    calls[0] = 1000
    train(dataset, JOINTS, TINY.train, TINY.photometry, tmp_path, "same")
    assert calls[0] - 1000 == 40 + 1, "resumes from the checkpoint at step 60 of 100"
    assert _same_weights(load_jepa(tmp_path / "jepa.pt"), load_jepa(tiny.run / "train" / "jepa.pt"))


def test_a_checkpoint_of_other_inputs_is_not_resumed(tiny: TinyRun, tmp_path) -> None:
    dataset = Dataset.load(tiny.run / "collect")
    train(dataset, JOINTS, replace(TINY.train, steps=60), TINY.photometry, tmp_path, "other")
    train(dataset, JOINTS, TINY.train, TINY.photometry, tmp_path, "same")
    resumed = load_jepa(tmp_path / "jepa.pt").encoder.state_dict()
    whole = load_jepa(tiny.run / "train" / "jepa.pt").encoder.state_dict()
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)


def test_a_run_can_go_on_from_the_weights_of_another(tiny: TinyRun, tmp_path) -> None:
    first = tiny.run / "train" / "jepa.pt"
    config = replace(TINY.train, start=str(first), steps=1, learning_rate=0.0)
    train(Dataset.load(tiny.run / "collect"), JOINTS, config, TINY.photometry, tmp_path, "further")
    assert _same_weights(load_jepa(tmp_path / "jepa.pt"), load_jepa(first))


def test_the_head_that_reads_the_joints_learns_them_and_can_be_left_out(tiny: TinyRun, tmp_path) -> None:
    rows = torch.load(tiny.run / "train" / "checkpoint.pt", weights_only=True)["progress"]["rows"]
    errors = [row["joint_readout"] for _, row in rows if "joint_readout" in row]
    assert errors[-1] < 0.6 * errors[0]
    assert tiny.figures["train"]["held_out_joint_readout"] < errors[0]
    dataset = Dataset.load(tiny.run / "collect")
    config = replace(TINY.train, steps=30, joint_readout=0.0)
    figures = train(dataset, JOINTS, config, TINY.photometry, tmp_path, "without")
    assert "held_out_joint_readout" not in figures
    assert load_jepa(tmp_path / "jepa.pt").readout is None
    further = replace(config, start=str(tmp_path / "jepa.pt"), steps=5, joint_readout=1.0)
    train(dataset, JOINTS, further, TINY.photometry, tmp_path, "with")
    assert load_jepa(tmp_path / "jepa.pt").readout is not None


def test_a_few_steps_already_beat_predicting_that_nothing_moves(tiny: TinyRun) -> None:
    assert tiny.figures["train"]["mean_std"] > 0.1
    jepa, dataset = load_jepa(tiny.run / "train" / "jepa.pt"), Dataset.load(tiny.run / "collect")
    some = dataset.sequences(np.random.default_rng(0), np.arange(12), 128, 3, block=2)
    states = np.concatenate((some.positions, some.velocities), axis=2)
    with torch.no_grad():
        latents = jepa.with_joints(jepa.encode(planar(some.frames[:, 0])), states).unsqueeze(2)
        predicted = jepa.predictor(latents[:, :2], torch.from_numpy(some.actions)[:, 1])
    for part in (slice(None, 32), slice(32, None)):
        error, moved = predicted - latents[:, 2], latents[:, 1] - latents[:, 2]
        assert error[..., part].square().mean() < moved[..., part].square().mean()


def test_sequences_pair_each_block_of_actions_with_the_frames_around_it(tiny: TinyRun) -> None:
    dataset = Dataset.load(tiny.run / "collect")
    marked = Dataset(
        np.arange(17, dtype=np.uint8)[:, None, None, None]
        + np.array([0, 100], dtype=np.uint8)[:, None, None, None, None]
        + np.zeros((12, 2, 17, 1, 1, 3), dtype=np.uint8),
        np.broadcast_to(np.arange(16, dtype=np.float32)[None, :, None], (12, 16, 2)),
        np.broadcast_to(np.arange(17, dtype=np.float32)[None, :, None], (12, 17, 2)),
        np.broadcast_to(-np.arange(17, dtype=np.float32)[None, :, None], (12, 17, 2)),
        dataset.in_gazebo,
        100,
    )
    frames, actions, positions, velocities, _ = marked.sequences(
        np.random.default_rng(0), np.arange(12), 200, 4, block=2
    )
    assert (frames[:, 1] == frames[:, 0] + 100).all(), "both views at the same moments"
    first = frames[:, 0, :, 0, 0, 0].astype(int)
    assert (np.diff(first) == 2).all()
    assert (actions[:, :, 0] == first[:, :-1]).all()
    assert (actions[:, :, 2] == first[:, :-1] + 1).all()
    np.testing.assert_array_equal(positions[:, :, 0], first, "the positions at the frames")
    np.testing.assert_array_equal(velocities[:, :, 0], -first, "the velocities at the frames")
    assert first[:, 0].min() == 0
    assert first[:, -1].max() == 16


def test_a_rollout_feeds_its_own_predictions_back() -> None:
    predictor = Predictor(TrainConfig(latent_dim=4, predictor_width=8), 2)
    history, actions = torch.randn(3, 2, 1, 4), torch.randn(3, 3, 4)
    predicted = rollout(predictor, history, actions)
    second = predictor(torch.stack((history[:, 1], predicted[:, 0]), 1), actions[:, 1])
    torch.testing.assert_close(predicted[:, 1], second)


def test_two_views_of_a_moment_come_together_while_moments_stay_apart(tiny: TinyRun) -> None:
    latents = torch.randn(20, 1, 17, 4, generator=torch.Generator().manual_seed(0)).cumsum(2)
    views = torch.cat((latents, latents + torch.tensor([0.0, 0.0, 0.0, 3.0])), dim=1)
    rows = {}
    for same in (0.0, 100.0):
        config = DistanceConfig(steps=300, batch=64, width=32, same=same)
        train_distance(views, config, 2, tiny.run)
        head = load_distance(tiny.run / "distance.pt")
        by_kind = invariance(views, head, np.zeros(20, dtype=bool), 2, tiny.run / "views.png")
        rows[same] = by_kind["two views in MuJoCo"]
    assert rows[100.0]["share_steps"] < 0.7 * rows[0.0]["share_steps"]
    assert rows[100.0]["share_latent"] == rows[0.0]["share_latent"]


def test_the_distance_is_a_metric_in_steps(tiny: TinyRun) -> None:
    head = load_distance(tiny.run / "distance" / "distance.pt")
    a, b, c = torch.randn(3, 200, 1, 38, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert head(a, a).abs().max() < 1e-3
        torch.testing.assert_close(head(a, b), head(b, a))
        assert (head(a, c) <= head(a, b) + head(b, c) + 1e-4).all()


def test_training_stops_when_held_out_predictions_get_no_better_and_keeps_the_best(
    tiny: TinyRun, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = iter([0.9, 0.5, 0.7, 0.6, 0.8])
    weights = {}

    def scripted(jepa, dataset, episodes, steps) -> np.ndarray:
        error = next(errors)
        weights[error] = {name: tensor.clone() for name, tensor in jepa.encoder.state_dict().items()}
        return np.full(steps, error)

    monkeypatch.setattr(train_module, "rollout_errors", scripted)
    config = replace(TINY.train, steps=100, evaluate_every=10, patience=2, checkpoint_every=30)
    figures = train(Dataset.load(tiny.run / "collect"), JOINTS, config, TINY.photometry, tmp_path, "patient")
    assert figures["steps"] == 40
    assert figures["best_step"] == 20
    kept = load_jepa(tmp_path / "jepa.pt").encoder.state_dict()
    assert all(torch.equal(kept[name], weights[0.5][name]) for name in kept)
    monkeypatch.undo()
    again = train(Dataset.load(tiny.run / "collect"), JOINTS, config, TINY.photometry, tmp_path, "patient")
    assert again == figures, "a run that has stopped stays so"


def test_a_resumed_run_goes_on_with_its_patience_and_its_curves(
    tiny: TinyRun, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = Dataset.load(tiny.run / "collect")
    config = replace(TINY.train, steps=60, evaluate_every=10, patience=9, checkpoint_every=20)
    whole = train(dataset, JOINTS, config, TINY.photometry, tmp_path / "whole", "patient")
    loss, calls = train_module._loss, [0]

    def cut_after_50(*arguments):
        calls[0] += 1
        if calls[0] == 50:
            raise _PowerCutError
        return loss(*arguments)

    monkeypatch.setattr(train_module, "_loss", cut_after_50)
    (tmp_path / "cut").mkdir()
    with pytest.raises(_PowerCutError):
        train(dataset, JOINTS, config, TINY.photometry, tmp_path / "cut", "patient")
    assert train(dataset, JOINTS, config, TINY.photometry, tmp_path / "cut", "patient") == whole
    ends = [torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in ("whole", "cut")]
    rows, again = (end["progress"]["rows"] for end in ends)
    assert again == rows
    assert [step for step, row in rows if "held_out_rollout_error" in row] == [10, 20, 30, 40, 50, 60]


def test_curves_are_written_to_tensorboard_and_drawn(tiny: TinyRun) -> None:
    folder = tiny.run / "train"
    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    names = {"train/prediction", "train/sigreg", "train/invariance", "train/joint_readout", "train/learning_rate"}
    assert names <= set(events.Tags()["scalars"])
    assert [event.step for event in events.Scalars("train/prediction")] == [0, 20, 40, 60, 80]
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_rollout_errors_are_those_of_predictions_against_standing_still(tiny: TinyRun) -> None:
    class Knowing:
        """Latents are the joint positions; the predictor knows how far each action carries them, or does not."""

        block = window = 2

        def __init__(self, share: float) -> None:
            self._share = share

        def latents(self, frames: np.ndarray, states: np.ndarray) -> torch.Tensor:
            return torch.from_numpy(frames)

        def predictor(self, history: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
            return history[:, -1] + self._share * actions.unflatten(1, (2, 1, 2)).sum(1)

    actions = np.random.default_rng(0).normal(size=(5, 16, 2)).astype(np.float32)
    positions = np.concatenate((np.zeros((5, 1, 2), dtype=np.float32), actions.cumsum(1)), axis=1)
    dataset = Dataset(positions[:, None], actions, positions, positions * 0, np.zeros(5, dtype=bool), 100)
    exact = rollout_errors(Knowing(1.0), dataset, np.arange(5), 4)
    assert exact == pytest.approx(np.zeros(4), abs=1e-9)
    assert rollout_errors(Knowing(0.0), dataset, np.arange(5), 4) == pytest.approx(np.ones(4))
    half = rollout_errors(Knowing(0.5), dataset, np.array([1, 3]), 99)
    assert half == pytest.approx(np.full(7, 0.25), rel=1e-4), "9 latents leave 7 steps after two of history"
