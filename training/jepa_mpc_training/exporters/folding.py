"""Folds consecutive linear layers into one, in float64."""

from __future__ import annotations

from torch import Tensor

Affine = tuple[Tensor, Tensor]
"""Weight `[out, in]` and bias `[out]`."""


def fold_batch_norm(linear: Affine, scale: Affine, mean: Tensor, variance: Tensor, epsilon: float) -> Affine:
    """A linear layer and the BatchNorm after it, in evaluation mode, as one. `scale`: weight and bias of the norm."""
    weight, bias = (tensor.double() for tensor in linear)
    gain = scale[0].double() / (variance.double() + epsilon).sqrt()
    return (weight * gain[:, None]).float(), ((bias - mean.double()) * gain + scale[1].double()).float()


def fold_linear(first: Affine, second: Affine) -> Affine:
    """Two consecutive linear layers as one."""
    weight, bias = (tensor.double() for tensor in second)
    return (weight @ first[0].double()).float(), (weight @ first[1].double() + bias).float()
