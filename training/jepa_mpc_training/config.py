"""Every number that shapes a trained model, one dataclass a stage."""

from __future__ import annotations

from dataclasses import dataclass, field

PERIOD_MS = 100
"""Control period: how long one raw action is held."""

BLOCK = 2
"""Raw actions in one predictor step."""

TICK_MS = 20
"""Period of the command stream, as the planner node sends it."""

WINDOW = 2
"""Latents in the predictor's history, one step apart."""

IMAGE_SIZE = 64
"""Width and height of the encoder's input."""


@dataclass(frozen=True)
class CollectConfig:
    """Random exploration in the simulator."""

    episodes: int = 1600
    periods: int = 40
    seed: int = 0
    tracking_gain: float = 10.0
    """1/s, position feedback of the joint controller on top of the desired velocity."""


@dataclass(frozen=True)
class TrainConfig:
    """The JEPA: encoder and predictor."""

    steps: int = 4500
    batch: int = 128
    rollout: int = 4
    """Latent steps predicted from the model's own predictions."""
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    warmup_steps: int = 200
    regulariser: float = 5.0
    projections: int = 64
    latent_dim: int = 32
    patch: int = 8
    patch_width: int = 32
    encoder_width: int = 256
    predictor_width: int = 256
    held_out: float = 0.06
    """Share of the episodes kept from training, for the probe."""
    checkpoint_every: int = 500
    seed: int = 0


@dataclass(frozen=True)
class DistanceConfig:
    """The temporal-distance head on the frozen latents."""

    steps: int = 5000
    batch: int = 512
    learning_rate: float = 1e-3
    width: int = 256
    embedding: int = 32
    offset: float = 15.0
    """Steps beyond which pushing two states apart brings nothing more."""
    slack: float = 0.25
    """Root mean square excess over one step that the constraint lets pass."""
    seed: int = 0


@dataclass(frozen=True)
class PlannerConfig:
    """The sampling planner (CEM) and its objective; shipped in the manifest as the model's defaults."""

    samples: int = 100
    iterations: int = 2
    elites: int = 10
    horizon: int = 5
    initial_std: float = 0.2
    """First deviation of an action, as a fraction of half its range."""
    min_std: float = 0.02
    """Least deviation, in the same unit."""
    action_penalty: float = 0.3
    """Steps that the fastest plan costs more than rest: keeps the arm still once it is there."""
    objective: str = "temporal_distance"
    steps: str = "all"


@dataclass(frozen=True)
class EvaluateConfig:
    """Closed loop in the simulator; the baselines run half as many episodes."""

    episodes: int = 100


@dataclass(frozen=True)
class Config:
    """All stages of one model."""

    name: str = "reacher"
    collect: CollectConfig = field(default_factory=CollectConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    distance: DistanceConfig = field(default_factory=DistanceConfig)
    planner: PlannerConfig = field(default_factory=PlannerConfig)
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)
