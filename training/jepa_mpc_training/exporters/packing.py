"""Random weights in the form of a published checkpoint."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor


def parts_without_encoder(tensors: Mapping[str, Tensor], prefix: str = "") -> dict[str, dict[str, Tensor]]:
    """Weights `PART.NAME` as one state dict for each part, with `prefix` before the names.

    The encoder is left out: it has a file of its own.
    """
    parts: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        part, name = key.split(".", 1)
        if part != "encoder":
            parts.setdefault(part, {})[prefix + name] = tensor
    return parts


def pack_encoder(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The content of the encoder's own file, as DINOv2 is published."""
    return {key.removeprefix("encoder."): each for key, each in tensors.items() if key.startswith("encoder.")}
