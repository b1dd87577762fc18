"""stable-worldmodel's solvers and models, without what its package imports besides.

Its `__init__` files import data sets, simulators and torchvision. Empty packages in their place let the modules that
the benchmark needs be imported by themselves, from the installed and unchanged sources.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path

_NAME = "stable_worldmodel"


def _stub_packages() -> None:
    spec = importlib.util.find_spec(_NAME)
    if spec is None or spec.origin is None:
        raise ImportError(f"found no {_NAME}; install it: pip install --no-deps -r bench/reference/no-deps.txt")
    root = Path(spec.origin).parent
    for package in ("", "solver", "wm", "wm.lewm", "wm.prejepa"):
        name = f"{_NAME}.{package}".rstrip(".")
        stub = types.ModuleType(name)
        stub.__path__ = [str(root.joinpath(*package.split(".")))]
        sys.modules.setdefault(name, stub)


_stub_packages()

from stable_worldmodel.solver import cem, icem, mppi  # noqa: E402
from stable_worldmodel.wm.lewm import module as lewm_modules  # noqa: E402
from stable_worldmodel.wm.lewm.lewm import LeWM  # noqa: E402
from stable_worldmodel.wm.prejepa import module as prejepa_modules  # noqa: E402
from stable_worldmodel.wm.prejepa.prejepa import PreJEPA  # noqa: E402

__all__ = ["LeWM", "PreJEPA", "cem", "icem", "lewm_modules", "mppi", "prejepa_modules"]
