"""LeWM and PLDM, which has the same networks: published weights become encoder and predictor of the model contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor, nn

from .conditioned_predictor import ConditionedPredictor
from .family import Family
from .folding import Affine, fold_batch_norm, fold_linear
from .heads import Heads
from .key_layouts import KeyLayout, layers_under, match_layout, weights_and_biases
from .lewm_reference import LewmReference, random_lewm
from .lewm_sizes import SMALL, LewmSizes, sizes_of
from .load_weights import load_weights
from .vision_transformer import VisionTransformer
from .world_model import WorldModel

LAYOUTS = (
    KeyLayout("transformers 5 (encoder.layers.0.attention.q_proj)"),
    KeyLayout(
        "transformers 4 (encoder.encoder.layer.0.attention.attention.query)",
        (
            ("encoder.layers.{i}.attention.q_proj.", "encoder.encoder.layer.{i}.attention.attention.query."),
            ("encoder.layers.{i}.attention.k_proj.", "encoder.encoder.layer.{i}.attention.attention.key."),
            ("encoder.layers.{i}.attention.v_proj.", "encoder.encoder.layer.{i}.attention.attention.value."),
            ("encoder.layers.{i}.attention.o_proj.", "encoder.encoder.layer.{i}.attention.output.dense."),
            ("encoder.layers.{i}.mlp.fc1.", "encoder.encoder.layer.{i}.intermediate.dense."),
            ("encoder.layers.{i}.mlp.fc2.", "encoder.encoder.layer.{i}.output.dense."),
            ("encoder.layers.{i}.layernorm_", "encoder.encoder.layer.{i}.layernorm_"),
        ),
    ),
)
_IGNORED = (
    "encoder.pooler.",
    "encoder.embeddings.mask_token",
    "projector.net.1.num_batches_tracked",
    "pred_proj.net.1.num_batches_tracked",
)
_BATCH_NORM_EPSILON = 1e-5
# Of ViTConfig. The shapes of the weights do not determine it.
_NORM_EPSILON = 1e-12
_ENCODER_LAYER = weights_and_biases(
    *(f"attention.{name}_proj" for name in "qkvo"), "layernorm_before", "layernorm_after", "mlp.fc1", "mlp.fc2"
)
_PREDICTOR_LAYER = (
    "attn.to_qkv.weight",
    *weights_and_biases("attn.norm", "mlp.net.0", "mlp.net.1", "mlp.net.4", "adaLN_modulation.1"),
)
_OPTIONAL = weights_and_biases(*(f"predictor.transformer.{part}_proj" for part in ("input", "cond", "output")))


def read_lewm(
    tensors: dict[str, Tensor], heads: Heads, subject: str
) -> tuple[WorldModel, LewmSizes, dict[str, Tensor]]:
    """The model of a checkpoint, its sizes, and its weights in our names.

    Raises ExportRefusedError if names or shapes fit no LeWM.
    """
    _, ours = match_layout(tensors, LAYOUTS, _expected_keys, _IGNORED, subject)
    sizes = sizes_of(ours, heads, subject)
    encoder, predictor = LewmEncoder(sizes), LewmPredictor(sizes)
    weights = _folded(ours)
    for network in (encoder, predictor):
        load_weights(network, weights, subject)
    model = WorldModel(
        encoder=encoder.eval(),
        predictor=predictor.eval(),
        channels=sizes.channels,
        image_size=sizes.image_size,
        tokens=1,
        dim=sizes.dim,
        window=sizes.window,
        action_dim=sizes.action_dim,
    )
    return model, sizes, ours


class LewmEncoder(nn.Module):
    """Image `[B, C, S, S]` -> latent `[B, 1, D]`: the class token, projected."""

    def __init__(self, sizes: LewmSizes) -> None:
        super().__init__()
        self.encoder = VisionTransformer(
            channels=sizes.channels,
            image_size=sizes.image_size,
            patch_size=sizes.patch_size,
            dim=sizes.encoder_dim,
            depth=sizes.encoder_depth,
            heads=sizes.heads.encoder,
            mlp_dim=sizes.encoder_mlp_dim,
            epsilon=_NORM_EPSILON,
        )
        self.projector = _projection(sizes.encoder_dim, sizes.projector_dim, sizes.dim)

    def forward(self, image: Tensor) -> Tensor:
        return self.projector(self.encoder(image)[:, :1])


class LewmPredictor(nn.Module):
    """History `[B, T, 1, D]`, actions `[B, T, A]` -> next latent `[B, 1, D]`."""

    def __init__(self, sizes: LewmSizes) -> None:
        super().__init__()
        self.action_encoder = nn.Sequential(
            nn.Linear(sizes.action_dim, sizes.embedder_dim), nn.SiLU(), nn.Linear(sizes.embedder_dim, sizes.dim)
        )
        self.predictor = ConditionedPredictor(
            window=sizes.window,
            dim=sizes.dim,
            hidden=sizes.hidden,
            output=sizes.dim,
            depth=sizes.depth,
            heads=sizes.heads.predictor,
            inner=sizes.inner,
            mlp_dim=sizes.mlp_dim,
        )
        self.pred_proj = _projection(sizes.dim, sizes.projector_dim, sizes.dim)

    def forward(self, history: Tensor, actions: Tensor) -> Tensor:
        predicted = self.predictor(history.squeeze(2), self.action_encoder(actions))
        # The planner needs the newest prediction alone.
        return self.pred_proj(predicted[:, -1:])


def _projection(width: int, hidden: int, output: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, output))


def _expected_keys(tensors: Mapping[str, Tensor]) -> list[str]:
    encoder_depth = max(1, layers_under(tensors, "encoder.layers."))
    depth = max(1, layers_under(tensors, "predictor.transformer.layers."))
    has_output = any(key.startswith("predictor.transformer.layers.0.attn.to_out.") for key in tensors)
    out = weights_and_biases("attn.to_out.0") if has_output else ()
    parts = (
        "encoder.embeddings.patch_embeddings.projection",
        "encoder.layernorm",
        "predictor.transformer.norm",
        "action_encoder.patch_embed",
        "action_encoder.embed.0",
        "action_encoder.embed.2",
        *(f"{head}.net.{index}" for head in ("projector", "pred_proj") for index in (0, 1, 3)),
    )
    return [
        "encoder.embeddings.cls_token",
        "encoder.embeddings.position_embeddings",
        *(f"encoder.layers.{layer}.{key}" for layer in range(encoder_depth) for key in _ENCODER_LAYER),
        "predictor.pos_embedding",
        *(f"predictor.transformer.layers.{layer}.{key}" for layer in range(depth) for key in (*_PREDICTOR_LAYER, *out)),
        *weights_and_biases(*parts),
        *(f"{head}.net.1.running_{of}" for head in ("projector", "pred_proj") for of in ("mean", "var")),
        *(key for key in _OPTIONAL if key in tensors),
    ]


def _folded(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of our networks: BatchNorm and the action encoder's first layer are folded into the adjacent layers."""
    weights = {key: tensor for key, tensor in tensors.items() if key.startswith(("encoder.", "predictor."))}

    def affine(name: str) -> Affine:
        return tensors[f"{name}.weight"], tensors[f"{name}.bias"]

    def put(name: str, folded: Affine) -> None:
        weights[f"{name}.weight"], weights[f"{name}.bias"] = folded

    for head in ("projector", "pred_proj"):
        mean, variance = tensors[f"{head}.net.1.running_mean"], tensors[f"{head}.net.1.running_var"]
        first = fold_batch_norm(affine(f"{head}.net.0"), affine(f"{head}.net.1"), mean, variance, _BATCH_NORM_EPSILON)
        put(f"{head}.0", first)
        put(f"{head}.2", affine(f"{head}.net.3"))
    smoothing, bias = affine("action_encoder.patch_embed")
    put("action_encoder.0", fold_linear((smoothing.squeeze(-1), bias), affine("action_encoder.embed.0")))
    put("action_encoder.2", affine("action_encoder.embed.2"))
    return weights


LEWM = Family(
    title="LeWM",
    licence="MIT",
    source="https://github.com/lucas-maes/le-wm",
    layouts=LAYOUTS,
    full_size=LewmSizes(),
    small=SMALL,
    read=read_lewm,
    reference=lambda sizes: LewmReference("lewm", sizes),
    random_reference=lambda sizes, seed: random_lewm("lewm", sizes, seed),
)

PLDM = replace(
    LEWM,
    title="PLDM (of stable-worldmodel)",
    source="https://github.com/galilai-group/stable-worldmodel",
    reference=lambda sizes: LewmReference("pldm", sizes),
    random_reference=lambda sizes, seed: random_lewm("pldm", sizes, seed),
)
