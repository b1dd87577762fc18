"""The packages with the families' own code: whether they are there, and their modules by themselves."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types

from .errors import ExportRefusedError

_PACKAGE = "stable_worldmodel"
REQUIREMENTS = (
    "pip install -r training/reference-requirements.txt; pip install --no-deps -r training/reference-no-deps.txt"
)


def missing_package() -> str | None:
    """The first package that the reference needs and that is not installed."""
    return next((name for name in ("transformers", "einops", _PACKAGE) if importlib.util.find_spec(name) is None), None)


def reference_modules(family: str) -> tuple[types.ModuleType, types.ModuleType]:
    """`module` and the model's own module of a family of stable-worldmodel.

    The `__init__` files of the package import simulators and data sets; they are left out. Raises ExportRefusedError
    where a package is missing.
    """
    missing = missing_package()
    if missing is not None:
        raise ExportRefusedError(
            "reference modules",
            found=f"no {missing}",
            expected="transformers, einops and stable-worldmodel",
            remedy=f"Install them: {REQUIREMENTS}",
        )
    for name in (_PACKAGE, f"{_PACKAGE}.wm", f"{_PACKAGE}.wm.{family}"):
        spec = importlib.util.find_spec(name)
        if name not in sys.modules and spec is not None:
            sys.modules[name] = importlib.util.module_from_spec(spec)
    module, model = (importlib.import_module(f"{_PACKAGE}.wm.{family}.{name}") for name in ("module", family))
    return module, model
