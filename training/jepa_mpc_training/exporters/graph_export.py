"""Writes a network as an ONNX graph and compares the two."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from ..external_data import move_large_weights_out
from .errors import ExportRefusedError

_OPSET = 18
_TOLERANCE = 5e-5


def export_graph(
    network: nn.Module, inputs: dict[str, Tensor], output: str, file: Path, windowed: bool = False
) -> float:
    """Writes the graph with a dynamic batch, and with a dynamic second axis of the inputs if `windowed`.

    The weights of a large graph go into a second file in the same folder. Returns the largest absolute difference
    between ONNX Runtime and PyTorch, for the whole batch, its first row and every length of the window. Raises
    ExportRefusedError if it is above 5e-5.
    """
    axes = {name: {0: "batch", 1: "window"} if windowed else {0: "batch"} for name in inputs}
    with warnings.catch_warnings():
        # The tracing exporter is deprecated but writes attention as the MatMul and Softmax that the planner rewrites.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            tuple(inputs.values()),
            str(file),  # with a Path, the exporter would not find the folder for large weights
            input_names=list(inputs),
            output_names=[output],
            dynamic_axes={**axes, output: {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    move_large_weights_out(file)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    lengths = range(1, next(iter(inputs.values())).shape[1] + 1) if windowed else (None,)
    largest = 0.0
    for length in lengths:
        for rows in (1, len(next(iter(inputs.values())))):
            feed = {
                name: (tensor[:rows] if length is None else tensor[:rows, :length]).contiguous()
                for name, tensor in inputs.items()
            }
            with torch.no_grad():
                expected = network(*feed.values()).numpy()
            found = session.run([output], {name: tensor.numpy() for name, tensor in feed.items()})[0]
            difference = float(np.abs(found - expected).max()) if found.shape == expected.shape else float("inf")
            if not difference <= _TOLERANCE:
                raise ExportRefusedError(
                    file.name,
                    found=f"a difference of {difference:g} between ONNX Runtime and PyTorch",
                    expected=f"at most {_TOLERANCE:g}",
                    remedy="Weights of this size lose too much in float32. Please report it to the maintainers.",
                )
            largest = max(largest, difference)
    return largest
