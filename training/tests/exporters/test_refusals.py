"""What does not fit is refused with what was found, what was expected and what to do."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from published import ACTIONS, NORMALISERS

from jepa_mpc_training.exporters.command import main
from jepa_mpc_training.exporters.lewm import LAYOUTS

Refusal = Callable[..., str]
OPTIONS = [*ACTIONS, *NORMALISERS]


class Foreign:
    """Stands for a model that was pickled whole."""

    def __setstate__(self, state: object) -> None:
        raise AssertionError("code of the pickle was run")


@pytest.fixture
def weights(published: Path) -> dict[str, torch.Tensor]:
    return torch.load(published, weights_only=True)


def save(published: Path, folder: Path, weights: object) -> Path:
    """The checkpoint with other weights, and the same config.json."""
    (folder / "config.json").write_bytes(published.with_name("config.json").read_bytes())
    torch.save(weights, folder / "weights.pt")
    return folder / "weights.pt"


def test_a_pickle_that_wants_a_class_is_refused_by_its_name(tmp_path: Path, refusal: Refusal) -> None:
    foreign = Foreign()
    foreign.weight = torch.zeros(1)
    torch.save(foreign, tmp_path / "lewm_object.ckpt")

    said = refusal("lewm", tmp_path / "lewm_object.ckpt", tmp_path / "out", *OPTIONS)

    assert "a pickle that wants to import test_refusals.Foreign" in said
    assert "model.state_dict()" in said
    assert not (tmp_path / "out").exists()


class Harmful:
    """Would leave a file behind when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.trace}",)


def test_a_command_in_a_pickle_is_not_run(published: Path, tmp_path: Path, refusal: Refusal) -> None:
    weights = torch.load(published, weights_only=True)
    for content in (Harmful(tmp_path / "trace"), {**weights, "encoder": Harmful(tmp_path / "trace")}):
        torch.save(content, tmp_path / "model.pt")

        said = refusal("lewm", tmp_path / "model.pt", tmp_path / "out", *OPTIONS)

        assert "a pickle that wants to import posix.system" in said
        assert not (tmp_path / "trace").exists()


def test_several_modules_that_were_pickled_whole_are_refused(tmp_path: Path, refusal: Refusal) -> None:
    torch.save({"predictor": torch.nn.Linear(2, 3), "epoch": 4}, tmp_path / "model_latest.pth")

    said = refusal("lewm", tmp_path / "model_latest.pth", tmp_path / "out", *OPTIONS)

    assert "found a pickled dict; expected a state dict, or one model that was pickled as a whole" in said


@pytest.mark.parametrize("keep", [0, 1, 0.5, 0.99])
def test_a_truncated_file_is_refused(published: Path, tmp_path: Path, refusal: Refusal, keep: float) -> None:
    content = published.read_bytes()
    cut = tmp_path / "weights.pt"
    cut.write_bytes(content[: keep if keep in (0, 1) else int(len(content) * keep)])

    said = refusal("lewm", cut, tmp_path / "out", *OPTIONS)

    assert "bytes that cannot be read" in said
    assert "Download it again" in said


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("content", [b"<html>not found</html>", b"\x80\x04garbage", b"PK\x03\x04" + bytes(100)])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, refusal: Refusal, content: bytes) -> None:
    for name in ("weights.pt", "weights.safetensors"):
        (tmp_path / name).write_bytes(content)
        assert "bytes that cannot be read" in refusal("lewm", tmp_path / name, tmp_path / "out", *OPTIONS)


def test_a_missing_file_an_empty_folder_and_no_tensors_are_refused(tmp_path: Path, refusal: Refusal) -> None:
    assert "no such file" in refusal("lewm", tmp_path / "none.pt", tmp_path / "out", *OPTIONS)
    assert "no *.pt and no *.safetensors" in refusal("lewm", tmp_path, tmp_path / "out", *OPTIONS)
    torch.save({"epoch": 3}, tmp_path / "weights.pt")
    assert "dict without tensors" in refusal("lewm", tmp_path, tmp_path / "out", *OPTIONS)


@pytest.mark.parametrize("layout", range(len(LAYOUTS)))
def test_names_that_fit_no_layout_are_refused_with_the_nearest_one(
    published: Path, weights: dict[str, torch.Tensor], tmp_path: Path, refusal: Refusal, layout: int
) -> None:
    ours = {LAYOUTS[1].to_ours(key): tensor for key, tensor in weights.items()}
    theirs = {LAYOUTS[layout].to_theirs(key): tensor for key, tensor in ours.items()}
    moved = LAYOUTS[layout].to_theirs("encoder.layers.1.attention.q_proj.weight")
    theirs["encoder.query"] = theirs.pop(moved)

    said = refusal("lewm", save(published, tmp_path, theirs), tmp_path / "out", *OPTIONS)

    assert f"nearest is '{LAYOUTS[layout].name}', without {moved}, and with encoder.query in addition" in said


def test_a_checkpoint_of_something_else_is_refused(published: Path, tmp_path: Path, refusal: Refusal) -> None:
    other = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.LayerNorm(4)).state_dict()

    said = refusal("lewm", save(published, tmp_path, other), tmp_path / "out", *OPTIONS)

    assert "fit no known layout" in said
    assert "0.weight" in said


