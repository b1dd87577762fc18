"""How much a latent depends on the appearance of the scene: two views of one pose against two poses one step apart."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import torch
from torch import Tensor

from .nets import DistanceHead

matplotlib.use("Agg")
from matplotlib import pyplot as plt


def invariance(
    latents: Tensor, head: DistanceHead, in_gazebo: np.ndarray, block: int, plot: Path
) -> dict[str, dict[str, float]]:
    """Distances between two views of a pose and between poses one predictor step, `block` frames, apart in one view.

    latents `[E, V, T + 1, D]`, in_gazebo `[E]`. Returns, for each kind of pair of views, the root mean squares of both
    differences and their ratio: of latents, and of the temporal distance in steps. Draws histograms to `plot`.
    """
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), constrained_layout=True)
    rows = {}
    for name, episodes in (
        ("two views in MuJoCo", ~in_gazebo),
        ("a view in Gazebo and one in MuJoCo", in_gazebo),
    ):
        if not episodes.any():
            continue
        some = latents[torch.from_numpy(episodes)]
        views = some[:, 0].flatten(0, 1), some[:, -1].flatten(0, 1)
        step = some[:, :, :-block].flatten(0, 2), some[:, :, block:].flatten(0, 2)
        row = {}
        for axis, measure, unit in ((axes[0], _difference, "latent"), (axes[1], _steps(head), "steps")):
            apart, moved = measure(*views), measure(*step)
            row |= {f"views_{unit}": _rms(apart), f"step_{unit}": _rms(moved)}
            row[f"share_{unit}"] = round(row[f"views_{unit}"] / row[f"step_{unit}"], 3)
            bins = np.linspace(0, float(max(np.quantile(moved, 0.99), np.quantile(apart, 0.99))), 60)
            axis.hist(apart, bins, density=True, histtype="step", label=f"same pose, {name}")
            axis.hist(moved, bins, density=True, histtype="step", label=f"one step, {name}")
            axis.set_xlabel("difference of latents" if unit == "latent" else "temporal distance [steps]")
        rows[name] = row
    axes[0].legend(fontsize="small")
    figure.savefig(plot, dpi=110)
    plt.close(figure)
    return rows


def _difference(first: Tensor, second: Tensor) -> np.ndarray:
    return (first - second).norm(dim=1).numpy()


def _steps(head: DistanceHead):
    def measure(first: Tensor, second: Tensor) -> np.ndarray:
        with torch.no_grad():
            return head(first[:, None], second[:, None]).numpy()

    return measure


def _rms(values: np.ndarray) -> float:
    return round(float(np.sqrt(np.square(values).mean())), 3)
