"""Stage 2: the JEPA. Encoder and predictor learn together, by predicting latents from latents."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from .collapse import check_collapse, sigreg
from .config import BLOCK, WINDOW, TrainConfig
from .dataset import Dataset
from .nets import Encoder, Predictor, rollout

PIXEL_SCALE = 1 / 255


@dataclass
class Jepa:
    """A trained encoder and predictor with the pixel statistics (mean and deviation a channel) they were fed with."""

    encoder: Encoder
    predictor: Predictor
    pixel_mean: list[float]
    pixel_std: list[float]

    def normalise(self, frames: np.ndarray) -> Tensor:
        """uint8 `[B, S, S, 3]` -> `[B, 3, S, S]`: (pixel / 255 - mean) / std."""
        # One multiply-add over whole rows: the channels are innermost in a frame, and broadcasting over them is slow.
        pixels = frames.shape[1] * frames.shape[2]
        scale = (PIXEL_SCALE / torch.tensor(self.pixel_std)).repeat(pixels)
        shift = (-torch.tensor(self.pixel_mean) / torch.tensor(self.pixel_std)).repeat(pixels)
        values = (
            torch.from_numpy(np.require(frames, requirements=["C", "W"])).flatten(1).float().mul_(scale).add_(shift)
        )
        return values.view(frames.shape).permute(0, 3, 1, 2)

    def encode_all(self, dataset: Dataset) -> Tensor:
        """Latents of every frame, `[E, T + 1, D]`."""
        with torch.no_grad():
            return torch.stack([self.encoder(self.normalise(episode))[:, 0] for episode in dataset.frames])


def train(dataset: Dataset, config: TrainConfig, folder: Path, made_from: str) -> dict[str, Any]:
    """Trains and writes `jepa.pt` to `folder`; resumes from `checkpoint.pt` where one was made from the same inputs."""
    torch.manual_seed(config.seed)
    jepa = _new(dataset, config)
    parameters = [*jepa.encoder.parameters(), *jepa.predictor.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=config.learning_rate, weight_decay=config.weight_decay)
    checkpoint = folder / "checkpoint.pt"
    first = _resume(checkpoint, made_from, jepa, optimizer)
    training, held_out = dataset.split(config.held_out)

    progress = tqdm(range(first, config.steps), desc="train", initial=first, total=config.steps, unit="step")
    for step in progress:
        for group in optimizer.param_groups:
            group["lr"] = _learning_rate(config, step)
        # Seeded by the step, so that a resumed run sees what an uninterrupted one would have seen.
        loss, prediction, regularisation = _loss(jepa, dataset, training, config, [config.seed, step])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if step % 20 == 0:
            progress.set_postfix(prediction=f"{prediction:.4f}", sigreg=f"{regularisation:.4f}")
        if (step + 1) % config.checkpoint_every == 0:
            _save(checkpoint, made_from, jepa, optimizer, step + 1)

    jepa.encoder.eval(), jepa.predictor.eval()
    with torch.no_grad():
        _, prediction, regularisation = _loss(jepa, dataset, held_out, config, [config.seed, config.steps])
    latents = torch.cat([jepa.encoder(jepa.normalise(dataset.frames[e]))[:, 0] for e in held_out]).detach()
    spread = check_collapse(latents, dataset.actions.shape[2])
    save_jepa(jepa, config, dataset.actions.shape[2], folder / "jepa.pt")
    return {"held_out_prediction_loss": prediction, "held_out_sigreg": regularisation, **spread}


def save_jepa(jepa: Jepa, config: TrainConfig, joints: int, path: Path) -> None:
    """Writes weights and everything needed to build the networks again."""
    torch.save({"config": config.__dict__, "joints": joints, **_state(jepa)}, path)


def load_jepa(path: Path) -> Jepa:
    """Reads what `save_jepa` wrote."""
    state = torch.load(path, weights_only=True)
    config = TrainConfig(**state["config"])
    encoder, predictor = Encoder(config), Predictor(config, BLOCK * state["joints"])
    encoder.load_state_dict(state["encoder"])
    predictor.load_state_dict(state["predictor"])
    return Jepa(encoder.eval(), predictor.eval(), state["pixel_mean"], state["pixel_std"])


def _new(dataset: Dataset, config: TrainConfig) -> Jepa:
    some = dataset.frames[:: max(1, len(dataset.frames) // 50)].reshape(-1, 3) * PIXEL_SCALE
    encoder, predictor = Encoder(config), Predictor(config, BLOCK * dataset.actions.shape[2])
    return Jepa(encoder, predictor, some.mean(0).round(4).tolist(), some.std(0).round(4).tolist())


def _loss(
    jepa: Jepa, dataset: Dataset, episodes: np.ndarray, config: TrainConfig, seed: list[int]
) -> tuple[Tensor, float, float]:
    """Multi-step latent prediction loss + regulariser, and the two parts."""
    length = WINDOW + config.rollout
    frames, actions = dataset.sequences(np.random.default_rng(seed), episodes, config.batch, length)
    latents = jepa.encoder(jepa.normalise(frames.reshape(-1, *frames.shape[2:])))
    latents = latents.view(config.batch, length, 1, -1)
    blocks = torch.from_numpy(actions)[:, WINDOW - 1 :]
    predicted = rollout(jepa.predictor, latents[:, :WINDOW], blocks)
    prediction = (predicted - latents[:, WINDOW:]).square().mean()
    generator = torch.Generator().manual_seed(seed[0] * 1_000_003 + seed[1])
    regularisation = sigreg(latents.flatten(0, 2), config.projections, generator)
    loss = prediction + config.regulariser * regularisation
    return loss, float(prediction.detach()), float(regularisation.detach())


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
