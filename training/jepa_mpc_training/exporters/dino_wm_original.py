"""DINO-WM as its authors' own code saves it: `model_latest.pth`, and DINOv2 from a file of its own."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..camera_input import axis_weights
from .dino_wm import DinoPredictor, DinoSizes, streams_of
from .encoders.kinds import ENCODERS
from .encoders.read_encoder import network_of, published_names
from .errors import ExportRefusedError
from .heads import Heads, require_division
from .jepa_wm import ENCODER, positions_on_grid
from .key_layouts import KeyLayout, layers_under, match_layout
from .load_weights import load_weights
from .world_model import Camera, WorldModel

LAYOUTS = (KeyLayout("dino_wm (predictor.transformer.layers.0.0.to_qkv, proprio_encoder.patch_embed)"),)
GROUPS = ("predictor", "action_encoder", "proprio_encoder")
"""Modules of the file that are read; beside them are a decoder of images and optimisers."""

HEADS = 16
"""Of every published predictor; no shape of a weight gives it away."""

_PIXELS_OF_A_PATCH = 16
"""The image is made so large that it has a patch for every so many pixels of the camera's: 196 of 224."""

_IMAGE_SIZE = 224
_HALF = (0.5, 0.5, 0.5)
_CAMERA = Camera(resize="shortest-edge-crop", interpolation="bilinear-antialias", mean=_HALF, std=_HALF)
_WEIGHTS = ("weight", "bias")
_LAYER = (
    "0.bias",
    "0.to_qkv.weight",
    *(f"{part}.{kind}" for part in ("0.norm", "0.to_out.0", "1.net.0", "1.net.1", "1.net.4") for kind in _WEIGHTS),
)


def default_heads(tensors: Mapping[str, Tensor]) -> Heads | None:
    """Those of the published sizes; none where the encoder's width is no DINOv2's."""
    norm = tensors.get(f"{ENCODER}norm.weight", tensors.get(f"{ENCODER}layernorm.weight"))
    heads = ENCODERS["dinov2"].heads.get(0 if norm is None else len(norm))
    return None if heads is None else Heads(heads, HEADS)


def read_original_dino_wm(
    tensors: dict[str, Tensor], heads: Heads, subject: str
) -> tuple[WorldModel, DinoSizes, dict[str, Tensor]]:
    """The model of a checkpoint and its encoder's weights, its sizes, and all weights in our names.

    Raises ExportRefusedError for names or shapes that fit no DINO-WM with proprioception beside the patches.
    """
    _, ours = match_layout(tensors, LAYOUTS, _expected_keys, (ENCODER,), subject)
    kind = ENCODERS["dinov2"]
    of_encoder = {key.removeprefix(ENCODER): each for key, each in tensors.items() if key.startswith(ENCODER)}
    of_encoder = published_names(kind, of_encoder, "--encoder-weights")
    sizes = _sizes_of(ours, of_encoder, heads, subject)
    backbone = network_of(
        kind, of_encoder, "--encoder-weights", config={}, heads=heads.encoder, image_size=sizes.image_size
    )
    with torch.no_grad():
        backbone.positions.copy_(positions_on_grid(of_encoder["pos_embed"][:, 1:], sizes.side))
    encoder, predictor = OriginalDinoEncoder(backbone, sizes), DinoPredictor(sizes)
    load_weights(encoder.proprioception, _linear(ours, "proprio_encoder"), subject)
    weights = {key: each for key, each in ours.items() if key.startswith("predictor.")}
    action = {f"action_encoder.{key}": each for key, each in _linear(ours, "action_encoder").items()}
    load_weights(predictor, {**weights, **action}, subject)
    model = WorldModel(
        encoder=encoder.eval(),
        predictor=predictor.eval(),
        channels=sizes.channels,
        image_size=camera_size(sizes),
        tokens=sizes.tokens,
        dim=sizes.latent_dim,
        window=sizes.window,
        action_dim=sizes.action_dim,
        proprioception_dim=sizes.proprioception_dim,
        streams=streams_of(sizes),
        camera=_CAMERA,
    )
    return model, sizes, {**ours, **{f"{ENCODER}{key}": each for key, each in of_encoder.items()}}


