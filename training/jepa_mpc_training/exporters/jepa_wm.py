"""JEPA-WM: its published weights and those of its encoder become encoder and predictor of the model contract."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .dinov3 import HEAD, dinov3_of, dinov3_sizes, is_dinov3, published_dinov3_names
from .family import RANDOM_ARM, RANDOM_MEASURED_JOINTS, Family
from .heads import Heads
from .interface import EndEffectorRules, Interface, end_effector_interface, measured_joint_interface
from .jepa_wm_reference import JepaWmReference, pack_jepa_wm, random_jepa_wm
from .jepa_wm_sizes import DROID, HEADS, PROPRIOCEPTION, SMALL, SMALL_DROID, JepaWmSizes, sizes_of
from .key_layouts import KeyLayout, layers_under, match_layout, weights_and_biases
from .load_weights import linear_weights, load_weights
from .packing import pack_encoder
from .patches import PatchEncoder
from .rotary_position import RotaryAttention, RotaryTables, grid_positions, reordered_weights
from .separate_encoder import (
    DINOV2_SMALL,
    ENCODER,
    ENCODER_OPTION,
    dinov2_heads,
    dinov2_of,
    encoder_tensors,
    encoder_width,
    published_dinov2_names,
    with_encoder,
)
from .world_model import Camera, Planner, Stream, WorldModel

LAYOUTS = (
    KeyLayout("jepa-wms (predictor.predictor_blocks.0.adaLN_modulation.1, proprio_encoder.patch_embed)"),
    KeyLayout(
        "older jepa-wms (state_encoder.patch_embed)", (("proprio_encoder.patch_embed.", "state_encoder.patch_embed."),)
    ),
)
DROID_LAYOUTS = (KeyLayout("jepa-wms (predictor.predictor_blocks.0.adaLN_modulation.1, and nothing else)"),)
GROUPS = ("predictor", "proprio_encoder", "state_encoder", "action_encoder")
"""Keys of the file that are read. It also holds heads, opt, scaler, epoch and more."""

_TRAINED_WINDOW = 3
_WINDOW = 2
_EPSILON = 1e-6
_MODULATIONS = 6
_PROPRIOCEPTION_WEIGHT = 0.1
"""Weight of the mean square of the proprioception, relative to that of the patches."""

_BLOCK = weights_and_biases("norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2", "adaLN_modulation.1")
_PARTS = weights_and_biases(
    *(f"predictor.{part}" for part in ("predictor_embed", "action_encoder", "predictor_norm", "predictor_proj"))
)

# Of the simulated tasks (Metaworld takes 15 iterations), and of DROID.
_PLANNER = Planner(samples=300, iterations=30, elites=10, horizon=6)
_DROID_PLANNER = Planner(samples=300, iterations=15, elites=10, horizon=3, initial_std=1.0)
_CAMERA = Camera(resize="largest-square-crop", interpolation="bilinear")
_END_EFFECTOR = EndEffectorRules(bound=(0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.75))


def default_heads(tensors: Mapping[str, Tensor]) -> Heads | None:
    """Those of the published sizes; None if the encoder has no published width of DINOv2 or DINOv3."""
    of_encoder = encoder_tensors(tensors)
    if not is_dinov3(of_encoder):
        return dinov2_heads(of_encoder, HEADS)
    width = encoder_width(of_encoder)
    return None if width == 0 or width % HEAD else Heads(width // HEAD, HEADS)


def read_jepa_wm(
    tensors: dict[str, Tensor], heads: Heads, subject: str
) -> tuple[WorldModel, JepaWmSizes, dict[str, Tensor]]:
    """The model of a simulated task, on DINOv2 and with proprioception; its sizes; and all weights in our names.

    Raises ExportRefusedError if names or shapes fit no such JEPA-WM, or no such encoder.
    """
    _, ours = match_layout(tensors, LAYOUTS, _expected_keys_of_task, (ENCODER,), subject)
    of_encoder = published_dinov2_names(encoder_tensors(tensors))
    return _read(ours, of_encoder, heads, subject)


def read_jepa_wm_droid(
    tensors: dict[str, Tensor], heads: Heads, subject: str
) -> tuple[WorldModel, JepaWmSizes, dict[str, Tensor]]:
    """The model of DROID, on DINOv3 and without proprioception; otherwise as `read_jepa_wm`."""
    _, ours = match_layout(tensors, DROID_LAYOUTS, _expected_keys, (ENCODER,), subject)
    of_encoder = published_dinov3_names(encoder_tensors(tensors), ENCODER_OPTION)
    return _read(ours, of_encoder, heads, subject)


def _read(
    ours: dict[str, Tensor], of_encoder: dict[str, Tensor], heads: Heads, subject: str
) -> tuple[WorldModel, JepaWmSizes, dict[str, Tensor]]:
    sizes = sizes_of(ours, of_encoder, heads, subject)
    predictor = JepaWmPredictor(sizes)
    encoder = PatchEncoder(
        _backbone(of_encoder, sizes),
        tokens=sizes.tokens,
        proprioception_dim=sizes.proprioception_dim,
        embedding=sizes.proprioception_embedding,
    )
    if encoder.proprioception is not None:
        load_weights(encoder.proprioception, linear_weights(ours, "proprio_encoder"), subject)
    load_weights(predictor, reordered_weights(ours, "predictor.", sizes.heads.predictor), subject)
    measured = sizes.proprioception_dim > 0
    model = WorldModel(
        encoder=encoder.eval(),
        predictor=predictor.eval(),
        channels=sizes.channels,
        image_size=sizes.image_size,
        tokens=sizes.tokens,
        dim=sizes.latent_dim,
        window=_WINDOW,
        max_window=_TRAINED_WINDOW,
        action_dim=sizes.action_dim,
        proprioception_dim=sizes.proprioception_dim,
        streams=_streams(sizes) if measured else (),
        camera=_CAMERA,
        planner=_PLANNER if measured else _DROID_PLANNER,
    )
    return model, sizes, with_encoder(ours, of_encoder)


def _backbone(tensors: Mapping[str, Tensor], sizes: JepaWmSizes) -> nn.Module:
    heads = sizes.heads.encoder
    if sizes.encoder == "dinov3":
        found = dinov3_sizes(tensors, heads, sizes.image_size, ENCODER_OPTION)
        return dinov3_of(tensors, found, ENCODER_OPTION)
    return dinov2_of(tensors, heads=heads, image_size=sizes.image_size, side=sizes.side)


def _streams(sizes: JepaWmSizes) -> tuple[Stream, ...]:
    tokens = (0, sizes.tokens)
    visual, proprioception = (0, sizes.encoder_dim), (sizes.encoder_dim, sizes.latent_dim)
    # The published weight applies to means. The node's squared distance is a sum.
    weight = _PROPRIOCEPTION_WEIGHT * sizes.encoder_dim / sizes.proprioception_embedding
    return (
        Stream("visual", "images", "predicted", tokens, visual, 1.0),
        Stream("proprioception", "proprioception", "predicted", tokens, proprioception, weight),
    )


class JepaWmPredictor(nn.Module):
    """History `[B, T, N, D + E]`, actions `[B, T, A]` -> next `[B, N, D + E]`, T = 1 … 3.

    Every token attends to all tokens of its own and earlier frames. The action that follows a frame scales, shifts and
    gates what each layer adds to the tokens of the frame.
    """

    frames: Tensor

    def __init__(self, sizes: JepaWmSizes) -> None:
        super().__init__()
        self.tokens, self.visual, self.width = sizes.tokens, sizes.encoder_dim, sizes.width
        self.embedded = sizes.predictor_dim
        self.predictor_embed = nn.Linear(sizes.encoder_dim, sizes.predictor_dim)
        self.action_encoder = nn.Linear(sizes.action_dim, sizes.width)
        row, column = grid_positions(sizes.side)
        frame = torch.arange(_TRAINED_WINDOW, dtype=torch.float32).repeat_interleave(sizes.tokens)
        self.register_buffer("frames", frame, persistent=False)
        self.positions = RotaryTables(
            frame, row.repeat(_TRAINED_WINDOW), column.repeat(_TRAINED_WINDOW), sizes.width // sizes.heads.predictor
        )
        self.predictor_blocks = nn.ModuleList(
            _Block(sizes.width, sizes.heads.predictor, sizes.mlp_dim) for _ in range(sizes.depth)
        )
        self.predictor_norm = nn.LayerNorm(sizes.width, eps=_EPSILON)
        self.predictor_proj = nn.Linear(sizes.predictor_dim, sizes.encoder_dim)

    def forward(self, history: Tensor, actions: Tensor) -> Tensor:
        batch, frames, _, _ = history.shape
        count = frames * self.tokens
        tokens = self.predictor_embed(history[..., : self.visual])
        if self.width > self.embedded:
            tokens = torch.cat((tokens, history[..., self.visual :]), dim=3)
        condition = F.silu(self.action_encoder(actions)).unsqueeze(2)
        cosine, sine = self.positions.cosine[:count], self.positions.sine[:count]
        mask = self.frames[:count, None] >= self.frames[None, :count]
        for block in self.predictor_blocks:
            tokens = block(tokens, condition, (batch, frames, self.tokens, self.width), cosine, sine, mask)
        # The planner needs the newest frame alone.
        newest = self.predictor_norm(tokens[:, -1])
        visual = self.predictor_proj(newest[..., : self.embedded])
        return torch.cat((visual, newest[..., self.embedded :]), dim=2) if self.width > self.embedded else visual


class _Block(nn.Module):
    def __init__(self, dim: int, heads: int, mlp_dim: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=_EPSILON)
        self.attn = RotaryAttention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=_EPSILON)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(dim, mlp_dim), "fc2": nn.Linear(mlp_dim, dim)})
        self.adaLN_modulation = nn.ModuleList((nn.Identity(), nn.Linear(dim, _MODULATIONS * dim)))

    def forward(
        self,
        tokens: Tensor,
        condition: Tensor,
        shape: tuple[int, ...],
        cosine: Tensor,
        sine: Tensor,
        mask: Tensor,
    ) -> Tensor:
        """Tokens `[B, T, N, W]` and their `shape`; condition `[B, T, 1, W]`."""
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = self.adaLN_modulation[1](condition).chunk(
            _MODULATIONS, dim=-1
        )
        batch, frames, patches, width = shape
        modulated = self.norm1(tokens) * (1 + scale) + shift
        attended = self.attn(modulated.reshape(batch, frames * patches, width), cosine, sine, mask)
        tokens = tokens + attended.reshape(batch, frames, patches, width) * gate
        modulated = self.norm2(tokens) * (1 + mlp_scale) + mlp_shift
        return tokens + self.mlp["fc2"](F.gelu(self.mlp["fc1"](modulated))) * mlp_gate


def _expected_keys(tensors: Mapping[str, Tensor]) -> list[str]:
    depth = max(1, layers_under(tensors, "predictor.predictor_blocks."))
    return [
        *(f"predictor.predictor_blocks.{layer}.{key}" for layer in range(depth) for key in _BLOCK),
        *_PARTS,
    ]


def _expected_keys_of_task(tensors: Mapping[str, Tensor]) -> list[str]:
    return [*_expected_keys(tensors), *weights_and_biases(PROPRIOCEPTION)]


def _interface(options: argparse.Namespace, model: WorldModel) -> Interface:
    if model.proprioception_dim:
        return measured_joint_interface(options, model)
    return end_effector_interface(options, model, _END_EFFECTOR)


JEPA_WM = Family(
    title="JEPA-WM (of a simulated task, on DINOv2)",
    licence="CC-BY-NC-4.0 AND Apache-2.0",
    source="https://github.com/facebookresearch/jepa-wms, on https://github.com/facebookresearch/dinov2",
    layouts=LAYOUTS,
    full_size=JepaWmSizes(),
    small=SMALL,
    read=read_jepa_wm,
    reference=JepaWmReference,
    random_reference=random_jepa_wm,
    interface=_interface,
    random_options=RANDOM_MEASURED_JOINTS,
    groups=GROUPS,
    pack=pack_jepa_wm,
    pack_encoder=pack_encoder,
    encoder_file=DINOV2_SMALL,
    default_heads=default_heads,
    needs=(),
)

JEPA_WM_DROID = replace(
    JEPA_WM,
    title="JEPA-WM (of DROID, on DINOv3)",
    # DINOv3 has a licence of its own, which SPDX has no name for.
    licence="CC-BY-NC-4.0 AND LicenseRef-DINOv3",
    source="https://github.com/facebookresearch/jepa-wms, on https://github.com/facebookresearch/dinov3",
    layouts=DROID_LAYOUTS,
    full_size=DROID,
    small=SMALL_DROID,
    read=read_jepa_wm_droid,
    random_options=RANDOM_ARM,
    encoder_file="dinov3_vitl16_pretrain_lvd1689m-*.pth, or model.safetensors of that model",
)
