"""Writes the random-weight cases as model folders (docs/architecture.md, "The model contract"):

python -m jepa_mpc_reference.make_models [--folder .prefix/bench/models] [--case lewm-18m]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn

from .cases import CASES, Case
from .world_models import build_encoder, build_graph

CAMERA = "image"
_OPSET = 18
_GOLDEN_BATCH = 4
_TOLERANCE = {"cpu": 1e-4, "webgpu": 1e-3}
_EXPORT_TOLERANCE = 1e-5
# stable-worldmodel's CEM has no action bounds. Ours must not clip either, so these lie 10 first deviations away.
_BOUND = 10.0


class ExportError(RuntimeError):
    """An exported graph does not give what the module gives, or holds what the contract does not allow."""


def make_model(case: Case, folder: Path) -> dict[str, Any]:
    """Writes one model folder. Returns sizes, node counts and the largest differences to PyTorch.

    Raises ExportError where ONNX Runtime differs from the module by more than 1e-5.
    """
    folder.mkdir(parents=True, exist_ok=True)
    encoder, predictor = build_encoder(case), build_graph(case)
    generator = torch.Generator().manual_seed(case.seed + 2)

    def noise(*shape: int) -> Tensor:
        return torch.randn(_GOLDEN_BATCH, *shape, generator=generator)

    image = noise(3, case.image_size, case.image_size)
    history = noise(case.window, case.tokens, case.dim)
    actions = noise(case.window, case.action_dim)
    with torch.no_grad():
        golden = {
            f"encoder.{CAMERA}": image,
            "encoder.latent": encoder(image),
            "predictor.history": history,
            "predictor.actions": actions,
            "predictor.next": predictor(history, actions),
        }
    windowed = {0: "batch", 1: "window"}
    _export(encoder, {CAMERA: image}, "latent", {CAMERA: {0: "batch"}}, folder / "encoder.onnx")
    _export(
        predictor,
        {"history": history, "actions": actions},
        "next",
        {"history": windowed, "actions": windowed},
        folder / "predictor.onnx",
    )
    figures = {
        "encoder_max_difference": _verify(folder / "encoder.onnx", encoder, [{CAMERA: image}]),
        "predictor_max_difference": _verify(
            folder / "predictor.onnx",
            predictor,
            [{"history": history[:, :t], "actions": actions[:, :t]} for t in range(1, case.window + 1)],
        ),
        "predictor_parameters": sum(parameter.numel() for parameter in predictor.parameters()),
        "predictor_nodes": dict(
            Counter(node.op_type for node in onnx.load(folder / "predictor.onnx").graph.node).most_common()
        ),
    }
    vectors = folder / "golden.safetensors"
    save_file({name: tensor.contiguous().numpy() for name, tensor in golden.items()}, vectors)
    vectors.chmod(0o644)  # safetensors keeps its files to their owner
    (folder / "manifest.json").write_text(json.dumps(_manifest(case, folder), indent=2) + "\n")
    return figures


def _export(
    network: nn.Module, inputs: dict[str, Tensor], output: str, axes: dict[str, dict[int, str]], file: Path
) -> None:
    with warnings.catch_warnings():
        # The tracing exporter is deprecated but writes attention as the MatMul and Softmax that a planner can rewrite.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            tuple(inputs.values()),
            file,
            input_names=list(inputs),
            output_names=[output],
            dynamic_axes={**axes, output: {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,
        )


def _verify(file: Path, network: nn.Module, feeds: list[dict[str, Tensor]]) -> float:
    """Largest difference between ONNX Runtime and PyTorch over the feeds, whole and the first row alone."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    worst = 0.0
    for feed in feeds:
        for count in (1, _GOLDEN_BATCH):
            rows = {name: tensor[:count] for name, tensor in feed.items()}
            with torch.no_grad():
                expected = network(*rows.values()).numpy()
            found = session.run(None, {name: tensor.numpy() for name, tensor in rows.items()})[0]
            if found.shape != expected.shape:
                raise ExportError(f"{file.name}: found shape {found.shape}, expected {expected.shape}.")
            worst = max(worst, float(np.abs(found - expected).max()))
    if worst > _EXPORT_TOLERANCE:
        raise ExportError(f"{file}: found a difference of {worst:g} to PyTorch, expected at most {_EXPORT_TOLERANCE}.")
    return worst


def _entry(file: Path) -> dict[str, str]:
    return {"file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


def _manifest(case: Case, folder: Path) -> dict[str, Any]:
    joints = [f"joint_{index + 1}" for index in range(case.joints)]
    return {
        "format": "jepa-mpc-model",
        "version": 1,
        "name": case.name,
        "description": case.description,
        "licence": "Apache-2.0",
        "graphs": {name: _entry(folder / f"{name}.onnx") for name in ("encoder", "predictor")},
        "cameras": [
            {
                "name": CAMERA,
                "topic": CAMERA,
                "width": case.image_size,
                "height": case.image_size,
                "channels": 3,
                "colorOrder": "rgb",
                "resize": "squash",
                "interpolation": "area",
                "scale": 1 / 255,
                "mean": [0.5, 0.5, 0.5],
                "std": [0.25, 0.25, 0.25],
            }
        ],
        "latent": {"tokens": case.tokens, "dim": case.dim},
        "history": {"mode": "sliding", "window": case.window, "warmup": "short", "actions": "paired"},
        "action": {
            "kind": "joint_velocity",
            "joints": joints,
            "unit": "rad/s",
            "periodMs": 100,
            "block": case.block,
            "mean": [0.0] * case.joints,
            "std": [1.0] * case.joints,
            "lower": [-_BOUND] * case.joints,
            "upper": [_BOUND] * case.joints,
        },
        "goal": {"kind": "image"},
        "objective": {"default": "squared_latent_distance", "steps": "last"},
        "plannerDefaults": {
            "samples": case.samples,
            "iterations": case.iterations,
            "elites": case.elites,
            "horizon": case.horizon,
            "initialStd": 1 / _BOUND,
            "minStd": 0,
            "actionPenalty": 0,
        },
        "provenance": {
            "source": "Random weights, for speed and parity alone: it has seen no robot",
            "createdBy": f"python -m jepa_mpc_reference.make_models --case {case.name}",
            "dataset": f"none; seed {case.seed}",
        },
        "golden": {**_entry(folder / "golden.safetensors"), "tolerance": _TOLERANCE},
    }


def main() -> None:
    """Writes the folders that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(".prefix/bench/models"))
    parser.add_argument("--case", choices=list(CASES), action="append", help="default: all")
    parser.add_argument("--seed", type=int, help="of the weights; default: the case's own")
    arguments = parser.parse_args()
    for name in arguments.case or CASES:
        case = CASES[name] if arguments.seed is None else replace(CASES[name], seed=arguments.seed)
        figures = make_model(case, arguments.folder / name)
        print(f"{arguments.folder / name}: {json.dumps(figures)}")


if __name__ == "__main__":
    main()
