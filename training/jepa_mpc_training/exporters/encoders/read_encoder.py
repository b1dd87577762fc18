"""Reads the file of a published encoder: its layout, its sizes, and its weights as a frozen network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ...camera_input import CameraInput
from ..checkpoint import read_checkpoint
from ..errors import ExportRefusedError
from ..heads import require_division
from ..key_layouts import layers_under, match_layout
from ..load_weights import load_weights
from .frozen_vit import FrozenVit, VitSizes
from .kinds import ENCODERS, EncoderKind

_PARTS = ("target_encoder", "encoder")
"""Keys of the encoder in published files. The moving average comes first, because it is the one to use."""
_PROCESSORS = ("preprocessor_config.json", "video_preprocessor_config.json")
TUBELET = 2
_POSITIONS_OF_VJEPA = 8 * 14**2
TRAINED_FRAMES = 16
"""Frames of a clip of V-JEPA. Its table of positions covers them."""


@dataclass(frozen=True)
class FrozenEncoder:
    """A published encoder in evaluation mode, and the format of its images."""

    kind: EncoderKind
    network: FrozenVit
    camera: CameraInput
    sha256: str
    """Hash of the file of weights."""


def read_encoder(
    kind_name: str, file: Path, *, heads: int = 0, image_size: int = 0, frames: int = TUBELET
) -> FrozenEncoder:
    """Reads the weights of one of `ENCODERS`, with `config.json` and the image processor's settings in the same folder,
    if there are any.

    `heads`: attention heads, 0 for those of config.json or of the published sizes. `image_size`: in pixels, 0 for the
    published one. `frames`: how many times the image is repeated for encoders of clips, an even number. Raises
    ExportRefusedError if the file holds no such encoder, or if a setting does not fit it.
    """
    kind = ENCODERS[kind_name]
    checkpoint = read_checkpoint(file, _PARTS)
    subject = str(file)
    if kind_name == "vjepa2":
        _refuse_vjepa(checkpoint.tensors, subject)
    ours = published_names(kind, checkpoint.tensors, subject)
    network = network_of(
        kind, ours, subject, config=checkpoint.config, heads=heads, image_size=image_size, frames=frames
    )
    size = network.sizes.image_size
    mean, std = _normalisation(kind, file)
    camera = CameraInput(size, size, mean, std, kind.resize, kind.interpolation)
    return FrozenEncoder(kind, network, camera, checkpoint.sha256)


def _refuse_vjepa(tensors: Mapping[str, Tensor], subject: str) -> None:
    """Raises ExportRefusedError for weights of V-JEPA, which have the names of V-JEPA 2. The number of positions
    differs; V-JEPA 2 has them in its files, too, but does not use them."""
    left = tensors.get("pos_embed")
    if left is not None and left.shape[1] == _POSITIONS_OF_VJEPA:
        raise ExportRefusedError(
            f"{subject}: positions",
            found=f"{_POSITIONS_OF_VJEPA} of them, as V-JEPA has for 16 frames of 224 pixels",
            expected="an encoder with rotary positions",
            remedy="Pass --encoder vjepa.",
        )


def published_names(kind: EncoderKind, tensors: dict[str, Tensor], subject: str) -> dict[str, Tensor]:
    """Weights in the names of the authors' own files. Raises ExportRefusedError for weights of another model."""
    _, ours = match_layout(tensors, kind.layouts, lambda found: _expected_keys(kind, found), kind.ignored, subject)
    return _fused(ours)


def network_of(
    kind: EncoderKind,
    tensors: Mapping[str, Tensor],
    subject: str,
    *,
    config: Mapping[str, Any],
    heads: int = 0,
    image_size: int = 0,
    frames: int = TUBELET,
) -> FrozenVit:
    """The network of weights in their published names, in evaluation mode. Arguments as in `read_encoder`."""
    sizes = _sizes_of(kind, tensors, config, heads, image_size, frames, subject)
    network = FrozenVit(sizes)
    load_weights(network, _weights(tensors, sizes), subject)
    return network.eval().requires_grad_(False)


