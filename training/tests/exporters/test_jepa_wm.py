"""A JEPA-WM checkpoint and its encoder become a model folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from published import ACTIONS, NORMALISERS

from jepa_mpc_training.exporters.command import ENCODER_FILE, main, write_random_checkpoint
from jepa_mpc_training.exporters.heads import Heads
from jepa_mpc_training.exporters.jepa_wm import default_heads, read_jepa_wm
from jepa_mpc_training.exporters.jepa_wm_reference import random_jepa_wm
from jepa_mpc_training.exporters.jepa_wm_sizes import SMALL
from jepa_mpc_training.exporters.presets import PRESETS

Refusal = Callable[..., str]
FIELDS = "joint_position:shoulder,joint_position:elbow,joint_velocity:shoulder,joint_velocity:elbow"
MEASURED = [
    *("--proprioception", FIELDS, "--proprioception-mean=0.1,0.2,0,-0.1", "--proprioception-std", "1,2,3,4"),
]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file as published, small, with `config.json` and the encoder's file in its folder."""
    torch.set_num_threads(1)
    file = tmp_path_factory.mktemp("jepa-wm") / "jepa_wm_pusht.pth.tar"
    write_random_checkpoint("jepa-wm", SMALL, file)
    return file


@pytest.fixture(scope="module")
def options(checkpoint: Path) -> list[str]:
    return [*ACTIONS, *NORMALISERS, *MEASURED, "--encoder-weights", str(checkpoint.with_name(ENCODER_FILE))]


def save(checkpoint: Path, folder: Path, change: Callable[[dict], None]) -> Path:
    """The checkpoint after a change of what is in the file."""
    content = torch.load(checkpoint, weights_only=True)
    change(content)
    torch.save(content, folder / "weights.pth.tar")
    (folder / "config.json").write_bytes(checkpoint.with_name("config.json").read_bytes())
    return folder / "weights.pth.tar"


def test_the_manifest_has_two_streams_and_what_is_measured(
    checkpoint: Path, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["jepa-wm", str(checkpoint), str(tmp_path), *options]) == 0
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    tokens, visual, dim = SMALL.tokens, SMALL.encoder_dim, SMALL.latent_dim

    assert manifest["licence"] == "CC-BY-NC-4.0 AND Apache-2.0"
    assert "licence CC-BY-NC-4.0" in capsys.readouterr().out
    assert manifest["proprioception"]["fields"] == [
        {"kind": "joint_position", "joint": "shoulder"},
        {"kind": "joint_position", "joint": "elbow"},
        {"kind": "joint_velocity", "joint": "shoulder"},
        {"kind": "joint_velocity", "joint": "elbow"},
    ]
    assert manifest["proprioception"]["mean"] == [0.1, 0.2, 0, -0.1]
    assert manifest["proprioception"]["std"] == [1, 2, 3, 4]
    assert manifest["latent"]["dim"] == dim
    streams = {stream["name"]: stream for stream in manifest["latent"]["streams"]}
    assert [stream["dims"] for stream in streams.values()] == [[0, visual], [visual, dim]]
    assert all(stream["tokens"] == [0, tokens] for stream in streams.values())
    assert {name: (stream["of"], stream["update"]) for name, stream in streams.items()} == {
        "visual": ("images", "predicted"),
        "proprioception": ("proprioception", "predicted"),
    }
    # A tenth of the mean square, where the distance is the sum of squares.
    assert streams["proprioception"]["weight"] * (dim - visual) == pytest.approx(0.1 * visual)
    assert manifest["history"] == {"mode": "sliding", "window": 2, "warmup": "short", "actions": "paired"}
    assert manifest["plannerDefaults"]["horizon"] == 6
    assert manifest["plannerDefaults"]["elites"] == 10
    # One standard deviation of the data, as published.
    assert manifest["plannerDefaults"]["initialStd"] == pytest.approx(1 / 3)


