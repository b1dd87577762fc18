"""The networks that become the graphs of a model folder: encoder, predictor, distance and inverse dynamics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .config import DistanceConfig, InverseConfig, TrainConfig
from .exporters.errors import ExportRefusedError


class SpatialSoftmax(nn.Module):
    """Maps `[B, P, H, W]` -> a point in each `[B, 2 P]`: the mean place of a softmax over it, -1 to 1 across and down
    (Levine et al. 2016, arXiv 1504.00702), which is exact to fractions of a pixel."""

    def forward(self, maps: Tensor) -> Tensor:
        height, width = maps.shape[2:]
        shares = maps.flatten(2).softmax(2).unflatten(2, (height, width))
        across = (shares.sum(2) * torch.linspace(-1, 1, width, device=maps.device)).sum(2)
        down = (shares.sum(3) * torch.linspace(-1, 1, height, device=maps.device)).sum(2)
        return torch.cat((across, down), dim=1)


@dataclass(frozen=True)
class TrunkSizes:
    """Sizes of a trunk. Each of them takes those that it needs."""

    first: int
    """Channels of the first layer."""
    further: int
    """Channels of the others."""
    points: int = 0
    patch: int = 0
    """Width and height of a patch, in pixels."""


def _patches(sizes: TrunkSizes) -> list[nn.Module]:
    """Patches and one convolution over neighbouring ones. It takes well below a millisecond on one core, which the
    others do not."""
    return [
        nn.Conv2d(3, sizes.first, sizes.patch, stride=sizes.patch),
        nn.GELU(),
        nn.Conv2d(sizes.first, sizes.further, 3, stride=2, padding=1),
        nn.GELU(),
    ]


def _convolution(sizes: TrunkSizes) -> list[nn.Module]:
    """Convolutions down to a 16th of the image's width and height."""
    further = sizes.further
    return [
        nn.Conv2d(3, sizes.first, 5, stride=2, padding=2),
        nn.GELU(),
        nn.Conv2d(sizes.first, further, 3, stride=2, padding=1),
        nn.GELU(),
        nn.Conv2d(further, further, 3, padding=1),
        nn.GELU(),
        nn.Conv2d(further, further, 3, stride=2, padding=1),
        nn.GELU(),
        nn.Conv2d(further, further, 3, stride=2, padding=1),
        nn.GELU(),
    ]


def _deep(sizes: TrunkSizes) -> list[nn.Module]:
    """Patches of 4 pixels, and convolutions over neighbouring ones down to a 16th of the image's width and height: half
    the work of `_convolution` with as many channels."""
    further = sizes.further
    return [
        nn.Conv2d(3, sizes.first, _DEEP_PATCH, stride=_DEEP_PATCH),
        nn.GELU(),
        nn.Conv2d(sizes.first, further, 3, padding=1),
        nn.GELU(),
        nn.Conv2d(further, further, 3, stride=2, padding=1),
        nn.GELU(),
        nn.Conv2d(further, further, 3, padding=1),
        nn.GELU(),
        # The dense layer behind it has most of the weights: as many again for each channel.
        nn.Conv2d(further, sizes.first, 3, stride=2, padding=1),
        nn.GELU(),
    ]


def _points(sizes: TrunkSizes) -> list[nn.Module]:
    """Convolutions at half the width and height of the image, and the points that they find in it."""
    first = sizes.first
    return [
        nn.Conv2d(3, first, 5, stride=2, padding=2),
        nn.GELU(),
        nn.Conv2d(first, first, 3, padding=1),
        nn.GELU(),
        nn.Conv2d(first, first, 3, padding=2, dilation=2),
        nn.GELU(),
        nn.Conv2d(first, sizes.points, 3, padding=4, dilation=4),
        SpatialSoftmax(),
    ]


_SMALLEST = 16
"""Smallest width and height of an image, in pixels: a convolution leaves a 16th of it."""

_DEEP_PATCH = 4

_TRUNKS = {"patches": _patches, "convolution": _convolution, "deep": _deep, "points": _points}


