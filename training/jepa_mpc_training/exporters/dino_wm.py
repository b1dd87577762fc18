"""DINO-WM, as stable-worldmodel's PreJEPA saves it: weights become encoder and predictor of the model contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .block_causal_predictor import BlockCausalPredictor
from .errors import ExportRefusedError
from .heads import Heads, require_division
from .key_layouts import KeyLayout, layers_under, match_layout
from .load_weights import load_weights
from .patch_grid import PatchGrid
from .vision_transformer import VisionTransformer
from .world_model import Stream, WorldModel

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
class DinoSizes(PatchGrid):
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
    proprioception_dim: int = 0
    """Numbers that are measured beside the image; 0: the model is given none."""
    proprioception_embedding: int = 0
    action_first: bool = False
    """The action's embedding lies before that of the proprioception in a token of the predictor."""
    heads: Heads = field(default_factory=lambda: Heads(encoder=6, predictor=16))

    @property
    def latent_dim(self) -> int:
        """Numbers of a token of a latent: a patch, and beside it the embedded proprioception."""
        return self.encoder_dim + self.proprioception_embedding

    @property
    def width(self) -> int:
        """Of a token of the predictor."""
        return self.latent_dim + self.action_embedding


def read_dino_wm(
    tensors: dict[str, Tensor], heads: Heads, subject: str
) -> tuple[WorldModel, DinoSizes, dict[str, Tensor]]:
    """The model of a checkpoint, its sizes, and its weights in our names.

    Raises ExportRefusedError for names or shapes that fit no DINO-WM, and for one that is given more than images.
    """
    # Their order in the file is that of their places in a token; a dictionary keeps the first place of each.
    order = list(dict.fromkeys(key.split(".")[1] for key in tensors if key.startswith("extra_encoders.")))
    more = sorted(set(order) - {"action", "proprio"})
    if more:
        raise ExportRefusedError(
            subject,
            found=f"a model that is given {', '.join(more)} beside images and actions",
            expected="action, and proprio at most",
            remedy="Take a checkpoint that was trained so (wm.encoding of its configuration).",
        )
    if "proprio" in order and subject.endswith(".safetensors"):
        raise ExportRefusedError(
            subject,
            found="proprioception, in a format that sorts weights by their names",
            expected="the weights in the order of wm.encoding, which says where in a token they belong",
            remedy="Take the weights*.pt that stable-worldmodel wrote.",
        )
    _, ours = match_layout(tensors, LAYOUTS, _expected_keys, _IGNORED, subject)
    sizes = replace(_sizes_of(ours, heads, subject), action_first=order[0] == "action" and "proprio" in order)
    encoder, predictor = DinoEncoder(sizes), DinoPredictor(sizes)
    load_weights(encoder, {**_backbone_weights(ours, sizes), **_proprioception_weights(ours)}, subject)
    load_weights(predictor, _predictor_weights(ours), subject)
    model = WorldModel(
        encoder=encoder.eval(),
        predictor=predictor.eval(),
        channels=sizes.channels,
        image_size=sizes.image_size,
        tokens=sizes.tokens,
        dim=sizes.latent_dim,
        window=sizes.window,
        action_dim=sizes.action_dim,
        proprioception_dim=sizes.proprioception_dim,
        streams=streams_of(sizes),
    )
    return model, sizes, ours


def streams_of(sizes: DinoSizes) -> tuple[Stream, ...]:
    """Patches, and the proprioception beside the first of them, each by the mean of its squares, as published.

    Beside the other patches it is predicted, too, and not looked at.
    """
    if not sizes.proprioception_dim:
        return ()
    beside = (sizes.encoder_dim, sizes.latent_dim)
    weight = sizes.tokens * sizes.encoder_dim / sizes.proprioception_embedding
    streams = (
        Stream("visual", "images", "predicted", (0, sizes.tokens), (0, sizes.encoder_dim), 1.0),
        Stream("proprioception", "proprioception", "predicted", (0, 1), beside, weight),
    )
    if sizes.tokens == 1:
        return streams
    return (
        *streams,
        Stream("proprioception, repeated", "proprioception", "predicted", (1, sizes.tokens), beside, 0.0),
    )