def test_the_prediction_heeds_every_token_and_action_of_the_window() -> None:
    model, sizes, _ = read_jepa_wm(random_jepa_wm(SMALL, seed=0).model.state_dict(), SMALL.heads, "random")
    history = torch.randn(1, 2, SMALL.tokens, SMALL.latent_dim, requires_grad=True)
    actions = torch.randn(1, 2, SMALL.action_dim, requires_grad=True)

    model.predictor(history, actions).square().sum().backward()

    assert sizes == SMALL
    assert (history.grad.abs() > 0).all()
    assert (actions.grad.abs() > 0).all()


@pytest.mark.parametrize("positions", [3, 5, 8])
def test_positions_are_scaled_as_the_encoder_s_own_loader_does_it(positions: int) -> None:
    """Against a cubic convolution that is written out."""
    sizes = replace(SMALL, positions=positions)
    reference = random_jepa_wm(sizes, seed=0)
    model, found, _ = read_jepa_wm(reference.model.state_dict(), sizes.heads, "random")
    image, measured = torch.randn(2, 3, sizes.image_size, sizes.image_size), torch.randn(2, 4)

    assert found == sizes
    with torch.no_grad():
        torch.testing.assert_close(
            model.encoder(image, measured), reference.encode(image, measured), atol=1e-5, rtol=1e-5
        )


def test_the_older_name_of_the_proprioception_and_three_frames_are_taken(
    checkpoint: Path, options: list[str], tmp_path: Path
) -> None:
    def rename(content: dict) -> None:
        content["state_encoder"] = content.pop("proprio_encoder")

    file = save(checkpoint, tmp_path, rename)

    assert main(["jepa-wm", str(file), str(tmp_path / "out"), *options, "--window", "3"]) == 0
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["history"]["window"] == 3


def test_a_preset_gives_the_normalisers_of_a_published_task(
    checkpoint: Path, options: list[str], tmp_path: Path
) -> None:
    encoder = options[options.index("--encoder-weights") :]
    preset = ["--preset", "pusht", "--proprioception", FIELDS]
    assert main(["jepa-wm", str(checkpoint), str(tmp_path), *ACTIONS, *encoder, *preset]) == 0

    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["action"]["mean"] == list(PRESETS["pusht"].action.mean)
    assert manifest["proprioception"]["std"] == list(PRESETS["pusht"].proprioception.std)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_a_deviation_for_every_mean(name: str) -> None:
    for statistics in (PRESETS[name].action, PRESETS[name].proprioception):
        assert len(statistics.mean) == len(statistics.std)
        assert min(statistics.std) > 0


def test_heads_of_the_published_sizes_need_no_config_json() -> None:
    assert default_heads({"encoder.norm.weight": torch.ones(384)}) == Heads(6, 16)
    assert default_heads({"encoder.layernorm.weight": torch.ones(384)}) == Heads(6, 16)
    assert default_heads({"encoder.norm.weight": torch.ones(385)}) is None


def test_the_encoder_s_weights_are_asked_for(
    checkpoint: Path, options: list[str], tmp_path: Path, refusal: Refusal
) -> None:
    without = options[: options.index("--encoder-weights")]

    said = refusal("jepa-wm", checkpoint, tmp_path / "out", *without)
    assert "--encoder-weights: found none; expected the file of the encoder" in said
    said = refusal("jepa-wm", checkpoint, tmp_path / "out", *without, "--encoder-weights", tmp_path / "none.pth")
    assert "none.pth: found no such file" in said


def test_another_encoder_is_refused(checkpoint: Path, options: list[str], tmp_path: Path, refusal: Refusal) -> None:
    without = options[: options.index("--encoder-weights")]
    encoder = torch.load(checkpoint.with_name(ENCODER_FILE), weights_only=True)
    torch.save({**encoder, "register_token": torch.zeros(1)}, tmp_path / "more.pth")
    wide = random_jepa_wm(replace(SMALL, encoder_dim=48), seed=0).model.encoder.state_dict()
    torch.save(wide, tmp_path / "wide.pth")

    said = refusal("jepa-wm", checkpoint, tmp_path / "out", *without, "--encoder-weights", tmp_path / "more.pth")
    assert "--encoder-weights: found" in said
    assert "with register_token in addition" in said
    said = refusal("jepa-wm", checkpoint, tmp_path / "out", *without, "--encoder-weights", tmp_path / "wide.pth")
    assert "found an encoder of 48 numbers a patch; expected one of 24" in said


