"""Writes a world model as a folder of docs/model-contract.md."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.numpy import save_file
from torch import Tensor

from .actions import ActionSpec
from .errors import ExportRefusedError
from .graph_export import export_graph
from .world_model import IMAGENET_MEAN, IMAGENET_STD, Reference, WorldModel

CAMERA = "image"
_GOLDEN_BATCH = 4
_TOLERANCE = {"cpu": 1e-4, "webgpu": 1e-3}


@dataclass(frozen=True)
class Origin:
    """Where a model comes from, for its manifest."""

    name: str
    description: str
    licence: str
    source: str
    created_by: str
    dataset: str
    checkpoint_sha256: str


def write_model_folder(
    folder: Path, model: WorldModel, reference: Reference | None, action: ActionSpec, origin: Origin
) -> None:
    """Graphs, golden vectors and manifest. The golden outputs are the reference's, where there is one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportRefusedError(
            str(folder),
            found=f"no folder that can be made ({error.strerror})",
            expected="a new or an existing folder",
            remedy="Name another one.",
        ) from error
    draw = torch.Generator().manual_seed(0)
    image = torch.randn(_GOLDEN_BATCH, model.channels, model.image_size, model.image_size, generator=draw)
    history = torch.randn(_GOLDEN_BATCH, model.window, model.tokens, model.dim, generator=draw)
    actions = torch.randn(_GOLDEN_BATCH, model.window, model.action_dim, generator=draw)
    export_graph(model.encoder, {CAMERA: image}, "latent", folder / "encoder.onnx")
    export_graph(
        model.predictor,
        {"history": history, "actions": actions},
        "next",
        folder / "predictor.onnx",
        windowed=True,
    )
    encode, step = (model.encoder, model.predictor) if reference is None else (reference.encode, reference.step)
    with torch.no_grad():
        golden: dict[str, Tensor] = {
            f"encoder.{CAMERA}": image,
            "encoder.latent": encode(image),
            "predictor.history": history,
            "predictor.actions": actions,
            "predictor.next": step(history, actions),
        }
    vectors = folder / "golden.safetensors"
    save_file({name: tensor.contiguous().numpy() for name, tensor in golden.items()}, vectors)
    vectors.chmod(0o644)  # safetensors keeps its files to their owner
    (folder / "manifest.json").write_text(json.dumps(_manifest(folder, model, action, origin), indent=2) + "\n")


def _manifest(folder: Path, model: WorldModel, action: ActionSpec, origin: Origin) -> dict[str, Any]:
    return {
        "format": "jepa-mpc-model",
        "version": 1,
        "name": origin.name,
        "description": origin.description,
        "licence": origin.licence,
        "graphs": {name: _entry(folder / f"{name}.onnx") for name in ("encoder", "predictor")},
        "cameras": [
            {
                "name": CAMERA,
                "topic": CAMERA,
                "width": model.image_size,
                "height": model.image_size,
                "channels": model.channels,
                "colorOrder": "rgb",
                # The published code normalises, then resizes with anti-aliasing. Both are linear, so their order makes
                # no difference, and `area` is the nearest to the latter when an image is made smaller.
                "resize": "squash",
                "interpolation": "area",
                "scale": 1 / 255,
                "mean": list(IMAGENET_MEAN),
                "std": list(IMAGENET_STD),
            }
        ],
        "latent": {"tokens": model.tokens, "dim": model.dim},
        "history": {"mode": "sliding", "window": model.window, "warmup": "short", "actions": "paired"},
        "action": {
            "kind": "joint_velocity",
            "joints": list(action.joints),
            "unit": action.unit,
            "periodMs": action.period_ms,
            "block": action.block,
            "mean": list(action.mean),
            "std": list(action.std),
            "lower": list(action.lower),
            "upper": list(action.upper),
        },
        "goal": {"kind": "image"},
        "objective": {"default": "squared_latent_distance", "steps": "last"},
        # As published: candidates are drawn with the deviation of the data set and nothing is penalised.
        "plannerDefaults": {
            "samples": 300,
            "iterations": 30,
            "elites": 30,
            "horizon": 5,
            "initialStd": action.deviation,
            "minStd": 0,
            "actionPenalty": 0,
        },
        "provenance": {
            "source": origin.source,
            "createdBy": origin.created_by,
            "dataset": origin.dataset,
            "checkpointSha256": origin.checkpoint_sha256,
        },
        "golden": {**_entry(folder / "golden.safetensors"), "tolerance": _TOLERANCE},
    }


def _entry(file: Path) -> dict[str, str]:
    return {"file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
