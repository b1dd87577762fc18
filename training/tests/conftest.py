"""A model trained in seconds, for every test that needs one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("MUJOCO_GL", "osmesa")

import pytest
import torch

from jepa_mpc_training.config import (
    CollectConfig,
    Config,
    DistanceConfig,
    EvaluateConfig,
    PhotometryConfig,
    PlannerConfig,
    RandomiseConfig,
    TrainConfig,
)
from jepa_mpc_training.stages import Pipeline

URDF = Path(__file__).resolve().parents[2] / "urdf" / "reacher.urdf"

TINY = Config(
    name="tiny",
    collect=CollectConfig(episodes=12, periods=16),
    # So few steps learn the robot, but not yet what to look through.
    randomise=RandomiseConfig(nominal_share=1.0),
    photometry=PhotometryConfig(nominal_share=1.0),
    train=TrainConfig(steps=100, batch=16, checkpoint_every=20, warmup_steps=5, regulariser=20.0, held_out=0.4),
    distance=DistanceConfig(steps=60, batch=64),
    planner=PlannerConfig(samples=8, iterations=1, elites=2, horizon=2),
    evaluate=EvaluateConfig(episodes=2),
)


@dataclass(frozen=True)
class TinyRun:
    """What `all` left behind for the tiny configuration."""

    run: Path
    model: Path
    figures: dict[str, Any]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyRun:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("tiny")
    figures = Pipeline(URDF.read_text(), TINY, folder / "run", folder / "model").run("evaluate")
    return TinyRun(folder / "run", folder / "model", figures)


@pytest.fixture(scope="session")
def urdf_xml() -> str:
    return URDF.read_text()
