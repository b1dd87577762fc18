"""Weights that are too many for one ONNX file go into another beside it (ONNX external data)."""

from __future__ import annotations

from pathlib import Path

import onnx

_MOST_BYTES = 1_000_000_000
"""A file of protocol buffers cannot have 2 GB, and is read whole."""

_ALIGNMENT = 4096
"""Bytes: weights that begin at multiples can be mapped into memory."""


def move_large_weights_out(file: Path) -> None:
    """Puts the weights of a large graph into one file beside it."""
    model = onnx.load(file, load_external_data=False)
    scattered = _named_in(model, file.parent)
    if not scattered and file.stat().st_size <= _MOST_BYTES:
        return
    data = file.with_suffix(".data")
    data.unlink(missing_ok=True)
    if scattered:
        # The exporter writes a file for every tensor where one graph would not hold them.
        _gather(model, file.parent, data)
        onnx.save(model, file)
        return
    onnx.save(model, file, save_as_external_data=True, location=data.name, convert_attribute=True)
    data.chmod(0o644)  # onnx keeps it to its owner
    data.chmod(0o644)  # onnx keeps its files to their owner


def _gather(model: onnx.ModelProto, folder: Path, data: Path) -> None:
    """Appends the tensors' own files to one, without holding more than one of them."""
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
    """The files beside a graph that hold weights of it."""
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
