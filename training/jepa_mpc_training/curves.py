"""Training curves: for TensorBoard while training runs, and as an image at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from torch.utils.tensorboard import SummaryWriter

matplotlib.use("Agg")
from matplotlib import pyplot as plt

Row = tuple[int, dict[str, float]]
"""A step and its figures, by name."""


class Curves:
    """Figures by step, in ascending order of the steps."""

    def __init__(self, rows: list[Row], writer: SummaryWriter | None) -> None:
        """New rows are appended to `rows`. Without a `writer` nothing is written."""
        self._rows = rows
        self._writer = writer

    @classmethod
    @contextmanager
    def open(cls, folder: Path, rows: list[Row], writes: bool) -> Iterator[Curves]:
        """Continues the `rows` of an interrupted run. If it `writes`, it draws `curves.png` to `folder` at the end."""
        if not writes:
            yield cls(rows, None)
            return
        # Steps after the checkpoint are trained again, so TensorBoard drops what it has of them.
        next_step = rows[-1][0] + 1 if rows else 0
        with SummaryWriter(str(folder / "tensorboard"), purge_step=next_step) as writer:
            yield cls(rows, writer)
        if rows:
            _draw(rows, folder / "curves.png")

    def add(self, step: int, figures: dict[str, float]) -> None:
        """Appends the figures of a step."""
        self._rows.append((step, figures))
        if self._writer is not None:
            for name, value in figures.items():
                group = "held_out" if name.startswith("held_out_") else "train"
                self._writer.add_scalar(f"{group}/{name.removeprefix('held_out_')}", value, step)


def _draw(rows: list[Row], path: Path) -> None:
    names = list(dict.fromkeys(name for _, figures in rows for name in figures))
    figure, axes = plt.subplots(1, len(names), figsize=(3.2 * len(names), 2.8), constrained_layout=True, squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        points = [(step, figures[name]) for step, figures in rows if name in figures]
        axis.plot(*zip(*points, strict=True), linewidth=0.9)
        axis.set_title(name.replace("_", " "), fontsize="small")
        axis.set_xlabel("step")
        if all(value > 0 for _, value in points):
            axis.set_yscale("log")
    figure.savefig(path, dpi=110)
    plt.close(figure)
