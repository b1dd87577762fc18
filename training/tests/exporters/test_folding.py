"""Folded layers give what the layers gave."""

from __future__ import annotations

import torch
from torch import nn

from jepa_mpc_training.exporters.folding import fold_batch_norm, fold_linear


def test_a_batch_norm_is_folded_into_the_linear_layer_before_it() -> None:
    torch.manual_seed(0)
    linear, norm = nn.Linear(5, 7), nn.BatchNorm1d(7)
    for tensor in (norm.running_mean, norm.weight, norm.bias):
        nn.init.normal_(tensor)
    nn.init.uniform_(norm.running_var, 0.01, 2.0)
    inputs = torch.randn(9, 5)

    weight, bias = fold_batch_norm(
        (linear.weight, linear.bias), (norm.weight, norm.bias), norm.running_mean, norm.running_var, norm.eps
    )

    torch.testing.assert_close(inputs @ weight.T + bias, norm.eval()(linear(inputs)), atol=1e-5, rtol=1e-5)


def test_two_linear_layers_are_folded_into_one() -> None:
    torch.manual_seed(0)
    first, second = nn.Linear(5, 3), nn.Linear(3, 7)
    inputs = torch.randn(9, 5)

    weight, bias = fold_linear((first.weight, first.bias), (second.weight, second.bias))

    torch.testing.assert_close(inputs @ weight.T + bias, second(first(inputs)))
