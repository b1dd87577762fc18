"""Random weights in the form of a published checkpoint."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor


def parts_beside_encoder(tensors: Mapping[str, Tensor], prefix: str = "") -> dict[str, dict[str, Tensor]]:
    """Weights `PART.NAME` as a state dict for each part, names with `prefix`; the encoder has a file of its own."""
    parts: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        part, name = key.split(".", 1)
        if part != "encoder":
            parts.setdefault(part, {})[prefix + name] = tensor
    return parts
