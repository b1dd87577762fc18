"""Reads the weights of modules that were pickled as a whole, without running their code.

Classes of the families' own code are not imported. Each of their objects is replaced by an inert object with the same
attributes, from which parameters and buffers are collected. A pickle that names any other class is refused.
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

# Packages of the published models, of the parts of their modules, and of what training code saves with them.
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
    """Replaces an object of a class that was not imported."""

    def __new__(cls, *arguments: object, **options: object) -> _InertObject:
        return super().__new__(cls)

    def __init__(self, *arguments: object, **options: object) -> None:
        pass

    # The items of subclassed lists and dictionaries are not needed.
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
"""Attributes in which a module holds the tensors of its `state_dict`."""

_PICKLE = types.SimpleNamespace(
    __name__="restricted pickle", Unpickler=_Unpickler, load=lambda file, **options: _Unpickler(file, **options).load()
)


def read_pickled_module(file: Path) -> dict[str, Tensor]:
    """Parameters and buffers of the one module in `file`, by their names in its `state_dict`.

    Raises pickle.UnpicklingError if the pickle names a class that no family has, ExportRefusedError if it is no module.
    """
    content = _load(file)
    if not isinstance(content, _InertObject):
        raise ExportRefusedError(
            str(file),
            found=f"a pickled {type(content).__name__}",
            expected="a state dict, or one model that was pickled as a whole",
            remedy="Pass the file with the weights.",
        )
    return dict(_weights_in(content, ""))


def read_pickled_modules(file: Path, names: Sequence[str]) -> dict[str, dict[str, Tensor]]:
    """Parameters and buffers of those of the modules `names` that the dictionary in `file` holds.

    They include attention masks that are plain attributes (`bias`). Raises the same errors as `read_pickled_module`.
    """
    content = _load(file)
    if not isinstance(content, dict):
        raise ExportRefusedError(
            str(file),
            found=f"a pickled {type(content).__name__}",
            expected=f"a dictionary with {', '.join(names)}",
            remedy="Pass the file with the weights.",
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
    non_persistent = held.get("_non_persistent_buffers_set", set())
    for kind in kinds:
        for name, tensor in held.get(kind, {}).items():
            if isinstance(tensor, Tensor) and not (kind == "_buffers" and name in non_persistent):
                yield prefix + name, tensor
    for name, child in held.get("_modules", {}).items():
        if isinstance(child, _InertObject):
            yield from _weights_in(child, f"{prefix}{name}.", kinds)
