"""DINO-WM, as stable-worldmodel's PreJEPA saves it: weights become encoder and predictor of the model contract."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from .dino_wm_predictor import (
    DinoPredictor,
    DinoSizes,
    dino_world_model,
    predictor_keys,
    predictor_sizes,
    predictor_weights,
)
from .dino_wm_reference import DinoReference, random_dino_wm
from .errors import ExportRefusedError
from .family import Family
from .heads import Heads, require_division
from .interface import Interface, joint_interface, measured_joint_interface
from .key_layouts import KeyLayout, layers_under, match_layout, weights_and_biases
from .load_weights import linear_weights, load_weights
from .patches import PatchEncoder
from .vision_transformer import VisionTransformer
from .world_model import Camera, WorldModel

LAYOUTS = (
    KeyLayout("transformers 5 (backbone.encoder.layer.0.attention.q_proj)"),
    KeyLayout(
        "transformers 4 (backbone.encoder.layer.0.attention.attention.query)",
        (
            ("backbone.encoder.layer.{i}.attention.q_proj.", "backbone.encoder.layer.{i}.attention.attention.query."),
            ("backbone.encoder.layer.{i}.attention.k_proj.", "backbone.encoder.layer.{i}.attention.attention.key."),
            ("backbone.encoder.layer.{i}.attention.v_proj.", "backbone.encoder.layer.{i}.attention.attention.value."),
            ("backbone.encoder.layer.{i}.attention.o_proj.", "backbone.encoder.layer.{i}.attention.output.dense."),
        ),
    ),
)
_IGNORED = ("backbone.embeddings.mask_token", "decoder.")
# Of Dinov2Config. The shapes of the weights do not determine it.
_NORM_EPSILON = 1e-6
_ACTION, _PROPRIOCEPTION = "extra_encoders.action", "extra_encoders.proprio"
_BACKBONE_LAYER = (
    "layer_scale1.lambda1",
    "layer_scale2.lambda1",
    *weights_and_biases("norm1", *(f"attention.{name}_proj" for name in "qkvo"), "norm2", "mlp.fc1", "mlp.fc2"),
)


def read_dino_wm(
    tensors: dict[str, Tensor], heads: Heads, subject: str
) -> tuple[WorldModel, DinoSizes, dict[str, Tensor]]:
    """The model of a checkpoint, its sizes, and its weights in our names.

    Raises ExportRefusedError if names or shapes fit no DINO-WM, or if the model takes other inputs than images,
    actions and proprioception.
    """
    # The order of the encoders in the file is that of their embeddings in a token.
    order = list(dict.fromkeys(key.split(".")[1] for key in tensors if key.startswith("extra_encoders.")))
    more = sorted(set(order) - {"action", "proprio"})
    if more:
        raise ExportRefusedError(
            subject,
            found=f"a model that takes {', '.join(more)} in addition to images and actions",
            expected="action, and proprio at most",
            remedy="Use a checkpoint that was trained with these alone (wm.encoding of its configuration).",
        )
    if "proprio" in order and subject.endswith(".safetensors"):
        raise ExportRefusedError(
            subject,
            found="proprioception, in a format that sorts weights by their names",
            expected="the weights in the order of wm.encoding, which says where in a token they belong",
            remedy="Use the weights*.pt that stable-worldmodel wrote.",
        )
    _, ours = match_layout(tensors, LAYOUTS, _expected_keys, _IGNORED, subject)
    sizes = replace(_sizes_of(ours, heads, subject), action_first=order[0] == "action" and "proprio" in order)
    encoder, predictor = DinoEncoder(sizes), DinoPredictor(sizes)
    load_weights(encoder, {**_backbone_weights(ours, sizes), **_proprioception_weights(ours)}, subject)
    load_weights(predictor, predictor_weights(ours, _ACTION), subject)
    model = dino_world_model(encoder, predictor, sizes, image_size=sizes.image_size, camera=Camera())
    return model, sizes, ours


class DinoEncoder(PatchEncoder):
    """A `PatchEncoder` around transformers' DINOv2, without its class token."""

    def __init__(self, sizes: DinoSizes) -> None:
        backbone = VisionTransformer(
            channels=sizes.channels,
            image_size=sizes.image_size,
            patch_size=sizes.patch_size,
            dim=sizes.encoder_dim,
            depth=sizes.encoder_depth,
            heads=sizes.heads.encoder,
            mlp_dim=sizes.encoder_mlp_dim,
            epsilon=_NORM_EPSILON,
        )
        super().__init__(
            backbone,
            tokens=sizes.tokens,
            proprioception_dim=sizes.proprioception_dim,
            embedding=sizes.proprioception_embedding,
        )

    def patches(self, image: Tensor) -> Tensor:
        return self.backbone(image)[:, 1:]


