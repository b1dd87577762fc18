"""Chooses the OpenGL backend of MuJoCo, which reads MUJOCO_GL when it is imported: call this before."""

from __future__ import annotations

import ctypes.util
import os
import subprocess
import sys
from collections.abc import MutableMapping

from jepa_mpc_sim.errors import StartupError

_PROBE = "import mujoco, os\ncontext = mujoco.GLContext(16, 16)\ncontext.make_current()\nos._exit(0)"
_PROBE_TIMEOUT_S = 30
HEADLESS_BACKENDS = {"egl": "EGL", "osmesa": "OSMesa"}
"""Values of MUJOCO_GL that need no display, in order of preference, with their shared libraries."""

_REMEDY = (
    "Install one: 'apt install libegl1' (with a GPU, or with libegl-mesa0) or 'apt install libosmesa6' (software); "
    "or set MUJOCO_GL."
)


def has_display(environ: MutableMapping[str, str]) -> bool:
    """Whether there is a display for a window."""
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def choose_backend(environ: MutableMapping[str, str] = os.environ) -> str:
    """Sets MUJOCO_GL to a backend that works without a display, unless it is set or there is a display.

    Returns the backend. Raises StartupError if none works.
    """
    if environ.get("MUJOCO_GL"):
        return environ["MUJOCO_GL"]
    if has_display(environ):
        return "glfw"
    for backend, library in HEADLESS_BACKENDS.items():
        if ctypes.util.find_library(library) and _renders(backend, environ):
            environ["MUJOCO_GL"] = backend
            return backend
    raise StartupError(f"MUJOCO_GL: found neither EGL nor OSMesa working, expected one to render with. {_REMEDY}")


def _renders(backend: str, environ: MutableMapping[str, str]) -> bool:
    """Whether a backend works. It is tried in a separate process, because it cannot be unloaded and may crash."""
    command = [sys.executable, "-c", _PROBE]
    try:
        result = subprocess.run(
            command, env={**environ, "MUJOCO_GL": backend}, capture_output=True, timeout=_PROBE_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return result.returncode == 0
