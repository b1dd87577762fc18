"""Stage 4: compares latents and costs with the joint positions of held-out episodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from torch import Tensor

from .candidate_costs import demonstrated, demonstrated_in_words, spread, spread_in_words
from .dataset import Dataset
from .invariance import invariance
from .joint_sensitivity import sensitivity, sensitivity_in_words
from .nets import DistanceHead
from .object_motion import read_out_objects
from .probed import Probed
from .read_out import in_words, read_out
from .rollout_error import errors_in_words

matplotlib.use("Agg")
from matplotlib import pyplot as plt

_PAIRS = 40_000


def probe(
    dataset: Dataset,
    joint_names: Sequence[str],
    latents: Tensor,
    head: DistanceHead,
    errors: np.ndarray,
    held_out: float,
    velocity_limit: np.ndarray,
    block: int,
    folder: Path,
    shown: int | None = None,
    goals: Tensor | None = None,
    of_poses: bool = True,
) -> dict[str, Any]:
    """Figures on held-out episodes: R2 of a linear read-out of each joint and object, also in words, both costs by the
    true distance, and the difference between two views of one pose.

    latents `[E, V, T + 1, D]`, of which the first `shown` numbers (None: all) are what images show: the read-out takes
    these alone. `goals`: the same moments as goals that are given as pictures, if that is something else. Costs are
    taken between views of different appearance; without `of_poses`, goals are no poses of the robot, and there are no
    figures of costs. `errors` are those of rollouts, by the number of steps; a step has
    `block` periods. Writes `costs.png`, `rollout.png` and `invariance.png` to `folder`.
    """
    step_s = block * dataset.period_ms / 1000
    training, testing = dataset.split(held_out)
    joints, views = dataset.positions.shape[2], latents.shape[1]
    fitted = np.repeat(dataset.positions[training][:, None], views, axis=1).reshape(-1, joints)
    truth = dataset.positions[testing]
    r2 = read_out(
        latents[training][..., :shown].flatten(0, 2).numpy(),
        fitted,
        latents[testing, 0][..., :shown].flatten(0, 1).numpy(),
        truth.reshape(-1, joints),
    )

    objects = read_out_objects(latents[..., :shown].numpy(), dataset, training, testing)

    def distance(state: Tensor, goal: Tensor) -> Tensor:
        with torch.no_grad():
            return head(state[:, None], goal[:, None])

    # With one view there is nothing to compare.
    invariances = {}
    if views > 1:
        invariances = invariance(latents[testing], head, dataset.in_gazebo[testing], block, folder / "invariance.png")
    return {
        "r2": r2,
        "read_out": [*in_words(joint_names, r2), *objects.pop("object_read_out", [])],
        **objects,
        **(
            costs(
                truth,
                latents[testing],
                distance,
                velocity_limit * step_s,
                folder / "costs.png",
                goals=None if goals is None else goals[testing],
                used=head.used,
            )
            if of_poses
            else {}
        ),
        "rollout_error": plot_errors(errors, step_s, folder / "rollout.png"),
        "invariance": invariances,
    }


def planning(probed: Probed, errors: np.ndarray, of_poses: bool = True) -> dict[str, Any]:
    """Whether a planner can find its way with the model, as figures and in `verdicts`, one sentence each.

    `errors`: see `rollout_errors`. Without `of_poses`, goals are no poses of the robot, and nothing is said of how the
    objective follows its joints.
    """
    recorded = demonstrated(probed)
    if not of_poses:
        preferred = [] if recorded is None else [demonstrated_in_words(recorded, probed.step_s)]
        verdicts = [*errors_in_words(errors, probed.horizon, probed.step_s), *preferred]
        return {"demonstrated": recorded, "verdicts": verdicts}
    apart, joints = spread(probed), sensitivity(probed)
    return {
        "candidates": apart,
        "demonstrated": recorded,
        "sensitivity": joints,
        "verdicts": [
            *errors_in_words(errors, probed.horizon, probed.step_s),
            spread_in_words(apart),
            *([] if recorded is None else [demonstrated_in_words(recorded, probed.step_s)]),
            *sensitivity_in_words(joints, probed.prismatic, probed.unit),
        ],
    }


def costs(
    positions: np.ndarray,
    latents: Tensor,
    distance: Callable[[Tensor, Tensor], Tensor] | None,
    reach: np.ndarray,
    path: Path,
    goals: Tensor | None = None,
    used: int | None = None,
) -> dict[str, Any]:
    """The costs of a planner by the true distance: the minimum time between two poses at full speed, in predictor
    steps.

    positions `[E, T + 1, J]`, latents `[E, V, T + 1, D]`; `reach [J]` is how far each joint gets in a step at full
    speed. Costs are from the first view to the last, as it is in `goals` of the same shape, if they are given.
    `distance` maps latents `[B, D]` and goals `[B, D]` to steps `[B]`; None if the model has no such graph. The squared
    distance is that of the first `used` numbers. Draws them to `path`.
    """
    truth = positions.reshape(-1, positions.shape[2])
    here, there = latents[:, 0].flatten(0, 1), (latents if goals is None else goals)[:, -1].flatten(0, 1)
    first, second = _pairs(len(latents), latents.shape[2])
    true_steps = (np.abs(truth[first] - truth[second]) / reach).max(axis=1)
    by_name = {"squared_latent_distance": (here[first] - there[second])[:, :used].square().mean(1).numpy()}
    if distance is not None:
        by_name = {"temporal_distance": distance(here[first], there[second]).numpy(), **by_name}
    _plot(true_steps, by_name, path)
    return {
        "costs": _table(true_steps, by_name),
        "rank_correlation": {name: _rank_correlations(true_steps, cost) for name, cost in by_name.items()},
    }


def plot_errors(errors: np.ndarray, step_s: float, path: Path) -> list[float]:
    """Draws the errors of rollouts `[K]`, 1 to K steps of `step_s` ahead, relative to predicting that nothing moves;
    returns them."""
    figure, axis = plt.subplots(figsize=(4.5, 3.2), constrained_layout=True)
    ahead_s = np.arange(1, len(errors) + 1) * step_s
    axis.plot(ahead_s, errors, "o-", markersize=4)
    axis.axhline(1, color="k", linestyle="--", linewidth=0.8)
    axis.text(ahead_s[0], 1, "predicting that nothing moves", fontsize="small", va="bottom")
    axis.set_ylim(0, max(1.15, 1.1 * float(errors.max())))
    axis.set_xlabel("how far ahead [s]")
    axis.set_ylabel("squared error of the latents, relative")
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return [round(float(error), 4) for error in errors]


def _pairs(episodes: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of pairs of frames: half of them random, half from nearby times of one episode, so that all distances
    occur."""
    rng = np.random.default_rng(0)
    count = episodes * length
    first, second = rng.integers(count, size=_PAIRS), rng.integers(count, size=_PAIRS)
    half = _PAIRS // 2
    moment = (first[:half] % length + rng.integers(-15, 16, size=half)).clip(0, length - 1)
    second[:half] = first[:half] // length * length + moment
    return first, second


