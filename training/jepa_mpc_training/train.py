"""Stage 2: the JEPA. Encoder and predictor are trained jointly to predict the latents of one view from another's."""

from __future__ import annotations

import copy
import dataclasses
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from .camera_choice import images_in_words
from .camera_input import PIXEL_SCALE, CameraInput, planar
from .collapse import check_collapse, sigreg
from .config import PhotometryConfig, TrainConfig
from .curves import Curves
from .dataset import Dataset
from .distributed import SINGLE_PROCESS, ProcessGroup, batch_per_process
from .exporters.errors import ExportRefusedError
from .features import Features
from .joint_code import JointKinds, JointPart
from .joint_readout import JointReadout
from .nets import Encoder, Predictor, Projection, rollout
from .photometry import photographed
from .rollout_error import rollout_errors
from .tip_place import PLACE_SCALE_M, TipPlace

_CURVE_EVERY = 20


@dataclass
class Jepa:
    """A trained encoder and predictor, with the mean and standard deviation of each channel that normalise the
    pixels.

    `readout` is the head that training reads the joint positions with; None without that loss. A latent is what the
    encoder makes of an image and, unless `joint_part` is None, that part.
    """

    encoder: Encoder
    predictor: Predictor
    pixel_mean: list[float]
    pixel_std: list[float]
    readout: JointReadout | None = None
    joint_part: JointPart | None = None
    object_width: int = 0
    """Numbers that are the places of objects: the last ones of those that an image shows."""

    @property
    def networks(self) -> list[nn.Module]:
        """All networks that are trained."""
        return [self.encoder, self.predictor] if self.readout is None else [self.encoder, self.predictor, self.readout]

    @property
    def joint_width(self) -> int:
        """Numbers of the joint part of a latent, which are the last ones; 0 without it."""
        return 0 if self.joint_part is None else self.joint_part.width

    @property
    def block(self) -> int:
        """Raw actions in a predictor step."""
        return self.predictor.block

    @property
    def window(self) -> int:
        """Latents in the predictor's history."""
        return self.predictor.window

    @property
    def device(self) -> torch.device:
        """The device of the networks."""
        return next(self.predictor.parameters()).device

    @property
    def camera(self) -> CameraInput:
        """The encoder's input, the same of each camera."""
        size = self.encoder.frame_size
        return CameraInput(size, size, tuple(self.pixel_mean), tuple(self.pixel_std))

    def encode_all(self, dataset: Dataset, photometry: PhotometryConfig) -> Tensor:
        """Latents of every frame `[E, V, T + 1, D]`, each view under a photometry of its own."""
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            shown = torch.stack([self.see_augmented(episode, photometry, generator) for episode in dataset.frames])
            return self.with_joints(shown, np.repeat(dataset.states[:, None], shown.shape[1], axis=1))

    def with_joints(self, shown: Tensor, states: np.ndarray) -> Tensor:
        """Whole latents `[..., D]` of what images show and of joint states `[..., 2 J]`; `shown` without joint part."""
        if self.joint_part is None:
            return shown
        return torch.cat((shown, self.joint_part.of(torch.from_numpy(states).to(shown.device))), dim=-1)

    def see_augmented(self, frames: np.ndarray, photometry: PhotometryConfig, generator: torch.Generator) -> Tensor:
        """Frames uint8 `[N, L, S, S, 3]`, or of C cameras `[N, L, C, S, S, 3]`, each of the N and each camera under a
        photometry of its own -> what they show `[N, L, D]`."""
        return self._shown(self.augmented(frames, photometry, generator), frames.shape[:2])

    def augmented(self, frames: np.ndarray, photometry: PhotometryConfig, generator: torch.Generator) -> Tensor:
        """The same frames under the same photometry -> inputs of the encoder `[N * L, ...]`."""
        return self._fitted(photographed(photometry, planar(frames), generator))

    def see(self, frames: np.ndarray) -> Tensor:
        """Frames uint8 `[N, L, (C,) S, S, 3]` as they were recorded -> what they show `[N, L, D]`."""
        return self.encode(planar(frames))

    def latents(self, frames: np.ndarray, states: np.ndarray) -> Tensor:
        """Frames uint8 `[N, L, (C,) S, S, 3]` as they were recorded, and joint states `[N, L, 2 J]` -> latents
        `[N, L, D]`."""
        return self.with_joints(self.see(frames), states)

    def encode(self, frames: Tensor) -> Tensor:
        """Frames uint8 or float `[N, L, (C,) 3, S, S]` in [0, 255] -> what they show `[N, L, D]`."""
        return self._shown(self._fitted(frames), frames.shape[:2])

    def _fitted(self, frames: Tensor) -> Tensor:
        return self.camera.fit(frames.flatten(0, 1)).to(self.device)

    def _shown(self, inputs: Tensor, lead: tuple[int, ...]) -> Tensor:
        return self.encoder(inputs)[:, 0].unflatten(0, lead)