class Trunk(nn.Module):
    """Image `[B, 3, S, S]`, normalised -> numbers `[B, width]`: what an encoder or a goal reader does first.

    Each channel of each image is first normalised to mean 0 and standard deviation 1, which removes brightness,
    contrast and white balance.
    """

    def __init__(self, setting: str, network: str, sizes: TrunkSizes, frame_size: int) -> None:
        """`setting`: that of the `network`, for errors. `frame_size`: S. Raises ExportRefusedError for an unknown
        network, and for a size that patches do not divide."""
        super().__init__()
        if network not in _TRUNKS:
            raise ExportRefusedError(
                setting,
                found=f"'{network}'",
                expected=", ".join(_TRUNKS),
                remedy=f"Pass one of them, e.g. --set {setting}=convolution.",
            )
        divisor = 2 * sizes.patch if network == "patches" else 1
        if frame_size < _SMALLEST or frame_size % divisor:
            many = "" if divisor == 1 else f", a multiple of {divisor} (two patches)"
            raise ExportRefusedError(
                "collect.frame_size",
                found=str(frame_size),
                expected=f"{_SMALLEST} or more{many}",
                remedy="Change it, or the size of the patches: --set collect.frame_size=128 --set train.patch=8.",
            )
        self.layers = nn.Sequential(nn.InstanceNorm2d(3, eps=1e-3), *_TRUNKS[network](sizes), nn.Flatten())
        with torch.no_grad():
            self.width = self.layers(torch.zeros(1, 3, frame_size, frame_size)).shape[1]

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)


class Trunks(nn.Module):
    """Images of C cameras `[B, C, 3, S, S]`, normalised -> numbers `[B, width]`: those of a trunk for each camera."""

    def __init__(self, trunks: Sequence[Trunk]) -> None:
        super().__init__()
        self.each = nn.ModuleList(trunks)
        self.width = sum(trunk.width for trunk in trunks)

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat([trunk(image) for trunk, image in zip(self.each, images.unbind(1), strict=True)], dim=1)


def trunk_of(setting: str, network: str, sizes: TrunkSizes, frame_size: int, cameras: int) -> Trunk | Trunks:
    """The trunk of a network that sees through so many `cameras`. The other arguments are those of `Trunk`."""
    trunks = [Trunk(setting, network, sizes, frame_size) for _ in range(cameras)]
    return trunks[0] if cameras == 1 else Trunks(trunks)


def together(images: Sequence[Tensor]) -> Tensor:
    """The images of one moment `[B, 3, H, W]`, one of each camera, as one input: that of an only camera as it is, those
    of C cameras `[B, C, 3, H, W]`."""
    return images[0] if len(images) == 1 else torch.stack(list(images), dim=1)


class Encoder(nn.Module):
    """Image `[B, 3, S, S]`, or those of C cameras `[B, C, 3, S, S]`, normalised -> latent `[B, 1, D]`: a trunk for each
    camera, then a dense network."""

    def __init__(self, config: TrainConfig, frame_size: int, cameras: int = 1) -> None:
        """`frame_size`: S. Raises ExportRefusedError for settings that no trunk has."""
        super().__init__()
        self.frame_size, self.cameras = frame_size, cameras
        sizes = TrunkSizes(config.patch_width, config.local_width, config.points, config.patch)
        self.trunk = trunk_of("train.encoder", config.encoder, sizes, frame_size, cameras)
        self.dense = nn.Sequential(
            nn.Linear(self.trunk.width, config.encoder_width),
            nn.GELU(),
            nn.Linear(config.encoder_width, config.encoder_width),
            nn.GELU(),
            nn.Linear(config.encoder_width, config.latent_dim),
        )

    def forward(self, image: Tensor) -> Tensor:
        return self.dense(self.trunk(image)).unsqueeze(1)


