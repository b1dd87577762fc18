"""Writes a world model as a model folder (docs/model-contract.md)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.numpy import save_file
from torch import Tensor

from ..external_data import weight_files
from .errors import ExportRefusedError
from .file_hash import sha256_of
from .graph_export import export_graph
from .interface import Interface
from .world_model import Planner, Reference, Stream, WorldModel

CAMERA = "image"
_PROPRIOCEPTION = "proprioception"
_GOLDEN_BATCH = 4
_TOLERANCE = {"cpu": 1e-4, "webgpu": 1e-3}


@dataclass(frozen=True)
class Origin:
    """Origin of a model, for its manifest."""

    name: str
    description: str
    licence: str
    source: str
    created_by: str
    dataset: str
    checkpoint_sha256: str | None = None
    """None: the weights come from no file."""


def write_model_folder(
    folder: Path, model: WorldModel, reference: Reference | None, interface: Interface, origin: Origin, seed: int = 0
) -> dict[str, float]:
    """Writes graphs, golden vectors and manifest.

    The golden inputs are drawn from `seed`. The golden outputs are the reference's if there is one, and else the
    model's own. Returns the largest absolute difference between ONNX Runtime and PyTorch for each graph. Raises
    ExportRefusedError if the folder cannot be made, or a graph differs too much.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportRefusedError(
            str(folder),
            found=f"a folder that cannot be made ({error.strerror})",
            expected="a new or an existing folder",
            remedy="Pass another one.",
        ) from error
    draw = torch.Generator().manual_seed(seed)
    observation = dict(zip((CAMERA, _PROPRIOCEPTION), model.draw_observations(_GOLDEN_BATCH, draw), strict=False))
    history = model.draw_history(_GOLDEN_BATCH, draw)
    actions = torch.randn(_GOLDEN_BATCH, model.window, model.action_dim, generator=draw)
    predictor_inputs = {"history": history, "actions": actions}
    differences = {
        "encoder": export_graph(model.encoder, observation, "latent", folder / "encoder.onnx"),
        "predictor": export_graph(model.predictor, predictor_inputs, "next", folder / "predictor.onnx", windowed=True),
    }
    encode, step = (model.encoder, model.predictor) if reference is None else (reference.encode, reference.step)
    with torch.no_grad():
        golden: dict[str, Tensor] = {
            **{f"encoder.{name}": each for name, each in observation.items()},
            "encoder.latent": encode(*observation.values()),
            "predictor.history": history,
            "predictor.actions": actions,
            "predictor.next": step(history, actions),
        }
    vectors = folder / "golden.safetensors"
    save_file({name: tensor.contiguous().numpy() for name, tensor in golden.items()}, vectors)
    vectors.chmod(0o644)  # safetensors makes its files readable by their owner alone
    (folder / "manifest.json").write_text(json.dumps(_manifest(folder, model, interface, origin), indent=2) + "\n")
    return differences


def _manifest(folder: Path, model: WorldModel, interface: Interface, origin: Origin) -> dict[str, Any]:
    proprioception = interface.proprioception
    streams = [_stream(stream) for stream in model.streams]
    return {
        "format": "jepa-mpc-model",
        "version": 1,
        "name": origin.name,
        "description": origin.description,
        "licence": origin.licence,
        "graphs": {name: _graph(folder / f"{name}.onnx") for name in ("encoder", "predictor")},
        "cameras": [
            {
                "name": CAMERA,
                "topic": CAMERA,
                "width": model.image_size,
                "height": model.image_size,
                "channels": model.channels,
                "colorOrder": "rgb",
                "resize": model.camera.resize,
                "interpolation": model.camera.interpolation,
                "scale": 1 / 255,
                "mean": list(model.camera.mean),
                "std": list(model.camera.std),
            }
        ],
        **(
            {}
            if proprioception is None
            else {
                "proprioception": {
                    "fields": list(proprioception.fields),
                    "mean": list(proprioception.mean),
                    "std": list(proprioception.std),
                }
            }
        ),
        "latent": {"tokens": model.tokens, "dim": model.dim, **({"streams": streams} if streams else {})},
        "history": {"mode": model.history_mode, "window": model.window, "warmup": "short", "actions": "paired"},
        "action": interface.action.manifest(),
        "goal": {"kind": "image"},
        "objective": {"default": model.objective, "steps": "last"},
        "plannerDefaults": _planner(model.planner, interface.action.normalised_std),
        "provenance": {
            "source": origin.source,
            "createdBy": origin.created_by,
            "dataset": origin.dataset,
            **({} if origin.checkpoint_sha256 is None else {"checkpointSha256": origin.checkpoint_sha256}),
        },
        "golden": {**_entry(folder / "golden.safetensors"), "tolerance": _TOLERANCE},
    }


def _stream(stream: Stream) -> dict[str, Any]:
    return {
        "name": stream.name,
        "of": stream.of,
        "update": stream.update,
        "tokens": list(stream.tokens),
        "dims": list(stream.dims),
        "weight": stream.weight,
    }


def _planner(planner: Planner, data_std: float) -> dict[str, Any]:
    return {
        "samples": planner.samples,
        "iterations": planner.iterations,
        "elites": planner.elites,
        "horizon": planner.horizon,
        "initialStd": data_std if planner.initial_std is None else planner.initial_std,
        "minStd": planner.min_std,
        "actionPenalty": 0,
        **({} if planner.momentum is None else {"momentum": planner.momentum}),
    }


def _graph(file: Path) -> dict[str, Any]:
    data = [_entry(each) for each in weight_files(file)]
    return {**_entry(file), **({"data": data} if data else {})}


def _entry(file: Path) -> dict[str, str]:
    return {"file": file.name, "sha256": sha256_of(file)}