def test_shapes_that_do_not_fit_and_nan_are_refused_by_name(
    published: Path, weights: dict[str, torch.Tensor], tmp_path: Path, refusal: Refusal
) -> None:
    name = "predictor.transformer.layers.1.mlp.net.4.weight"
    said = refusal("lewm", save(published, tmp_path, {**weights, name: weights[name][:3]}), tmp_path / "o", *OPTIONS)
    assert "size mismatch" in said
    assert name in said

    broken = weights[name].clone()
    broken[0, 0] = torch.nan
    said = refusal("lewm", save(published, tmp_path, {**weights, name: broken}), tmp_path / "o", *OPTIONS)
    assert f"{name}: found NaN" in said


def test_numbers_of_heads_come_from_config_json_or_are_asked_for(
    published: Path, weights: dict[str, torch.Tensor], tmp_path: Path, refusal: Refusal
) -> None:
    file = save(published, tmp_path, weights)
    file.with_name("config.json").unlink()
    assert "--encoder-heads 3 --predictor-heads 16" in refusal("lewm", file, tmp_path / "out", *OPTIONS)

    file.with_name("config.json").write_text('{"encoder": {"size": "base"}, "predictor": {"heads": 5}}')
    said = refusal("lewm", file, tmp_path / "out", *OPTIONS)
    assert "heads of the predictor: found 5; expected a divisor of the width 32" in said

    file.with_name("config.json").write_text("{")
    assert "config.json: found no JSON" in refusal("lewm", file, tmp_path / "out", *OPTIONS)


def test_an_action_dimension_that_is_not_the_robot_s_is_refused(
    published: Path, tmp_path: Path, refusal: Refusal
) -> None:
    three = ["--joints", "a,b,c", "--period-ms", "100", *NORMALISERS]
    said = refusal("lewm", published, tmp_path / "out", *three)
    assert "found a model that takes 10 numbers a step; expected a multiple of 3 for 3 joints" in said

    said = refusal("lewm", published, tmp_path / "out", *OPTIONS, "--block", "4")
    assert "expected 8 for 2 joints in blocks of 4" in said


def test_missing_normalisers_joints_and_period_are_asked_for(published: Path, tmp_path: Path, refusal: Refusal) -> None:
    said = refusal("lewm", published, tmp_path / "out", *ACTIONS)
    assert "normalisers of the actions: found none: the checkpoint does not hold them" in said
    assert "--dataset-stats FILE, or --action-mean and --action-std" in said

    assert "--joints: found none" in refusal("lewm", published, tmp_path / "out", *NORMALISERS)
    assert "--period-ms" in refusal("lewm", published, tmp_path / "out", "--joints", "a,b", *NORMALISERS)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--action-mean", "0,0,0", "--action-std", "1,1"], "action mean: found 3 numbers; expected 2"),
        (["--action-mean", "0,0", "--action-std", "1,0"], "action of elbow: found standard deviation 0"),
        ([*NORMALISERS, "--action-lower", "1,1", "--action-upper", "0,2"], "action of shoulder"),
    ],
)
def test_numbers_that_cannot_be_are_refused(
    published: Path, tmp_path: Path, refusal: Refusal, options: list[str], said: str
) -> None:
    assert said in refusal("lewm", published, tmp_path / "out", *ACTIONS, *options)


def test_normalisers_of_a_data_set_are_read(published: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    actions = rng.normal([1.0, -2.0], [0.5, 0.1], size=(50, 2)).astype(np.float32)
    np.save(tmp_path / "actions.npy", np.concatenate([actions, np.full((1, 2), np.nan, dtype=np.float32)]))
    stats = {"action": {"mean": [1, 2], "std": [3, 4], "min": [-5, -6], "max": [7, 8]}}
    (tmp_path / "stats.json").write_text(json.dumps(stats))

    expected = {
        "actions.npy": (actions.mean(axis=0), actions.std(axis=0), actions.min(axis=0), actions.max(axis=0)),
        "stats.json": ([1, 2], [3, 4], [-5, -6], [7, 8]),
    }
    for name, numbers in expected.items():
        out = tmp_path / f"{name}-model"
        assert main(["lewm", str(published), str(out), *ACTIONS, "--dataset-stats", str(tmp_path / name)]) == 0
        action = json.loads((out / "manifest.json").read_text())["action"]
        for key, values in zip(("mean", "std", "lower", "upper"), numbers, strict=True):
            assert action[key] == pytest.approx(values, rel=1e-5)


@pytest.mark.parametrize("content", ["[1, 2]", "{}", "{", '{"mean": 1, "std": [1]}'])
def test_a_data_set_s_numbers_that_cannot_be_read_are_refused(
    published: Path, tmp_path: Path, refusal: Refusal, content: str
) -> None:
    (tmp_path / "stats.json").write_text(content)

    said = refusal("lewm", published, tmp_path / "out", *ACTIONS, "--dataset-stats", tmp_path / "stats.json")

    assert "expected JSON with 'mean' and 'std' of the actions" in said


def test_a_folder_that_cannot_be_made_is_refused(published: Path, tmp_path: Path, refusal: Refusal) -> None:
    (tmp_path / "file").touch()
    said = refusal("lewm", published, tmp_path / "file" / "out", *OPTIONS)
    assert "a folder that cannot be made (Not a directory)" in said


def test_the_wrong_number_of_paths_is_refused(tmp_path: Path, refusal: Refusal) -> None:
    assert "OUT alone with --random" in refusal("lewm", tmp_path)
    assert "OUT alone with --random" in refusal("lewm", "--random", tmp_path, tmp_path)


def test_a_window_other_than_that_of_the_positions_is_refused(
    published: Path, tmp_path: Path, refusal: Refusal
) -> None:
    said = refusal("lewm", published, tmp_path / "out", *OPTIONS, "--window", "2")

    assert "--window: found 2; expected 3, that of its position embeddings" in said
