"""`python -m jepa_mpc_training probe MODEL DATA`: probes an exported model on recordings that it was not trained on."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .config import BLOCK, PERIOD_MS, WINDOW
from .exporters.errors import ExportRefusedError, exit_status
from .inputs import open_data, open_model, recorded_joints, require_match
from .probe import costs, plot_errors
from .read_out import in_words, read_out
from .rollout_error import ROLLOUT_STEPS, rollout_errors
from .runtime import ExportedModel


def main(arguments: list[str]) -> int:
    """Runs the command. Returns the exit status: 0, or 2 if the inputs were refused."""
    parser = argparse.ArgumentParser(
        prog="jepa_mpc_training probe",
        description="Draws the costs by the true distance (costs.png) and the errors of rollouts (rollout.png).",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="model folder; it is not changed")
    parser.add_argument("data", type=Path, metavar="DATA", help="folder that collect wrote: RUN/collect")
    parser.add_argument("--out", type=Path, default=Path("."), help="folder for the images (default: the current one)")
    options = parser.parse_args(arguments)

    def run() -> int:
        print(json.dumps(probe_folder(options.model, options.data, options.out), indent=2))
        return 0

    return exit_status(run)


def probe_folder(folder: Path, data: Path, out: Path) -> dict[str, Any]:
    """Draws `costs.png` and `rollout.png` to `out` and returns their figures, and the read-out of each joint. All
    episodes count as held out; every second one is what the read-out is fitted to.

    Raises ExportRefusedError if the folder or the recordings cannot be used.
    """
    model, dataset = open_model(folder), open_data(data)
    require_match(model, dataset, data)
    _require_periods(model)
    probed = _ProbedModel(model)
    out.mkdir(parents=True, exist_ok=True)
    states = np.repeat(dataset.states[:, None], dataset.frames.shape[1], axis=1)
    latents = torch.stack([probed.latents(*episode) for episode in zip(dataset.frames, states, strict=True)])
    distance = probed.distance if "distance" in model.manifest["graphs"] else None
    errors = rollout_errors(probed, dataset, np.arange(len(dataset.frames)), ROLLOUT_STEPS)
    joints = recorded_joints(data) or model.manifest["action"]["joints"]
    return {
        "episodes": len(dataset.frames),
        **_read_out(joints, latents[..., model.shows_images.ravel()], dataset.positions),
        **costs(dataset.positions, latents, distance, model.action_space.upper, out / "costs.png"),
        "rollout_error": plot_errors(errors, out / "rollout.png"),
    }


def _read_out(joints: list[str], latents: Tensor, positions: np.ndarray) -> dict[str, Any]:
    """The read-out from latents `[E, V, T + 1, D]`, of the first view, fitted to every second episode."""
    if len(latents) < 2:
        return {}
    parts = [
        values.reshape(-1, values.shape[-1])
        for some in (slice(0, None, 2), slice(1, None, 2))
        for values in (latents[some, 0].numpy(), positions[some])
    ]
    r2 = read_out(*parts)
    return {"r2": r2, "read_out": in_words(joints, r2)}


class _ProbedModel:
    """A model folder with the interface of `Jepa`; the tokens of a latent are flattened."""

    def __init__(self, model: ExportedModel) -> None:
        self._model = model
        self._shape = (model.manifest["latent"]["tokens"], model.manifest["latent"]["dim"])

    def latents(self, frames: np.ndarray, states: np.ndarray) -> Tensor:
        """Frames uint8 `[N, L, H, W, 3]` and joint states `[N, L, 2 J]` -> latents `[N, L, D]`."""
        rows = [self._model.encode_frames(*some).reshape(len(some[0]), -1) for some in zip(frames, states, strict=True)]
        return torch.from_numpy(np.stack(rows))

    def predictor(self, history: Tensor, actions: Tensor) -> Tensor:
        """History `[B, W, 1, D]` and raw actions `[B, BLOCK * J]` -> next latents `[B, 1, D]`."""
        space = self._model.action_space
        blocks = (actions.unflatten(1, (BLOCK, -1)).numpy() - space.mean) / space.std
        before = history.numpy().reshape(*history.shape[:2], *self._shape)
        predicted = self._model.predict(before, blocks.reshape(len(blocks), -1).astype(np.float32))
        return torch.from_numpy(predicted.reshape(len(predicted), 1, -1))

    def distance(self, latents: Tensor, goals: Tensor) -> Tensor:
        """Latents `[B, D]` and goals `[B, D]` -> steps `[B]`."""
        rows = (tensor.numpy().reshape(len(tensor), *self._shape) for tensor in (latents, goals))
        return torch.from_numpy(self._model.distance(*rows))


def _require_periods(model: ExportedModel) -> None:
    action, window = model.manifest["action"], model.manifest["history"]["window"]
    found = (action["kind"], action["periodMs"], action["block"], window)
    if found != ("joint_velocity", PERIOD_MS, BLOCK, WINDOW):
        raise ExportRefusedError(
            "manifest",
            found=f"{found[0]} every {found[1]:g} ms, {found[2]} in a step, {found[3]} latents before it",
            expected=f"joint_velocity every {PERIOD_MS} ms, {BLOCK} in a step, {WINDOW} latents before it",
            remedy="Recordings have these periods. Probe a model that was trained with them.",
        )
