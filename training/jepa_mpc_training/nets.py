"""The networks that become the graphs of a model folder: encoder, predictor and distance."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import IMAGE_SIZE, WINDOW, DistanceConfig, TrainConfig


class Encoder(nn.Module):
    """Image `[B, 3, S, S]`, normalised -> latent `[B, 1, D]`: patches, one convolution over neighbouring patches, then
    a dense network.

    Each channel of each image is first normalised to mean 0 and standard deviation 1, which removes brightness,
    contrast and white balance. It takes well below a millisecond on one core, which a deep convolution would not.
    """

    def __init__(self, config: TrainConfig) -> None:
        super().__init__()
        self.local = nn.Sequential(
            nn.InstanceNorm2d(3, eps=1e-3),
            nn.Conv2d(3, config.patch_width, config.patch, stride=config.patch),
            nn.GELU(),
            nn.Conv2d(config.patch_width, config.local_width, 3, stride=2, padding=1),
        )
        count = (IMAGE_SIZE // config.patch // 2) ** 2
        self.dense = nn.Sequential(
            nn.GELU(),
            nn.Flatten(),
            nn.Linear(count * config.local_width, config.encoder_width),
            nn.GELU(),
            nn.Linear(config.encoder_width, config.encoder_width),
            nn.GELU(),
            nn.Linear(config.encoder_width, config.latent_dim),
        )

    def forward(self, image: Tensor) -> Tensor:
        return self.dense(self.local(image)).unsqueeze(1)


class Projection(nn.Module):
    """Features `[B, G, C]` of a frozen encoder -> latent `[B, 1, D]`: a dense network.

    Each feature is first normalised to mean 0 and standard deviation 1 over the recordings. Otherwise its constant
    part, and the few features that are hundreds of times larger than the others, would dominate.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: TrainConfig, places: int, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(places, width))
        self.register_buffer("std", torch.ones(places, width))
        self.dense = nn.Sequential(
            nn.Flatten(),
            nn.Linear(places * width, config.encoder_width),
            nn.GELU(),
            nn.Linear(config.encoder_width, config.encoder_width),
            nn.GELU(),
            nn.Linear(config.encoder_width, config.latent_dim),
        )

    def forward(self, features: Tensor) -> Tensor:
        return self.dense((features - self.mean) / self.std).unsqueeze(1)


class Predictor(nn.Module):
    """History `[B, W, 1, D]`, oldest first, and normalised actions `[B, A]` -> next latent `[B, 1, D]`.

    Predicts the change of the newest latent. D: `config.latent_dim` and, if latents have one, the `joint_width` of
    their joint part.
    """

    def __init__(self, config: TrainConfig, action_dim: int, joint_width: int = 0) -> None:
        super().__init__()
        width, dim = config.predictor_width, config.latent_dim + joint_width
        self.net = nn.Sequential(
            nn.Linear(WINDOW * dim + action_dim, width),
            nn.GELU(),
            nn.Linear(width, width),
            nn.GELU(),
            nn.Linear(width, dim),
        )

    def forward(self, history: Tensor, actions: Tensor) -> Tensor:
        newest = history[:, -1]
        return newest + self.net(torch.cat((history.flatten(1), actions), dim=1)).unsqueeze(1)


class DistanceHead(nn.Module):
    """Latents `[B, 1, D]` and goals `[B, 1, D]` -> predictor steps to go `[B]`: |phi(latent) - phi(goal)|.

    A Euclidean distance of embeddings is a metric for every phi: the triangle inequality ties single steps to long
    distances. The last `ignored` numbers of a latent, the velocities of the joints, do not count: a goal has none.
    """

    def __init__(self, config: DistanceConfig, latent_dim: int, ignored: int = 0) -> None:
        super().__init__()
        latent_dim -= ignored
        self.used = latent_dim
        self.phi = nn.Sequential(
            nn.Linear(latent_dim, config.width),
            nn.GELU(),
            nn.Linear(config.width, config.width),
            nn.GELU(),
            nn.Linear(config.width, config.embedding),
        )
        self.register_buffer("scale", torch.ones(()))

    def forward(self, latent: Tensor, goal: Tensor) -> Tensor:
        difference = self.embed(latent) - self.embed(goal)
        return self.scale * (difference.square().sum(1) + 1e-8).sqrt()

    def embed(self, latent: Tensor) -> Tensor:
        """Latents `[B, ...]`, D numbers each -> embeddings `[B, E]`."""
        return self.phi(latent.flatten(1)[:, : self.used])


class TokenDistanceHead(DistanceHead):
    """The same for latents `[B, N, D]` of any model, of which it takes the part `tokens`, `dims`.

    That part is normalised to mean 0 and standard deviation 1 over the recordings. If it has several tokens, the head
    takes `config.queries` weighted means over them; the learned weights depend on the content of a token and on its
    place.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: DistanceConfig, tokens: tuple[int, int], dims: tuple[int, int]) -> None:
        count, width = tokens[1] - tokens[0], dims[1] - dims[0]
        super().__init__(config, width * (config.queries if count > 1 else 1))
        self.tokens, self.dims = slice(*tokens), slice(*dims)
        self.register_buffer("mean", torch.zeros(count, width))
        self.register_buffer("std", torch.ones(count, width))
        self.query = nn.Linear(width, config.queries, bias=False) if count > 1 else None
        self.place = nn.Parameter(torch.zeros(count, config.queries)) if count > 1 else None

    def embed(self, latent: Tensor) -> Tensor:
        values = (latent[:, self.tokens, self.dims] - self.mean) / self.std
        if self.query is not None:
            shares = (self.query(values) * values.shape[2] ** -0.5 + self.place).transpose(1, 2).softmax(2)
            values = shares @ values
        return self.phi(values.flatten(1))


def rollout(predictor: nn.Module, history: Tensor, actions: Tensor) -> Tensor:
    """Feeds predictions back as history: `[B, W, 1, D]`, actions `[B, K, A]` -> predicted latents `[B, K, 1, D]`."""
    latents = list(history.unbind(1))
    for step in range(actions.shape[1]):
        latents.append(predictor(torch.stack(latents[-WINDOW:], dim=1), actions[:, step]))
    return torch.stack(latents[WINDOW:], dim=1)
