"""MuJoCo's interactive window of the running simulation."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING

from jepa_mpc_sim.errors import StartupError

from .rendering import has_display

if TYPE_CHECKING:
    from .plant import Plant


def require_display() -> None:
    """Raises StartupError if no window can be opened."""
    if not has_display(os.environ):
        raise StartupError(
            "--viewer: found no DISPLAY in the environment, expected a display to open a window on. "
            "Run without --viewer, or set DISPLAY (for example DISPLAY=:0)."
        )


class Viewer:
    """A window that shows the plant. The simulation continues when the user closes it."""

    def __init__(self, plant: Plant) -> None:
        """Opens the window."""
        import mujoco.viewer

        # The window needs MuJoCo's own structures, which the plant does not expose otherwise.
        self._handle = mujoco.viewer.launch_passive(plant._model, plant._data)

    def __enter__(self) -> Viewer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handle.close()

    def show(self) -> None:
        """Draws the current state."""
        if self._handle.is_running():
            self._handle.sync()
