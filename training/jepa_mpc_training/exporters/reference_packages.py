"""The packages with the families' own code: whether they are there, and their modules by themselves."""

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
    """The first package that a reference needs and that is not installed."""
    return next((name for name in needed if importlib.util.find_spec(name) is None), None)


def reference_modules(family: str) -> tuple[types.ModuleType, types.ModuleType]:
    """`module` and the model's own module of a family of stable-worldmodel.

    The `__init__` files of the package import simulators and data sets; they are left out. Raises ExportRefusedError
    where a package is missing.
    """
    _require(STABLE_WORLDMODEL)
    for name in (_SWM, f"{_SWM}.wm", f"{_SWM}.wm.{family}"):
        spec = importlib.util.find_spec(name)
        if name not in sys.modules and spec is not None:
            sys.modules[name] = importlib.util.module_from_spec(spec)
    module, model = (importlib.import_module(f"{_SWM}.wm.{family}.{name}") for name in ("module", family))
    return module, model


def vjepa2_modules() -> tuple[types.ModuleType, types.ModuleType]:
    """The modules of V-JEPA 2's encoder and of its action-conditioned predictor.

    Raises ExportRefusedError where a package is missing.
    """
    _require(VJEPA2)
    if "timm" not in sys.modules and importlib.util.find_spec("timm") is None:
        _stand_in_for_timm()
    encoder, predictor = (
        importlib.import_module(f"vjepa2.models.{name}") for name in ("vision_transformer", "ac_predictor")
    )
    return encoder, predictor


def _stand_in_for_timm() -> None:
    """timm would bring torchvision along for one function, which gives in evaluation mode what it is given."""

    def drop_path(tokens: Tensor, probability: float = 0.0, training: bool = False) -> Tensor:
        if training and probability:
            raise ValueError("drop_path: found training, expected evaluation mode.")
        return tokens

    for name in ("timm", "timm.models", "timm.models.layers"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["timm.models.layers"].drop_path = drop_path


def _require(packages: Sequence[str]) -> None:
    missing = missing_package(packages)
    if missing is not None:
        raise ExportRefusedError(
            "reference modules",
            found=f"no {missing}",
            expected=", ".join(packages),
            remedy=f"Install them: {REQUIREMENTS}",
        )
