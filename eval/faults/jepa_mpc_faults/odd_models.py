"""Variants of a model whose encoder misbehaves for dark pictures alone, so that the fault begins mid-run.

They pass every check when they are loaded: hashes are those of the changed files, and no golden picture is dark.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from pathlib import Path

from .protobuf import Field, message, read_fields, text, whole, write_fields

_GRAPH = 7  # of ModelProto
_NODE, _INITIALIZER, _INPUT, _OUTPUT = 1, 5, 11, 12  # of GraphProto
_NODE_OUTPUT = 2
_FLOAT, _INT64 = 1, 7

DARK = 3.0
"""Normalised pictures have channels whose maxima add up to more than minus this, unless they are dark."""


def make_odd_models(source: Path, target: Path) -> None:
    """Writes `nan` (latents of NaN for dark pictures) and `constant` (latents of 0) into the folder `target`."""
    for name, nodes in (("nan", _NAN_NODES), ("constant", _CONSTANT_NODES)):
        folder = target / name
        shutil.copytree(source, folder, dirs_exist_ok=True)
        encoder = folder / "encoder.onnx"
        encoder.write_bytes(with_ending(encoder.read_bytes(), nodes))
        manifest_path = folder / "manifest.json"
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
        manifest["graphs"]["encoder"]["sha256"] = hashlib.sha256(encoder.read_bytes()).hexdigest()
        manifest_path.write_text(json.dumps(manifest), encoding="utf-8")


def with_ending(model: bytes, nodes: list[Field]) -> bytes:
    """An encoder with these nodes at its end. They read `picture` and `latent_before` and write `latent_after`."""
    fields = read_fields(model)
    return write_fields([_with_ending(f, nodes) if f.number == _GRAPH else f for f in fields])


def _with_ending(graph: Field, nodes: list[Field]) -> Field:
    fields = read_fields(_bytes(graph))
    initializers = {_name(field, 8) for field in fields if field.number == _INITIALIZER}
    inputs = [_name(field, 1) for field in fields if field.number == _INPUT]
    [picture] = [name for name in inputs if name not in initializers]
    [latent] = [_name(field, 1) for field in fields if field.number == _OUTPUT]
    names = {"picture": picture, "latent_after": latent}
    changed = [_renamed_output(field, latent) if field.number == _NODE else field for field in fields]
    added = [message(_NODE, [_substituted(part, names) for part in read_fields(_bytes(node))]) for node in nodes]
    last = max(index for index, field in enumerate(changed) if field.number == _NODE)
    return message(_GRAPH, changed[: last + 1] + added + changed[last + 1 :] + _INITIALIZERS)


def _renamed_output(node: Field, latent: str) -> Field:
    """The node that writes the latent writes `latent_before` instead; those that read it read that."""
    parts = read_fields(_bytes(node))
    is_name = lambda part: part.number in (1, _NODE_OUTPUT) and part.content == latent.encode()  # noqa: E731
    return message(_NODE, [text(part.number, "latent_before") if is_name(part) else part for part in parts])


def _substituted(part: Field, names: dict[str, str]) -> Field:
    if part.number not in (1, _NODE_OUTPUT) or not isinstance(part.content, bytes):
        return part
    name = part.content.decode()
    return text(part.number, names.get(name, name))


def _bytes(field: Field) -> bytes:
    if isinstance(field.content, int):
        raise ValueError(f"found a number in field {field.number}, expected a message")
    return field.content


def _name(field: Field, number: int) -> str:
    return next(_bytes(part).decode() for part in read_fields(_bytes(field)) if part.number == number)


def _node(kind: str, inputs: list[str], output: str) -> Field:
    named = [text(1, name) for name in inputs]
    return message(_NODE, [*named, text(_NODE_OUTPUT, output), text(3, f"odd_{output}"), text(4, kind)])


def _tensor(name: str, kind: int, dims: list[int], data: bytes) -> Field:
    return message(_INITIALIZER, [*(whole(1, dim) for dim in dims), whole(2, kind), text(8, name), Field(9, 2, data)])


_INITIALIZERS = [
    _tensor("odd_shape", _INT64, [3], struct.pack("<3q", -1, 1, 3)),
    _tensor("odd_ones", _FLOAT, [3, 1], struct.pack("<3f", 1, 1, 1)),
    _tensor("odd_dark", _FLOAT, [1], struct.pack("<f", DARK)),
    _tensor("odd_zero", _FLOAT, [1], struct.pack("<f", 0)),
]
# A number [B, 1, 1] that is below 0 for a dark picture alone.
_BRIGHTNESS = [
    _node("GlobalMaxPool", ["picture"], "odd_maxima"),
    _node("Reshape", ["odd_maxima", "odd_shape"], "odd_row"),
    _node("MatMul", ["odd_row", "odd_ones"], "odd_sum"),
    _node("Add", ["odd_sum", "odd_dark"], "odd_brightness"),
]
_NAN_NODES = [
    *_BRIGHTNESS,
    _node("Min", ["odd_brightness", "odd_zero"], "odd_below"),
    _node("Sqrt", ["odd_below"], "odd_root"),
    _node("Add", ["latent_before", "odd_root"], "latent_after"),
]
_CONSTANT_NODES = [
    *_BRIGHTNESS,
    _node("Relu", ["odd_brightness"], "odd_above"),
    _node("Sign", ["odd_above"], "odd_factor"),
    _node("Mul", ["latent_before", "odd_factor"], "latent_after"),
]
