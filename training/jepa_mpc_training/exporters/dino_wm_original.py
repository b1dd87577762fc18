"""DINO-WM as its authors' own code saves it: `model_latest.pth`, and DINOv2 in a file of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor, nn

from ..camera_input import axis_weights
from . import dino_wm
from .dino_wm_original_reference import OriginalDinoReference, pack_original_dino_wm, random_original_dino_wm
from .dino_wm_predictor import (
    DinoPredictor,
    DinoSizes,
    dino_world_model,
    predictor_keys,
    predictor_sizes,
    predictor_weights,
)
from .errors import ExportRefusedError
from .family import RANDOM_MEASURED_JOINTS, Family
from .heads import Heads, require_division
from .interface import measured_joint_interface
from .key_layouts import KeyLayout, layers_under, match_layout, weights_and_biases
from .load_weights import linear_weights, load_weights
from .packing import pack_encoder
from .patches import PatchEncoder
from .separate_encoder import (
    DINOV2_SMALL,
    ENCODER,
    dinov2_heads,
    dinov2_of,
    encoder_tensors,
    published_dinov2_names,
    with_encoder,
)
from .world_model import Camera, WorldModel

LAYOUTS = (KeyLayout("dino_wm (predictor.transformer.layers.0.0.to_qkv, proprio_encoder.patch_embed)"),)
GROUPS = ("predictor", "action_encoder", "proprio_encoder")
"""Modules of the file that are read. It also holds a decoder of images and optimisers."""

HEADS = 16
"""Heads of every published predictor. The shapes of the weights do not determine their number."""

_HALF = (0.5, 0.5, 0.5)
_CAMERA = Camera(resize="shortest-edge-crop", interpolation="bilinear-antialias", mean=_HALF, std=_HALF)


def default_heads(tensors: Mapping[str, Tensor]) -> Heads | None:
    """Those of the published sizes; None if the encoder has none of DINOv2's widths."""
    return dinov2_heads(encoder_tensors(tensors), HEADS)


def read_original_dino_wm(
    tensors: dict[str, Tensor], heads: Heads, subject: str
) -> tuple[WorldModel, DinoSizes, dict[str, Tensor]]:
    """The model of a checkpoint with its encoder's weights, its sizes, and all weights in our names.

    Raises ExportRefusedError if names or shapes fit no DINO-WM with proprioception.
    """
    _, ours = match_layout(tensors, LAYOUTS, _expected_keys, (ENCODER,), subject)
    of_encoder = published_dinov2_names(encoder_tensors(tensors))
    sizes = _sizes_of(ours, of_encoder, heads, subject)
    backbone = dinov2_of(of_encoder, heads=heads.encoder, image_size=sizes.image_size, side=sizes.side)
    encoder, predictor = OriginalDinoEncoder(backbone, sizes), DinoPredictor(sizes)
    load_weights(encoder.proprioception, linear_weights(ours, "proprio_encoder"), subject)
    load_weights(predictor, predictor_weights(ours, "action_encoder"), subject)
    model = dino_world_model(encoder, predictor, sizes, image_size=sizes.camera_size, camera=_CAMERA)
    return model, sizes, with_encoder(ours, of_encoder)


class OriginalDinoEncoder(PatchEncoder):
    """A `PatchEncoder` around DINOv2 that first scales the image, with anti-aliasing, to a size of whole patches."""

    scaling: Tensor

    def __init__(self, backbone: nn.Module, sizes: DinoSizes) -> None:
        super().__init__(
            backbone,
            tokens=sizes.tokens,
            proprioception_dim=sizes.proprioception_dim,
            embedding=sizes.proprioception_embedding,
        )
        given, wanted = sizes.camera_size, sizes.image_size
        scaling = axis_weights((given, wanted), (given, wanted), "squash", "bilinear-antialias")
        self.register_buffer("scaling", scaling, persistent=False)

    def patches(self, image: Tensor) -> Tensor:
        return self.backbone(self.scaling @ image @ self.scaling.T)


def _expected_keys(tensors: Mapping[str, Tensor]) -> list[str]:
    return [
        *predictor_keys(tensors),
        *weights_and_biases("action_encoder.patch_embed", "proprio_encoder.patch_embed"),
    ]


def _sizes_of(tensors: Mapping[str, Tensor], of_encoder: Mapping[str, Tensor], heads: Heads, subject: str) -> DinoSizes:
    encoder_dim, channels, patch_size, _ = of_encoder["patch_embed.proj.weight"].shape
    embedding, proprioception_dim, _ = tensors["proprio_encoder.patch_embed.weight"].shape
    action_embedding, action_dim, _ = tensors["action_encoder.patch_embed.weight"].shape
    width = tensors["predictor.pos_embedding"].shape[2]
    if width != encoder_dim + embedding + action_embedding:
        raise ExportRefusedError(
            f"{subject}: tokens of the predictor",
            found=f"{width} numbers",
            expected=f"{encoder_dim + embedding + action_embedding}: {encoder_dim} of the encoder, {embedding} of the "
            f"proprioception and {action_embedding} of the action (concat_dim 1, nothing repeated)",
            remedy="Use the encoder that it was trained on (--encoder-weights), or a model that was trained this way.",
        )
    sizes = DinoSizes(
        channels=channels,
        patch_size=patch_size,
        positions=round((of_encoder["pos_embed"].shape[1] - 1) ** 0.5),
        encoder_dim=encoder_dim,
        encoder_depth=layers_under(of_encoder, "blocks."),
        encoder_mlp_dim=of_encoder["blocks.0.mlp.fc1.weight"].shape[0],
        action_dim=action_dim,
        action_embedding=action_embedding,
        proprioception_dim=proprioception_dim,
        proprioception_embedding=embedding,
        heads=heads,
        **predictor_sizes(tensors),
    )
    require_division(f"{subject}: heads of the predictor", heads.predictor, sizes.inner)
    return sizes


FULL_SIZE = DinoSizes(side=14, proprioception_dim=4, proprioception_embedding=10)
SMALL = replace(dino_wm.SMALL, proprioception_dim=4, proprioception_embedding=6)

DINO_WM_ORIGINAL = Family(
    title="DINO-WM (with proprioception)",
    licence="MIT AND Apache-2.0",
    source="https://github.com/gaoyuezhou/dino_wm, on https://github.com/facebookresearch/dinov2",
    layouts=LAYOUTS,
    full_size=FULL_SIZE,
    small=SMALL,
    read=read_original_dino_wm,
    reference=OriginalDinoReference,
    random_reference=random_original_dino_wm,
    interface=measured_joint_interface,
    random_options=RANDOM_MEASURED_JOINTS,
    groups=GROUPS,
    pack=pack_original_dino_wm,
    pack_encoder=pack_encoder,
    encoder_file=DINOV2_SMALL,
    default_heads=default_heads,
    needs=(),
)
