"""`python -m jepa_mpc_training train distance MODEL DATA`: adds a temporal distance to any model folder."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from tqdm import tqdm

from .config import Config, DistanceConfig, with_settings
from .dataset import Dataset
from .distance import fit_distance
from .export import export_graph, golden_of_pairs, graph_entry, verify_graph, write_golden
from .exporters.errors import ExportRefusedError, exit_status
from .inputs import open_data, open_model, require_match
from .nets import TokenDistanceHead
from .runtime import ExportedModel

_FRAMES_AT_ONCE = 16
_GOLDEN_BATCH = 8
_MIN_STD_SHARE = 0.1
"""Smallest standard deviation of a number of the latent, as a share of their median."""


def main(arguments: list[str]) -> int:
    """Runs the command. Returns the exit status: 0, or 2 if the inputs were refused."""
    parser = argparse.ArgumentParser(
        prog="jepa_mpc_training train distance",
        description="Adds distance.onnx to a model folder, so that plans minimise the predictor steps to the goal.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="model folder, which is changed")
    parser.add_argument("data", type=Path, metavar="DATA", help="folder that collect wrote: RUN/collect")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="PyTorch threads (default: all)")
    parser.add_argument("--set", action="append", default=[], metavar="distance.FIELD=VALUE", help="see config.py")
    options = parser.parse_args(arguments)
    try:
        config = with_settings(Config(), options.set).distance
    except ValueError as error:
        parser.error(str(error))
    torch.set_num_threads(options.threads)

    def run() -> int:
        print(json.dumps(attach_distance(options.model, options.data, config), indent=2))
        return 0

    return exit_status(run)


def attach_distance(folder: Path, data: Path, config: DistanceConfig) -> dict[str, Any]:
    """Encodes the recorded frames with the folder's own encoder, trains a head on the latents, and adds it to the
    folder: graph, manifest, golden vectors. Returns figures.

    If the latent has several streams, the head takes that of the images: goals are images and have no other. Raises
    ExportRefusedError if the folder or the recordings cannot be used; the folder is then left unchanged.
    """
    model = open_model(folder)
    dataset = open_data(data)
    stride = _stride(model.manifest, dataset)
    require_match(model, dataset, data)
    tokens, dims = _stream_of_images(model.manifest)
    with tempfile.TemporaryDirectory() as scratch:
        latents = _encoded(model, dataset, Path(scratch) / "latents.npy")
        torch.manual_seed(config.seed)
        head = TokenDistanceHead(config, tokens, dims)
        head.mean, head.std = _spread(latents, head)
        figures = fit_distance(head, latents, config, stride)
        some = latents.flatten(0, 2)
        chosen = torch.linspace(0, len(some) - 1, _GOLDEN_BATCH).long()
        _add(folder, model.manifest, head.eval(), some[chosen].float(), data)
    return {"frames": int(np.prod(dataset.frames.shape[:3])), "frames_in_a_step": stride, **figures}


def _stride(manifest: dict[str, Any], dataset: Dataset) -> int:
    """Frames of the recordings in one predictor step. Raises ExportRefusedError if that is not a whole number."""
    step_ms = manifest["action"]["periodMs"] * manifest["action"]["block"]
    period_ms = dataset.period_ms
    stride = round(step_ms / period_ms)
    if stride < 1 or abs(stride * period_ms - step_ms) > 1e-6 * period_ms or stride >= dataset.frames.shape[2]:
        raise ExportRefusedError(
            "predictor step",
            found=f"{step_ms:g} ms",
            expected=f"a multiple of the {period_ms} ms between recorded frames, below the "
            f"{(dataset.frames.shape[2] - 1) * period_ms} ms of an episode",
            remedy="Record longer episodes (--set collect.periods=N) or at another period (--set collect.period_ms=N), "
            "or use a model with such a step.",
        )
    return stride


def _stream_of_images(manifest: dict[str, Any]) -> tuple[tuple[int, int], tuple[int, int]]:
    """The part of a latent that holds the images: ranges of tokens and of their numbers, the ends excluded."""
    latent = manifest["latent"]
    streams = latent.get("streams")
    if streams is None:
        return (0, latent["tokens"]), (0, latent["dim"])
    found = [stream for stream in streams if stream["of"] == "images"]
    if len(found) != 1:
        raise ExportRefusedError(
            "latent.streams",
            found=f"{len(found)} of images",
            expected="1",
            remedy="A distance is trained on one part of a latent. Use a model with one stream of images.",
        )
    return tuple(found[0]["tokens"]), tuple(found[0]["dims"])


def _encoded(model: ExportedModel, dataset: Dataset, file: Path) -> Tensor:
    """Latents of every frame `[E, V, T + 1, N, D]`, mapped from `file`."""
    latent = model.manifest["latent"]
    lead = dataset.frames.shape[:3]
    latents = np.lib.format.open_memmap(
        file, mode="w+", dtype=np.float32, shape=(*lead, latent["tokens"], latent["dim"])
    )
    for episode in tqdm(range(lead[0]), desc="encode", unit="episode"):
        frames = dataset.frames[episode].reshape(-1, *dataset.frames.shape[3:])
        parts = [
            model.encode_frames(frames[first : first + _FRAMES_AT_ONCE])
            for first in range(0, len(frames), _FRAMES_AT_ONCE)
        ]
        latents[episode] = np.concatenate(parts).reshape(latents.shape[1:])
    return torch.from_numpy(latents)


def _spread(latents: Tensor, head: TokenDistanceHead) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of every number that the head takes, over up to 100 episodes."""
    some = latents[:: max(1, len(latents) // 100)].flatten(0, 2)[:, head.tokens, head.dims].float()
    std = some.std(0)
    return some.mean(0), std.clamp_min(max(1e-6, _MIN_STD_SHARE * float(std.median())))


def _add(folder: Path, manifest: dict[str, Any], head: TokenDistanceHead, latents: Tensor, data: Path) -> None:
    """Adds the head to the folder. The manifest is replaced last, after the files that it names."""
    golden = load_file(folder / manifest["golden"]["file"])
    golden = {name: tensor for name, tensor in golden.items() if not name.startswith("distance.")}
    golden |= golden_of_pairs("distance", head, "distance", latents)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        file = Path(made) / "distance.onnx"
        inputs = {name: golden[f"distance.{name}"] for name in ("latent", "goal")}
        export_graph(head, inputs, "distance", file)
        verify_graph(file, inputs, golden["distance.distance"])
        entry = write_golden(golden, Path(made))
        manifest["graphs"]["distance"] = graph_entry(file)
        manifest["objective"]["default"] = "temporal_distance"
        manifest["golden"] = {**manifest["golden"], "file": entry["file"], "sha256": entry["sha256"]}
        command = f"python -m jepa_mpc_training train distance {folder.name} {data.name}"
        made_by = manifest["provenance"]["createdBy"].split("; ")
        manifest["provenance"]["createdBy"] = "; ".join([*(each for each in made_by if each != command), command])
        (Path(made) / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
        for name in (file.name, entry["file"], "manifest.json"):
            (Path(made) / name).replace(folder / name)
