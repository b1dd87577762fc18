"""The packages with the families' own code: which of them are missing, and their modules."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from collections.abc import Sequence

from torch import Tensor

from .errors import ExportRefusedError

_SWM = "stable_worldmodel"
STABLE_WORLDMODEL = ("transformers", "einops", _SWM)
VJEPA2 = ("einops", "scipy", "vjepa2")
REQUIREMENTS = (
    "pip install -r training/reference-requirements.txt; pip install --no-deps -r training/reference-no-deps.txt"
)


def missing_package(needed: Sequence[str] = STABLE_WORLDMODEL) -> str | None:
    """The first of the packages that is not installed; None if all are."""
    return next((name for name in needed if importlib.util.find_spec(name) is None), None)


def swm_module(name: str) -> types.ModuleType:
    """The module `name` of stable-worldmodel, as `wm.lewm.module`, without running the `__init__` of its packages.

    Those import simulators, data sets and torchvision. Raises ImportError if the package is not installed.
    """
    parents = [_SWM, *name.split(".")[:-1]]
    for end in range(1, len(parents) + 1):
        package = ".".join(parents[:end])
        spec = importlib.util.find_spec(package)
        if package not in sys.modules and spec is not None:
            sys.modules[package] = importlib.util.module_from_spec(spec)
    return importlib.import_module(f"{_SWM}.{name}")


def reference_modules(family: str) -> tuple[types.ModuleType, types.ModuleType]:
    """The modules of a family of stable-worldmodel: its networks, and the world model made of them.

    Raises ImportError if stable-worldmodel or einops is not installed.
    """
    return swm_module(f"wm.{family}.module"), swm_module(f"wm.{family}.{family}")


def require_packages(packages: Sequence[str]) -> None:
    """Raises ExportRefusedError if one of the packages is not installed."""
    missing = missing_package(packages)
    if missing is not None:
        raise ExportRefusedError(
            "reference modules",
            found=f"no {missing}",
            expected=", ".join(packages),
            remedy=f"Install them: {REQUIREMENTS}",
        )


def vjepa2_modules() -> tuple[types.ModuleType, types.ModuleType]:
    """The modules of V-JEPA 2's encoder and of its action-conditioned predictor.

    Raises ExportRefusedError if a package is missing.
    """
    require_packages(VJEPA2)
    if "timm" not in sys.modules and importlib.util.find_spec("timm") is None:
        _replace_timm()
    encoder, predictor = (
        importlib.import_module(f"vjepa2.models.{name}") for name in ("vision_transformer", "ac_predictor")
    )
    return encoder, predictor


def _replace_timm() -> None:
    """Registers a `timm` with its one function that V-JEPA 2 imports. The real one would bring torchvision along.

    In evaluation mode that function returns its argument.
    """

    def drop_path(tokens: Tensor, probability: float = 0.0, training: bool = False) -> Tensor:
        if training and probability:
            raise ValueError("drop_path: found training, expected evaluation mode.")
        return tokens

    for name in ("timm", "timm.models", "timm.models.layers"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["timm.models.layers"].drop_path = drop_path