class SeparateImages(nn.Module):
    """The images of several cameras `[B, 3, H, W]`, an input each -> what `network` makes of them `together`."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *images: Tensor) -> Tensor:
        return self.network(together(images))


class EachCamera(nn.Module):
    """Images of C cameras `[B, C, 3, H, W]` -> features `[B, C * G, D]`: those that `network` makes of each,
    `[B, G, D]`."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat([self.network(image) for image in images.unbind(1)], dim=1)


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
    """History `[B, W, 1, D]`, oldest first, and normalised actions `[B, block * J]` -> next latent `[B, 1, D]`.

    Predicts the change of the newest latent. W: `config.window`. D: `config.latent_dim` and, if latents have one, the
    `joint_width` of their joint part.
    """

    def __init__(self, config: TrainConfig, joints: int, joint_width: int = 0) -> None:
        """`joints`: J."""
        super().__init__()
        self.block, self.window = config.block, config.window
        width, dim = config.predictor_width, config.latent_dim + joint_width
        self.net = nn.Sequential(
            nn.Linear(self.window * dim + self.block * joints, width),
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
    Nor do the `first` numbers, e.g. what the image shows.
    """

    def __init__(self, config: DistanceConfig, latent_dim: int, ignored: int = 0, first: int = 0) -> None:
        super().__init__()
        self.first, self.used = first, latent_dim - ignored
        self.phi = nn.Sequential(
            nn.Linear(self.used - first, config.width),
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
        return self.phi(latent.flatten(1)[:, self.first : self.used])


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


class InverseDynamics(nn.Module):
    """Latents `[B, 1, D]` and goals `[B, 1, D]` -> the actions from one to the other, normalised:
    `[B, H, block * J]`, H: `horizon`.

    Each action is inside its limit `[J]`. The last `ignored` numbers of a goal, the velocities of its joints, do not
    count; those of the latent do. The `first` numbers count in neither.

    With `rests_at_goal`, what the network gives for a robot at rest at the goal is subtracted: there, the actions are
    exactly 0. Otherwise a robot comes to rest where the network happens to give 0, a few degrees beside its goal.
    """

    limit: Tensor

    def __init__(
        self,
        config: InverseConfig,
        latent_dim: int,
        horizon: int,
        block: int,
        limit: Tensor,
        ignored: int = 0,
        first: int = 0,
        rests_at_goal: bool = True,
    ) -> None:
        super().__init__()
        self.first, self.used, self.horizon, self.block = first, latent_dim - ignored, horizon, block
        self.rests_at_goal = rests_at_goal
        self.register_buffer("limit", limit)
        self.net = nn.Sequential(
            nn.Linear(latent_dim - first + 2 * (self.used - first), config.width),
            nn.GELU(),
            nn.Linear(config.width, config.width),
            nn.GELU(),
            nn.Linear(config.width, horizon * block * len(limit)),
        )

    def forward(self, latent: Tensor, goal: Tensor) -> Tensor:
        return self.sequence(latent.flatten(1), goal.flatten(1)).unflatten(1, (self.horizon, self.block)).flatten(2)

    def sequence(self, latent: Tensor, goal: Tensor) -> Tensor:
        """The same for latents and goals `[B, D]`, one action after the other: `[B, H * block, J]`."""
        given = self.given(latent, goal)
        return given.tanh().unflatten(1, (self.horizon * self.block, len(self.limit))) * self.limit

    def given(self, latent: Tensor, goal: Tensor) -> Tensor:
        """Shares of the limits, before they are squashed, for latents and goals `[B, D]`: `[B, H * block * J]`."""
        latent, goal = latent[:, self.first :], goal[:, self.first : self.used]
        given = self._shares(latent, goal)
        if self.rests_at_goal:
            # Computed, because zeros that are made have the traced batch in the exported graph.
            at_rest = torch.cat((goal, 0 * latent[:, goal.shape[1] :]), dim=1)
            given = given - self._shares(at_rest, goal)
        return given

    def _shares(self, latent: Tensor, goal: Tensor) -> Tensor:
        return self.net(torch.cat((latent, goal, goal - latent[:, : goal.shape[1]]), dim=1))


def rollout(predictor: nn.Module, history: Tensor, actions: Tensor) -> Tensor:
    """Feeds predictions back as history: `[B, W, 1, D]`, actions `[B, K, A]` -> predicted latents `[B, K, 1, D]`."""
    window = history.shape[1]
    latents = list(history.unbind(1))
    for step in range(actions.shape[1]):
        latents.append(predictor(torch.stack(latents[-window:], dim=1), actions[:, step]))
    return torch.stack(latents[window:], dim=1)
