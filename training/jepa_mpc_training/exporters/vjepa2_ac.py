"""V-JEPA 2-AC: its file of weights becomes encoder and predictor of the model contract."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .family import RANDOM_ARM, Family
from .heads import Heads
from .interface import EndEffectorRules, Interface, end_effector_interface
from .key_layouts import KeyLayout, layers_under, match_layout, weights_and_biases
from .load_weights import load_weights
from .pose_composition import POSE, compose_pose
from .reference_packages import VJEPA2
from .rotary_position import RotaryBlock, RotaryTables, grid_positions, reordered_weights
from .vjepa2_ac_reference import VjepaReference, pack_vjepa2_ac, random_vjepa2_ac
from .vjepa2_ac_sizes import MAX_FRAMES, SMALL, VjepaSizes, sizes_of
from .world_model import Camera, Planner, Stream, WorldModel

LAYOUTS = (KeyLayout("vjepa2-ac-vitg.pt (encoder.blocks.0.attn.qkv, predictor.predictor_blocks.0.attn.qkv)"),)
GROUPS = ("encoder", "predictor")
"""Keys of the file that are read. It also holds target_encoder, opt, scaler, epoch, loss and more."""

HEAD = 64
"""Width of a head in the published encoder and predictor. The shapes of the weights do not determine it."""

_WINDOW = 4
# A table of positions, which the encoder does not use because its positions are rotary, and an input for camera poses.
_IGNORED = ("encoder.pos_embed", "predictor.extrinsics_encoder.")
_EPSILON = 1e-6
_LATENT_EPSILON = 1e-5
_CONDITIONS = 2
"""Tokens of a frame before its patches: those of the action and of the pose."""

_BLOCK = weights_and_biases("norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2")
_PARTS = weights_and_biases(
    "encoder.patch_embed.proj",
    "encoder.norm",
    *(f"predictor.{part}" for part in ("predictor_embed", "action_encoder", "state_encoder")),
    "predictor.predictor_norm",
    "predictor.predictor_proj",
)

# Of the published planner's wrapper. With its initial standard deviation of 1, candidates exceed the gripper's bounds.
_PLANNER = Planner(samples=400, iterations=10, elites=10, horizon=2, initial_std=1.0, min_std=0.0, momentum=0.15)
_CAMERA = Camera(resize="largest-square-crop", interpolation="bilinear")
# Of the published planner's wrapper. Rotations are not planned; their bounds are those of JEPA-WM.
_END_EFFECTOR = EndEffectorRules(
    bound=(0.05, 0.05, 0.05, 0.1, 0.1, 0.1, 0.75),
    frozen=(None, None, None, 0.0, 0.0, 0.0, None),
    dead_band=(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.25),
)


def default_heads(tensors: Mapping[str, Tensor]) -> Heads | None:
    """Heads of the published width; None if a width is not divisible by it."""
    widths = [
        len(tensors[key]) if key in tensors else 0 for key in ("encoder.norm.weight", "predictor.predictor_norm.weight")
    ]
    if any(width == 0 or width % HEAD for width in widths):
        return None
    return Heads(*(width // HEAD for width in widths))


def read_vjepa2_ac(
    tensors: dict[str, Tensor], heads: Heads, subject: str
) -> tuple[WorldModel, VjepaSizes, dict[str, Tensor]]:
    """The model of a checkpoint, its sizes, and its weights in our names.

    Raises ExportRefusedError if names or shapes fit no V-JEPA 2-AC.
    """
    _, ours = match_layout(tensors, LAYOUTS, _expected_keys, _IGNORED, subject)
    sizes = sizes_of(ours, heads, subject)
    encoder, predictor = VjepaEncoder(sizes), VjepaPredictor(sizes)
    load_weights(encoder, _encoder_weights(ours, sizes), subject)
    load_weights(predictor, reordered_weights(ours, "predictor.", sizes.heads.predictor), subject)
    visual, pose = (0, sizes.tokens), (sizes.tokens, sizes.tokens + 1)
    model = WorldModel(
        encoder=encoder.eval(),
        predictor=predictor.eval(),
        channels=sizes.channels,
        image_size=sizes.image_size,
        tokens=sizes.tokens + 1,
        dim=sizes.encoder_dim,
        window=_WINDOW,
        max_window=MAX_FRAMES,
        action_dim=POSE,
        history_mode="growing",
        proprioception_dim=POSE,
        streams=(
            Stream("visual", "images", "predicted", visual, (0, sizes.encoder_dim), 1.0),
            Stream("pose", "proprioception", "pose", pose, (0, POSE), 0.0),
        ),
        camera=_CAMERA,
        objective="l1",
        planner=_PLANNER,
    )
    return model, sizes, ours


class VjepaEncoder(nn.Module):
    """Image `[B, C, S, S]` and pose `[B, 7]` -> latent `[B, N + 1, D]`: normalised patches, then the pose as a
    token."""

    def __init__(self, sizes: VjepaSizes) -> None:
        super().__init__()
        self.dim = sizes.encoder_dim
        # All frames of a tubelet are the same image, so the sum of their kernels replaces them.
        self.patch_embed = nn.Conv2d(
            sizes.channels, sizes.encoder_dim, kernel_size=sizes.patch_size, stride=sizes.patch_size
        )
        row, column = grid_positions(sizes.side)
        self.positions = RotaryTables(torch.zeros_like(row), row, column, sizes.encoder_dim // sizes.heads.encoder)
        self.blocks = nn.ModuleList(
            RotaryBlock(sizes.encoder_dim, sizes.heads.encoder, sizes.encoder_mlp_dim, _EPSILON)
            for _ in range(sizes.encoder_depth)
        )
        self.norm = nn.LayerNorm(sizes.encoder_dim, eps=_EPSILON)

    def forward(self, image: Tensor, proprioception: Tensor) -> Tensor:
        tokens = self.patch_embed(image).flatten(2).transpose(1, 2)
        for block in self.blocks:
            tokens = block(tokens, self.positions.cosine, self.positions.sine)
        visual = F.layer_norm(self.norm(tokens), (self.dim,), eps=_LATENT_EPSILON)
        pose = F.pad(proprioception, (0, self.dim - POSE)).unsqueeze(1)
        return torch.cat((visual, pose), dim=1)


class VjepaPredictor(nn.Module):
    """History `[B, T, N + 1, D]`, actions `[B, T, 7]` -> next `[B, N + 1, D]`, T = 1 … 32.

    Every token attends to all tokens of its own and earlier frames. The next pose is not predicted but computed from
    the action.
    """

    frames: Tensor

    def __init__(self, sizes: VjepaSizes) -> None:
        super().__init__()
        self.tokens, self.dim, self.width = sizes.tokens, sizes.encoder_dim, sizes.predictor_dim
        self.predictor_embed = nn.Linear(sizes.encoder_dim, sizes.predictor_dim)
        self.action_encoder = nn.Linear(POSE, sizes.predictor_dim)
        self.state_encoder = nn.Linear(POSE, sizes.predictor_dim)
        # Action and pose have a position in time, but none in the image.
        row, column = (torch.cat((torch.zeros(_CONDITIONS), at)) for at in grid_positions(sizes.side))
        frame = torch.arange(MAX_FRAMES, dtype=torch.float32).repeat_interleave(len(row))
        self.register_buffer("frames", frame, persistent=False)
        self.positions = RotaryTables(
            frame,
            row.repeat(MAX_FRAMES),
            column.repeat(MAX_FRAMES),
            sizes.predictor_dim // sizes.heads.predictor,
        )
        self.predictor_blocks = nn.ModuleList(
            RotaryBlock(sizes.predictor_dim, sizes.heads.predictor, sizes.mlp_dim, _EPSILON) for _ in range(sizes.depth)
        )
        self.predictor_norm = nn.LayerNorm(sizes.predictor_dim, eps=_EPSILON)
        self.predictor_proj = nn.Linear(sizes.predictor_dim, sizes.encoder_dim)

    def forward(self, history: Tensor, actions: Tensor) -> Tensor:
        batch, frames, _, _ = history.shape
        visual, pose = history[:, :, : self.tokens], history[:, :, self.tokens :]
        conditions = (self.action_encoder(actions).unsqueeze(2), self.state_encoder(pose[..., :POSE]))
        tokens = torch.cat((*conditions, self.predictor_embed(visual)), dim=2)
        count = frames * (self.tokens + _CONDITIONS)
        tokens = tokens.reshape(batch, count, self.width)
        cosine, sine = self.positions.cosine[:count], self.positions.sine[:count]
        mask = self.frames[:count, None] >= self.frames[None, :count]
        for block in self.predictor_blocks:
            tokens = block(tokens, cosine, sine, mask)
        # The planner needs the newest frame alone.
        newest = self.predictor_proj(self.predictor_norm(tokens[:, -self.tokens :]))
        predicted = F.layer_norm(newest, (self.dim,), eps=_LATENT_EPSILON)
        moved = compose_pose(pose[:, -1, 0, :POSE], actions[:, -1]).unsqueeze(1)
        return torch.cat((predicted, torch.cat((moved, pose[:, -1, :, POSE:]), dim=2)), dim=1)


def _expected_keys(tensors: Mapping[str, Tensor]) -> list[str]:
    encoder_depth = max(1, layers_under(tensors, "encoder.blocks."))
    depth = max(1, layers_under(tensors, "predictor.predictor_blocks."))
    return [
        *(f"encoder.blocks.{layer}.{key}" for layer in range(encoder_depth) for key in _BLOCK),
        *(f"predictor.predictor_blocks.{layer}.{key}" for layer in range(depth) for key in _BLOCK),
        *_PARTS,
    ]


def _encoder_weights(tensors: Mapping[str, Tensor], sizes: VjepaSizes) -> dict[str, Tensor]:
    weights = reordered_weights(tensors, "encoder.", sizes.heads.encoder)
    weights["patch_embed.weight"] = weights.pop("patch_embed.proj.weight").double().sum(dim=2).float()
    weights["patch_embed.bias"] = weights.pop("patch_embed.proj.bias")
    return weights


def _interface(options: argparse.Namespace, model: WorldModel) -> Interface:
    return end_effector_interface(options, model, _END_EFFECTOR)


VJEPA2_AC = Family(
    title="V-JEPA 2-AC",
    licence="MIT",
    source="https://github.com/facebookresearch/vjepa2",
    layouts=LAYOUTS,
    full_size=VjepaSizes(),
    small=SMALL,
    read=read_vjepa2_ac,
    reference=VjepaReference,
    random_reference=random_vjepa2_ac,
    interface=_interface,
    random_options=RANDOM_ARM,
    groups=GROUPS,
    pack=pack_vjepa2_ac,
    default_heads=default_heads,
    needs=VJEPA2,
)
