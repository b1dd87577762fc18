"""How far the free objects of a scene moved, as figures and in words, and whether latents show where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .dataset import Dataset, has_fallen
from .read_out import in_words, read_out_places

_MOVED_M = 0.01
"""Displacement from which on an object counts as moved."""
_IN_MOTION_M_S = 0.01
_ENOUGH_MOVED, _FEW_FALLEN = 0.2, 0.1
"""Shares of the episodes: those in which an object should move, and those in which it may fall."""


@dataclass(frozen=True)
class ObjectMotion:
    """What recordings have of one object; shares are from 0 to 1."""

    object: str
    moved: float
    """Share of the episodes in which it moved more than a centimetre from where it started, along the surface."""
    displacement_m: float
    """Median of its largest distance from there, over the episodes in which it moved; 0: it never did."""
    in_motion: float
    """Share of the periods in which it moved at more than a centimetre a second."""
    fell: float
    """Share of the episodes in which it left what it rested on."""


def object_motion(names: Sequence[str], poses: np.ndarray, period_s: float) -> dict[str, Any]:
    """The motion of each of `objects`, and in words what is `missing`, from `poses [E, T + 1, O, 7]`."""
    measured = [_measure(name, poses[:, :, index, :3], period_s) for index, name in enumerate(names)]
    return {
        "objects": [asdict(one) for one in measured],
        "missing": [line for one in measured for line in _missing(one)],
    }


def lines(moved: dict[str, Any]) -> list[str]:
    """The figures of `object_motion` as text."""
    rows = [
        f"  {row['object']}: moved in {_percent(row['moved'])} of the episodes, by {100 * row['displacement_m']:.1f} "
        f"cm (median), in motion in {_percent(row['in_motion'])} of the periods"
        for row in moved["objects"]
    ]
    return ["motion of objects:", *rows, *(f"  MISSING: {line}" for line in moved["missing"])]


def read_out_objects(latents: np.ndarray, dataset: Dataset, fitted: np.ndarray, held_out: np.ndarray) -> dict[str, Any]:
    """R2 of a linear read-out of where each object is, along x and y in `object_r2`, and in words in `object_read_out`;
    empty if there are no objects.

    latents `[E, V, T + 1, D]`, of which all views of the episodes `fitted` are fitted to, and the first ones of the
    `held_out` ones are read. Frames in which the object has fallen do not count.
    """
    if dataset.objects is None:
        return {}
    views, r2, shown = latents.shape[1], {}, []
    for index, name in enumerate(dataset.object_names):
        places = dataset.objects[:, :, index, :3]
        rests = ~has_fallen(places)
        fits = np.repeat(rests[fitted][:, None], views, axis=1)
        targets = np.repeat(places[fitted][:, None], views, axis=1)
        test = rests[held_out]
        read = read_out_places(
            latents[fitted][fits],
            targets[fits][:, :2],
            latents[held_out, 0][test],
            truth := places[held_out][test][:, :2],
        )
        r2[name] = read
        # Along both axes: the error of the place as a whole.
        shown.append(_of_both(read, truth.var(0)))
    return {"object_r2": r2, "object_read_out": in_words(dataset.object_names, shown)}


def _of_both(r2: Sequence[float | None], variance: np.ndarray) -> float | None:
    moved = [(value, spread) for value, spread in zip(r2, variance, strict=True) if value is not None]
    total = sum(spread for _, spread in moved)
    return float(sum(value * spread for value, spread in moved) / total) if moved else None


def _measure(name: str, places: np.ndarray, period_s: float) -> ObjectMotion:
    """Of its places `[E, T + 1, 3]`. What an object does after it fell is no motion to learn from."""
    fallen = has_fallen(places)
    away = np.where(fallen, 0.0, np.linalg.norm((places - places[:, :1])[..., :2], axis=2)).max(1)
    speed = np.linalg.norm(np.diff(places, axis=1), axis=2) / period_s
    moved = away > _MOVED_M
    displacement = float(np.median(away[moved])) if moved.any() else 0.0
    in_motion = (speed > _IN_MOTION_M_S) & ~fallen[:, 1:]
    shares = (moved.mean(), displacement, in_motion.mean(), fallen.any(1).mean())
    return ObjectMotion(name, *(round(float(value), 4) for value in shares))


def _missing(one: ObjectMotion) -> list[str]:
    missing = []
    if one.moved < _ENOUGH_MOVED:
        missing.append(
            f"{one.object} moved in {_percent(one.moved)} of the episodes: collect more pushes "
            "(collect.push_share) or longer episodes (collect.periods)"
        )
    if one.fell > _FEW_FALLEN:
        missing.append(
            f"{one.object} fell off what it rested on in {_percent(one.fell)} of the episodes: give the scene a larger "
            "table, or a rim around it"
        )
    return missing


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