def _expected_keys(tensors: Mapping[str, Tensor]) -> list[str]:
    encoder_depth = max(1, layers_under(tensors, "backbone.encoder.layer."))
    has_proprioception = f"{_PROPRIOCEPTION}.patch_embed.weight" in tensors
    parts = (
        "backbone.embeddings.patch_embeddings.projection",
        "backbone.layernorm",
        f"{_ACTION}.patch_embed",
        *((f"{_PROPRIOCEPTION}.patch_embed",) if has_proprioception else ()),
    )
    return [
        "backbone.embeddings.cls_token",
        "backbone.embeddings.position_embeddings",
        *(f"backbone.encoder.layer.{layer}.{key}" for layer in range(encoder_depth) for key in _BACKBONE_LAYER),
        *predictor_keys(tensors),
        *weights_and_biases(*parts),
    ]


def _sizes_of(tensors: Mapping[str, Tensor], heads: Heads, subject: str) -> DinoSizes:
    encoder_dim, channels, patch_size, _ = tensors["backbone.embeddings.patch_embeddings.projection.weight"].shape
    action_embedding, action_dim, _ = tensors[f"{_ACTION}.patch_embed.weight"].shape
    measured = tensors.get(f"{_PROPRIOCEPTION}.patch_embed.weight")
    embedding, proprioception_dim = (0, 0) if measured is None else measured.shape[:2]
    sizes = DinoSizes(
        channels=channels,
        patch_size=patch_size,
        positions=round((tensors["backbone.embeddings.position_embeddings"].shape[1] - 1) ** 0.5),
        encoder_dim=encoder_dim,
        encoder_depth=layers_under(tensors, "backbone.encoder.layer."),
        encoder_mlp_dim=tensors["backbone.encoder.layer.0.mlp.fc1.weight"].shape[0],
        action_dim=action_dim,
        action_embedding=action_embedding,
        proprioception_dim=proprioception_dim,
        proprioception_embedding=embedding,
        heads=heads,
        **predictor_sizes(tensors),
    )
    require_division(f"{subject}: heads of the encoder", heads.encoder, encoder_dim)
    require_division(f"{subject}: heads of the predictor", heads.predictor, sizes.inner)
    return sizes


def _backbone_weights(tensors: Mapping[str, Tensor], sizes: DinoSizes) -> dict[str, Tensor]:
    """In VisionTransformer's names. Layer scales are folded into the linear layers before them, positions are scaled
    to the grid of the images."""
    weights = {}
    for key, tensor in tensors.items():
        if key.startswith("backbone."):
            name = key.replace(".encoder.layer.", ".layers.")
            weights[name.replace(".norm1.", ".layernorm_before.").replace(".norm2.", ".layernorm_after.")] = tensor
    for layer in range(sizes.encoder_depth):
        prefix = f"backbone.layers.{layer}"
        for scale, scaled in (("layer_scale1", "attention.o_proj"), ("layer_scale2", "mlp.fc2")):
            gain = weights.pop(f"{prefix}.{scale}.lambda1")
            weights[f"{prefix}.{scaled}.weight"] = weights[f"{prefix}.{scaled}.weight"] * gain[:, None]
            weights[f"{prefix}.{scaled}.bias"] = weights[f"{prefix}.{scaled}.bias"] * gain
    positions = "backbone.embeddings.position_embeddings"
    weights[positions] = _positions_on_grid(weights[positions], sizes)
    return weights


def _positions_on_grid(positions: Tensor, sizes: DinoSizes) -> Tensor:
    """Positions scaled as transformers does it: to a size. DINOv2's own loader scales them by a factor."""
    if sizes.positions == sizes.side:
        return positions
    grid = positions[:, 1:].unflatten(1, (sizes.positions, sizes.positions)).permute(0, 3, 1, 2)
    scaled = F.interpolate(grid, size=(sizes.side, sizes.side), mode="bicubic", align_corners=False)
    return torch.cat((positions[:, :1], scaled.flatten(2).transpose(1, 2)), dim=1)


def _proprioception_weights(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    if f"{_PROPRIOCEPTION}.patch_embed.weight" not in tensors:
        return {}
    return {f"proprioception.{key}": each for key, each in linear_weights(tensors, _PROPRIOCEPTION).items()}


def _interface(options: argparse.Namespace, model: WorldModel) -> Interface:
    return (measured_joint_interface if model.proprioception_dim else joint_interface)(options, model)


SMALL = DinoSizes(
    patch_size=7,
    positions=5,
    encoder_dim=24,
    encoder_depth=2,
    encoder_mlp_dim=48,
    side=3,
    depth=2,
    inner=32,
    mlp_dim=32,
    heads=Heads(encoder=3, predictor=4),
)

DINO_WM = Family(
    title="DINO-WM (stable-worldmodel's PreJEPA on DINOv2)",
    licence="MIT AND Apache-2.0",
    source="https://github.com/galilai-group/stable-worldmodel, on https://github.com/facebookresearch/dinov2",
    layouts=LAYOUTS,
    full_size=DinoSizes(),
    small=SMALL,
    read=read_dino_wm,
    reference=DinoReference,
    random_reference=random_dino_wm,
    interface=_interface,
)
