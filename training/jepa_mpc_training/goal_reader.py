"""Stage 3: the goal reader, which reads the joint positions from the picture of a goal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from .config import GoalConfig, PhotometryConfig, TrainConfig
from .dataset import Dataset
from .joint_code import JointPart, PositionCode
from .kinematics import LinkPlaces
from .nets import Projection, TrunkSizes, together, trunk_of
from .train import FeatureJepa, Jepa

_PATCH = 4
"""Width and height of a patch of the trunk `patches`, in pixels."""

_RAMP = 0.3
"""Share of the steps in which the weight of the links' places grows to its full size. From the start, they would leave
the reader at wrong angles that put most links where they are."""

_STILL_M = 0.001
"""Links whose places spread less than this do not move: joints only turn them, and their places say nothing."""


class PictureReader(nn.Module):
    """The encoder's image `[B, 3, S, S]`, or those of C cameras `[B, C, 3, S, S]`, and what the encoder shows of it
    `[B, D]` -> numbers of the joint positions `[B, K]`: a trunk for each camera, then a dense network.

    With `config.takes_latent` the dense network also takes what the encoder shows, which tells roughly where the links
    are. Without, that may be None.
    """

    def __init__(self, config: GoalConfig, shown: int, size: int, frame_size: int, cameras: int = 1) -> None:
        """`shown`: D. `size`: K. `frame_size`: S. Raises ExportRefusedError for settings that no trunk has."""
        super().__init__()
        self.takes_latent = config.takes_latent
        sizes = TrunkSizes(config.channels, 2 * config.channels, config.points, _PATCH)
        self.trunk = trunk_of("goal.network", config.network, sizes, frame_size, cameras)
        self.dense = nn.Sequential(
            nn.Linear(self.trunk.width + (shown if config.takes_latent else 0), config.width),
            nn.GELU(),
            nn.Linear(config.width, config.width),
            nn.GELU(),
            nn.Linear(config.width, size),
        )

    def forward(self, image: Tensor, shown: Tensor | None) -> Tensor:
        found = self.trunk(image)
        return self.dense(torch.cat((found, shown), dim=1) if self.takes_latent else found)


class FeatureReader(nn.Module):
    """Features `[B, G, C]` of a frozen encoder -> numbers of the joint positions `[B, K]`. What the projection of them
    shows is not used: it has no more than they have."""

    takes_latent = False

    def __init__(self, projection: Projection) -> None:
        super().__init__()
        self.projection = projection

    def forward(self, features: Tensor, shown: Tensor | None) -> Tensor:
        return self.projection(features)[:, 0]


class GoalReader(nn.Module):
    """The encoder's input `[B, ...]`, an image or features, and what the encoder shows of it `[B, D]` -> numbers of
    the joint positions `[B, K]`, every pair of sine and cosine of length 1."""

    def __init__(self, network: PictureReader | FeatureReader, code: PositionCode) -> None:
        super().__init__()
        self.network, self.code = network, code

    def forward(self, seen: Tensor, shown: Tensor | None) -> Tensor:
        return self.code.on_circle(self.network(seen, shown))


class GoalEncoder(nn.Module):
    """The picture of a goal `[B, 3, height, width]`, one of each camera -> whole latent `[B, 1, D]` of a robot at rest
    there.

    `front` makes the input of encoder and reader of it: features, or the picture itself.
    """

    def __init__(self, front: nn.Module, encoder: nn.Module, reader: GoalReader, joint_part: JointPart) -> None:
        super().__init__()
        self.front, self.encoder, self.reader, self.joint_part = front, encoder, reader, joint_part

    def forward(self, *images: Tensor) -> Tensor:
        seen = self.front(together(images))
        shown = self.encoder(seen)
        joints = self.joint_part.at_rest(self.reader(seen, shown[:, 0]))
        return torch.cat((shown, joints.unsqueeze(1)), dim=2)


def train_reader(
    dataset: Dataset,
    jepa: Jepa,
    config: GoalConfig,
    photometry: PhotometryConfig,
    held_out: float,
    folder: Path,
    places: LinkPlaces,
) -> dict[str, Any]:
    """Trains a reader on random frames of the training episodes and writes `reader.pt` to `folder`.

    `jepa` has a joint part. The loss is the squared error of the numbers of the joint positions and, with the weight
    `config.link_places`, that of the `places` that the joint positions put the links at, relative to how far the links
    move, if they do. The numbers alone weigh a wrist as much as a shoulder that moves the whole arm.

    Returns how exactly the reader reads the held-out episodes: see `accuracy` and, as `places_m`, `displacements`.
    """
    torch.manual_seed(config.seed)
    code = jepa.joint_part
    network = _network(dataset, jepa, config)
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, config.steps, pct_start=0.1, final_div_factor=100
    )
    generator = torch.Generator().manual_seed(config.seed)
    training, testing = dataset.split(held_out)
    travelled = places(torch.from_numpy(dataset.positions[training]).flatten(0, 1)).var(0).sum()
    counts_places = config.link_places > 0 and float(travelled) > _STILL_M**2
    progress = tqdm(range(config.steps), desc="goal", unit="step")
    for step in progress:
        rng = np.random.default_rng([config.seed, step])
        episode = rng.choice(training, config.batch)
        view, at = (
            rng.integers(dataset.frames.shape[1], size=config.batch),
            rng.integers(dataset.frames.shape[2], size=config.batch),
        )
        seen = jepa.augmented(dataset.frames[episode, view, at][:, None], photometry, generator)
        wanted = torch.from_numpy(dataset.positions[episode, at])
        read = network(seen, _shown(jepa, network, seen))
        loss = (read - code.targets(wanted)).square().mean()
        if counts_places:
            astray = (places(code.positions(code.on_circle(read))) - places(wanted)).square().sum((1, 2)).mean()
            loss = loss + config.link_places * min(1, step / (_RAMP * config.steps)) ** 2 * astray / travelled
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 20 == 0:
            progress.set_postfix(error=f"{float(loss.detach()):.4f}")
    reader = GoalReader(network.eval(), code).eval()
    torch.save({"config": config.__dict__, "network": network.state_dict()}, folder / "reader.pt")
    read = read_all(dataset, testing, jepa, reader, photometry)
    positions = dataset.positions[testing]
    return accuracy(code, read, positions) | {"places_m": displacements(code, read, positions, places)}


def load_reader(path: Path, dataset: Dataset, jepa: Jepa) -> GoalReader:
    """Reads a file of `train_reader`. Those of earlier versions take the latent."""
    state = torch.load(path, weights_only=True)
    network = _network(dataset, jepa, GoalConfig(**{"takes_latent": True} | state["config"]))
    network.load_state_dict(state["network"])
    return GoalReader(network.eval(), jepa.joint_part).eval()


def _shown(jepa: Jepa, network: PictureReader | FeatureReader, seen: Tensor) -> Tensor | None:
    """What the encoder shows of its input, for a network that takes it; to encode large images takes time."""
    if not network.takes_latent:
        return None
    with torch.no_grad():
        return jepa.encoder(seen)[:, 0]


def _network(dataset: Dataset, jepa: Jepa, config: GoalConfig) -> PictureReader | FeatureReader:
    size = jepa.joint_part.size
    if not isinstance(jepa, FeatureJepa):
        encoder = jepa.encoder
        return PictureReader(config, encoder.dense[-1].out_features, size, encoder.frame_size, encoder.cameras)
    sizes = TrainConfig(latent_dim=size, encoder_width=config.width)
    projection = Projection(sizes, *dataset.frames.shape[3:])
    projection.mean, projection.std = jepa.encoder.mean, jepa.encoder.std
    return FeatureReader(projection)


def read_all(
    dataset: Dataset, episodes: np.ndarray, jepa: Jepa, reader: GoalReader, photometry: PhotometryConfig
) -> Tensor:
    """What the reader reads in every frame `[E, V, T + 1, K]`, each view under a photometry of its own: for all
    episodes in their order, the one of `Jepa.encode_all`."""
    generator = torch.Generator().manual_seed(0)
    read = []
    with torch.no_grad():
        for episode in episodes:
            frames = dataset.frames[episode]
            seen = jepa.augmented(frames, photometry, generator)
            read.append(reader(seen, _shown(jepa, reader.network, seen)).unflatten(0, frames.shape[:2]))
    return torch.stack(read)


def accuracy(code: PositionCode, read: Tensor, positions: np.ndarray) -> dict[str, list[float]]:
    """Errors of the joint positions that were read in `[E, V, T + 1, K]`, where they were `[E, T + 1, J]`.

    Medians and 95th percentiles of each joint, in degrees, or in mm for joints that slide.
    """
    error = (code.positions(read) - torch.from_numpy(positions)[:, None]).double()
    turns = ~code.prismatic
    error[..., turns] = torch.remainder(error[..., turns] + math.pi, 2 * math.pi) - math.pi
    scale = torch.where(turns, 180 / math.pi, 1000.0)
    sizes = (error.abs() * scale).flatten(0, -2)
    return {
        name: [round(float(value), 2) for value in sizes.quantile(share, dim=0)]
        for name, share in (("median", 0.5), ("p95", 0.95))
    }


def displacements(
    code: PositionCode, read: Tensor, positions: np.ndarray, places: LinkPlaces
) -> dict[str, list[float]]:
    """How far from its place each link is, by its name, at the joint positions that were read; arguments as for
    `accuracy`. Medians and 95th percentiles, in m."""
    found, true = code.positions(read), torch.from_numpy(positions)[:, None].expand(-1, read.shape[1], -1, -1)
    distances = (places(found.flatten(0, 2)) - places(true.flatten(0, 2))).norm(dim=2)
    return {
        link: [round(float(one.quantile(share)), 4) for share in (0.5, 0.95)]
        for link, one in zip(places.links, distances.unbind(1), strict=True)
    }


def in_words(
    joints: Sequence[str], prismatic: Sequence[bool], errors: dict[str, list[float]], tip: tuple[float, float]
) -> list[str]:
    """One sentence for each joint on the figures of `accuracy`, and one on the median and 95th percentile of how far
    the `tip` is from its place, in m."""
    of_joints = [
        f"a picture shows {joint} to {median:.1f} {unit} (median; 95 % to {p95:.1f} {unit})"
        for joint, unit, median, p95 in zip(
            joints,
            ("mm" if slides else "degrees" for slides in prismatic),
            errors["median"],
            errors["p95"],
            strict=True,
        )
    ]
    median_cm, p95_cm = (distance * 100 for distance in tip)
    of_tip = f"the pose that a picture shows has its tip {median_cm:.1f} cm away (median; 95 % within {p95_cm:.1f} cm)"
    return [*of_joints, of_tip]