def test_a_predictor_of_another_kind_is_refused_with_the_keys_that_differ(
    checkpoint: Path, options: list[str], tmp_path: Path, refusal: Refusal
) -> None:
    def replace_predictor(content: dict) -> None:
        content["predictor"] = {"module.transformer.layers.0.0.to_qkv.weight": torch.zeros(3, 3)}

    said = refusal("jepa-wm", save(checkpoint, tmp_path, replace_predictor), tmp_path / "out", *options)

    assert "nearest is 'jepa-wms (predictor.predictor_blocks.0.adaLN_modulation.1" in said
    assert "with predictor.transformer.layers.0.0.to_qkv.weight in addition" in said


def test_a_model_without_proprioception_or_with_an_encoder_of_actions_is_refused(
    checkpoint: Path, options: list[str], tmp_path: Path, refusal: Refusal
) -> None:
    def drop(content: dict) -> None:
        content["proprio_encoder"] = None

    def add(content: dict) -> None:
        content["action_encoder"] = {"module.patch_embed.weight": torch.zeros(4, 10, 1)}

    said = refusal("jepa-wm", save(checkpoint, tmp_path, drop), tmp_path / "out", *options)
    assert "without proprio_encoder.patch_embed.bias, proprio_encoder.patch_embed.weight" in said
    said = refusal("jepa-wm", save(checkpoint, tmp_path, add), tmp_path / "out", *options)
    assert "with action_encoder.patch_embed.weight in addition" in said


def test_numbers_of_actions_and_of_proprioception_must_be_the_model_s(
    checkpoint: Path, options: list[str], tmp_path: Path, refusal: Refusal
) -> None:
    three = ["--joints", "a,b,c"]
    said = refusal("jepa-wm", checkpoint, tmp_path / "out", *options, *three)
    assert "found a model that takes 10 numbers a step; expected a multiple of 3" in said

    for text, found in (
        ("joint_position:elbow", "--proprioception: found 1 numbers; expected 4"),
        ("pose:base_link:tool0", "--proprioception: found 6 numbers; expected 4"),
        ("joint_angle:elbow", "found 'joint_angle:elbow'; expected joint_position:JOINT"),
        ("joint_position:", "found 'joint_position:'"),
        ("fraction:finger:open:1", "found 'fraction:finger:open:1'"),
    ):
        assert found in refusal("jepa-wm", checkpoint, tmp_path / "out", *options, "--proprioception", text)
    said = refusal("jepa-wm", checkpoint, tmp_path / "out", *options, "--proprioception-std", "1,2")
    assert "standard deviation of the proprioception: found 2 numbers; expected 4" in said
    said = refusal("jepa-wm", checkpoint, tmp_path / "out", *options, "--proprioception-std", "1,2,3,0")
    assert "standard deviation of the proprioception: found 0" in said


def test_proprioception_must_be_given(checkpoint: Path, options: list[str], tmp_path: Path, refusal: Refusal) -> None:
    encoder = options[options.index("--encoder-weights") :]
    without = [*ACTIONS, *NORMALISERS, *encoder]

    said = refusal("jepa-wm", checkpoint, tmp_path / "out", *without)
    assert "--proprioception: found none; expected the meaning of the 4 numbers" in said
    said = refusal("jepa-wm", checkpoint, tmp_path / "out", *without, "--proprioception", FIELDS)
    assert "normalisers of the proprioception: found none" in said


@pytest.mark.parametrize("which", ["checkpoint", "encoder"])
def test_a_truncated_file_is_refused(
    checkpoint: Path, options: list[str], tmp_path: Path, refusal: Refusal, which: str
) -> None:
    encoder = checkpoint.with_name(ENCODER_FILE)
    content = (checkpoint if which == "checkpoint" else encoder).read_bytes()
    cut = tmp_path / "cut.pth"
    cut.write_bytes(content[: len(content) // 2])
    files = (cut, encoder) if which == "checkpoint" else (checkpoint, cut)

    said = refusal("jepa-wm", files[0], tmp_path / "out", *options, "--encoder-weights", files[1])

    assert f"{cut}: found {len(content) // 2} bytes that cannot be read" in said
