"""DINO-WM, as stable-worldmodel's PreJEPA saves it: weights become encoder and predictor of the model contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .block_causal_predictor import BlockCausalPredictor
from .errors import ExportRefusedError
from .heads import Heads, require_division
from .key_layouts import KeyLayout, layers_under, match_layout
from .load_weights import load_weights
from .vision_transformer import VisionTransformer
from .world_model import WorldModel

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
# That of Dinov2Config, which the shapes of the weights do not give away.
_NORM_EPSILON = 1e-6
_WEIGHTS = ("weight", "bias")
_BACKBONE_LAYER = (
    "layer_scale1.lambda1",
    "layer_scale2.lambda1",
    *(
        f"{part}.{kind}"
        for part in ("norm1", *(f"attention.{name}_proj" for name in "qkvo"), "norm2", "mlp.fc1", "mlp.fc2")
        for kind in _WEIGHTS
    ),
)
_PREDICTOR_LAYER = (
    "0.bias",
    "0.to_qkv.weight",
    *(f"{part}.{kind}" for part in ("0.norm", "0.to_out.0", "1.net.0", "1.net.1", "1.net.4") for kind in _WEIGHTS),
)


@dataclass(frozen=True)
class DinoSizes:
    """Widths and depths. Defaults: the published ones on DINOv2-small, two joints in blocks of five actions."""

    channels: int = 3
    patch_size: int = 14
    positions: int = 37
    """Side of the grid that the backbone's positions were learned on; they are scaled to that of the images."""
    encoder_dim: int = 384
    encoder_depth: int = 12
    encoder_mlp_dim: int = 1536
    side: int = 16
    """Side of the grid of patches that the predictor takes."""
    window: int = 3
    depth: int = 6
    inner: int = 1024
    mlp_dim: int = 2048
    action_dim: int = 10
    action_embedding: int = 10
    heads: Heads = field(default_factory=lambda: Heads(encoder=6, predictor=16))

    @property
    def tokens(self) -> int:
        return self.side**2

    @property
    def image_size(self) -> int:
        return self.side * self.patch_size


def read_dino_wm(
    tensors: dict[str, Tensor], heads: Heads, subject: str
) -> tuple[WorldModel, DinoSizes, dict[str, Tensor]]:
    """The model of a checkpoint, its sizes, and its weights in our names.

    Raises ExportRefusedError for names or shapes that fit no DINO-WM, and for one that is given more than images.
    """
    more = sorted({key.split(".")[1] for key in tensors if key.startswith("extra_encoders.")} - {"action"})
    if more:
        raise ExportRefusedError(
            subject,
            found=f"a model that is given {', '.join(more)} beside images and actions",
            expected="images and actions alone: version 1 of the model contract has no other inputs",
            remedy="Take a checkpoint that was trained without (wm.encoding of its configuration with action alone).",
        )
    _, ours = match_layout(tensors, LAYOUTS, _expected_keys, _IGNORED, subject)
    sizes = _sizes_of(ours, heads, subject)
    encoder, predictor = DinoEncoder(sizes), DinoPredictor(sizes)
    load_weights(encoder, _backbone_weights(ours, sizes), subject)
    load_weights(predictor, _predictor_weights(ours), subject)
    model = WorldModel(
        encoder=encoder.eval(),
        predictor=predictor.eval(),
        channels=sizes.channels,
        image_size=sizes.image_size,
        tokens=sizes.tokens,
        dim=sizes.encoder_dim,
        window=sizes.window,
        action_dim=sizes.action_dim,
    )
    return model, sizes, ours


class DinoEncoder(nn.Module):
    """Image `[B, C, S, S]` -> patch tokens `[B, N, D]`, without the class token."""

    def __init__(self, sizes: DinoSizes) -> None:
        super().__init__()
        self.backbone = VisionTransformer(
            channels=sizes.channels,
            image_size=sizes.image_size,
            patch_size=sizes.patch_size,
            dim=sizes.encoder_dim,
            depth=sizes.encoder_depth,
            heads=sizes.heads.encoder,
            mlp_dim=sizes.encoder_mlp_dim,
            epsilon=_NORM_EPSILON,
        )

    def forward(self, image: Tensor) -> Tensor:
        return self.backbone(image)[:, 1:]


