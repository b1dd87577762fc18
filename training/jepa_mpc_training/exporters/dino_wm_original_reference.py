"""DINO-WM with proprioception, restated frame by frame to compare the export with.

The authors' code needs a GPU and is in no package. This is written after its networks, and shares no network with
`dino_wm_original.py`.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .dino_wm_predictor import DinoSizes
from .packing import parts_without_encoder
from .restated_encoders import RestatedDinov2, rollout


class OriginalDinoReference:
    """Implements `Reference`. Its cost is the sum of two means of squares."""

    def __init__(self, sizes: DinoSizes) -> None:
        self.sizes = sizes
        self.cost_scale = 1 / (sizes.tokens * sizes.encoder_dim)
        self.model = nn.Module()
        self.model.encoder = RestatedDinov2(sizes)
        for name, taken, given in (
            ("proprio_encoder", sizes.proprioception_dim, sizes.proprioception_embedding),
            ("action_encoder", sizes.action_dim, sizes.action_embedding),
        ):
            embedder = nn.Module()
            embedder.patch_embed = nn.Conv1d(taken, given, kernel_size=1)
            setattr(self.model, name, embedder)
        self.model.predictor = _Predictor(sizes)
        self.model.eval()

    @torch.no_grad()
    def encode(self, *observation: Tensor) -> Tensor:
        image, measured = observation
        size = self.sizes.image_size
        if self.sizes.camera_size != size:
            image = F.interpolate(image, size=(size, size), mode="bilinear", antialias=True)
        embedded = self.model.proprio_encoder.patch_embed(measured.unsqueeze(2)).transpose(1, 2)
        return torch.cat((self.model.encoder(image), embedded.repeat(1, self.sizes.tokens, 1)), dim=2)

    @torch.no_grad()
    def step(self, history: Tensor, actions: Tensor) -> Tensor:
        embedded = self.model.action_encoder.patch_embed(actions.transpose(1, 2)).transpose(1, 2)
        frames = [
            torch.cat((frame, action.unsqueeze(1).repeat(1, self.sizes.tokens, 1)), dim=2)
            for frame, action in zip(history.unbind(1), embedded.unbind(1), strict=True)
        ]
        return self.model.predictor(frames)[-1][..., : self.sizes.latent_dim]

    @torch.no_grad()
    def plan_cost(
        self, observation: list[Tensor], goal: list[Tensor], actions: Tensor, window: int
    ) -> tuple[Tensor, Tensor]:
        last = rollout(self.step, self.encode(*observation).repeat(len(actions), 1, 1), actions, window)
        difference = (last - self.encode(*goal)).square()
        visual, measured = difference.split([self.sizes.encoder_dim, self.sizes.proprioception_embedding], dim=2)
        # Every token holds a prediction of the proprioception. The published cost takes that of the first.
        return last, visual.mean(dim=(1, 2)) + measured[:, 0].mean(dim=1)


def random_original_dino_wm(sizes: DinoSizes, seed: int) -> OriginalDinoReference:
    """Random weights with which every layer, the actions and the proprioception change the prediction."""
    torch.manual_seed(seed)
    reference = OriginalDinoReference(sizes)
    with torch.no_grad():
        for name, parameter in reference.model.named_parameters():
            if name.endswith("gamma"):
                nn.init.uniform_(parameter, 0.5, 1.5)
            elif name.endswith("bias") or "cls_token" in name or "pos_embed" in name:
                nn.init.normal_(parameter, std=0.1)
            elif parameter.dim() == 3:
                nn.init.normal_(parameter)
            elif parameter.dim() == 2:
                nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5)
    return reference


def pack_original_dino_wm(tensors: dict[str, Tensor]) -> dict[str, object]:
    """Weights as published: one state dict for each part, without the encoder."""
    return {**parts_without_encoder(tensors), "epoch": 100}


class _Predictor(nn.Module):
    """Frames `[B, N, W]`, oldest first -> as many frames. A patch attends to all patches of its own and earlier
    frames."""

    def __init__(self, sizes: DinoSizes) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.zeros(1, sizes.window * sizes.tokens, sizes.width))
        self.transformer = nn.Module()
        self.transformer.layers = nn.ModuleList(
            nn.ModuleList((_Attention(sizes), _feed_forward(sizes))) for _ in range(sizes.depth)
        )
        self.transformer.norm = nn.LayerNorm(sizes.width)

    def forward(self, frames: list[Tensor]) -> list[Tensor]:
        places = self.pos_embedding.chunk(self.pos_embedding.shape[1] // frames[0].shape[1], dim=1)
        frames = [frame + place for frame, place in zip(frames, places, strict=False)]
        for attention, feed_forward in self.transformer.layers:
            attended = [attention(frame, frames[: time + 1]) for time, frame in enumerate(frames)]
            frames = [frame + change for frame, change in zip(frames, attended, strict=True)]
            frames = [frame + feed_forward.net(frame) for frame in frames]
        return [self.transformer.norm(frame) for frame in frames]


class _Attention(nn.Module):
    def __init__(self, sizes: DinoSizes) -> None:
        super().__init__()
        self.heads = sizes.heads.predictor
        self.norm = nn.LayerNorm(sizes.width)
        self.to_qkv = nn.Linear(sizes.width, 3 * sizes.inner, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(sizes.inner, sizes.width)])
        frame = torch.arange(sizes.window).repeat_interleave(sizes.tokens)
        # The mask is not part of the published model's state, but its file holds it.
        self.register_buffer("bias", (frame[:, None] >= frame).float()[None, None])

    def forward(self, frame: Tensor, seen: list[Tensor]) -> Tensor:
        query = self._heads(frame, 0)
        key, value = (torch.cat([self._heads(other, part) for other in seen], dim=2) for part in (1, 2))
        weights = (query @ key.transpose(2, 3) / math.sqrt(query.shape[-1])).softmax(dim=-1)
        return self.to_out[0]((weights @ value).transpose(1, 2).flatten(2))

    def _heads(self, frame: Tensor, part: int) -> Tensor:
        return self.to_qkv(self.norm(frame)).chunk(3, dim=2)[part].unflatten(2, (self.heads, -1)).transpose(1, 2)


def _feed_forward(sizes: DinoSizes) -> nn.Module:
    module = nn.Module()
    module.net = nn.Sequential(
        nn.LayerNorm(sizes.width),
        nn.Linear(sizes.width, sizes.mlp_dim),
        nn.GELU(),
        nn.Dropout(0.0),
        nn.Linear(sizes.mlp_dim, sizes.width),
    )
    return module
