"""Weights of modules that were pickled whole, without any of their code.

Of the classes of the families' own code only names are taken: each object becomes an inert one that holds what the
pickle says it held, and parameters and buffers are gathered from those. A pickle that names anything else is refused.
"""

from __future__ import annotations

import collections
import pickle
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .errors import ExportRefusedError

# Packages that publish models of the families, what their modules are made of, and what training leaves beside them.
_INERT = (
    "__builtin__.getattr",
    "accelerate.",
    "builtins.getattr",
    "einops.layers.",
    "functools.partial",
    "jepa.",
    "models.",
    "module.",
    "stable_pretraining.",
    "stable_worldmodel.",
    "torch.nn.",
    "torch.optim.",
    "torch._C._nn.",
    "transformers.",
)
_REBUILT: dict[str, Any] = {
    **{f"{module}.{kind.__name__}": kind for module in ("__builtin__", "builtins") for kind in (set, dict)},
    "collections.OrderedDict": collections.OrderedDict,
    "collections.defaultdict": collections.defaultdict,
    "torch.Size": torch.Size,
    "torch.device": torch.device,
    "torch._utils._rebuild_parameter": torch._utils._rebuild_parameter,
    "torch._utils._rebuild_tensor_v2": torch._utils._rebuild_tensor_v2,
    **{f"torch.{name}": getattr(torch, name) for name in ("float32", "float16", "bfloat16", "int64", "bool")},
}


class _InertObject:
    """Stands for an object of a class that was not imported."""

    def __new__(cls, *arguments: object, **options: object) -> _InertObject:
        return super().__new__(cls)

    def __init__(self, *arguments: object, **options: object) -> None:
        pass

    # Of lists and dictionaries that are told apart by a class of their own, nothing is wanted.
    def append(self, item: object) -> None:
        pass

    def extend(self, items: object) -> None:
        pass

    def __setitem__(self, key: object, value: object) -> None:
        pass


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        path = f"{module}.{name}"
        if path in _REBUILT:
            return _REBUILT[path]
        if path.startswith(_INERT):
            return type(name, (_InertObject,), {})
        raise pickle.UnpicklingError(f"a pickle that wants to import {path}")


_HELD = ("_parameters", "_buffers")
"""Where a module keeps what `state_dict` gives."""

_PICKLE = types.SimpleNamespace(
    __name__="restricted pickle", Unpickler=_Unpickler, load=lambda file, **options: _Unpickler(file, **options).load()
)


def read_pickled_module(file: Path) -> dict[str, Tensor]:
    """Parameters and buffers of the one module in `file`, by the names that `state_dict` would give them.

    Raises pickle.UnpicklingError where a class is named that no family has, ExportRefusedError for no module.
    """
    content = _load(file)
    if not isinstance(content, _InertObject):
        raise ExportRefusedError(
            str(file),
            found=f"a pickled {type(content).__name__}",
            expected="a state dict, or one model that was pickled whole",
            remedy="Name the file with the weights.",
        )
    return dict(_weights_in(content, ""))


def read_pickled_modules(file: Path, names: Sequence[str]) -> dict[str, dict[str, Tensor]]:
    """Of a dictionary of modules in `file` the parameters and buffers of those that are named and there.

    Attention masks that are plain attributes (`bias`) are among them. Raises as `read_pickled_module` does.
    """
    content = _load(file)
    if not isinstance(content, dict):
        raise ExportRefusedError(
            str(file),
            found=f"a pickled {type(content).__name__}",
            expected=f"a dictionary with {', '.join(names)}",
            remedy="Name the file with the weights.",
        )
    return {
        name: dict(_weights_in(content[name], "", (*_HELD, "__dict__")))
        for name in names
        if isinstance(content.get(name), _InertObject)
    }


def _load(file: Path) -> object:
    return torch.load(file, map_location="cpu", weights_only=False, pickle_module=_PICKLE)


def _weights_in(module: _InertObject, prefix: str, kinds: Sequence[str] = _HELD) -> Iterator[tuple[str, Tensor]]:
    held = {"__dict__": vars(module), **vars(module)}
    passing = held.get("_non_persistent_buffers_set", set())
    for kind in kinds:
        for name, tensor in held.get(kind, {}).items():
            if isinstance(tensor, Tensor) and not (kind == "_buffers" and name in passing):
                yield prefix + name, tensor
    for name, child in held.get("_modules", {}).items():
        if isinstance(child, _InertObject):
            yield from _weights_in(child, f"{prefix}{name}.", kinds)
