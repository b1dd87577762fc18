"""A DINO-WM checkpoint of stable-worldmodel becomes a model folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch
from published import ACTIONS, NORMALISERS, needs_reference
from safetensors.torch import save_file

from jepa_mpc_training.exporters.command import main, write_random_checkpoint
from jepa_mpc_training.exporters.dino_wm import SMALL as SMALL_DINO
from jepa_mpc_training.exporters.dino_wm import read_dino_wm
from jepa_mpc_training.exporters.dino_wm_reference import random_dino_wm

pytestmark = needs_reference


@pytest.mark.parametrize("positions", [2, 3, 5])
def test_positions_are_scaled_to_the_images_as_the_reference_does_it(positions: int) -> None:
    sizes = replace(SMALL_DINO, positions=positions)
    reference = random_dino_wm(sizes, seed=0)
    model, found, _ = read_dino_wm(reference.model.state_dict(), sizes.heads, "random")
    image = torch.randn(2, 3, sizes.image_size, sizes.image_size)

    assert found == sizes
    with torch.no_grad():
        torch.testing.assert_close(model.encoder(image), reference.encode(image), atol=1e-5, rtol=1e-5)


def test_the_prediction_heeds_every_action_and_token_of_the_window() -> None:
    model, _, _ = read_dino_wm(random_dino_wm(SMALL_DINO, seed=0).model.state_dict(), SMALL_DINO.heads, "random")
    history = torch.randn(1, 3, SMALL_DINO.tokens, SMALL_DINO.encoder_dim, requires_grad=True)
    actions = torch.randn(1, 3, SMALL_DINO.action_dim, requires_grad=True)

    model.predictor(history, actions).square().sum().backward()

    assert (history.grad.abs().sum(dim=-1) > 0).all()
    assert (actions.grad.abs() > 0).all()


MEASURED = [
    *("--proprioception", "joint_position:shoulder,joint_velocity:shoulder,fraction:elbow:0:1,joint_velocity:elbow"),
    *("--proprioception-mean", "0,0,0.5,0", "--proprioception-std", "1,1,0.25,1"),
]


@pytest.mark.parametrize("action_first", [False, True])
def test_proprioception_is_a_part_of_the_latent_as_the_reference_has_it(action_first: bool, tmp_path: Path) -> None:
    sizes = replace(SMALL_DINO, proprioception_dim=4, proprioception_embedding=6, action_first=action_first)
    write_random_checkpoint("dino-wm", sizes, tmp_path / "weights.pt")

    assert (
        main(["dino-wm", str(tmp_path / "weights.pt"), str(tmp_path / "out"), *ACTIONS, *NORMALISERS, *MEASURED]) == 0
    )

    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["latent"]["dim"] == 30
    assert [field["kind"] for field in manifest["proprioception"]["fields"]][2] == "fraction"
    visual, measured, repeated = manifest["latent"]["streams"]
    assert (visual["tokens"], visual["dims"], visual["weight"]) == ([0, 9], [0, 24], 1)
    assert (measured["tokens"], measured["dims"], measured["weight"]) == ([0, 1], [24, 30], 9 * 24 / 6)
    assert (repeated["tokens"], repeated["weight"]) == ([1, 9], 0)


def test_without_the_order_of_its_parts_proprioception_is_refused(tmp_path: Path, refusal: Callable[..., str]) -> None:
    sizes = replace(SMALL_DINO, proprioception_dim=4, proprioception_embedding=6)
    write_random_checkpoint("dino-wm", sizes, tmp_path / "weights.pt")
    weights = torch.load(tmp_path / "weights.pt", weights_only=True)
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, tmp_path / "weights.safetensors")

    said = refusal("dino-wm", tmp_path / "weights.safetensors", tmp_path / "out", *ACTIONS, *NORMALISERS, *MEASURED)

    assert "in a format that sorts weights by their names" in said


def test_a_model_with_other_inputs_is_refused_by_their_name(tmp_path: Path, refusal: Callable[..., str]) -> None:
    file = tmp_path / "weights.pt"
    write_random_checkpoint("dino-wm", SMALL_DINO, file)
    weights = torch.load(file, weights_only=True)
    torch.save({**weights, "extra_encoders.touch.patch_embed.weight": torch.zeros(10, 4, 1)}, file)

    said = refusal("dino-wm", file, tmp_path / "out", *ACTIONS, *NORMALISERS)

    assert "found a model that takes touch in addition to images and actions" in said
    assert not (tmp_path / "out").exists()


def test_a_model_of_another_kind_is_refused_with_the_names_that_differ(
    published: Path, tmp_path: Path, refusal: Callable[..., str]
) -> None:
    said = refusal("dino-wm", published, tmp_path / "out", *ACTIONS, *NORMALISERS)

    assert "nearest is 'transformers 5 (backbone.encoder.layer.0.attention.q_proj)'" in said
    assert "backbone.embeddings.cls_token" in said


def test_the_mask_is_in_the_graph_once(tmp_path: Path) -> None:
    assert main(["dino-wm", "--random", str(tmp_path)]) == 0
    square = (SMALL_DINO.window * SMALL_DINO.tokens,) * 2

    graph = onnx.load(tmp_path / "predictor.onnx").graph

    constants = [tuple(initializer.dims)[-2:] for initializer in graph.initializer]
    constants += [
        tuple(attribute.t.dims)[-2:]
        for node in graph.node
        if node.op_type == "Constant"
        for attribute in node.attribute
    ]
    assert constants.count(square) == 1
