"""JEPA-WM: weights as published, and those of its encoder, become encoder and predictor of the model contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .dinov3 import HEAD, dinov3_of, dinov3_sizes, is_dinov3, published_dinov3_names
from .encoders.kinds import ENCODERS
from .encoders.read_encoder import network_of, published_names
from .errors import ExportRefusedError
from .heads import Heads, require_division
from .key_layouts import KeyLayout, layers_under, match_layout
from .load_weights import load_weights
from .patch_grid import PatchGrid
from .rotary_position import RotaryAttention, RotaryTables, grid_positions, reorder_heads
from .world_model import Camera, Planner, Stream, WorldModel

LAYOUTS = (
    KeyLayout("jepa-wms (predictor.predictor_blocks.0.adaLN_modulation.1, proprio_encoder.patch_embed)"),
    KeyLayout(
        "older jepa-wms (state_encoder.patch_embed)", (("proprio_encoder.patch_embed.", "state_encoder.patch_embed."),)
    ),
)
DROID_LAYOUTS = (KeyLayout("jepa-wms (predictor.predictor_blocks.0.adaLN_modulation.1, and nothing beside)"),)
GROUPS = ("predictor", "proprio_encoder", "state_encoder", "action_encoder")
"""Keys of the file that are read; beside them are heads, opt, scaler, epoch and more."""

ENCODER = "encoder."
"""What goes before the names of the encoder's weights, which come from a file of their own."""

HEADS = 16
"""Of every published predictor; no shape of a weight gives it away."""

_ENCODER_OPTION = "--encoder-weights"
_TRAINED_WINDOW = 3
_WINDOW = 2
_IMAGE_SIZE = {"dinov2": 224, "dinov3": 256}
_EPSILON = 1e-6
_MODULATIONS = 6
_PROPRIOCEPTION_WEIGHT = 0.1
"""Of the mean square of the proprioception's numbers, that of the patches' being 1."""

# DINOv2's own loader scales positions by (side + 0.1) / side instead of to a size.
_POSITION_OFFSET = 0.1

_WEIGHTS = ("weight", "bias")
_BLOCK = tuple(
    f"{part}.{kind}"
    for part in ("norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2", "adaLN_modulation.1")
    for kind in _WEIGHTS
)
_PARTS = (*(f"predictor.{part}" for part in ("predictor_embed", "action_encoder", "predictor_norm", "predictor_proj")),)
_MEASURED = "proprio_encoder.patch_embed"

# Of the simulated tasks, where Metaworld's are 15 iterations, and of DROID.
_PLANNER = Planner(samples=300, iterations=30, elites=10, horizon=6)
_DROID_PLANNER = Planner(samples=300, iterations=15, elites=10, horizon=3, initial_std=1.0)
_CAMERA = Camera(resize="largest-square-crop", interpolation="bilinear")


@dataclass(frozen=True)
class JepaWmSizes(PatchGrid):
    """Widths and depths. Defaults: those of the simulated tasks, DINOv2-small, two joints in blocks of five actions."""

    channels: int = 3
    encoder: str = "dinov2"
    """Or `dinov3`."""
    patch_size: int = 14
    positions: int = 37
    """Side of the grid that DINOv2's positions were learned on; they are scaled to that of the images."""
    registers: int = 0
    """Of DINOv3."""
    encoder_dim: int = 384
    encoder_depth: int = 12
    encoder_mlp_dim: int = 1536
    side: int = 16
    """Side of the grid of patches."""
    predictor_dim: int = 384
    """Width of a patch in the predictor, beside the proprioception."""
    proprioception_dim: int = 4
    proprioception_embedding: int = 16
    depth: int = 6
    mlp_dim: int = 1600
    action_dim: int = 10
    heads: Heads = field(default_factory=lambda: Heads(encoder=6, predictor=HEADS))

    @property
    def width(self) -> int:
        """Of a token of the predictor."""
        return self.predictor_dim + self.proprioception_embedding

    @property
    def latent_dim(self) -> int:
        """Numbers of a token of a latent: a patch, and beside it the embedded proprioception, the same in all."""
        return self.encoder_dim + self.proprioception_embedding


