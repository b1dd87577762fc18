"""Patterns for the table: grey textures that multiply its colour. They are the same on every machine."""

from __future__ import annotations

import mujoco
import numpy as np

PATTERN_SIZE = 64
"""Width and height of a pattern, in texels."""

_MIN_SHADE = 0.6


def make_patterns() -> dict[str, np.ndarray]:
    """Patterns by name, float `[PATTERN_SIZE, PATTERN_SIZE]` in [0.6, 1]."""
    axis = np.arange(PATTERN_SIZE) / PATTERN_SIZE
    x, y = np.meshgrid(axis, axis)
    shades = {f"checker_{n}": (np.floor(x * n) + np.floor(y * n)) % 2 for n in (4, 9, 16)}
    shades |= {f"stripes_{n}": np.floor((x + slope * y) * n) % 2 for n, slope in ((6, 0.0), (11, 1.0))}
    shades |= {"gradient_x": x, "gradient_y": 1 - y, "gradient_xy": (x + 1 - y) / 2, "spot": np.hypot(x - 0.5, y - 0.5)}
    rng = np.random.default_rng(0)
    shades |= {f"blotches_{cells}": _blotches(rng, cells) for cells in (4, 8, 16)}
    return {name: _MIN_SHADE + (1 - _MIN_SHADE) * _stretched(shade) for name, shade in shades.items()}


def add_patterns(spec: mujoco.MjSpec) -> None:
    """Adds each pattern to a model as a material of the pattern's name."""
    for name, shade in make_patterns().items():
        texels = np.repeat(np.rint(shade * 255).astype(np.uint8)[..., None], 3, axis=2)
        texture = spec.add_texture(
            name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, width=PATTERN_SIZE, height=PATTERN_SIZE, nchannel=3
        )
        texture.data = texels.tobytes()
        material = spec.add_material(name=name)
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name


def _blotches(rng: np.random.Generator, cells: int) -> np.ndarray:
    """Random values on a grid of `cells` squares, interpolated between them."""
    grid = rng.uniform(size=(cells + 1, cells + 1))
    at = np.linspace(0, cells, PATTERN_SIZE)
    rows = np.stack([np.interp(at, np.arange(cells + 1), column) for column in grid.T], axis=1)
    return np.stack([np.interp(at, np.arange(cells + 1), row) for row in rows])


def _stretched(shade: np.ndarray) -> np.ndarray:
    return (shade - shade.min()) / (shade.max() - shade.min())
