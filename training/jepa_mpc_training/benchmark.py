"""Times the graphs of a model folder in ONNX Runtime on one thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .runtime import ExportedModel

_REPEATS = 50
_MIN_REPEATS = 3
_BUDGET_S = 5.0
"""Repeats beyond the minimum stop after this time: one run of a large encoder takes seconds."""


def benchmark(model: ExportedModel, batch: int) -> dict[str, float]:
    """Median milliseconds of one frame's encoding, of a proposal of the inverse dynamics, if there are any, and of a
    batch through predictor and distance head."""
    rng = np.random.default_rng(0)
    window, latent = model.window, model.manifest["latent"]
    shape = (latent["tokens"], latent["dim"])
    action_dim = len(model.manifest["action"]["joints"]) * model.action_space.block

    def noise(*dims: int) -> np.ndarray:
        return rng.standard_normal(dims).astype(np.float32)

    joints = np.zeros(len(model.manifest["action"]["joints"]))
    first, *_ = model.cameras.values()
    lead = () if len(model.cameras) == 1 else (len(model.cameras),)
    frame = rng.integers(0, 256, (*lead, first.height, first.width, 3), dtype=np.uint8)
    history, actions = noise(batch, window, *shape), noise(batch, action_dim)
    latents, goals = noise(batch, *shape), noise(batch, *shape)
    proposed = {"propose_ms": _median_ms(lambda: model.propose(latents[0], goals[0]))} if model.proposes else {}
    return {
        "encode_ms": _median_ms(lambda: model.encode(frame, joints, joints)),
        **proposed,
        f"predict_{batch}_ms": _median_ms(lambda: model.predict(history, actions)),
        f"distance_{batch}_ms": _median_ms(lambda: model.distance(latents, goals)),
    }


def _median_ms(work: Callable[[], Any]) -> float:
    times: list[float] = []
    while len(times) < _MIN_REPEATS or (len(times) < _REPEATS and sum(times) < _BUDGET_S):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return round(float(np.median(times)) * 1000, 3)