def default_heads(tensors: Mapping[str, Tensor]) -> Heads | None:
    """Those of the published sizes; none where the encoder's width is no DINOv2's or DINOv3's."""
    of_encoder = _encoder_tensors(tensors)
    norm = of_encoder.get("norm.weight", of_encoder.get("layernorm.weight"))
    width = 0 if norm is None else len(norm)
    if is_dinov3(of_encoder):
        return None if width == 0 or width % HEAD else Heads(width // HEAD, HEADS)
    heads = ENCODERS["dinov2"].heads.get(width)
    return None if heads is None else Heads(heads, HEADS)


def read_jepa_wm(
    tensors: dict[str, Tensor], heads: Heads, subject: str
) -> tuple[WorldModel, JepaWmSizes, dict[str, Tensor]]:
    """The model of a simulated task, on DINOv2 and with proprioception: with its sizes, and all weights in our names.

    Raises ExportRefusedError for names or shapes that fit no such JEPA-WM, or no such encoder.
    """
    _, ours = match_layout(tensors, LAYOUTS, _expected_keys_of_task, (ENCODER,), subject)
    of_encoder = published_names(ENCODERS["dinov2"], _encoder_tensors(tensors), _ENCODER_OPTION)
    return _read(ours, of_encoder, heads, subject)


def read_jepa_wm_droid(
    tensors: dict[str, Tensor], heads: Heads, subject: str
) -> tuple[WorldModel, JepaWmSizes, dict[str, Tensor]]:
    """The model of DROID, on DINOv3 and without proprioception; otherwise as `read_jepa_wm`."""
    _, ours = match_layout(tensors, DROID_LAYOUTS, _expected_keys, (ENCODER,), subject)
    of_encoder = published_dinov3_names(_encoder_tensors(tensors), _ENCODER_OPTION)
    return _read(ours, of_encoder, heads, subject)


def _read(
    ours: dict[str, Tensor], of_encoder: dict[str, Tensor], heads: Heads, subject: str
) -> tuple[WorldModel, JepaWmSizes, dict[str, Tensor]]:
    sizes = _sizes_of(ours, of_encoder, heads, subject)
    encoder, predictor = JepaWmEncoder(_backbone(of_encoder, sizes), sizes), JepaWmPredictor(sizes)
    if encoder.proprioception is not None:
        load_weights(encoder.proprioception, _proprioception_weights(ours), subject)
    load_weights(predictor, _predictor_weights(ours, sizes), subject)
    measured = sizes.proprioception_dim > 0
    model = WorldModel(
        encoder=encoder.eval(),
        predictor=predictor.eval(),
        channels=sizes.channels,
        image_size=sizes.image_size,
        tokens=sizes.tokens,
        dim=sizes.latent_dim,
        window=_WINDOW,
        longest_window=_TRAINED_WINDOW,
        action_dim=sizes.action_dim,
        proprioception_dim=sizes.proprioception_dim,
        streams=_streams(sizes) if measured else (),
        camera=_CAMERA,
        planner=_PLANNER if measured else _DROID_PLANNER,
    )
    return model, sizes, {**ours, **{f"{ENCODER}{key}": each for key, each in of_encoder.items()}}


def _encoder_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(ENCODER): each for key, each in tensors.items() if key.startswith(ENCODER)}


def _backbone(tensors: Mapping[str, Tensor], sizes: JepaWmSizes) -> nn.Module:
    if sizes.encoder == "dinov3":
        found = dinov3_sizes(tensors, sizes.heads.encoder, sizes.image_size, _ENCODER_OPTION)
        return dinov3_of(tensors, found, _ENCODER_OPTION)
    backbone = network_of(
        ENCODERS["dinov2"],
        tensors,
        _ENCODER_OPTION,
        config={},
        heads=sizes.heads.encoder,
        image_size=sizes.image_size,
    )
    with torch.no_grad():
        backbone.positions.copy_(positions_on_grid(tensors["pos_embed"][:, 1:], sizes.side))
    return backbone


def _streams(sizes: JepaWmSizes) -> tuple[Stream, ...]:
    tokens = (0, sizes.tokens)
    visual, proprioception = (0, sizes.encoder_dim), (sizes.encoder_dim, sizes.latent_dim)
    # The published weight is one of means, the node's squared distance a sum.
    weight = _PROPRIOCEPTION_WEIGHT * sizes.encoder_dim / sizes.proprioception_embedding
    return (
        Stream("visual", "images", "predicted", tokens, visual, 1.0),
        Stream("proprioception", "proprioception", "predicted", tokens, proprioception, weight),
    )


class JepaWmEncoder(nn.Module):
    """Image `[B, C, S, S]`, normalised proprioception `[B, P]` if there is any -> latent `[B, N, D + E]`."""

    def __init__(self, backbone: nn.Module, sizes: JepaWmSizes) -> None:
        super().__init__()
        self.backbone = backbone
        self.tokens = sizes.tokens
        self.proprioception = (
            nn.Linear(sizes.proprioception_dim, sizes.proprioception_embedding) if sizes.proprioception_dim else None
        )

    def forward(self, image: Tensor, proprioception: Tensor | None = None) -> Tensor:
        if self.proprioception is None:
            return self.backbone(image)
        beside = self.proprioception(proprioception).unsqueeze(1).expand(-1, self.tokens, -1)
        return torch.cat((self.backbone(image), beside), dim=2)


