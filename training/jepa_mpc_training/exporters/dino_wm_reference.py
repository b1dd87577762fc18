"""DINO-WM by stable-worldmodel: its PreJEPA around the DINOv2 of transformers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .dino_wm_predictor import DinoSizes
from .reference_packages import STABLE_WORLDMODEL, reference_modules, require_packages


class DinoReference:
    """PreJEPA in evaluation mode, behind the interface of `Reference`."""

    def __init__(self, sizes: DinoSizes) -> None:
        self.sizes = sizes
        self.cost_scale = 1 / (sizes.tokens * sizes.encoder_dim)
        self.model = _build(sizes).eval()
        self._plans = 0

    @torch.no_grad()
    def encode(self, *observation: Tensor) -> Tensor:
        info = dict(zip(("pixels", "proprio"), (each.unsqueeze(1) for each in observation), strict=False))
        return self.model.encode(info, emb_keys=list(info)[1:])["emb"][:, 0]

    @torch.no_grad()
    def step(self, history: Tensor, actions: Tensor) -> Tensor:
        visual, measured = history.split([self.sizes.encoder_dim, self.sizes.proprioception_embedding], dim=3)
        action = self.model.extra_encoders["action"](actions).unsqueeze(2).expand(-1, -1, history.shape[2], -1)
        parts = {"action": action, "proprio": measured}
        extra = [parts[name] for name in self.model.extra_encoders]
        return self._without_action(self.model.predict(torch.cat((visual, *extra), dim=3))[:, -1])

    def _without_action(self, tokens: Tensor) -> Tensor:
        """Output of the predictor `[B, N, W]` -> latents `[B, N, D]`."""
        sizes = self.sizes
        widths = {"action": sizes.action_embedding, "proprio": sizes.proprioception_embedding}
        names = ["visual", *self.model.extra_encoders]
        parts = tokens.split([sizes.encoder_dim, *(widths[name] for name in names[1:])], dim=2)
        named = dict(zip(names, parts, strict=True))
        return torch.cat([named[name] for name in ("visual", "proprio") if name in named], dim=2)

    @torch.no_grad()
    def plan_cost(
        self, observation: list[Tensor], goal: list[Tensor], actions: Tensor, window: int
    ) -> tuple[Tensor, Tensor]:
        candidates = len(actions)
        # PreJEPA caches encoded frames until these numbers change.
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
        if self.sizes.proprioception_dim:
            info |= {"proprio": for_each(observation[1]), "goal_proprio": for_each(goal[1])}
        cost = self.model.get_cost(info, actions[None])
        return self._without_action(info["predicted_embedding"][0, :, -1]), cost[0]


def random_dino_wm(sizes: DinoSizes, seed: int) -> DinoReference:
    """Random weights with which every layer and the actions change the prediction."""
    torch.manual_seed(seed)
    reference = DinoReference(sizes)
    with torch.no_grad():
        # With the default start, the few columns of actions would hardly matter among those of the pixels.
        for embedder in reference.model.extra_encoders.values():
            nn.init.normal_(embedder.patch_embed.weight)
        for name, parameter in reference.model.backbone.named_parameters():
            if name.endswith("bias") or "cls_token" in name or "position" in name:
                nn.init.normal_(parameter, std=0.1)
            if "lambda1" in name:
                nn.init.uniform_(parameter, 0.5, 1.5)
    return reference


def _build(sizes: DinoSizes) -> nn.Module:
    require_packages(STABLE_WORLDMODEL)
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
    embedders = {"action": modules.Embedder(in_chans=sizes.action_dim, emb_dim=sizes.action_embedding)}
    if sizes.proprioception_dim:
        measured = modules.Embedder(in_chans=sizes.proprioception_dim, emb_dim=sizes.proprioception_embedding)
        embedders = {**embedders, "proprio": measured} if sizes.action_first else {"proprio": measured, **embedders}
    return models.PreJEPA(
        encoder=backbone,
        predictor=modules.CausalPredictor(
            num_patches=sizes.tokens,
            num_frames=sizes.window,
            dim=sizes.width,
            depth=sizes.depth,
            heads=sizes.heads.predictor,
            dim_head=sizes.inner // sizes.heads.predictor,
            mlp_dim=sizes.mlp_dim,
        ),
        extra_encoders=nn.ModuleDict(embedders),
        history_size=sizes.window,
    )
