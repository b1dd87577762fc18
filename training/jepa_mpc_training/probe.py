"""Stage 4: what the latents know and what the two costs look like, against joint angles that training never saw."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from torch import Tensor

from .config import BLOCK, PERIOD_MS
from .dataset import Dataset
from .invariance import invariance
from .nets import DistanceHead

matplotlib.use("Agg")
from matplotlib import pyplot as plt

_PAIRS = 40_000
_RIDGE = 1e-3


def probe(
    dataset: Dataset, latents: Tensor, head: DistanceHead, held_out: float, velocity_limit: np.ndarray, folder: Path
) -> dict[str, Any]:
    """Linear read-out of the joint angles (R2 a joint, held-out episodes), both costs by true distance, and how far
    apart two views of one pose are.

    latents `[E, V, T + 1, D]`; the costs are those between views of different looks. The true distance of two poses is
    the least time between them at full speed, in predictor steps. Writes `costs.png` and `invariance.png` to `folder`.
    """
    training, testing = dataset.split(held_out)
    joints, views = dataset.positions.shape[2], latents.shape[1]
    fitted = np.repeat(dataset.positions[training][:, None], views, axis=1).reshape(-1, joints)
    read_out = _fit(latents[training].flatten(0, 2).numpy(), fitted)
    truth = dataset.positions[testing].reshape(-1, joints)
    here, there = (latents[testing, view].flatten(0, 1) for view in (0, views - 1))
    r2 = _r2(read_out(here.numpy()), truth)

    first, second = _pairs(len(testing), latents.shape[2])
    step_reach = velocity_limit * PERIOD_MS * BLOCK / 1000
    true_steps = (np.abs(truth[first] - truth[second]) / step_reach).max(axis=1)
    with torch.no_grad():
        temporal = head(here[first][:, None], there[second][:, None]).numpy()
    squared = (here[first] - there[second]).square().mean(1).numpy()
    _plot(true_steps, temporal, squared, folder / "costs.png")
    return {
        "r2": [round(float(value), 4) for value in r2],
        "costs": _table(true_steps, temporal, squared),
        "rank_correlation": {
            "temporal_distance": _rank_correlations(true_steps, temporal),
            "squared_latent_distance": _rank_correlations(true_steps, squared),
        },
        "invariance": invariance(latents[testing], head, dataset.in_gazebo[testing], folder / "invariance.png"),
    }


def _fit(inputs: np.ndarray, outputs: np.ndarray):
    """Ridge regression with a constant."""
    padded = np.c_[inputs, np.ones(len(inputs))].astype(np.float64)
    weights = np.linalg.solve(padded.T @ padded + _RIDGE * np.eye(padded.shape[1]), padded.T @ outputs)
    return lambda values: np.c_[values, np.ones(len(values))] @ weights


def _r2(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return 1 - np.square(predicted - truth).sum(0) / np.square(truth - truth.mean(0)).sum(0)


def _pairs(episodes: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Half the pairs from anywhere, half from near moments of one episode, so that all distances are there."""
    rng = np.random.default_rng(0)
    count = episodes * length
    first, second = rng.integers(count, size=_PAIRS), rng.integers(count, size=_PAIRS)
    half = _PAIRS // 2
    moment = (first[:half] % length + rng.integers(-15, 16, size=half)).clip(0, length - 1)
    second[:half] = first[:half] // length * length + moment
    return first, second


_EDGES = (0.0, 0.25, 0.5, 1.0, 2.5, 5.0, 7.5, 13.0)


def _table(true_steps: np.ndarray, temporal: np.ndarray, squared: np.ndarray) -> list[dict[str, Any]]:
    rows = []
    for low, high in pairwise(_EDGES):
        inside = (true_steps >= low) & (true_steps < high)
        if not inside.any():
            continue
        rows.append(
            {
                "true_steps": [low, high],
                "pairs": int(inside.sum()),
                "mean_true_steps": round(float(true_steps[inside].mean()), 2),
                "temporal_distance": [round(float(f(temporal[inside])), 3) for f in (np.mean, np.std)],
                "squared_latent_distance": [round(float(f(squared[inside])), 3) for f in (np.mean, np.std)],
            }
        )
    return rows


def _rank_correlations(true_steps: np.ndarray, cost: np.ndarray) -> dict[str, float | None]:
    """Spearman's correlation of a cost with the true distance: near, in the middle, far. 1 is what a planner wants."""
    result: dict[str, float | None] = {}
    for name, low, high in (("near", 0.0, 1.0), ("middle", 1.0, 5.0), ("far", 5.0, np.inf)):
        inside = (true_steps >= low) & (true_steps < high)
        if inside.sum() < 3:
            result[name] = None
            continue
        ranks = [np.argsort(np.argsort(values[inside])) for values in (true_steps, cost)]
        result[name] = round(float(np.corrcoef(*ranks)[0, 1]), 3)
    return result


def _plot(true_steps: np.ndarray, temporal: np.ndarray, squared: np.ndarray, path: Path) -> None:
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), constrained_layout=True)
    some = slice(None, None, 10)
    for axis, cost, label in zip(
        axes, (squared, temporal), ("squared latent distance", "temporal distance [steps]"), strict=True
    ):
        axis.plot(true_steps[some], cost[some], ".", markersize=2, alpha=0.4)
        axis.set_xlabel("least steps between the poses at full speed")
        axis.set_ylabel(label)
    axes[1].plot([0, true_steps.max()], [0, true_steps.max()], "k--", linewidth=0.8)
    figure.savefig(path, dpi=110)
    plt.close(figure)
