"""What both exports of DINO-WM share: sizes, the predictor, its weights, and the streams of a latent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

import torch
from torch import Tensor, nn

from .block_causal_predictor import BlockCausalPredictor
from .heads import Heads
from .key_layouts import layers_under, weights_and_biases
from .load_weights import linear_weights
from .patches import PatchGrid
from .world_model import Camera, Stream, WorldModel

_CAMERA_PIXELS_PER_PATCH = 16

_LAYERS = "predictor.transformer.layers."
_LAYER = (
    "0.bias",
    "0.to_qkv.weight",
    *weights_and_biases("0.norm", "0.to_out.0", "1.net.0", "1.net.1", "1.net.4"),
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
    """Numbers of proprioception; 0: the model takes none."""
    proprioception_embedding: int = 0
    action_first: bool = False
    """In a token of the predictor, the embedding of the action comes before that of the proprioception."""
    heads: Heads = field(default_factory=lambda: Heads(encoder=6, predictor=16))

    @property
    def latent_dim(self) -> int:
        """Width of a token of a latent: a patch, followed by the embedded proprioception."""
        return self.encoder_dim + self.proprioception_embedding

    @property
    def width(self) -> int:
        """Width of a token of the predictor."""
        return self.latent_dim + self.action_embedding

    @property
    def camera_size(self) -> int:
        """Pixels of a side of the camera's image in the authors' own code, which then scales it to `image_size`."""
        return self.side * _CAMERA_PIXELS_PER_PATCH


class PredictorSizes(TypedDict):
    """The fields of `DinoSizes` that the predictor's weights determine."""

    side: int
    window: int
    depth: int
    inner: int
    mlp_dim: int


def predictor_keys(tensors: Mapping[str, Tensor]) -> list[str]:
    """Names of the predictor's weights, for as many layers as `tensors` has (at least one)."""
    depth = max(1, layers_under(tensors, _LAYERS))
    return [
        "predictor.pos_embedding",
        *(f"{_LAYERS}{layer}.{key}" for layer in range(depth) for key in _LAYER),
        *weights_and_biases("predictor.transformer.norm"),
    ]


def predictor_sizes(tensors: Mapping[str, Tensor]) -> PredictorSizes:
    """Reads the predictor's sizes from the shapes of its weights, and its tokens from its mask."""
    # The first patch attends to its own frame alone, so its row of the mask counts the patches of a frame.
    tokens = int(tensors[f"{_LAYERS}0.0.bias"][0, 0, 0].sum())
    return {
        "side": round(tokens**0.5),
        "window": tensors["predictor.pos_embedding"].shape[1] // max(1, tokens),
        "depth": layers_under(tensors, _LAYERS),
        "inner": tensors[f"{_LAYERS}0.0.to_qkv.weight"].shape[0] // 3,
        "mlp_dim": tensors[f"{_LAYERS}0.1.net.1.weight"].shape[0],
    }


def predictor_weights(tensors: Mapping[str, Tensor], action_encoder: str) -> dict[str, Tensor]:
    """Weights in the names of `DinoPredictor`; `action_encoder` is the published name of the action's embedding."""
    weights = {key: tensor for key, tensor in tensors.items() if key.startswith("predictor.")}
    action = linear_weights(tensors, action_encoder)
    return {**weights, **{f"action_encoder.{key}": tensor for key, tensor in action.items()}}


def streams_of(sizes: DinoSizes) -> tuple[Stream, ...]:
    """The patches, and the proprioception of the first token; each stream is weighted to be a mean of squares.

    The other tokens repeat the proprioception. Their prediction of it does not count. No streams if the model takes no
    proprioception.
    """
    if not sizes.proprioception_dim:
        return ()
    dims = (sizes.encoder_dim, sizes.latent_dim)
    weight = sizes.tokens * sizes.encoder_dim / sizes.proprioception_embedding
    streams = (
        Stream("visual", "images", "predicted", (0, sizes.tokens), (0, sizes.encoder_dim), 1.0),
        Stream("proprioception", "proprioception", "predicted", (0, 1), dims, weight),
    )
    if sizes.tokens == 1:
        return streams
    return (*streams, Stream("proprioception, repeated", "proprioception", "predicted", (1, sizes.tokens), dims, 0.0))


def dino_world_model(
    encoder: nn.Module, predictor: nn.Module, sizes: DinoSizes, *, image_size: int, camera: Camera
) -> WorldModel:
    """A DINO-WM in the form of the model contract. `image_size`: pixels of a side, as the encoder takes them."""
    return WorldModel(
        encoder=encoder.eval(),
        predictor=predictor.eval(),
        channels=sizes.channels,
        image_size=image_size,
        tokens=sizes.tokens,
        dim=sizes.latent_dim,
        window=sizes.window,
        action_dim=sizes.action_dim,
        proprioception_dim=sizes.proprioception_dim,
        streams=streams_of(sizes),
        camera=camera,
    )


class DinoPredictor(nn.Module):
    """History `[B, T, N, D]`, actions `[B, T, A]` -> next `[B, N, D]`; every token also holds the embedded action."""

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
        action = self.action_encoder(actions).unsqueeze(2).expand(-1, -1, self.tokens, -1)
        parts = [history, action]
        if self.after:
            parts = [history[..., : self.before], action, history[..., self.before :]]
        tokens = torch.cat(parts, dim=3).reshape(batch, frames * self.tokens, self.width)
        # The planner needs the newest frame alone. The action's place is left for the next action.
        newest = self.predictor(tokens)[:, -self.tokens :]
        if not self.after:
            return newest[..., : self.before]
        return torch.cat((newest[..., : self.before], newest[..., -self.after :]), dim=2)
