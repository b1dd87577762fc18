"""An exported model folder holds the module that it was made from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors.numpy import load_file

from jepa_mpc_reference.cases import Case
from jepa_mpc_reference.make_models import make_model
from jepa_mpc_reference.world_models import build_graph


@pytest.mark.parametrize("window", [1, 2, 3])
def test_the_graph_gives_what_the_module_gives_for_every_length_of_window(
    small_case: Case, tmp_path: Path, window: int
) -> None:
    make_model(small_case, tmp_path)
    torch.manual_seed(window)
    history = torch.randn(5, window, small_case.tokens, small_case.dim)
    actions = torch.randn(5, window, small_case.action_dim)
    session = onnxruntime.InferenceSession(tmp_path / "predictor.onnx", providers=["CPUExecutionProvider"])

    found = session.run(["next"], {"history": history.numpy(), "actions": actions.numpy()})[0]

    with torch.no_grad():
        expected = build_graph(small_case)(history, actions).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_golden_vectors_are_what_onnx_runtime_answers(small_case: Case, tmp_path: Path) -> None:
    make_model(small_case, tmp_path)
    golden = load_file(tmp_path / "golden.safetensors")
    for name, inputs, output in (("encoder", ["image"], "latent"), ("predictor", ["history", "actions"], "next")):
        session = onnxruntime.InferenceSession(tmp_path / f"{name}.onnx", providers=["CPUExecutionProvider"])
        found = session.run([output], {key: golden[f"{name}.{key}"] for key in inputs})[0]
        np.testing.assert_allclose(found, golden[f"{name}.{output}"], atol=1e-5)


def test_attention_is_written_as_matmul_and_softmax(small_case: Case, tmp_path: Path) -> None:
    make_model(small_case, tmp_path)
    operators = {node.op_type for node in onnx.load(tmp_path / "predictor.onnx").graph.node}
    assert {"MatMul", "Softmax", "LayerNormalization"} <= operators
    assert "Attention" not in operators
    assert {entry.domain for entry in onnx.load(tmp_path / "predictor.onnx").opset_import} == {""}


def test_the_manifest_names_each_file_with_its_hash(small_case: Case, tmp_path: Path) -> None:
    make_model(small_case, tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    for entry in (*manifest["graphs"].values(), manifest["golden"]):
        assert hashlib.sha256((tmp_path / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


def test_the_prediction_heeds_every_action_of_the_window(small_case: Case) -> None:
    graph = build_graph(small_case)
    history = torch.randn(1, 3, small_case.tokens, small_case.dim)
    actions = torch.randn(1, 3, small_case.action_dim, requires_grad=True)

    graph(history, actions).square().sum().backward()

    assert (actions.grad.abs() > 0).all()
