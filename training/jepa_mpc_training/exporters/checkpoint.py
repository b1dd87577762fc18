"""Reads the tensors of a checkpoint file without running any code in it."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

from .errors import ExportRefusedError
from .file_hash import sha256_of
from .pickled_modules import read_pickled_module, read_pickled_modules

# Keys under which training code stores the weights, next to optimiser and counters, and prefixes of their names.
_ENVELOPES = ("state_dict", "model_state_dict", "model")
_PREFIXES = ("module.", "_orig_mod.", "model.", "backbone.")
_PREFIXES_WITHIN = ("module.", "backbone.")
_EXPECTED = "a state dict (torch.save of named tensors) or safetensors"
_CONFIG = "config.json"

# Losses and counters in the same file are often NumPy numbers, which run no code when they are read.
_SCALAR = np.float64(0).__reduce__()[0]
_NUMBERS = [
    *((_SCALAR, f"numpy.{package}.multiarray.scalar") for package in ("core", "_core")),
    np.dtype,
    *(type(np.dtype(kind)) for kind in (np.bool_, np.int32, np.int64, np.float32, np.float64)),
]


@dataclass(frozen=True)
class Checkpoint:
    """Named float32 tensors of a file, and the settings in its folder."""

    tensors: dict[str, Tensor]
    sha256: str
    config: dict[str, Any]
    """The content of `config.json`; empty if there is none."""


def read_checkpoint(file: Path, parts: Sequence[str] = (), groups: Sequence[str] = ()) -> Checkpoint:
    """Reads a file, or the only `*.pt` or `*.safetensors` of a folder.

    `parts`: names of state dicts in the file, of which the first that exists is read; if none does, the whole file.
    `groups`: names of state dicts of which all that exist are read, with their name as a prefix of the tensors' names.

    Raises ExportRefusedError if the file cannot be read, has no tensors, would import a class, or holds a NaN.
    """
    if file.is_dir():
        file = _only_file(file)
    if not file.is_file():
        raise ExportRefusedError(
            str(file), found="no such file", expected=_EXPECTED, remedy="Pass the file that was downloaded."
        )
    content = _load(file, groups)
    tensors = _grouped_tensors(content, groups, file) if groups else _tensors(content, file, parts)
    for name, tensor in tensors.items():
        if torch.isnan(tensor).any():
            raise ExportRefusedError(
                f"{file}: {name}",
                found="NaN among its weights",
                expected="numbers",
                remedy="The training diverged: use an earlier checkpoint.",
            )
    return Checkpoint(tensors, sha256_of(file), _config(file.with_name(_CONFIG)))


def _only_file(folder: Path) -> Path:
    files = sorted(file for pattern in ("*.pt", "*.safetensors") for file in folder.glob(pattern))
    if len(files) != 1:
        raise ExportRefusedError(
            str(folder),
            found=", ".join(file.name for file in files) or "no *.pt and no *.safetensors",
            expected="one checkpoint in the folder",
            remedy="Pass the file itself.",
        )
    return files[0]


def _load(file: Path, groups: Sequence[str]) -> object:
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        # mmap: optimisers and copies in the same file are not read.
        with safe_globals(_NUMBERS):
            return torch.load(file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file))
    except pickle.UnpicklingError as error:
        if not _names_classes(file):
            raise _corrupt(file, error) from error
    except (SafetensorError, RuntimeError, EOFError, OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise _corrupt(file, error) from error
    return _load_whole_modules(file, groups)


def _names_classes(file: Path) -> bool:
    try:
        return bool(get_unsafe_globals_in_checkpoint(file))
    except (RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError, zipfile.BadZipFile):
        return False


def _load_whole_modules(file: Path, groups: Sequence[str]) -> Mapping[str, object]:
    try:
        return read_pickled_modules(file, groups) if groups else read_pickled_module(file)
    except pickle.UnpicklingError as error:
        raise ExportRefusedError(
            str(file),
            found=str(error),
            expected=_EXPECTED,
            remedy="It would run its own code, and was not loaded. If you trust that code and have it installed, save "
            "the weights alone: torch.save(model.state_dict(), 'weights.pt').",
        ) from error
    except (RuntimeError, EOFError, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise _corrupt(file, error) from error


def _corrupt(file: Path, error: Exception) -> ExportRefusedError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return ExportRefusedError(
        str(file),
        found=f"{file.stat().st_size} bytes that cannot be read ({reason})",
        expected=_EXPECTED,
        remedy="Download it again and compare its size and hash with the publisher's.",
    )


def _tensors(content: object, file: Path, parts: Sequence[str]) -> dict[str, Tensor]:
    for envelope in (*parts, *_ENVELOPES):
        if isinstance(content, Mapping) and isinstance(content.get(envelope), Mapping):
            content = content[envelope]
    tensors = {}
    if isinstance(content, Mapping):
        tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
    if not tensors:
        raise ExportRefusedError(
            str(file),
            found=f"{type(content).__name__} without tensors",
            expected=_EXPECTED,
            remedy="Pass the file with the weights.",
        )
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    return {name: tensor.detach().to(torch.float32).contiguous() for name, tensor in tensors.items()}


def _grouped_tensors(content: object, groups: Sequence[str], file: Path) -> dict[str, Tensor]:
    tensors = {}
    for group in groups:
        of_group = content.get(group) if isinstance(content, Mapping) else None
        for name, tensor in of_group.items() if isinstance(of_group, Mapping) else ():
            if isinstance(tensor, Tensor):
                for prefix in _PREFIXES_WITHIN:
                    name = str(name).replace(prefix, "")
                tensors[f"{group}.{name}"] = tensor.detach().to(torch.float32).contiguous()
    if not tensors:
        keys = ", ".join(sorted(map(str, content))[:8]) if isinstance(content, Mapping) else type(content).__name__
        raise ExportRefusedError(
            str(file),
            found=f"no weights under {' or '.join(groups)}, but {keys}",
            expected=f"a file as published, with state dicts under {', '.join(groups)}",
            remedy="Check the kind, and pass the file that was downloaded.",
        )
    return tensors


def _config(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        config = json.loads(file.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ExportRefusedError(
            str(file), found=f"no JSON ({error})", expected="the settings of the model", remedy="Download it again."
        ) from error
    return config if isinstance(config, dict) else {}
