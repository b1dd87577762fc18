"""Weights that are too many for one ONNX file go into another beside it (ONNX external data)."""

from __future__ import annotations

from pathlib import Path

import onnx

_MOST_BYTES = 1_000_000_000
"""A file of protocol buffers cannot have 2 GB, and is read whole."""


def move_large_weights_out(file: Path) -> None:
    """Puts the weights of a large graph into one file beside it."""
    model = onnx.load(file, load_external_data=False)
    scattered = _named_in(model, file.parent)
    if not scattered and file.stat().st_size <= _MOST_BYTES:
        return
    # The exporter writes a file for every tensor where one graph would not hold them.
    onnx.load_external_data_for_model(model, str(file.parent))
    for old in scattered:
        old.unlink()
    data = file.with_suffix(".data")
    data.unlink(missing_ok=True)
    onnx.save(model, file, save_as_external_data=True, location=data.name, convert_attribute=True)


def weight_files(file: Path) -> list[Path]:
    """The files beside a graph that hold weights of it."""
    return _named_in(onnx.load(file, load_external_data=False), file.parent)


def _named_in(model: onnx.ModelProto, folder: Path) -> list[Path]:
    tensors = [*model.graph.initializer]
    tensors += [attribute.t for node in model.graph.node if node.op_type == "Constant" for attribute in node.attribute]
    places = {
        entry.value
        for tensor in tensors
        if tensor.data_location == onnx.TensorProto.EXTERNAL
        for entry in tensor.external_data
        if entry.key == "location"
    }
    return [folder / place for place in sorted(places)]
