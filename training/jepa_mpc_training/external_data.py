"""ONNX external data: weights that are too large for one file go into a second file in the same folder."""

from __future__ import annotations

from pathlib import Path

import onnx

_MAX_BYTES = 1_000_000_000
"""A file of protocol buffers must be smaller than 2 GB, and is always read as a whole."""

_ALIGNMENT = 4096
"""Weights that begin at multiples of this, in bytes, can be mapped into memory."""


def move_large_weights_out(file: Path) -> None:
    """Moves the weights of a large graph into one `.data` file in its folder. Leaves smaller graphs unchanged."""
    model = onnx.load(file, load_external_data=False)
    scattered = _named_in(model, file.parent)
    if not scattered and file.stat().st_size <= _MAX_BYTES:
        return
    data = file.with_suffix(".data")
    data.unlink(missing_ok=True)
    if scattered:
        # The exporter writes a file for every tensor if the graph would become too large.
        _gather(model, file.parent, data)
        onnx.save(model, file)
        return
    onnx.save(model, file, save_as_external_data=True, location=data.name, convert_attribute=True)
    data.chmod(0o644)  # onnx makes its files readable by their owner alone


def _gather(model: onnx.ModelProto, folder: Path, data: Path) -> None:
    """Appends the files of the tensors to `data`, with at most one of them in memory."""
    with data.open("wb") as gathered:
        for tensor in _tensors_of(model):
            if tensor.data_location != onnx.TensorProto.EXTERNAL:
                continue
            piece = folder / next(entry.value for entry in tensor.external_data if entry.key == "location")
            gathered.write(bytes(-gathered.tell() % _ALIGNMENT))
            offset = gathered.tell()
            length = gathered.write(piece.read_bytes())
            piece.unlink()
            del tensor.external_data[:]
            for key, value in (("location", data.name), ("offset", offset), ("length", length)):
                tensor.external_data.add(key=key, value=str(value))


def weight_files(file: Path) -> list[Path]:
    """The files with the weights of a graph, other than the graph itself."""
    return _named_in(onnx.load(file, load_external_data=False), file.parent)


def _named_in(model: onnx.ModelProto, folder: Path) -> list[Path]:
    places = {
        entry.value
        for tensor in _tensors_of(model)
        if tensor.data_location == onnx.TensorProto.EXTERNAL
        for entry in tensor.external_data
        if entry.key == "location"
    }
    return [folder / place for place in sorted(places)]


def _tensors_of(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    constants = [node for node in model.graph.node if node.op_type == "Constant"]
    return [*model.graph.initializer, *(attribute.t for node in constants for attribute in node.attribute)]
