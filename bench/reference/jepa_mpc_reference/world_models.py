"""Random-weight world models, put together from stable-worldmodel's own classes as its training configurations do.

The encoder is not part of what is compared (planning starts from latents): a small one stands in for the backbone.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .cases import Case
from .swm import LeWM, PreJEPA, lewm_modules, prejepa_modules

# adaLN-zero starts as the identity. These deviations give every layer a say and let the actions move the prediction.
_MODULATION_WEIGHT_STD = 0.1
_MODULATION_BIAS_STD = 0.3
# The Embedder's default start gives conditions of about 0.05; trained ones are of order 1.
_CONDITION_WEIGHT_STD = 0.2


class PooledEncoder(nn.Module):
    """Image `[B, 3, S, S]` -> latent `[B, N, D]`: average pooling, one linear layer, unit variance."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.per_token = case.tokens > 1
        side = round(case.tokens**0.5) if self.per_token else 8
        self.pool = nn.AvgPool2d(case.image_size // side)
        self.linear = nn.Linear(3 if self.per_token else 3 * side * side, case.dim)
        self.norm = nn.LayerNorm(case.dim, elementwise_affine=False)

    def forward(self, image: Tensor) -> Tensor:
        pooled = self.pool(image).flatten(2)
        tokens = pooled.transpose(1, 2) if self.per_token else pooled.flatten(1).unsqueeze(1)
        return self.norm(self.linear(tokens))


def build_encoder(case: Case) -> PooledEncoder:
    """The stand-in encoder with the case's seed."""
    torch.manual_seed(case.seed + 1)
    return PooledEncoder(case).eval()


def build_lewm(case: Case) -> LeWM:
    """LeWM with its predictor, action encoder and pred_proj, weights from the case's seed, in evaluation mode."""
    torch.manual_seed(case.seed)
    model = LeWM(
        encoder=nn.Identity(),
        predictor=lewm_modules.Predictor(
            num_frames=case.window,
            depth=case.depth,
            heads=case.heads,
            dim_head=case.dim_head,
            mlp_dim=case.mlp_dim,
            input_dim=case.dim,
            hidden_dim=case.dim,
        ),
        action_encoder=lewm_modules.Embedder(input_dim=case.action_dim, smoothed_dim=case.action_dim, emb_dim=case.dim),
        pred_proj=lewm_modules.MLP(case.dim, case.mlp_dim, case.dim, norm_fn=nn.BatchNorm1d),
    )
    for block in model.predictor.transformer.layers:
        nn.init.normal_(block.adaLN_modulation[-1].weight, std=_MODULATION_WEIGHT_STD)
        nn.init.normal_(block.adaLN_modulation[-1].bias, std=_MODULATION_BIAS_STD)
    nn.init.normal_(model.action_encoder.embed[-1].weight, std=_CONDITION_WEIGHT_STD)
    _randomise_batch_norm(model)
    return model.eval()


def _randomise_batch_norm(model: nn.Module) -> None:
    """Running statistics and affine terms away from (0, 1): whoever folds the layer wrongly must be found out."""
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm1d):
            nn.init.normal_(layer.running_mean, std=0.1)
            nn.init.uniform_(layer.running_var, 0.05, 0.2)
            nn.init.normal_(layer.weight, mean=1.0, std=0.1)
            nn.init.normal_(layer.bias, std=0.1)


def build_dino(case: Case) -> PreJEPA:
    """DINO-WM as stable-worldmodel's PreJEPA: the action's embedding sits beside every token; in evaluation mode."""
    torch.manual_seed(case.seed)
    actions = prejepa_modules.Embedder(in_chans=case.action_dim, emb_dim=case.action_embedding)
    # The default start would drown 10 action columns in 384 of pixels: a random model would hardly heed its actions.
    nn.init.normal_(actions.patch_embed.weight, std=1.0)
    return PreJEPA(
        encoder=nn.Identity(),
        predictor=prejepa_modules.CausalPredictor(
            num_patches=case.tokens,
            num_frames=case.window,
            dim=case.dim + case.action_embedding,
            depth=case.depth,
            heads=case.heads,
            dim_head=case.dim_head,
            mlp_dim=case.mlp_dim,
        ),
        extra_encoders=nn.ModuleDict({"action": actions}),
        history_size=case.window,
    ).eval()


class LeWmGraph(nn.Module):
    """LeWM in the model contract's form: history `[B, T, 1, D]`, actions `[B, T, A]` -> next `[B, 1, D]`."""

    def __init__(self, model: LeWM) -> None:
        super().__init__()
        self.model = model

    def forward(self, history: Tensor, actions: Tensor) -> Tensor:
        return self.model.predict(history.squeeze(2), self.model.action_encoder(actions))[:, -1:]


class DinoGraph(nn.Module):
    """DINO-WM in the model contract's form: history `[B, T, N, D]`, actions `[B, T, A]` -> next `[B, N, D]`."""

    def __init__(self, model: PreJEPA, tokens: int, dim: int) -> None:
        super().__init__()
        self.model = model
        self.tokens = tokens
        self.dim = dim

    def forward(self, history: Tensor, actions: Tensor) -> Tensor:
        embedded = self.model.extra_encoders["action"](actions)
        tiled = embedded.unsqueeze(2).expand(-1, -1, self.tokens, -1)
        return self.model.predict(torch.cat((history, tiled), dim=3))[:, -1, :, : self.dim]


def build_graph(case: Case) -> LeWmGraph | DinoGraph:
    """The case's predictor in the shape of the model contract, with the reference model inside as `.model`."""
    if case.tokens == 1:
        return LeWmGraph(build_lewm(case)).eval()
    return DinoGraph(build_dino(case), case.tokens, case.dim).eval()


def rollout(graph: nn.Module, start: Tensor, actions: Tensor, window: int) -> Tensor:
    """Feeds predictions back into a growing window: start `[B, N, D]`, actions `[B, H, A]` -> last `[B, N, D]`."""
    latents = [start]
    for step in range(actions.shape[1]):
        first = max(0, step + 1 - window)
        latents.append(graph(torch.stack(latents[first:], dim=1), actions[:, first : step + 1]))
    return latents[-1]
