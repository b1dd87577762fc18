"""LeWM and PLDM by their authors' code: stable-worldmodel's classes around the ViT of transformers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .lewm_sizes import LewmSizes
from .reference_packages import STABLE_WORLDMODEL, reference_modules, require_packages

# adaLN-zero starts as the identity. With these, every layer and the actions change the prediction.
_MODULATION_WEIGHT_STD = 0.1
_MODULATION_BIAS_STD = 0.3
# The Embedder's default start gives conditions of about 0.05; trained ones are of order 1.
_CONDITION_WEIGHT_STD = 0.2


class LewmReference:
    """The family's own class (`wm.lewm` or `wm.pldm`), in evaluation mode, behind the interface of `Reference`."""

    cost_scale = 1.0

    def __init__(self, kind: str, sizes: LewmSizes) -> None:
        require_packages(STABLE_WORLDMODEL)
        self.model = build_lewm(kind, sizes).eval()

    @torch.no_grad()
    def encode(self, image: Tensor) -> Tensor:
        return self.model.encode({"pixels": image.unsqueeze(1)})["emb"]

    @torch.no_grad()
    def step(self, history: Tensor, actions: Tensor) -> Tensor:
        return predict_next(self.model, history, actions)

    @torch.no_grad()
    def plan_cost(
        self, observation: list[Tensor], goal: list[Tensor], actions: Tensor, window: int
    ) -> tuple[Tensor, Tensor]:
        candidates = len(actions)

        def for_each(frame: Tensor) -> Tensor:
            return frame[None, None].expand(-1, candidates, *([-1] * frame.dim()))

        info = {"pixels": for_each(observation[0]), "goal": for_each(goal[0]), "action": actions[None, :, :1]}
        cost = self.model.get_cost(info, actions[None])
        return info["predicted_emb"][0, :, -1:], cost[0]


def random_lewm(kind: str, sizes: LewmSizes, seed: int) -> LewmReference:
    """Random weights with which every layer, the actions and the normalisations change the prediction."""
    torch.manual_seed(seed)
    reference = LewmReference(kind, sizes)
    randomise_lewm(reference.model)
    return reference


def build_lewm(kind: str, sizes: LewmSizes, encoder: nn.Module | None = None) -> nn.Module:
    """The family's own class (`kind`: lewm or pldm) in these sizes.

    `encoder` replaces the ViT of transformers and the projection of its output.
    """
    modules, models = reference_modules(kind)

    def projection(width: int) -> nn.Module:
        return modules.MLP(width, sizes.projector_dim, sizes.dim, norm_fn=nn.BatchNorm1d)

    return getattr(models, {"lewm": "LeWM", "pldm": "PLDM"}[kind])(
        encoder=_vit(sizes) if encoder is None else encoder,
        predictor=modules.Predictor(
            num_frames=sizes.window,
            depth=sizes.depth,
            heads=sizes.heads.predictor,
            dim_head=sizes.inner // sizes.heads.predictor,
            mlp_dim=sizes.mlp_dim,
            input_dim=sizes.dim,
            hidden_dim=sizes.hidden,
            output_dim=sizes.dim,
        ),
        action_encoder=modules.Embedder(
            input_dim=sizes.action_dim,
            smoothed_dim=sizes.smoothed_dim,
            emb_dim=sizes.dim,
            mlp_scale=sizes.embedder_dim // sizes.dim,
        ),
        projector=projection(sizes.encoder_dim) if encoder is None else None,
        pred_proj=projection(sizes.dim),
    )


def predict_next(model: nn.Module, history: Tensor, actions: Tensor) -> Tensor:
    """The family's own prediction: history `[B, T, 1, D]`, actions `[B, T, A]` -> next `[B, 1, D]`."""
    return model.predict(history.squeeze(2), model.action_encoder(actions))[:, -1:]


@torch.no_grad()
def randomise_lewm(model: nn.Module) -> None:
    """Draws the weights that start as zeros, as ones, or too small to matter in a model that was never trained."""
    for block in model.predictor.transformer.layers:
        nn.init.normal_(block.adaLN_modulation[-1].weight, std=_MODULATION_WEIGHT_STD)
        nn.init.normal_(block.adaLN_modulation[-1].bias, std=_MODULATION_BIAS_STD)
    nn.init.normal_(model.action_encoder.embed[-1].weight, std=_CONDITION_WEIGHT_STD)
    for name, parameter in model.encoder.named_parameters():
        if name.endswith("bias") or "cls_token" in name or "position" in name:
            nn.init.normal_(parameter, std=0.1)
    # Away from (0, 1), so that a wrong folding of the layer is noticed.
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm1d):
            nn.init.normal_(layer.running_mean, std=0.1)
            nn.init.uniform_(layer.running_var, 0.05, 0.2)
            nn.init.normal_(layer.weight, mean=1.0, std=0.1)
            nn.init.normal_(layer.bias, std=0.1)


def _vit(sizes: LewmSizes) -> nn.Module:
    from transformers import ViTConfig, ViTModel

    return ViTModel(
        ViTConfig(
            hidden_size=sizes.encoder_dim,
            num_hidden_layers=sizes.encoder_depth,
            num_attention_heads=sizes.heads.encoder,
            intermediate_size=sizes.encoder_mlp_dim,
            image_size=sizes.image_size,
            patch_size=sizes.patch_size,
            num_channels=sizes.channels,
        ),
        add_pooling_layer=False,
        use_mask_token=False,
    )