def camera_size(sizes: DinoSizes) -> int:
    """Width and height of the images that the model is given, in pixels; the encoder sees fewer."""
    return sizes.side * _PIXELS_OF_A_PATCH


class OriginalDinoEncoder(nn.Module):
    """Image `[B, C, S, S]`, normalised proprioception `[B, P]` -> latent `[B, N, D + E]`.

    The image is scaled once more, with anti-aliasing, to a size of whole patches.
    """

    scaling: Tensor

    def __init__(self, backbone: nn.Module, sizes: DinoSizes) -> None:
        super().__init__()
        self.backbone = backbone
        self.tokens = sizes.tokens
        self.proprioception = nn.Linear(sizes.proprioception_dim, sizes.proprioception_embedding)
        given, wanted = camera_size(sizes), sizes.image_size
        scaling = axis_weights((given, wanted), (given, wanted), "squash", "bilinear-antialias")
        self.register_buffer("scaling", scaling, persistent=False)

    def forward(self, image: Tensor, proprioception: Tensor) -> Tensor:
        patches = self.backbone(self.scaling @ image @ self.scaling.T)
        beside = self.proprioception(proprioception).unsqueeze(1).expand(-1, self.tokens, -1)
        return torch.cat((patches, beside), dim=2)


def _expected_keys(tensors: Mapping[str, Tensor]) -> list[str]:
    depth = max(1, layers_under(tensors, "predictor.transformer.layers."))
    parts = ("predictor.transformer.norm", "action_encoder.patch_embed", "proprio_encoder.patch_embed")
    return [
        "predictor.pos_embedding",
        *(f"predictor.transformer.layers.{layer}.{key}" for layer in range(depth) for key in _LAYER),
        *(f"{part}.{kind}" for part in parts for kind in _WEIGHTS),
    ]


def _sizes_of(tensors: Mapping[str, Tensor], of_encoder: Mapping[str, Tensor], heads: Heads, subject: str) -> DinoSizes:
    encoder_dim, channels, patch_size, _ = of_encoder["patch_embed.proj.weight"].shape
    embedding, proprioception_dim, _ = tensors["proprio_encoder.patch_embed.weight"].shape
    action_embedding, action_dim, _ = tensors["action_encoder.patch_embed.weight"].shape
    layer = "predictor.transformer.layers.0"
    rows, width = tensors["predictor.pos_embedding"].shape[1:]
    # The first patch sees its own frame: so many patches it has.
    tokens = int(tensors[f"{layer}.0.bias"][0, 0, 0].sum())
    if width != encoder_dim + embedding + action_embedding:
        raise ExportRefusedError(
            f"{subject}: tokens of the predictor",
            found=f"{width} numbers",
            expected=f"{encoder_dim + embedding + action_embedding}: {encoder_dim} of the encoder, {embedding} of the "
            f"proprioception and {action_embedding} of the action beside them (concat_dim 1, nothing repeated)",
            remedy="Take the encoder that it was trained on (--encoder-weights), or a model that was trained so.",
        )
    sizes = DinoSizes(
        channels=channels,
        patch_size=patch_size,
        positions=round((of_encoder["pos_embed"].shape[1] - 1) ** 0.5),
        encoder_dim=encoder_dim,
        encoder_depth=layers_under(of_encoder, "blocks."),
        encoder_mlp_dim=of_encoder["blocks.0.mlp.fc1.weight"].shape[0],
        side=round(tokens**0.5),
        window=rows // max(1, tokens),
        depth=layers_under(tensors, "predictor.transformer.layers."),
        inner=tensors[f"{layer}.0.to_qkv.weight"].shape[0] // 3,
        mlp_dim=tensors[f"{layer}.1.net.1.weight"].shape[0],
        action_dim=action_dim,
        action_embedding=action_embedding,
        proprioception_dim=proprioception_dim,
        proprioception_embedding=embedding,
        heads=heads,
    )
    require_division(f"{subject}: heads of the predictor", heads.predictor, sizes.inner)
    return sizes


def _linear(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """A convolution over time of width 1, as the linear layer that it is."""
    weight, bias = (tensors[f"{name}.patch_embed.{kind}"] for kind in _WEIGHTS)
    return {"weight": weight.squeeze(-1), "bias": bias}
