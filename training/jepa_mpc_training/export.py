"""Stage 5: the model folder that the planner node loads (docs/architecture.md, "The model contract")."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from jepa_mpc_mujoco.plant import Plant
from safetensors.numpy import save_file
from torch import Tensor, nn

from .config import BLOCK, IMAGE_SIZE, PERIOD_MS, WINDOW, Config
from .dataset import Dataset
from .nets import DistanceHead
from .train import PIXEL_SCALE, Jepa, planar

CAMERA = "image"
_OPSET = 18
_GOLDEN_BATCH = 8
_TOLERANCE = {"cpu": 1e-4, "webgpu": 1e-3}


class ExportError(RuntimeError):
    """An exported graph does not give what the trained network gives."""


def export(
    urdf_xml: str,
    jepa: Jepa,
    head: DistanceHead,
    dataset: Dataset,
    config: Config,
    provenance: dict[str, str],
    folder: Path,
) -> dict[str, Any]:
    """Writes graphs, golden vectors and manifest to `folder`, each graph checked against its network.

    Raises ExportError where ONNX Runtime differs from PyTorch by more than half the declared tolerance. Returns sizes
    and largest differences.
    """
    folder.mkdir(parents=True, exist_ok=True)
    golden = _golden(jepa, head, dataset)
    graphs = {
        "encoder": (jepa.encoder, {CAMERA: golden[f"encoder.{CAMERA}"]}, "latent"),
        "predictor": (
            jepa.predictor,
            {"history": golden["predictor.history"], "actions": golden["predictor.actions"]},
            "next",
        ),
        "distance": (head, {"latent": golden["distance.latent"], "goal": golden["distance.goal"]}, "distance"),
    }
    entries, figures = {}, {}
    for name, (network, inputs, output) in graphs.items():
        file = folder / f"{name}.onnx"
        _export_graph(network, inputs, output, file)
        figures[f"{name}_max_difference"] = _verify(file, inputs, golden[f"{name}.{output}"])
        figures[f"{name}_kB"] = round(file.stat().st_size / 1000)
        entries[name] = {"file": file.name, "sha256": _sha256(file)}
    vectors = folder / "golden.safetensors"
    save_file({name: tensor.numpy().copy() for name, tensor in golden.items()}, vectors)
    vectors.chmod(0o644)  # safetensors keeps its files to their owner
    manifest = _manifest(Plant(urdf_xml), jepa, config, entries, provenance, _sha256(vectors))
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return figures


def _golden(jepa: Jepa, head: DistanceHead, dataset: Dataset) -> dict[str, Tensor]:
    """Inputs from held-back episodes and what the networks answer."""
    rng = np.random.default_rng(0)
    episodes = np.arange(len(dataset.frames))
    frames, actions = dataset.sequences(rng, episodes, _GOLDEN_BATCH, WINDOW + 1)
    with torch.no_grad():
        # The first view, as its camera saw it.
        seen = planar(frames[:, 0])
        image = jepa.normalise(seen[:, 0])
        history = jepa.encode(seen)[:, :WINDOW].unsqueeze(2).contiguous()
        blocks = torch.from_numpy(actions)[:, WINDOW - 1].contiguous()
        latent, goal = history[:, -1].contiguous(), history[:, -1].roll(1, dims=0).contiguous()
        return {
            f"encoder.{CAMERA}": image,
            "encoder.latent": jepa.encoder(image),
            "predictor.history": history,
            "predictor.actions": blocks,
            "predictor.next": jepa.predictor(history, blocks),
            "distance.latent": latent,
            "distance.goal": goal,
            "distance.distance": head(latent, goal),
        }


def _export_graph(network: nn.Module, inputs: dict[str, Tensor], output: str, file: Path) -> None:
    names = [*inputs, output]
    with warnings.catch_warnings():
        # The tracing exporter is deprecated but writes small, plain graphs, which is what the planner rewrites.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            tuple(inputs.values()),
            file,
            input_names=list(inputs),
            output_names=[output],
            dynamic_axes={name: {0: "batch"} for name in names},
            opset_version=_OPSET,
            dynamo=False,
        )


def _verify(file: Path, inputs: dict[str, Tensor], expected: Tensor) -> float:
    """Largest difference between ONNX Runtime and PyTorch, for the golden batch and for its first row alone."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    worst = 0.0
    for count in (1, len(expected)):
        feed = {name: tensor[:count].numpy() for name, tensor in inputs.items()}
        worst = max(worst, float(np.abs(session.run(None, feed)[0] - expected[:count].numpy()).max()))
    if worst > _TOLERANCE["cpu"] / 2:
        raise ExportError(
            f"{file.name}: found a difference of {worst:g} to PyTorch, expected at most half of {_TOLERANCE}."
        )
    return worst


def _manifest(
    plant: Plant, jepa: Jepa, config: Config, graphs: dict[str, Any], provenance: dict[str, str], golden_sha256: str
) -> dict[str, Any]:
    planner, joints = config.planner, len(plant.joint_names)
    return {
        "format": "jepa-mpc-model",
        "version": 1,
        "name": config.name,
        "description": f"Planar arm ({', '.join(plant.joint_names)}) under a camera, with a temporal-distance head",
        "licence": "Apache-2.0",
        "graphs": graphs,
        "cameras": [
            {
                "name": CAMERA,
                "topic": CAMERA,
                "width": IMAGE_SIZE,
                "height": IMAGE_SIZE,
                "channels": 3,
                "colorOrder": "rgb",
                "resize": "squash",
                "interpolation": "area",
                "scale": PIXEL_SCALE,
                "mean": jepa.pixel_mean,
                "std": jepa.pixel_std,
            }
        ],
        "latent": {"tokens": 1, "dim": config.train.latent_dim},
        "history": {"mode": "sliding", "window": WINDOW, "warmup": "repeat"},
        "action": {
            "kind": "joint_velocity",
            "joints": plant.joint_names,
            "unit": "rad/s",
            "periodMs": PERIOD_MS,
            "block": BLOCK,
            "mean": [0.0] * joints,
            "std": [1.0] * joints,
            "lower": (-plant.limits.velocity).tolist(),
            "upper": plant.limits.velocity.tolist(),
        },
        "goal": {"kind": "image"},
        "objective": {"default": planner.objective, "steps": planner.steps},
        "plannerDefaults": {
            "samples": planner.samples,
            "iterations": planner.iterations,
            "elites": planner.elites,
            "horizon": planner.horizon,
            "initialStd": planner.initial_std,
            "minStd": planner.min_std,
            "actionPenalty": planner.action_penalty,
        },
        "provenance": provenance,
        "golden": {"file": "golden.safetensors", "sha256": golden_sha256, "tolerance": _TOLERANCE},
    }


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