class DinoEncoder(nn.Module):
    """Image `[B, C, S, S]` -> patch tokens `[B, N, D]`, without the class token.

    With proprioception, normalised `[B, P]`, its embedding is beside every patch: `[B, N, D + E]`.
    """

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
        if sizes.proprioception_dim:
            self.proprioception = nn.Linear(sizes.proprioception_dim, sizes.proprioception_embedding)

    def forward(self, image: Tensor, *measured: Tensor) -> Tensor:
        patches = self.backbone(image)[:, 1:]
        if not measured:
            return patches
        beside = self.proprioception(measured[0]).unsqueeze(1).expand(-1, patches.shape[1], -1)
        return torch.cat((patches, beside), dim=2)


class DinoPredictor(nn.Module):
    """History `[B, T, N, D]`, actions `[B, T, A]` -> next `[B, N, D]`; each token has the action beside it."""

    def __init__(self, sizes: DinoSizes) -> None:
        super().__init__()
        self.tokens, self.width, self.action_embedding = sizes.tokens, sizes.width, sizes.action_embedding
        self.before, self.after = sizes.latent_dim, 0
        """Numbers of a token before and after those of the action."""
        if sizes.action_first:
            self.before, self.after = sizes.encoder_dim, sizes.proprioception_embedding
        self.action_encoder = nn.Linear(sizes.action_dim, sizes.action_embedding)
        self.predictor = BlockCausalPredictor(
            window=sizes.window,
            tokens=sizes.tokens,
            dim=sizes.width,
            depth=sizes.depth,
            heads=sizes.heads.predictor,
            inner=sizes.inner,
            mlp_dim=sizes.mlp_dim,
        )

    def forward(self, history: Tensor, actions: Tensor) -> Tensor:
        batch, frames, _, _ = history.shape
        beside = self.action_encoder(actions).unsqueeze(2).expand(-1, -1, self.tokens, -1)
        parts = [history, beside]
        if self.after:
            parts = [history[..., : self.before], beside, history[..., self.before :]]
        tokens = torch.cat(parts, dim=3).reshape(batch, frames * self.tokens, self.width)
        # The planner wants the newest frame alone, and the action's place is the next action's.
        newest = self.predictor(tokens)[:, -self.tokens :]
        if not self.after:
            return newest[..., : self.before]
        return torch.cat((newest[..., : self.before], newest[..., -self.after :]), dim=2)


def _expected_keys(tensors: Mapping[str, Tensor]) -> list[str]:
    encoder_depth = max(1, layers_under(tensors, "backbone.encoder.layer."))
    depth = max(1, layers_under(tensors, "predictor.transformer.layers."))
    parts = (
        "backbone.embeddings.patch_embeddings.projection",
        "backbone.layernorm",
        "predictor.transformer.norm",
        "extra_encoders.action.patch_embed",
        *(("extra_encoders.proprio.patch_embed",) if "extra_encoders.proprio.patch_embed.weight" in tensors else ()),
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
    measured = tensors.get("extra_encoders.proprio.patch_embed.weight")
    embedding, proprioception_dim = (0, 0) if measured is None else measured.shape[:2]
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
        proprioception_dim=proprioception_dim,
        proprioception_embedding=embedding,
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


def _proprioception_weights(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    name = "extra_encoders.proprio.patch_embed"
    if f"{name}.weight" not in tensors:
        return {}
    return {
        "proprioception.weight": tensors[f"{name}.weight"].squeeze(-1),
        "proprioception.bias": tensors[f"{name}.bias"],
    }


def _predictor_weights(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    weights = {key: tensor for key, tensor in tensors.items() if key.startswith("predictor.")}
    weights["action_encoder.weight"] = tensors["extra_encoders.action.patch_embed.weight"].squeeze(-1)
    weights["action_encoder.bias"] = tensors["extra_encoders.action.patch_embed.bias"]
    return weights