class DinoPredictor(nn.Module):
    """History `[B, T, N, D]`, actions `[B, T, A]` -> next `[B, N, D]`; each token has the action beside it."""

    def __init__(self, sizes: DinoSizes) -> None:
        super().__init__()
        self.tokens, self.dim, self.action_embedding = sizes.tokens, sizes.encoder_dim, sizes.action_embedding
        self.action_encoder = nn.Linear(sizes.action_dim, sizes.action_embedding)
        self.predictor = BlockCausalPredictor(
            window=sizes.window,
            tokens=sizes.tokens,
            dim=sizes.encoder_dim + sizes.action_embedding,
            depth=sizes.depth,
            heads=sizes.heads.predictor,
            inner=sizes.inner,
            mlp_dim=sizes.mlp_dim,
        )

    def forward(self, history: Tensor, actions: Tensor) -> Tensor:
        batch, frames, _, _ = history.shape
        beside = self.action_encoder(actions).unsqueeze(2).expand(-1, -1, self.tokens, -1)
        width = self.dim + self.action_embedding
        tokens = torch.cat((history, beside), dim=3).reshape(batch, frames * self.tokens, width)
        # The planner wants the newest frame alone, and the action's place is the next action's.
        return self.predictor(tokens)[:, -self.tokens :, : self.dim]


def _expected_keys(tensors: Mapping[str, Tensor]) -> list[str]:
    encoder_depth = max(1, layers_under(tensors, "backbone.encoder.layer."))
    depth = max(1, layers_under(tensors, "predictor.transformer.layers."))
    parts = (
        "backbone.embeddings.patch_embeddings.projection",
        "backbone.layernorm",
        "predictor.transformer.norm",
        "extra_encoders.action.patch_embed",
    )
    return [
        "backbone.embeddings.cls_token",
        "backbone.embeddings.position_embeddings",
        "predictor.pos_embedding",
        *(f"backbone.encoder.layer.{layer}.{key}" for layer in range(encoder_depth) for key in _BACKBONE_LAYER),
        *(f"predictor.transformer.layers.{layer}.{key}" for layer in range(depth) for key in _PREDICTOR_LAYER),
        *(f"{part}.{kind}" for part in parts for kind in _WEIGHTS),
    ]


def _sizes_of(tensors: Mapping[str, Tensor], heads: Heads, subject: str) -> DinoSizes:
    encoder_dim, channels, patch_size, _ = tensors["backbone.embeddings.patch_embeddings.projection.weight"].shape
    layer = "predictor.transformer.layers.0"
    # The first patch sees its own frame: so many patches it has.
    tokens = int(tensors[f"{layer}.0.bias"][0, 0, 0].sum())
    action_embedding, action_dim, _ = tensors["extra_encoders.action.patch_embed.weight"].shape
    sizes = DinoSizes(
        channels=channels,
        patch_size=patch_size,
        positions=round((tensors["backbone.embeddings.position_embeddings"].shape[1] - 1) ** 0.5),
        encoder_dim=encoder_dim,
        encoder_depth=layers_under(tensors, "backbone.encoder.layer."),
        encoder_mlp_dim=tensors["backbone.encoder.layer.0.mlp.fc1.weight"].shape[0],
        side=round(tokens**0.5),
        window=tensors["predictor.pos_embedding"].shape[1] // max(1, tokens),
        depth=layers_under(tensors, "predictor.transformer.layers."),
        inner=tensors[f"{layer}.0.to_qkv.weight"].shape[0] // 3,
        mlp_dim=tensors[f"{layer}.1.net.1.weight"].shape[0],
        action_dim=action_dim,
        action_embedding=action_embedding,
        heads=heads,
    )
    require_division(f"{subject}: heads of the encoder", heads.encoder, encoder_dim)
    require_division(f"{subject}: heads of the predictor", heads.predictor, sizes.inner)
    return sizes


def _backbone_weights(tensors: Mapping[str, Tensor], sizes: DinoSizes) -> dict[str, Tensor]:
    """In VisionTransformer's names: layer scales in the linear layers before them, positions on the images' grid."""
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
    if sizes.positions == sizes.side:
        return positions
    grid = positions[:, 1:].unflatten(1, (sizes.positions, sizes.positions)).permute(0, 3, 1, 2)
    scaled = F.interpolate(grid, size=(sizes.side, sizes.side), mode="bicubic", align_corners=False)
    return torch.cat((positions[:, :1], scaled.flatten(2).transpose(1, 2)), dim=1)


def _predictor_weights(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    weights = {key: tensor for key, tensor in tensors.items() if key.startswith("predictor.")}
    weights["action_encoder.weight"] = tensors["extra_encoders.action.patch_embed.weight"].squeeze(-1)
    weights["action_encoder.bias"] = tensors["extra_encoders.action.patch_embed.bias"]
    return weights