class JepaWmPredictor(nn.Module):
    """History `[B, T, N, D + E]`, actions `[B, T, A]` -> next `[B, N, D + E]`, T = 1 … 3.

    Every token sees all of its own frame and of those before; the action that leaves a frame scales, shifts and gates
    what each layer adds to its tokens.
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
        # The planner wants the newest frame alone.
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
        """Tokens `[B, T, N, W]`, of which `shape` is the shape; condition `[B, T, 1, W]`."""
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
        *(f"{part}.{kind}" for part in _PARTS for kind in _WEIGHTS),
    ]


def _expected_keys_of_task(tensors: Mapping[str, Tensor]) -> list[str]:
    return [*_expected_keys(tensors), *(f"{_MEASURED}.{kind}" for kind in _WEIGHTS)]


def _sizes_of(
    tensors: Mapping[str, Tensor], of_encoder: Mapping[str, Tensor], heads: Heads, subject: str
) -> JepaWmSizes:
    encoder_dim, channels, patch_size, _ = of_encoder["patch_embed.proj.weight"].shape
    predictor_dim, taken = tensors["predictor.predictor_embed.weight"].shape
    measured = tensors.get(f"{_MEASURED}.weight")
    embedding, proprioception_dim = (0, 0) if measured is None else measured.shape[:2]
    if taken != encoder_dim:
        raise ExportRefusedError(
            _ENCODER_OPTION,
            found=f"an encoder of {encoder_dim} numbers a patch",
            expected=f"one of {taken}, which the predictor of {subject} takes",
            remedy="The published models of simulated tasks take DINOv2-small, those of DROID DINOv3-large (vitl16).",
        )
    is_older = "pos_embed" in of_encoder
    kind = "dinov2" if is_older else "dinov3"
    image_size = heads.image_size or _IMAGE_SIZE[kind]
    sizes = JepaWmSizes(
        encoder=kind,
        channels=channels,
        patch_size=patch_size,
        positions=round((of_encoder["pos_embed"].shape[1] - 1) ** 0.5) if is_older else image_size // patch_size,
        registers=0 if is_older else of_encoder["storage_tokens"].shape[1],
        encoder_dim=encoder_dim,
        encoder_depth=layers_under(of_encoder, "blocks."),
        encoder_mlp_dim=of_encoder["blocks.0.mlp.fc1.weight"].shape[0],
        side=image_size // patch_size,
        predictor_dim=predictor_dim,
        proprioception_dim=proprioception_dim,
        proprioception_embedding=embedding,
        depth=layers_under(tensors, "predictor.predictor_blocks."),
        mlp_dim=tensors["predictor.predictor_blocks.0.mlp.fc1.weight"].shape[0],
        action_dim=tensors["predictor.action_encoder.weight"].shape[1],
        heads=heads,
    )
    if image_size % patch_size:
        raise ExportRefusedError(
            f"{subject}: images of {image_size} pixels",
            found=f"patches of {patch_size}",
            expected="images of a whole number of them",
            remedy=f"Say --image-size {_IMAGE_SIZE[kind]}, or what the model was trained on.",
        )
    require_division(f"{subject}: heads of the predictor", heads.predictor, sizes.width)
    return sizes


def positions_on_grid(positions: Tensor, side: int) -> Tensor:
    """Positions of patches `[1, M, D]` on a grid of `side` x `side`, as DINOv2's own loader scales them."""
    trained = round(positions.shape[1] ** 0.5)
    if trained == side:
        return positions
    grid = positions.unflatten(1, (trained, trained)).permute(0, 3, 1, 2)
    factor = (side + _POSITION_OFFSET) / trained
    scaled = F.interpolate(grid, scale_factor=(factor, factor), mode="bicubic", align_corners=False)
    return scaled.flatten(2).transpose(1, 2)


def _proprioception_weights(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        "weight": tensors[f"{_MEASURED}.weight"].squeeze(-1),
        "bias": tensors[f"{_MEASURED}.bias"],
    }


def _predictor_weights(tensors: Mapping[str, Tensor], sizes: JepaWmSizes) -> dict[str, Tensor]:
    return {
        key.removeprefix("predictor."): (reorder_heads(each, sizes.heads.predictor) if ".attn.qkv." in key else each)
        for key, each in tensors.items()
        if key.startswith("predictor.")
    }
