"""Random-weight world models of stable-worldmodel's own classes, as its training configurations build them.

Planning starts from latents, so the encoder is not part of the comparison: a small one takes the backbone's place.
"""

from __future__ import annotations

import torch
from jepa_mpc_training.exporters.heads import Heads
from jepa_mpc_training.exporters.lewm_reference import build_lewm, predict_next, randomise_lewm
from jepa_mpc_training.exporters.lewm_sizes import LewmSizes
from torch import Tensor, nn

from .cases import Case
from .swm import PreJEPA, prejepa_modules


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
    """The small encoder, with weights from the case's seed."""
    torch.manual_seed(case.seed + 1)
    return PooledEncoder(case).eval()


class LeWmGraph(nn.Module):
    """LeWM in the model contract's form: history `[B, T, 1, D]`, actions `[B, T, A]` -> next `[B, 1, D]`."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, history: Tensor, actions: Tensor) -> Tensor:
        return predict_next(self.model, history, actions)


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
    """The case's predictor in the form of the model contract, with the reference model inside as `.model`."""
    torch.manual_seed(case.seed)
    if case.tokens == 1:
        return LeWmGraph(_lewm(case)).eval()
    return DinoGraph(_dino(case), case.tokens, case.dim).eval()


def _lewm(case: Case) -> nn.Module:
    sizes = LewmSizes(
        dim=case.dim,
        hidden=case.dim,
        projector_dim=case.mlp_dim,
        window=case.window,
        depth=case.depth,
        inner=case.heads * case.dim_head,
        mlp_dim=case.mlp_dim,
        action_dim=case.action_dim,
        smoothed_dim=case.action_dim,
        embedder_dim=4 * case.dim,
        heads=Heads(encoder=1, predictor=case.heads),
    )
    model = build_lewm("lewm", sizes, encoder=nn.Identity())
    randomise_lewm(model)
    return model


def _dino(case: Case) -> PreJEPA:
    """PreJEPA. The exporters build it in another order, which would draw other weights from the same seed."""
    actions = prejepa_modules.Embedder(in_chans=case.action_dim, emb_dim=case.action_embedding)
    # With the default start, 10 columns of actions would hardly matter among 384 of pixels.
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
    )