@dataclass
class FeatureJepa(Jepa):
    """A JEPA on the features of a frozen encoder (features.py), which include the photometry."""

    encoder: Projection

    def augmented(self, frames: np.ndarray, photometry: PhotometryConfig, generator: torch.Generator) -> Tensor:
        """Features `[N, L, G, C]` -> the same `[N * L, G, C]`: the photometry was applied before they were computed."""
        features = torch.from_numpy(np.asarray(frames, dtype=np.float32))
        return features.flatten(0, 1).to(self.device)

    def see(self, frames: np.ndarray) -> Tensor:
        """Features `[N, L, G, C]` -> what they show `[N, L, D]`."""
        return self._shown(self.augmented(frames, PhotometryConfig(), torch.Generator()), frames.shape[:2])


def train(
    dataset: Dataset,
    joints: JointKinds,
    config: TrainConfig,
    photometry: PhotometryConfig,
    folder: Path,
    made_from: str,
    group: ProcessGroup = SINGLE_PROCESS,
    tip: TipPlace | None = None,
) -> dict[str, Any]:
    """Trains and writes `jepa.pt` to `folder`, and its curves to `curves.png` and `tensorboard/`. `tip`: the place that
    latents have, too.

    Resumes from `checkpoint.pt` if it was made from the same inputs. In a `group` each process takes a part of the
    batch and draws motions of its own; only the main process writes.
    """
    torch.manual_seed(config.seed)
    jepa = _start_from(dataset, Path(config.start), config) if config.start else _new(dataset, config, joints, tip)
    if not config.joint_readout:
        jepa.readout = None
    elif jepa.readout is None:
        jepa.readout = JointReadout(config, joints)
    for network in jepa.networks:
        network.to(group.device).train()
    if jepa.joint_part is not None:
        jepa.joint_part.to(group.device)
    parameters = [parameter for network in jepa.networks for parameter in network.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=config.learning_rate, weight_decay=config.weight_decay)
    checkpoint = folder / "checkpoint.pt"
    progress = _resume(checkpoint, made_from, jepa, optimizer)
    group.broadcast_weights(jepa.networks)
    training, held_out = dataset.split(config.held_out)
    shared = dataclasses.replace(config, batch=batch_per_process(config.batch, group))

    with Curves.open(folder, progress.rows, group.is_main) as curves:
        bar = tqdm(
            range(progress.step, progress.step if progress.is_over(config) else config.steps),
            desc="train",
            initial=progress.step,
            total=config.steps,
            unit="step",
            disable=not group.is_main,
        )
        for step in bar:
            rate = _learning_rate(config, step)
            for parameter_group in optimizer.param_groups:
                parameter_group["lr"] = rate
            # Seeded by the step, so that a resumed run draws the same batches as an uninterrupted one.
            seed = [config.seed, step] if group.size == 1 else [config.seed, step, group.rank]
            loss, figures = _loss(jepa, dataset, training, shared, photometry, seed)
            optimizer.zero_grad()
            loss.backward()
            group.average_gradients(parameters)
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            if step % _CURVE_EVERY == 0:
                bar.set_postfix({name: f"{value:.4f}" for name, value in figures.items()})
                curves.add(step, {**figures, "learning_rate": rate})
            if config.evaluate_every and (step + 1) % config.evaluate_every == 0:
                error = group.broadcast(_held_out_error(jepa, dataset, held_out, config))
                curves.add(step + 1, {"held_out_rollout_error": error})
                progress.record(error, step + 1, _state(jepa) if config.patience else {})
            progress.step = step + 1
            over = progress.is_over(config)
            if group.is_main and (over or progress.step % config.checkpoint_every == 0):
                _save(checkpoint, made_from, jepa, optimizer, progress)
            if over:
                break

    if config.patience and progress.best_state:
        _load_networks(jepa, progress.best_state)
    for network in jepa.networks:
        network.eval().cpu()
    if jepa.joint_part is not None:
        jepa.joint_part.cpu()
    with torch.no_grad():
        _, figures = _loss(jepa, dataset, held_out, config, photometry, [config.seed, config.steps])
        latents = torch.cat([jepa.see(dataset.frames[e]).flatten(0, 1) for e in held_out])
    spread = check_collapse(latents, dataset.actions.shape[2])
    if group.is_main:
        save_jepa(jepa, config, dataset.actions.shape[2], folder / "jepa.pt")
    group.barrier()
    ended = {"steps": progress.step, "best_step": progress.best_step} if config.patience else {}
    return {**{f"held_out_{name}": value for name, value in figures.items()}, **spread, **ended}


