"""How well a linear function of the latent gives each joint's position, as a number and in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_RIDGE = 1e-3
_MAX_ROWS = 8000
"""Maximum number of frames that the read-out is fitted to."""
_STILL = 1e-6
"""Mean squared deviation of sine and cosine below which a joint counts as not moved."""
_SHOWN, _ROUGHLY = 0.9, 0.5


def read_out(
    latents: np.ndarray, positions: np.ndarray, held_out_latents: np.ndarray, held_out_positions: np.ndarray
) -> list[float | None]:
    """R2 for each joint, on held-out frames, of a ridge regression of sine and cosine of its position.

    Latents `[N, D]` and positions `[N, J]` in rad or m, each with others that were held out. 1: the latent gives the
    position exactly; 0: no better than the mean. None: the joint does not move in the held-out frames. Sine and cosine
    do not jump where an angle wraps; for the few decimetres of a sliding joint they are nearly linear.
    """
    some = slice(None, None, -(-len(latents) // _MAX_ROWS))
    predicted = _fit(latents[some], _circular(positions[some]))(held_out_latents)
    truth = _circular(held_out_positions)
    joints = positions.shape[1]
    error, spread = (
        np.square(values).mean(0).reshape(2, joints).sum(0) for values in (predicted - truth, truth - truth.mean(0))
    )
    return [_r2(missed, moved) for missed, moved in zip(error, spread, strict=True)]


def read_out_places(
    latents: np.ndarray, places: np.ndarray, held_out_latents: np.ndarray, held_out_places: np.ndarray
) -> list[float | None]:
    """R2 of a ridge regression of each number of `places [N, P]`, in m, otherwise as `read_out`."""
    some = slice(None, None, -(-len(latents) // _MAX_ROWS))
    missed = np.square(_fit(latents[some], places[some])(held_out_latents) - held_out_places).mean(0)
    spread = held_out_places.var(0)
    return [_r2(error, moved) for error, moved in zip(missed, spread, strict=True)]


def in_words(joints: Sequence[str], r2: Sequence[float | None]) -> list[str]:
    """One sentence on the read-out of each joint."""
    return [_sentence(joint, value) for joint, value in zip(joints, r2, strict=True)]


def _r2(missed: float, moved: float) -> float | None:
    """Of a mean squared error and a variance; None if there is no variance to speak of."""
    return None if moved < _STILL else round(float(1 - missed / moved), 4)


def _sentence(joint: str, r2: float | None) -> str:
    if r2 is None:
        return f"{joint} does not move in the held-out episodes, so they do not say whether the latent shows it"
    if r2 >= _SHOWN:
        return f"the latent shows {joint} (R2 {r2:.2f})"
    if r2 >= _ROUGHLY:
        return f"the latent shows {joint} only roughly (R2 {r2:.2f})"
    return f"the latent does not show {joint} (R2 {r2:.2f})"


def _circular(positions: np.ndarray) -> np.ndarray:
    """`[N, J]` -> sines, then cosines, `[N, 2 J]`."""
    return np.concatenate((np.sin(positions), np.cos(positions)), axis=1)


def _fit(inputs: np.ndarray, outputs: np.ndarray):
    """Ridge regression with an intercept: the fitted function. Solves the smaller of its two systems of equations."""
    mean = inputs.mean(0, dtype=np.float64)
    centred = inputs - mean
    rows, columns = centred.shape
    if columns <= rows:
        weights = np.linalg.solve(
            centred.T @ centred + _RIDGE * np.eye(columns), centred.T @ (outputs - outputs.mean(0))
        )
    else:
        weights = centred.T @ np.linalg.solve(centred @ centred.T + _RIDGE * np.eye(rows), outputs - outputs.mean(0))
    return lambda values: (values - mean) @ weights + outputs.mean(0)
