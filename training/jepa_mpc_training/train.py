"""Stage 2: the JEPA. Encoder and predictor learn together, by predicting latents from latents of another view."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from .camera_input import PIXEL_SCALE, CameraInput, planar
from .collapse import check_collapse, sigreg
from .config import BLOCK, IMAGE_SIZE, WINDOW, PhotometryConfig, TrainConfig
from .dataset import Dataset
from .features import Features
from .nets import Encoder, Predictor, Projection, rollout
from .photometry import draw_photometry


@dataclass
class Jepa:
    """A trained encoder and predictor with the pixel statistics (mean and deviation a channel) they were fed with."""

    encoder: Encoder
    predictor: Predictor
    pixel_mean: list[float]
    pixel_std: list[float]

    @property
    def camera(self) -> CameraInput:
        """The encoder's input."""
        return CameraInput(IMAGE_SIZE, IMAGE_SIZE, tuple(self.pixel_mean), tuple(self.pixel_std))

    def encode_all(self, dataset: Dataset, photometry: PhotometryConfig) -> Tensor:
        """Latents of every frame `[E, V, T + 1, D]`, each view under a photometry of its own."""
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            return torch.stack([self.see_changed(episode, photometry, generator) for episode in dataset.frames])

    def see_changed(self, frames: np.ndarray, photometry: PhotometryConfig, generator: torch.Generator) -> Tensor:
        """Frames uint8 `[N, L, S, S, 3]`, each of the N under a photometry of its own -> latents `[N, L, D]`."""
        views = planar(frames)
        drawn = draw_photometry(photometry, len(views), tuple(views.shape[-2:]), generator)
        return self.encode(drawn.apply(views))

    def see(self, frames: np.ndarray) -> Tensor:
        """Frames uint8 `[N, L, S, S, 3]` as they were recorded -> latents `[N, L, D]`."""
        return self.encode(planar(frames))

    def encode(self, frames: Tensor) -> Tensor:
        """uint8 or float `[N, L, 3, S, S]` in [0, 255] -> latents `[N, L, D]`."""
        return self.encoder(self.camera.fit(frames.flatten(0, 1)))[:, 0].unflatten(0, frames.shape[:2])


@dataclass
class FeatureJepa(Jepa):
    """One whose frames are the features of an encoder that stays as it is (features.py), photometry included."""

    encoder: Projection

    def see_changed(self, frames: np.ndarray, photometry: PhotometryConfig, generator: torch.Generator) -> Tensor:
        """Features `[N, L, G, C]` -> latents `[N, L, D]`; what changes pixels was done before they were encoded."""
        return self.see(frames)

    def see(self, frames: np.ndarray) -> Tensor:
        """Features `[N, L, G, C]` -> latents `[N, L, D]`."""
        features = torch.from_numpy(np.asarray(frames, dtype=np.float32))
        return self.encoder(features.flatten(0, 1))[:, 0].unflatten(0, features.shape[:2])


def train(
    dataset: Dataset, config: TrainConfig, photometry: PhotometryConfig, folder: Path, made_from: str
) -> dict[str, Any]:
    """Trains and writes `jepa.pt` to `folder`; resumes from `checkpoint.pt` where one was made from the same inputs."""
    torch.manual_seed(config.seed)
    jepa = load_jepa(Path(config.start)) if config.start else _new(dataset, config)
    parameters = [*jepa.encoder.parameters(), *jepa.predictor.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=config.learning_rate, weight_decay=config.weight_decay)
    jepa.encoder.train(), jepa.predictor.train()
    checkpoint = folder / "checkpoint.pt"
    first = _resume(checkpoint, made_from, jepa, optimizer)
    training, held_out = dataset.split(config.held_out)

    progress = tqdm(range(first, config.steps), desc="train", initial=first, total=config.steps, unit="step")
    for step in progress:
        for group in optimizer.param_groups:
            group["lr"] = _learning_rate(config, step)
        # Seeded by the step, so that a resumed run sees what an uninterrupted one would have seen.
        loss, figures = _loss(jepa, dataset, training, config, photometry, [config.seed, step])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if step % 20 == 0:
            progress.set_postfix({name: f"{value:.4f}" for name, value in figures.items()})
        if (step + 1) % config.checkpoint_every == 0:
            _save(checkpoint, made_from, jepa, optimizer, step + 1)

    jepa.encoder.eval(), jepa.predictor.eval()
    with torch.no_grad():
        _, figures = _loss(jepa, dataset, held_out, config, photometry, [config.seed, config.steps])
        latents = torch.cat([jepa.see(dataset.frames[e]).flatten(0, 1) for e in held_out])
    spread = check_collapse(latents, dataset.actions.shape[2])
    save_jepa(jepa, config, dataset.actions.shape[2], folder / "jepa.pt")
    return {**{f"held_out_{name}": value for name, value in figures.items()}, **spread}