def _held_out_error(jepa: Jepa, dataset: Dataset, held_out: np.ndarray, config: TrainConfig) -> float:
    """Mean error of rollouts over the steps that training predicts, relative to predicting that nothing moves."""
    jepa.encoder.eval(), jepa.predictor.eval()
    error = float(rollout_errors(jepa, dataset, held_out, config.rollout).mean())
    jepa.encoder.train(), jepa.predictor.train()
    return error


def save_jepa(jepa: Jepa, config: TrainConfig, joints: int, path: Path) -> None:
    """Writes the weights and what is needed to rebuild the networks."""
    size = {} if isinstance(jepa, FeatureJepa) else {"frame_size": jepa.encoder.frame_size}
    if size and jepa.encoder.cameras > 1:
        size["cameras"] = jepa.encoder.cameras
    if jepa.object_width:
        size["object_width"] = jepa.object_width
    torch.save({"config": config.__dict__, "joints": joints, **size, **_state(jepa)}, path)


def load_jepa(path: Path) -> Jepa:
    """Reads a file of `save_jepa`."""
    state = torch.load(path, weights_only=True)
    config = TrainConfig(**state["config"])
    places = state["encoder"].get("mean")
    if places is None:
        encoder = Encoder(config, state["frame_size"], state.get("cameras", 1))
    else:
        encoder = Projection(config, *places.shape)
    joint_part = JointPart.restore(state["joint_part"]) if "joint_part" in state else None
    predictor = Predictor(config, state["joints"], 0 if joint_part is None else joint_part.width)
    encoder.load_state_dict(state["encoder"])
    predictor.load_state_dict(state["predictor"])
    readout = JointReadout.restore(config, state["readout"]).eval() if "readout" in state else None
    kind = Jepa if places is None else FeatureJepa
    pixels, objects = (state["pixel_mean"], state["pixel_std"]), state.get("object_width", 0)
    return kind(encoder.eval(), predictor.eval(), *pixels, readout, joint_part, objects)


def _start_from(dataset: Dataset, start: Path, config: TrainConfig) -> Jepa:
    """A model to continue from. Raises ExportRefusedError if its input is not what the data has, if its latents have
    parts that those of `config` do not have, or the other way round, and for another block or history."""
    jepa = load_jepa(start)
    found, expected = _input_of(jepa), _input_in(dataset)
    if found != expected:
        raise ExportRefusedError(
            f"train.start={start}",
            found=f"a model on {found}",
            expected=f"one on {expected}",
            remedy="Pass the encoder, its settings and the cameras that the model was trained on.",
        )
    part = jepa.joint_part
    for setting, has, wants, values in (
        ("proprioception", part is not None, config.proprioception, ("off", "on")),
        ("tip_place", part is not None and part.tip is not None, config.tip_place, ("off", "on")),
        ("object_reading", jepa.object_width > 0, config.object_reading > 0, ("0", "5")),
    ):
        if has != wants:
            raise ExportRefusedError(
                f"train.start={start}",
                found=f"a model {_with(has)} train.{setting}",
                expected=f"one {_with(wants)}",
                remedy=f"Pass --set train.{setting}={values[has]}.",
            )
    if (jepa.block, jepa.window) != (config.block, config.window):
        found, expected = (
            f"a model with a block of {steps.block} and a history of {steps.window}" for steps in (jepa, config)
        )
        raise ExportRefusedError(
            f"train.start={start}",
            found=found,
            expected=expected,
            remedy=f"Pass --set train.block={jepa.block} --set train.window={jepa.window}.",
        )
    return jepa