def _expected_keys(kind: EncoderKind, tensors: Mapping[str, Tensor]) -> list[str]:
    fused = any(".attn.qkv." in key for key in tensors)
    attention = ("attn.qkv",) if fused else ("attn.q", "attn.k", "attn.v")
    parts = ("norm1", *attention, "attn.proj", "norm2", "mlp.fc1", "mlp.fc2")
    layer = [f"{part}.{of}" for part in parts for of in ("weight", "bias")]
    if kind.layer_scale:
        layer += ["ls1.gamma", "ls2.gamma"]
    depth = max(1, layers_under(tensors, "blocks."))
    tokens = ["register_tokens"] if kind.extra_tokens and "register_tokens" in tensors else []
    return [
        *(f"{part}.{of}" for part in ("patch_embed.proj", "norm") for of in ("weight", "bias")),
        *(() if "pos_embed" in kind.ignored else ("pos_embed",)),
        *kind.extra_tokens,
        *tokens,
        *(f"blocks.{index}.{key}" for index in range(depth) for key in layer),
    ]


def _fused(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Query, key and value as one layer, as in the published files."""
    fused = {}
    for key, tensor in tensors.items():
        if ".attn.q." in key:
            parts = [tensors[key.replace(".attn.q.", f".attn.{part}.")] for part in "qkv"]
            fused[key.replace(".attn.q.", ".attn.qkv.")] = torch.cat(parts)
        elif ".attn.k." not in key and ".attn.v." not in key:
            fused[key] = tensor
    return fused


def _sizes_of(
    kind: EncoderKind,
    tensors: Mapping[str, Tensor],
    config: Mapping[str, Any],
    heads: int,
    image_size: int,
    frames: int,
    subject: str,
) -> VitSizes:
    kernel = tensors["patch_embed.proj.weight"]
    dim, patch_size = kernel.shape[0], kernel.shape[-1]
    if tuple(kernel.shape[2:]) != (TUBELET,) * kind.clip + (patch_size, patch_size):
        raise ExportRefusedError(
            f"{subject}: patches",
            found=f"{' x '.join(map(str, kernel.shape[2:]))} of {'a clip' if kernel.dim() == 5 else 'an image'}",
            expected=f"squares of {f'{TUBELET} frames' if kind.clip else 'one image'}, as {kind.title} has them",
            remedy="Check the kind.",
        )
    heads = heads or config.get("num_attention_heads", 0) or kind.heads.get(dim, 0)
    if not heads:
        raise ExportRefusedError(
            f"{subject}: attention heads",
            found=f"a width of {dim}, and no config.json with their number",
            expected=f"a published width ({', '.join(map(str, kind.heads))}) or config.json in the same folder",
            remedy="Pass --set encoder.heads=N.",
        )
    require_division(f"{subject}: heads of the encoder", heads, dim)
    size = _image_size(kind, tensors, config, patch_size, image_size, subject)
    if kind.clip and (frames < TUBELET or frames % TUBELET):
        raise ExportRefusedError(
            "encoder.frames",
            found=f"{frames}",
            expected=f"a multiple of {TUBELET}: patches are of {TUBELET} frames",
            remedy=f"Pass --set encoder.frames={TUBELET}.",
        )
    return VitSizes(
        image_size=size,
        patch_size=patch_size,
        dim=dim,
        depth=layers_under(tensors, "blocks."),
        heads=heads,
        mlp_dim=tensors["blocks.0.mlp.fc1.weight"].shape[0],
        epsilon=config.get("layer_norm_eps", 1e-6),
        tubelets=frames // TUBELET if kind.clip else 1,
        extra_tokens=sum(tensors[name].shape[1] for name in ("cls_token", "register_tokens") if name in tensors),
        rotary="pos_embed" not in tensors,
    )


def _image_size(
    kind: EncoderKind,
    tensors: Mapping[str, Tensor],
    config: Mapping[str, Any],
    patch_size: int,
    requested: int,
    subject: str,
) -> int:
    if kind.image_size:
        size = requested or config.get("crop_size", 0) or kind.image_size
        expected = f"a multiple of the patches' {patch_size} pixels"
        fits = size % patch_size == 0
    else:
        count = tensors["pos_embed"].shape[1]
        depth = TRAINED_FRAMES // TUBELET if kind.clip else 1
        side = round((count // depth) ** 0.5)
        if count != depth * side**2:
            raise ExportRefusedError(
                f"{subject}: positions",
                found=f"{count} of them",
                expected=f"a square{f' for each of {depth} pairs of frames' if kind.clip else ''}",
                remedy="Check the kind.",
            )
        published = side * patch_size
        size, expected = requested or published, f"{published}, which the positions of the weights are for"
        fits = size == published
    if not fits:
        raise ExportRefusedError(
            f"{subject}: image size", found=f"{size}", expected=expected, remedy="Omit --set encoder.image_size."
        )
    return size


def _weights(tensors: Mapping[str, Tensor], sizes: VitSizes) -> dict[str, Tensor]:
    """Weights in FrozenVit's names. Tubelets are summed over time; layer scales are folded into the linear layers."""
    kernel = tensors["patch_embed.proj.weight"]
    weights = {
        "patch.weight": kernel.sum(2) if kernel.dim() == 5 else kernel,
        "patch.bias": tensors["patch_embed.proj.bias"],
        "norm.weight": tensors["norm.weight"],
        "norm.bias": tensors["norm.bias"],
    }
    names = {"norm1": "norm1", "qkv": "attn.qkv", "proj": "attn.proj", "norm2": "norm2", "fc1": "mlp.fc1"}
    for layer in range(sizes.depth):
        for ours, theirs in {**names, "fc2": "mlp.fc2"}.items():
            for of in ("weight", "bias"):
                weights[f"layers.{layer}.{ours}.{of}"] = tensors[f"blocks.{layer}.{theirs}.{of}"]
        for scale, scaled in (("ls1", "proj"), ("ls2", "fc2")):
            gain = tensors.get(f"blocks.{layer}.{scale}.gamma")
            if gain is not None:
                weights[f"layers.{layer}.{scaled}.weight"] = weights[f"layers.{layer}.{scaled}.weight"] * gain[:, None]
                weights[f"layers.{layer}.{scaled}.bias"] = weights[f"layers.{layer}.{scaled}.bias"] * gain
    if sizes.rotary:
        return weights
    positions = tensors["pos_embed"]
    if "cls_token" in tensors:
        extra = [tensors["cls_token"] + positions[:, :1]]
        if "register_tokens" in tensors:
            extra.append(tensors["register_tokens"])
        weights["extra"] = torch.cat(extra, dim=1)
        positions = positions[:, 1:]
    weights["positions"] = _positions_for(positions, sizes, kernel.dim() == 5)
    return weights


def _positions_for(positions: Tensor, sizes: VitSizes, clip: bool) -> Tensor:
    """The table of positions for the tokens of this size, scaled as in the published code."""
    if clip:
        trained = (TRAINED_FRAMES // TUBELET, sizes.side, sizes.side)
        wanted = (sizes.tubelets, sizes.side, sizes.side)
        mode = "trilinear"
    else:
        side = round(positions.shape[1] ** 0.5)
        trained, wanted, mode = (side, side), (sizes.side, sizes.side), "bicubic"
    if trained == wanted:
        return positions
    grid = positions.transpose(1, 2).unflatten(2, trained)
    return F.interpolate(grid, size=wanted, mode=mode, align_corners=False).flatten(2).transpose(1, 2)


def _normalisation(kind: EncoderKind, file: Path) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of the image processor's settings in the folder of the weights, or those of the
    kind."""
    folder = file if file.is_dir() else file.parent
    for name in _PROCESSORS:
        settings = folder / name
        if settings.is_file():
            try:
                content = json.loads(settings.read_text())
                mean, std = (tuple(float(value) for value in content[f"image_{of}"]) for of in ("mean", "std"))
            except (ValueError, KeyError, TypeError) as error:
                raise ExportRefusedError(
                    str(settings),
                    found=f"{type(error).__name__}: {error}",
                    expected="JSON with image_mean and image_std",
                    remedy="Download it again, or remove it: the published values are built in.",
                ) from error
            return mean, std
    return kind.mean, kind.std