def save_jepa(jepa: Jepa, config: TrainConfig, joints: int, path: Path) -> None:
    """Writes weights and everything needed to build the networks again."""
    torch.save({"config": config.__dict__, "joints": joints, **_state(jepa)}, path)


def load_jepa(path: Path) -> Jepa:
    """Reads what `save_jepa` wrote."""
    state = torch.load(path, weights_only=True)
    config = TrainConfig(**state["config"])
    places = state["encoder"].get("mean")
    encoder = Encoder(config) if places is None else Projection(config, *places.shape)
    predictor = Predictor(config, BLOCK * state["joints"])
    encoder.load_state_dict(state["encoder"])
    predictor.load_state_dict(state["predictor"])
    kind = Jepa if places is None else FeatureJepa
    return kind(encoder.eval(), predictor.eval(), state["pixel_mean"], state["pixel_std"])


def _new(dataset: Dataset, config: TrainConfig) -> Jepa:
    predictor = Predictor(config, BLOCK * dataset.actions.shape[2])
    if isinstance(dataset, Features):
        projection = Projection(config, *dataset.frames.shape[3:])
        projection.mean, projection.std = dataset.spread()
        return FeatureJepa(projection, predictor, [], [])
    some = dataset.frames[:: max(1, len(dataset.frames) // 50)].reshape(-1, 3) * PIXEL_SCALE
    return Jepa(Encoder(config), predictor, some.mean(0).round(4).tolist(), some.std(0).round(4).tolist())


def _loss(
    jepa: Jepa,
    dataset: Dataset,
    episodes: np.ndarray,
    config: TrainConfig,
    photometry: PhotometryConfig,
    seed: list[int],
) -> tuple[Tensor, dict[str, float]]:
    """Latents of every view predicted over several steps from the history in every view + regularisers; the parts."""
    length = WINDOW + config.rollout
    frames, actions = dataset.sequences(np.random.default_rng(seed), episodes, config.batch, length)
    generator = torch.Generator().manual_seed(seed[0] * 1_000_003 + seed[1])
    seen = jepa.see_changed(frames.reshape(-1, *frames.shape[2:]), photometry, generator)
    latents = seen.unflatten(0, frames.shape[:2])
    history = latents[:, :, :WINDOW].flatten(0, 1).unsqueeze(2)
    blocks = torch.from_numpy(actions)[:, WINDOW - 1 :].repeat_interleave(frames.shape[1], dim=0)
    predicted = rollout(jepa.predictor, history, blocks).squeeze(2).unflatten(0, frames.shape[:2])
    # [batch, view predicted from, view compared with, step, D]
    prediction = (predicted[:, :, None] - latents[:, None, :, WINDOW:]).square().mean()
    invariance = (latents - latents.mean(1, keepdim=True)).square().mean()
    regularisation = sigreg(latents.flatten(0, 2), config.projections, generator)
    loss = prediction + config.invariance * invariance + config.regulariser * regularisation
    parts = {"prediction": prediction, "invariance": invariance, "sigreg": regularisation}
    return loss, {name: float(part.detach()) for name, part in parts.items()}


def _learning_rate(config: TrainConfig, step: int) -> float:
    """Linear warm-up, then a cosine to 1 % of the peak."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    done = (step - config.warmup_steps) / max(1, config.steps - config.warmup_steps)
    return config.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))


def _state(jepa: Jepa) -> dict[str, Any]:
    return {
        "encoder": jepa.encoder.state_dict(),
        "predictor": jepa.predictor.state_dict(),
        "pixel_mean": jepa.pixel_mean,
        "pixel_std": jepa.pixel_std,
    }


def _save(path: Path, made_from: str, jepa: Jepa, optimizer: torch.optim.Optimizer, step: int) -> None:
    partial = path.with_suffix(".part")
    torch.save({"made_from": made_from, "step": step, "optimizer": optimizer.state_dict(), **_state(jepa)}, partial)
    partial.replace(path)


def _resume(path: Path, made_from: str, jepa: Jepa, optimizer: torch.optim.Optimizer) -> int:
    """Loads a checkpoint made from the same inputs; returns the step to go on from (0 without one)."""
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    if state["made_from"] != made_from:
        return 0
    jepa.encoder.load_state_dict(state["encoder"])
    jepa.predictor.load_state_dict(state["predictor"])
    optimizer.load_state_dict(state["optimizer"])
    return state["step"]