def _with(has: bool) -> str:
    return "with" if has else "without"


def _input_of(jepa: Jepa) -> str:
    """What the encoder takes, in words."""
    if isinstance(jepa, FeatureJepa):
        return f"features of {' x '.join(map(str, jepa.encoder.mean.shape))}"
    return images_in_words(jepa.encoder.cameras)


def _input_in(dataset: Dataset) -> str:
    """What a data set has for an encoder, in words."""
    if isinstance(dataset, Features):
        return f"features of {' x '.join(map(str, dataset.frames.shape[3:]))}"
    return images_in_words(dataset.camera_count)


def _new(dataset: Dataset, config: TrainConfig, joints: JointKinds, tip: TipPlace | None) -> Jepa:
    joint_part = JointPart(joints, tip) if config.proprioception else None
    objects = dataset.object_places.shape[2] if config.object_reading else 0
    predictor = Predictor(config, dataset.actions.shape[2], 0 if joint_part is None else joint_part.width)
    if isinstance(dataset, Features):
        projection = Projection(config, *dataset.frames.shape[3:])
        projection.mean, projection.std = dataset.spread()
        return FeatureJepa(projection, predictor, [], [], joint_part=joint_part, object_width=objects)
    some = dataset.frames[:: max(1, len(dataset.frames) // 50)].reshape(-1, 3) * PIXEL_SCALE
    # A constant channel is not scaled.
    std = np.where(some.std(0) < 1e-3, 1.0, some.std(0))
    pixels = some.mean(0).round(4).tolist(), std.round(4).tolist()
    encoder = Encoder(config, dataset.frames.shape[-2], dataset.camera_count)
    return Jepa(encoder, predictor, *pixels, joint_part=joint_part, object_width=objects)


def _loss(
    jepa: Jepa,
    dataset: Dataset,
    episodes: np.ndarray,
    config: TrainConfig,
    photometry: PhotometryConfig,
    seed: list[int],
) -> tuple[Tensor, dict[str, float]]:
    """The loss and its parts: the latents of every view, predicted over several steps from the history of every view,
    and the regularisers. The joint part, which no training can make collapse, has a loss of its prediction alone. The
    places of objects are those of the recordings, and nothing else shapes them."""
    window = config.window
    frames, actions, positions, velocities, places = dataset.sequences(
        np.random.default_rng(seed), episodes, config.batch, window + config.rollout, config.block
    )
    generator = torch.Generator().manual_seed(seed[0] * 1_000_003 + seed[1] + sum(seed[2:]) * 7_368_787)
    seen = jepa.see_augmented(frames.reshape(-1, *frames.shape[2:]), photometry, generator)
    latents = seen.unflatten(0, frames.shape[:2])
    states = np.concatenate((positions, velocities), axis=2)
    whole = jepa.with_joints(latents, np.repeat(states[:, None], frames.shape[1], axis=1))
    history = whole[:, :, :window].flatten(0, 1).unsqueeze(2)
    blocks = torch.from_numpy(actions)[:, window - 1 :].repeat_interleave(frames.shape[1], dim=0).to(jepa.device)
    predicted = rollout(jepa.predictor, history, blocks).squeeze(2).unflatten(0, frames.shape[:2])
    dim = latents.shape[3]
    free = dim - jepa.object_width
    learned = latents[..., :free]
    # [batch, view predicted from, view compared with, step, D]
    prediction = (predicted[:, :, None, :, :free] - learned[:, None, :, window:]).square().mean()
    invariance = (learned - learned.mean(1, keepdim=True)).square().mean()
    regularisation = sigreg(learned.flatten(0, 2), config.projections, generator)
    loss = prediction + config.invariance * invariance + config.regulariser * regularisation
    parts = {"prediction": prediction, "invariance": invariance, "sigreg": regularisation}
    if jepa.joint_part is not None:
        parts["joint_prediction"] = (predicted[..., dim:] - whole[:, :, window:, dim:]).square().mean()
        loss = loss + config.joint_prediction * parts["joint_prediction"]
    if jepa.object_width:
        # Every view of a moment shows the same places.
        wanted = torch.from_numpy(places).to(jepa.device)[:, None] / PLACE_SCALE_M
        parts["object_reading"] = place_error(latents[..., free:], wanted)
        parts["object_prediction"] = place_error(predicted[..., free:dim], wanted[:, :, window:])
        loss = loss + config.object_reading * parts["object_reading"]
        loss = loss + config.object_prediction * parts["object_prediction"]
    if jepa.readout is not None:
        # Every view of a moment shows the same joint positions.
        recorded = torch.from_numpy(positions).to(jepa.device)[:, None].expand(*latents.shape[:3], -1)
        parts["joint_readout"] = jepa.readout.error(latents, recorded)
        loss = loss + config.joint_readout * parts["joint_readout"]
    return loss, {name: float(part.detach()) for name, part in parts.items()}


def place_error(places: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared error of places of objects; those that are NaN in `wanted` do not count."""
    # A NaN has to be replaced before it is subtracted, or its gradient is one, too.
    return (places - torch.where(wanted.isnan(), places.detach(), wanted)).square().mean()


def _learning_rate(config: TrainConfig, step: int) -> float:
    """Linear warm-up, then a cosine down to 1 % of the peak."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    done = (step - config.warmup_steps) / max(1, config.steps - config.warmup_steps)
    return config.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))


def _state(jepa: Jepa) -> dict[str, Any]:
    heads = {"readout": jepa.readout, "joint_part": jepa.joint_part}
    return {
        "encoder": jepa.encoder.state_dict(),
        "predictor": jepa.predictor.state_dict(),
        "pixel_mean": jepa.pixel_mean,
        "pixel_std": jepa.pixel_std,
        **{name: head.state_dict() for name, head in heads.items() if head is not None},
    }


def _load_networks(jepa: Jepa, state: dict[str, Any]) -> None:
    """Gives the networks the weights of `_state` of a model with the same networks."""
    jepa.encoder.load_state_dict(state["encoder"])
    jepa.predictor.load_state_dict(state["predictor"])
    if jepa.readout is not None:
        jepa.readout.load_state_dict(state["readout"])


@dataclass
class _Progress:
    """State of a training: steps done, curves so far, and the best held-out rollout error with its weights."""

    step: int = 0
    rows: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    best_error: float = math.inf
    best_step: int = 0
    looks_since_best: int = 0
    best_state: dict[str, Any] = field(default_factory=dict)

    def is_over(self, config: TrainConfig) -> bool:
        """Whether patience has run out."""
        return 0 < config.patience <= self.looks_since_best

    def record(self, error: float, step: int, state: dict[str, Any]) -> None:
        """Records a held-out error; keeps a copy of `state` if the error is the smallest so far."""
        if error < self.best_error:
            self.best_error, self.best_step, self.looks_since_best = error, step, 0
            self.best_state = copy.deepcopy(state)
        else:
            self.looks_since_best += 1


def _save(path: Path, made_from: str, jepa: Jepa, optimizer: torch.optim.Optimizer, progress: _Progress) -> None:
    partial = path.with_suffix(".part")
    torch.save(
        {"made_from": made_from, "progress": vars(progress), "optimizer": optimizer.state_dict(), **_state(jepa)},
        partial,
    )
    partial.replace(path)


def _resume(path: Path, made_from: str, jepa: Jepa, optimizer: torch.optim.Optimizer) -> _Progress:
    """Loads a checkpoint that was made from the same inputs; returns its progress, or that of a new training."""
    if not path.exists():
        return _Progress()
    state = torch.load(path, weights_only=True, map_location="cpu")
    if state["made_from"] != made_from or "progress" not in state:
        return _Progress()
    _load_networks(jepa, state)
    optimizer.load_state_dict(state["optimizer"])
    return _Progress(**state["progress"])
