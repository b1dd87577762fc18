"""JEPA-WM, restated frame by frame and pair by pair to compare the export with.

The licence of the authors' code does not allow it in this project, and it is in no package. This is written after their
weights and papers, shares no network with `jepa_wm.py`, and was compared with their code (docs/models/jepa-wm.md).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .jepa_wm_sizes import JepaWmSizes
from .packing import parts_without_encoder
from .restated_encoders import RestatedDinov2, RestatedDinov3, rollout

_ALPHA = 0.1


class JepaWmReference:
    """Implements `Reference`. Its cost is the mean of squares of the patches, plus 0.1 of that of the
    proprioception."""

    def __init__(self, sizes: JepaWmSizes) -> None:
        self.sizes = sizes
        self.cost_scale = 1 / (sizes.tokens * sizes.encoder_dim)
        self.model = nn.Module()
        self.model.encoder = (
            RestatedDinov2(sizes) if sizes.encoder == "dinov2" else RestatedDinov3(sizes, sizes.registers)
        )
        if sizes.proprioception_dim:
            self.model.proprio_encoder = nn.Module()
            self.model.proprio_encoder.patch_embed = nn.Conv1d(
                sizes.proprioception_dim, sizes.proprioception_embedding, kernel_size=1
            )
        self.model.predictor = _Predictor(sizes)
        self.model.eval()

    @torch.no_grad()
    def encode(self, *observation: Tensor) -> Tensor:
        image, *measured = observation
        if not measured:
            return self.model.encoder(image)
        (proprioception,) = measured
        embedded = self.model.proprio_encoder.patch_embed(proprioception.unsqueeze(2)).squeeze(2)
        return torch.cat((self.model.encoder(image), embedded.unsqueeze(1).repeat(1, self.sizes.tokens, 1)), dim=2)

    @torch.no_grad()
    def step(self, history: Tensor, actions: Tensor) -> Tensor:
        return self.model.predictor(history, actions)

    @torch.no_grad()
    def plan_cost(
        self, observation: list[Tensor], goal: list[Tensor], actions: Tensor, window: int
    ) -> tuple[Tensor, Tensor]:
        last = rollout(self.step, self.encode(*observation).repeat(len(actions), 1, 1), actions, window)
        difference = (last - self.encode(*goal)).square()
        visual, measured = difference.split([self.sizes.encoder_dim, self.sizes.proprioception_embedding], dim=2)
        cost = visual.mean(dim=(1, 2))
        return last, cost + _ALPHA * measured.mean(dim=(1, 2)) if self.sizes.proprioception_dim else cost


def random_jepa_wm(sizes: JepaWmSizes, seed: int) -> JepaWmReference:
    """Random weights with which every layer, the actions and the proprioception change the prediction."""
    torch.manual_seed(seed)
    reference = JepaWmReference(sizes)
    with torch.no_grad():
        for name, parameter in reference.model.named_parameters():
            if name.endswith("bias") or any(part in name for part in ("_token", "pos_embed")):
                nn.init.normal_(parameter, std=0.1)
            elif "adaLN_modulation" in name:
                nn.init.normal_(parameter, std=0.5 * parameter.shape[1] ** -0.5)
            elif name.endswith("gamma"):
                nn.init.uniform_(parameter, 0.5, 1.5)
            elif parameter.dim() == 2:
                nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5)
    return reference


def pack_jepa_wm(tensors: dict[str, Tensor]) -> dict[str, object]:
    """Weights as published, with the other content of such a file, but without the encoder."""
    others: dict[str, object] = {"action_encoder": None, "heads": {}, "opt": {"state": {}}, "scaler": None, "epoch": 50}
    return {**parts_without_encoder(tensors, "module."), **others}


class _Predictor(nn.Module):
    def __init__(self, sizes: JepaWmSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.predictor_embed = nn.Linear(sizes.encoder_dim, sizes.predictor_dim)
        self.action_encoder = nn.Linear(sizes.action_dim, sizes.width)
        self.predictor_blocks = nn.ModuleList(_ModulatedLayer(sizes) for _ in range(sizes.depth))
        self.predictor_norm = nn.LayerNorm(sizes.width, eps=1e-6)
        self.predictor_proj = nn.Linear(sizes.predictor_dim, sizes.encoder_dim)

    def forward(self, history: Tensor, actions: Tensor) -> Tensor:
        visual, embedded = history.split([self.sizes.encoder_dim, self.sizes.proprioception_embedding], dim=3)
        frames = list(torch.cat((self.predictor_embed(visual), embedded), dim=3).unbind(1))
        conditions = self.action_encoder(actions).unbind(1)
        for layer in self.predictor_blocks:
            frames = layer(frames, conditions)
        last = self.predictor_norm(frames[-1])
        visual, embedded = last.split([self.sizes.predictor_dim, self.sizes.proprioception_embedding], dim=2)
        return torch.cat((self.predictor_proj(visual), embedded), dim=2)


class _ModulatedLayer(nn.Module):
    def __init__(self, sizes: JepaWmSizes) -> None:
        super().__init__()
        width = sizes.width
        self.heads, self.side = sizes.heads.predictor, sizes.side
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.attn = nn.ModuleDict({"qkv": nn.Linear(width, 3 * width), "proj": nn.Linear(width, width)})
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, sizes.mlp_dim), "fc2": nn.Linear(sizes.mlp_dim, width)})
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, frames: list[Tensor], conditions: tuple[Tensor, ...]) -> list[Tensor]:
        modulations = [self.adaLN_modulation(each).unsqueeze(1).chunk(6, dim=2) for each in conditions]
        projected = []
        for time, (frame, (shift, scale, *_)) in enumerate(zip(frames, modulations, strict=True)):
            query, key, value = self.attn["qkv"](self.norm1(frame) * (1 + scale) + shift).chunk(3, dim=2)
            heads = [each.unflatten(2, (self.heads, -1)).transpose(1, 2) for each in (query, key, value)]
            projected.append((self._rotated(heads[0], time), self._rotated(heads[1], time), heads[2]))
        after = []
        for time, (frame, (_, _, gate, shift, scale, mlp_gate)) in enumerate(zip(frames, modulations, strict=True)):
            keys, values = (torch.cat([each[part] for each in projected[: time + 1]], dim=2) for part in (1, 2))
            query = projected[time][0]
            scores = torch.einsum("bhqd,bhkd->bhqk", query, keys) / math.sqrt(query.shape[-1])
            attended = torch.einsum("bhqk,bhkd->bhqd", scores.softmax(dim=-1), values).transpose(1, 2).flatten(2)
            frame = frame + gate * self.attn["proj"](attended)
            hidden = F.gelu(self.mlp["fc1"](self.norm2(frame) * (1 + scale) + shift))
            after.append(frame + mlp_gate * self.mlp["fc2"](hidden))
        return after

    def _rotated(self, values: Tensor, time: int) -> Tensor:
        """Queries or keys `[B, H, N, W]` of a frame, each pair of numbers rotated by its own two angles."""
        share = 2 * (values.shape[-1] // 3 // 2)
        patch = torch.arange(self.side**2)
        places = (torch.full_like(patch, time), patch.div(self.side, rounding_mode="floor"), patch % self.side)
        rotated = values.clone()
        for axis, place in enumerate(places):
            for number in range(0, share, 2):
                first, second = (values[..., axis * share + number + other] for other in (0, 1))
                # The frequencies repeat within an axis, independently of the pairs.
                angles = [place * 10000.0 ** -((number + other) % (share // 2) / (share / 2)) for other in (0, 1)]
                rotated[..., axis * share + number] = first * angles[0].cos() - second * angles[0].sin()
                rotated[..., axis * share + number + 1] = second * angles[1].cos() + first * angles[1].sin()
        return rotated