_EDGES = (0.0, 0.25, 0.5, 1.0, 2.5, 5.0, 7.5, 13.0)


def _table(true_steps: np.ndarray, by_name: dict[str, np.ndarray]) -> list[dict[str, Any]]:
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
            }
            | {name: [round(float(f(cost[inside])), 3) for f in (np.mean, np.std)] for name, cost in by_name.items()}
        )
    return rows


def _rank_correlations(true_steps: np.ndarray, cost: np.ndarray) -> dict[str, float | None]:
    """Spearman's correlation of a cost with the true distance: near, in the middle, far. 1 is ideal."""
    result: dict[str, float | None] = {}
    for name, low, high in (("near", 0.0, 1.0), ("middle", 1.0, 5.0), ("far", 5.0, np.inf)):
        inside = (true_steps >= low) & (true_steps < high)
        if inside.sum() < 3:
            result[name] = None
            continue
        ranks = [np.argsort(np.argsort(values[inside])) for values in (true_steps, cost)]
        result[name] = round(float(np.corrcoef(*ranks)[0, 1]), 3)
    return result


_LABELS = {"squared_latent_distance": "squared latent distance", "temporal_distance": "temporal distance [steps]"}


def _plot(true_steps: np.ndarray, by_name: dict[str, np.ndarray], path: Path) -> None:
    figure, axes = plt.subplots(
        1, len(by_name), figsize=(4.5 * len(by_name), 3.6), constrained_layout=True, squeeze=False
    )
    some = slice(None, None, 10)
    for axis, name in zip(axes[0], sorted(by_name), strict=True):
        axis.plot(true_steps[some], by_name[name][some], ".", markersize=2, alpha=0.4)
        axis.set_xlabel("minimum steps between the poses at full speed")
        axis.set_ylabel(_LABELS[name])
        if name == "temporal_distance":
            axis.plot([0, true_steps.max()], [0, true_steps.max()], "k--", linewidth=0.8)
    figure.savefig(path, dpi=110)
    plt.close(figure)
