"""Parity of a model folder on a published encoder: its largest differences to other code."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
import torch
from torch import Tensor
from torch.nn import functional as F

from ...export import CAMERA, Networks
from .reference import EncoderReference

_BATCH = 4
_HORIZON = 3


def measure_encoder_parity(
    folder: Path, networks: Networks, reference: EncoderReference, grid: int, seed: int = 1
) -> dict[str, float]:
    """Largest absolute differences between the folder's graphs in ONNX Runtime and the reference in PyTorch.

    Pooling, projection and predictor are restated here in double precision, with the weights of `networks`. `cost` is
    the difference of `squared_latent_distance` after three steps, over four candidates.
    """
    restated = _Restatement(networks, reference, grid)
    sessions = {
        name: onnxruntime.InferenceSession(folder / f"{name}.onnx", providers=["CPUExecutionProvider"])
        for name in ("encoder", "predictor")
    }

    def encode(image: Tensor) -> Tensor:
        return torch.from_numpy(sessions["encoder"].run(["latent"], {CAMERA: image.numpy()})[0])

    def step(history: Tensor, actions: Tensor) -> Tensor:
        feed = {"history": history.numpy(), "actions": actions.numpy()}
        return torch.from_numpy(sessions["predictor"].run(["next"], feed)[0])

    draw = torch.Generator().manual_seed(seed)
    images = torch.randn(_BATCH, 3, networks.camera.height, networks.camera.width, generator=draw)
    latents = encode(images)
    expected = restated.encode(images)
    window = networks.predictor.window
    history = torch.randn(_BATCH, window, *latents.shape[1:], generator=draw)
    actions = torch.randn(_BATCH, _HORIZON, sessions["predictor"].get_inputs()[1].shape[1], generator=draw)
    last = _rollout(step, latents[:1], actions, window)
    expected_last = _rollout(restated.step, expected[:1], actions, window)
    cost = (last - latents[1:2]).square().sum((1, 2))
    return {
        "encoder": _difference(latents, expected),
        "one_step": _difference(step(history, actions[:, 0]), restated.step(history, actions[:, 0])),
        "three_step_rollout": _difference(last, expected_last),
        "cost": _difference(cost, (expected_last - expected[1:2]).square().sum((1, 2))),
    }


class _Restatement:
    def __init__(self, networks: Networks, reference: EncoderReference, grid: int) -> None:
        projection, predictor = networks.encoder[-1].double().state_dict(), networks.predictor.double().state_dict()
        self._mean, self._std = projection["mean"], projection["std"]
        self._projection = [(projection[f"dense.{at}.weight"], projection[f"dense.{at}.bias"]) for at in (1, 3, 5)]
        self._predictor = [(predictor[f"net.{at}.weight"], predictor[f"net.{at}.bias"]) for at in (0, 2, 4)]
        networks.encoder[-1].float(), networks.predictor.float()
        self._reference = reference
        self._grid = grid
        self._side = networks.encoder[0].sizes.side

    def encode(self, image: Tensor) -> Tensor:
        tokens = self._reference.tokens(image).double().unflatten(1, (-1, self._side, self._side)).mean(1)
        # Each patch is repeated so that every area consists of whole copies.
        fine = tokens.repeat_interleave(self._grid, 1).repeat_interleave(self._grid, 2).permute(0, 3, 1, 2)
        areas = F.avg_pool2d(fine, self._side).flatten(2).transpose(1, 2)
        return _dense(((areas - self._mean) / self._std).flatten(1), self._projection)[:, None].float()

    def step(self, history: Tensor, actions: Tensor) -> Tensor:
        known = torch.cat((history.flatten(1), actions), dim=1).double()
        return (history[:, -1].double() + _dense(known, self._predictor)[:, None]).float()


def _dense(values: Tensor, layers: list[tuple[Tensor, Tensor]]) -> Tensor:
    for weight, bias in layers[:-1]:
        values = F.gelu(values @ weight.T + bias)
    weight, bias = layers[-1]
    return values @ weight.T + bias


def _rollout(step, start: Tensor, actions: Tensor, window: int) -> Tensor:
    """The last latent of each candidate, from a `window` filled with the one latent `start`."""
    history = [start.expand(len(actions), -1, -1).contiguous()] * window
    for block in actions.unbind(1):
        history = [*history[1:], step(torch.stack(history, dim=1), block.contiguous())]
    return history[-1]


def _difference(found: Tensor, expected: Tensor) -> float:
    if found.shape != expected.shape:
        raise ValueError(f"found shape {tuple(found.shape)}, expected {tuple(expected.shape)}.")
    return float((found - expected).abs().max())
