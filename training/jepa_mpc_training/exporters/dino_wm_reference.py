"""DINO-WM as stable-worldmodel has it: its PreJEPA around transformers' DINOv2."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .dino_wm import DinoSizes
from .reference_packages import reference_modules


class DinoReference:
    """PreJEPA in evaluation mode, behind the interface of `Reference`."""

    def __init__(self, sizes: DinoSizes) -> None:
        self.sizes = sizes
        self.cost_scale = 1 / (sizes.tokens * sizes.encoder_dim)
        self.model = _build(sizes).eval()
        self._plans = 0

    @torch.no_grad()
    def encode(self, image: Tensor) -> Tensor:
        return self.model.encode({"pixels": image.unsqueeze(1)}, emb_keys=[])["emb"][:, 0]

    @torch.no_grad()
    def step(self, history: Tensor, actions: Tensor) -> Tensor:
        beside = self.model.extra_encoders["action"](actions).unsqueeze(2).expand(-1, -1, history.shape[2], -1)
        return self.model.predict(torch.cat((history, beside), dim=3))[:, -1, :, : self.sizes.encoder_dim]

    @torch.no_grad()
    def plan_cost(
        self, observation: list[Tensor], goal: list[Tensor], actions: Tensor, window: int
    ) -> tuple[Tensor, Tensor]:
        candidates = len(actions)
        # It keeps what it encoded for as long as these stay the same.
        self._plans += 1
        plan = torch.full((1, candidates), self._plans)

        def for_each(frame: Tensor) -> Tensor:
            return frame[None, None].expand(-1, candidates, *([-1] * frame.dim()))

        info = {
            "pixels": for_each(observation[0]),
            "goal": for_each(goal[0]),
            "action": actions[None, :, :1],
            "id": plan,
            "step_idx": plan,
        }
        cost = self.model.get_cost(info, actions[None])
        return info["predicted_pixels_emb"][0, :, -1], cost[0]


def random_dino_wm(sizes: DinoSizes, seed: int) -> DinoReference:
    """Random weights, such that every layer and the actions matter to what comes out."""
    torch.manual_seed(seed)
    reference = DinoReference(sizes)
    with torch.no_grad():
        # The default start would drown the action's few columns in those of the pixels.
        nn.init.normal_(reference.model.extra_encoders["action"].patch_embed.weight)
        for name, parameter in reference.model.backbone.named_parameters():
            if name.endswith("bias") or "cls_token" in name or "position" in name:
                nn.init.normal_(parameter, std=0.1)
            if "lambda1" in name:
                nn.init.uniform_(parameter, 0.5, 1.5)
    return reference


def _build(sizes: DinoSizes) -> nn.Module:
    modules, models = reference_modules("prejepa")
    from transformers import Dinov2Config, Dinov2Model

    backbone = Dinov2Model(
        Dinov2Config(
            hidden_size=sizes.encoder_dim,
            num_hidden_layers=sizes.encoder_depth,
            num_attention_heads=sizes.heads.encoder,
            mlp_ratio=sizes.encoder_mlp_dim // sizes.encoder_dim,
            image_size=sizes.positions * sizes.patch_size,
            patch_size=sizes.patch_size,
            num_channels=sizes.channels,
        )
    )
    width = sizes.encoder_dim + sizes.action_embedding
    return models.PreJEPA(
        encoder=backbone,
        predictor=modules.CausalPredictor(
            num_patches=sizes.tokens,
            num_frames=sizes.window,
            dim=width,
            depth=sizes.depth,
            heads=sizes.heads.predictor,
            dim_head=sizes.inner // sizes.heads.predictor,
            mlp_dim=sizes.mlp_dim,
        ),
        extra_encoders=nn.ModuleDict(
            {"action": modules.Embedder(in_chans=sizes.action_dim, emb_dim=sizes.action_embedding)}
        ),
        history_size=sizes.window,
    )
