"""A DINO-WM checkpoint of stable-worldmodel becomes a model folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch
from published import ACTIONS, NORMALISERS, needs_reference

from jepa_mpc_training.exporters.command import main, write_random_checkpoint
from jepa_mpc_training.exporters.dino_wm import read_dino_wm
from jepa_mpc_training.exporters.dino_wm_reference import random_dino_wm
from jepa_mpc_training.exporters.families import SMALL_DINO

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


def test_a_model_with_proprioception_is_refused_by_its_name(tmp_path: Path, refusal: Callable[..., str]) -> None:
    file = tmp_path / "weights.pt"
    write_random_checkpoint("dino-wm", SMALL_DINO, file)
    weights = torch.load(file, weights_only=True)
    torch.save({**weights, "extra_encoders.proprio.patch_embed.weight": torch.zeros(10, 4, 1)}, file)

    said = refusal("dino-wm", file, tmp_path / "out", *ACTIONS, *NORMALISERS)

    assert "found a model that is given proprio beside images and actions" in said
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
