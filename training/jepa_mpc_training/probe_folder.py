"""`python -m jepa_mpc_training probe MODEL DATA`: probes an exported model on recordings that it was not trained on."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .dataset import Dataset
from .exporters.errors import ExportRefusedError, exit_status
from .inputs import open_data, open_model, recorded_joints, require_match
from .object_motion import read_out_objects
from .probe import costs, planning, plot_errors
from .probed import Probed
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
    """Draws `costs.png` and `rollout.png` to `out` and returns their figures, the read-out of each joint, and whether a
    planner can find its way with the model. All episodes count as held out; every second one is what the read-out is
    fitted to.

    Raises ExportRefusedError if the folder or the recordings cannot be used.
    """
    model, dataset = open_model(folder), open_data(data)
    require_match(model, dataset, data)
    _require_periods(model, dataset)
    probed = _ProbedModel(model)
    out.mkdir(parents=True, exist_ok=True)
    states = np.repeat(dataset.states[:, None], dataset.frames.shape[1], axis=1)
    latents = torch.stack([probed.latents(*episode) for episode in zip(dataset.frames, states, strict=True)])
    goals = probed.goals(dataset.frames) if model.reads_goals else None
    distance = probed.distance if "distance" in model.manifest["graphs"] else None
    errors = rollout_errors(probed, dataset, np.arange(len(dataset.frames)), ROLLOUT_STEPS)
    space = model.action_space
    reach, step_s = space.upper * space.step_ms / 1000, space.step_ms / 1000
    joints = recorded_joints(data) or model.manifest["action"]["joints"]
    return {
        "episodes": len(dataset.frames),
        **_read_out(joints, latents[..., model.shows_images.ravel()], dataset),
        **costs(dataset.positions, latents, distance, reach, out / "costs.png", goals),
        "rollout_error": plot_errors(errors, step_s, out / "rollout.png"),
        **planning(_planning_of(probed, dataset, latents, goals), errors),
    }


def _planning_of(probed: _ProbedModel, dataset: Dataset, latents: Tensor, goals: Tensor | None) -> Probed:
    """The model with the objective that its manifest names, and all episodes. The ranges of the joints are those of the
    recordings, because a model folder has no others."""
    manifest, moved = probed.model.manifest, dataset.positions.reshape(-1, dataset.positions.shape[2])
    objective, joints = manifest["objective"], manifest["action"]["joints"]
    is_temporal = objective["default"] == "temporal_distance"
    return Probed.of_episodes(
        dataset,
        np.arange(len(dataset.frames)),
        latents,
        goals,
        joints=joints,
        prismatic=_prismatic(joints, manifest["action"]["unit"]),
        lower=moved.min(0),
        upper=moved.max(0),
        velocity=probed.model.action_space.upper,
        predictor=probed.predictor,
        block=probed.block,
        window=probed.window,
        objective=probed.distance if is_temporal else probed.squared_distance,
        unit=" steps" if is_temporal else "",
        horizon=manifest["plannerDefaults"]["horizon"],
        steps=objective["steps"],
    )


def _prismatic(joints: list[str], unit: str) -> list[bool]:
    """Which joints slide, from the unit of the actions: `rad/s`, `m/s` or `rad/s, m/s for finger, slide`."""
    sliding = unit.partition("m/s for ")[2].split(", ")
    return [unit == "m/s" or joint in sliding for joint in joints]


def _read_out(joints: list[str], latents: Tensor, dataset: Dataset) -> dict[str, Any]:
    """The read-out of joints and objects from latents `[E, V, T + 1, D]`, of the first view, fitted to every second
    episode."""
    if len(latents) < 2:
        return {}
    parts = [
        values.reshape(-1, values.shape[-1])
        for some in (slice(0, None, 2), slice(1, None, 2))
        for values in (latents[some, 0].numpy(), dataset.positions[some])
    ]
    r2 = read_out(*parts)
    episodes = np.arange(len(latents))
    objects = read_out_objects(latents[:, :1].numpy(), dataset, episodes[::2], episodes[1::2])
    return {"r2": r2, "read_out": [*in_words(joints, r2), *objects.pop("object_read_out", [])], **objects}


class _ProbedModel:
    """A model folder with the interface of `Jepa`; the tokens of a latent are flattened."""

    def __init__(self, model: ExportedModel) -> None:
        self.model = model
        self.block, self.window = model.action_space.block, model.window
        self._shape = (model.manifest["latent"]["tokens"], model.manifest["latent"]["dim"])

    def latents(self, frames: np.ndarray, states: np.ndarray) -> Tensor:
        """Frames uint8 `[N, L, H, W, 3]` and joint states `[N, L, 2 J]` -> latents `[N, L, D]`."""
        rows = [self.model.encode_frames(*some).reshape(len(some[0]), -1) for some in zip(frames, states, strict=True)]
        return torch.from_numpy(np.stack(rows))

    def goals(self, frames: np.ndarray) -> Tensor:
        """Frames uint8 `[E, V, L, H, W, 3]` -> what they are as goals that are given as pictures `[E, V, L, D]`."""
        rows = [self.model.encode_goals(some).reshape(len(some), -1) for episode in frames for some in episode]
        return torch.from_numpy(np.stack(rows)).unflatten(0, frames.shape[:2])

    def predictor(self, history: Tensor, actions: Tensor) -> Tensor:
        """History `[B, W, 1, D]` and raw actions `[B, block * J]` -> next latents `[B, 1, D]`."""
        space = self.model.action_space
        blocks = (actions.unflatten(1, (self.block, -1)).numpy() - space.mean) / space.std
        before = history.numpy().reshape(*history.shape[:2], *self._shape)
        predicted = self.model.predict(before, blocks.reshape(len(blocks), -1).astype(np.float32))
        return torch.from_numpy(predicted.reshape(len(predicted), 1, -1))

    def distance(self, latents: Tensor, goals: Tensor) -> Tensor:
        """Latents `[B, D]` and goals `[B, D]` -> steps `[B]`."""
        rows = (tensor.numpy().reshape(len(tensor), *self._shape) for tensor in (latents, goals))
        return torch.from_numpy(self.model.distance(*rows))

    def squared_distance(self, latents: Tensor, goals: Tensor) -> Tensor:
        """Latents `[B, D]` and goals `[B, D]` -> their squared distance in the streams that count `[B]`."""
        return (latents - goals).square() @ torch.from_numpy(self.model.stream_weights.ravel())


def _require_periods(model: ExportedModel, dataset: Dataset) -> None:
    """Raises ExportRefusedError for actions that the recordings do not have, and for episodes without a step after a
    whole history."""
    kind, space = model.manifest["action"]["kind"], model.action_space
    if (kind, space.period_ms) != ("joint_velocity", dataset.period_ms):
        raise ExportRefusedError(
            "manifest",
            found=f"{kind} every {space.period_ms:g} ms",
            expected=f"joint_velocity every {dataset.period_ms} ms, as the recordings have",
            remedy="Probe a model that was trained with this period, or collect recordings with that of the model: "
            f"--set collect.period_ms={space.period_ms:g}.",
        )
    periods, needed = dataset.actions.shape[1], model.window * space.block
    if periods < needed:
        raise ExportRefusedError(
            "recordings",
            found=f"episodes of {periods} periods",
            expected=f"{needed} or more: a history of {model.window} latents and the step after it, {space.block} "
            "periods in a step",
            remedy=f"Collect longer episodes: --set collect.periods={needed}.",
        )
