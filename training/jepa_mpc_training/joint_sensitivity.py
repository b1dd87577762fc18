"""Whether the objective sees each joint: what changes when that joint alone moves away from the goal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .probed import Probed

_MOMENTS = 128
_SIZES = (0.25, 0.5, 1.0)
"""Moves from the goal, as shares of the largest."""
_LARGEST_RAD = math.radians(20)
_LARGEST_SHARE = 0.2
"""The largest move, also as a share of the joint's range; at most what it can do in `_MOVING_STEPS`."""
_MOVING_STEPS = 4
_SEEN = 0.75
"""Share of the moments in which the objective is higher than at the goal, halfway from chance to always: half of the
goals are then known to better than half of the move."""


def sensitivity(probed: Probed) -> list[dict[str, Any]]:
    """What the objective makes of each joint, at held-out moments at which the robot is slowest and with the picture of
    the same moment as the goal.

    From each moment, the joint alone is moved in either direction and comes to rest, in the predictions of the model,
    as a planner sees it. For each size of the move: `higher`, the share of the moments in which the objective is higher
    than after rest, and `rise`, the median of the difference. `at_goal` is the median of the objective at rest, which
    is the noise between views and of the prediction. A joint that did not move has no figures but its name.
    """
    episode, at = _calm_moments(probed)
    largest = _largest_moves(probed)
    moves, tried = _moves(probed, largest)
    predicted = probed.predict(probed.history(episode, at), np.broadcast_to(tried, (len(at), *tried.shape)))
    costs = probed.cost(predicted[:, :, -1], probed.goals[episode, -1, at])
    rest, moved = costs[:, :1], costs[:, 1:]
    # Where the limit stops the joint, its command moves nothing.
    there = probed.positions[episode, at][:, None] + moves
    is_possible = ((there >= probed.lower) & (there <= probed.upper)).all(2)
    higher = np.where(moved == rest, 0.5, moved > rest)
    rows = []
    for joint, name in enumerate(probed.joints):
        row: dict[str, Any] = {"joint": name}
        rows.append(row)
        if largest[joint] == 0:
            continue
        row |= {"moves": [], "higher": [], "rise": [], "at_goal": round(float(np.median(rest)), 4)}
        for size in _SIZES:
            columns = np.isclose(np.abs(moves[:, joint]), size * largest[joint])
            some = is_possible[:, columns]
            if not some.any():
                continue
            row["moves"].append(round(float(size * largest[joint]), 5))
            row["higher"].append(round(float(higher[:, columns][some].mean()), 3))
            row["rise"].append(round(float(np.median((moved - rest)[:, columns][some])), 4))
    return rows


def sensitivity_in_words(rows: Sequence[dict[str, Any]], prismatic: Sequence[bool], unit: str) -> list[str]:
    """A sentence for each joint on the figures of `sensitivity`; `unit` is that of the objective, with a blank before
    it."""
    return [_sentence(row, slides, unit) for row, slides in zip(rows, prismatic, strict=True)]


def _sentence(row: dict[str, Any], slides: bool, unit: str) -> str:
    joint = row["joint"]
    if not row.get("moves"):
        return f"{joint} does not move in the held-out episodes, so they do not say whether the objective sees it"
    seen = 0
    while seen < len(row["moves"]) and row["higher"][-1 - seen] >= _SEEN:
        seen += 1
    index = len(row["moves"]) - max(seen, 1)
    move, higher, rise = row["moves"][index], row["higher"][index], row["rise"][index]
    distance = f"{1000 * move:.0f} mm" if slides else f"{math.degrees(move):.0f} degrees"
    rises = (
        f"it is higher than at the goal in {{}} of the moments (median rise {rise:.2f}{unit}, noise at the goal "
        f"{row['at_goal']:.2f})"
    )
    share = f"{100 * higher:.0f} %"
    if seen:
        return f"the objective sees {joint} from {distance} on: there {rises.format(share)}"
    return f"the objective does not see {joint}: {distance} away {rises.format(f'only {share}')}"


def _calm_moments(probed: Probed) -> tuple[np.ndarray, np.ndarray]:
    """Episodes and frames of the moments with the lowest speeds, spread over the held-out episodes."""
    first = probed.first
    speed = (np.abs(probed.velocities[:, first:]) / probed.velocity).max(2)
    candidates = 1 + 2 * len(_SIZES) * len(probed.joints)
    count = min(speed.size, probed.starts(_MOMENTS, candidates))
    calm = np.sort(np.argsort(speed, axis=None, kind="stable")[: max(count, speed.size // 8)])
    chosen = calm[np.linspace(0, len(calm) - 1, count).astype(int)]
    episode, at = np.unravel_index(chosen, speed.shape)
    return episode, at + first


def _largest_moves(probed: Probed) -> np.ndarray:
    """The largest move of each joint `[J]`, in rad or m; 0 if the joint does not move."""
    width = np.where(probed.continuous, 2 * np.pi, probed.upper - probed.lower)
    angle = np.where(probed.prismatic, np.inf, _LARGEST_RAD)
    return np.minimum(np.minimum(angle, _LARGEST_SHARE * width), probed.velocity * probed.step_s * _MOVING_STEPS)


def _moves(probed: Probed, largest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Moves `[N, J]` of one joint each, and the raw actions of rest and of each of them `[1 + N, K, block * J]`, with a
    last step at rest."""
    joints = len(largest)
    moves = np.concatenate([np.eye(joints) * largest * size * sign for size in _SIZES for sign in (1, -1)])
    actions = np.zeros((1 + len(moves), _MOVING_STEPS + 1, probed.block, joints))
    steps = np.ceil(np.abs(moves) / (probed.velocity * probed.step_s) - 1e-9).max(1).clip(1).astype(int)
    for row, (move, count) in enumerate(zip(moves, steps, strict=True), start=1):
        actions[row, :count] = move / (count * probed.step_s)
    used = steps.max() + 1
    return moves, actions[:, :used].reshape(len(actions), used, -1)
