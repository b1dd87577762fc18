"""JEPA-WM of DROID: on DINOv3, moving an end effector, and without proprioception."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from published import ARM, skip_without

from jepa_mpc_training.exporters.command import ENCODER_FILE, main, write_random_checkpoint
from jepa_mpc_training.exporters.dinov3 import LAYOUTS
from jepa_mpc_training.exporters.families import FAMILIES
from jepa_mpc_training.exporters.jepa_wm import read_jepa_wm_droid
from jepa_mpc_training.exporters.jepa_wm_reference import random_jepa_wm
from jepa_mpc_training.exporters.jepa_wm_sizes import SMALL_DROID as SMALL

Refusal = Callable[..., str]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file as published, small, with `config.json` and the encoder's file in its folder."""
    torch.set_num_threads(1)
    file = tmp_path_factory.mktemp("jepa-wm-droid") / "jepa_wm_droid.pth.tar"
    write_random_checkpoint("jepa-wm-droid", SMALL, file)
    return file


def test_the_manifest_moves_an_end_effector_and_measures_nothing(checkpoint: Path, tmp_path: Path) -> None:
    encoder = ["--encoder-weights", str(checkpoint.with_name(ENCODER_FILE))]
    assert main(["jepa-wm-droid", str(checkpoint), str(tmp_path), *ARM, *encoder]) == 0
    manifest = json.loads((tmp_path / "manifest.json").read_text())

    assert manifest["licence"] == "CC-BY-NC-4.0 AND LicenseRef-DINOv3"
    assert manifest["latent"] == {"tokens": SMALL.tokens, "dim": SMALL.encoder_dim}
    assert "proprioception" not in manifest
    action = manifest["action"]
    assert action["kind"] == "end_effector_delta"
    assert action["upper"] == [0.1] * 6 + [0.75]
    assert action["periodMs"] == 250
    # Unlike V-JEPA 2-AC's, its planner turns the gripper, and closes it by as little as it likes.
    assert not {"frozen", "deadBand"} & set(action)
    assert [manifest["plannerDefaults"][name] for name in ("iterations", "elites", "horizon")] == [15, 10, 3]


def test_patches_are_those_of_transformers_dinov3() -> None:
    skip_without(("transformers",))
    from transformers import DINOv3ViTConfig, DINOv3ViTModel

    config = DINOv3ViTConfig(
        hidden_size=SMALL.encoder_dim,
        intermediate_size=SMALL.encoder_mlp_dim,
        num_hidden_layers=SMALL.encoder_depth,
        num_attention_heads=SMALL.heads.encoder,
        num_register_tokens=SMALL.registers,
        patch_size=SMALL.patch_size,
        image_size=SMALL.image_size,
    )
    torch.manual_seed(0)
    encoder = DINOv3ViTModel(config).eval()
    with torch.no_grad():
        for name, parameter in encoder.named_parameters():
            if "layer_scale" in name:
                torch.nn.init.uniform_(parameter, 0.5, 1.5)
            elif "token" in name or name.endswith("bias"):
                torch.nn.init.normal_(parameter, std=0.1)
            elif parameter.dim() == 2:
                torch.nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5)
    predictor = random_jepa_wm(SMALL, seed=0).model.predictor.state_dict()
    weights = {
        **{f"predictor.{name}": tensor for name, tensor in predictor.items()},
        **{f"encoder.{name}": tensor for name, tensor in encoder.state_dict().items()},
    }
    model, sizes, _ = read_jepa_wm_droid(weights, SMALL.heads, "random")
    image = torch.randn(2, 3, SMALL.image_size, SMALL.image_size)

    assert sizes == SMALL
    with torch.no_grad():
        expected = encoder(image).last_hidden_state[:, 1 + SMALL.registers :]
        torch.testing.assert_close(model.encoder(image), expected, atol=2e-5, rtol=1e-5)


def test_masked_biases_count_for_nothing() -> None:
    """The published file has a bias for keys, and a mask that takes it away."""
    weights = random_jepa_wm(SMALL, seed=0).model.state_dict()
    masked, bare = dict(weights), dict(weights)
    for layer in range(SMALL.encoder_depth):
        name = f"encoder.blocks.{layer}.attn.qkv.bias"
        mask = torch.ones_like(weights[name])
        mask[SMALL.encoder_dim : 2 * SMALL.encoder_dim] = 0
        masked[f"{name}_mask"] = mask
        bare[name] = weights[name] * mask
    image = torch.randn(2, 3, SMALL.image_size, SMALL.image_size)

    found, expected, other = (
        read_jepa_wm_droid(each, SMALL.heads, "random")[0].encoder(image) for each in (masked, bare, weights)
    )

    torch.testing.assert_close(found, expected)
    # A key's bias shifts all scores of a row alike where nothing is rotated; here it does not.
    assert (other - expected).abs().max() > 1e-3


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_an_encoder_without_registers_is_refused_with_the_keys_that_differ(
    checkpoint: Path, tmp_path: Path, refusal: Refusal, layout: object
) -> None:
    encoder = torch.load(checkpoint.with_name(ENCODER_FILE), weights_only=True)
    renamed = {layout.to_theirs(key): tensor for key, tensor in encoder.items() if key != "storage_tokens"}
    torch.save(renamed, tmp_path / "encoder.pth")

    said = refusal("jepa-wm-droid", checkpoint, tmp_path / "out", *ARM, "--encoder-weights", tmp_path / "encoder.pth")

    assert "--encoder-weights: found" in said
    assert f"without {LAYOUTS[0].to_theirs('storage_tokens')}" in said or "embeddings.register_tokens" in said


def test_the_kinds_are_distinguished(checkpoint: Path, tmp_path: Path, refusal: Refusal) -> None:
    family = FAMILIES["jepa-wm"]
    of_task = tmp_path / "pusht.pth.tar"
    write_random_checkpoint("jepa-wm", family.small, of_task)
    encoder = ["--encoder-weights", str(checkpoint.with_name(ENCODER_FILE))]

    said = refusal("jepa-wm-droid", of_task, tmp_path / "out", *ARM, *encoder)
    assert "with proprio_encoder.patch_embed.bias, proprio_encoder.patch_embed.weight in addition" in said
    said = refusal("jepa-wm", checkpoint, tmp_path / "out", *ARM, *encoder)
    assert "without proprio_encoder.patch_embed.bias, proprio_encoder.patch_embed.weight" in said
    other = ["--encoder-weights", str(of_task.with_name(ENCODER_FILE))]
    said = refusal("jepa-wm-droid", checkpoint, tmp_path / "out", *ARM, *other)
    assert "without storage_tokens" in said
    assert "with pos_embed in addition" in said


def test_an_action_that_is_no_pose_s_is_refused(checkpoint: Path, tmp_path: Path, refusal: Refusal) -> None:
    content = torch.load(checkpoint, weights_only=True)
    weight = content["predictor"]["module.action_encoder.weight"]
    content["predictor"]["module.action_encoder.weight"] = torch.zeros(len(weight), 10)
    torch.save(content, tmp_path / "weights.pth.tar")
    (tmp_path / "config.json").write_bytes(checkpoint.with_name("config.json").read_bytes())
    encoder = ["--encoder-weights", str(checkpoint.with_name(ENCODER_FILE))]

    said = refusal("jepa-wm-droid", tmp_path / "weights.pth.tar", tmp_path / "out", *ARM, *encoder)

    assert "found a model that takes 10 numbers a step; expected 7" in said
