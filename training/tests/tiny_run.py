"""The smallest configuration that trains, and what it leaves behind."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from jepa_mpc_sim.joint_limits import AS_DESCRIBED, joint_limits, moved_joints
from jepa_mpc_sim.urdf import read_robot

from jepa_mpc_training.config import (
    ADDED,
    CollectConfig,
    Config,
    DistanceConfig,
    EvaluateConfig,
    GoalConfig,
    InverseConfig,
    PhotometryConfig,
    PlannerConfig,
    RandomiseConfig,
    TrainConfig,
)
from jepa_mpc_training.joint_code import joint_kinds

URDF = Path(__file__).resolve().parents[2] / "urdf" / "reacher.urdf"
ROBOT = read_robot(URDF.read_text())
JOINTS = joint_kinds(joint_limits(ROBOT, moved_joints(ROBOT, AS_DESCRIBED), AS_DESCRIBED))

TINY = Config(
    name="tiny",
    collect=CollectConfig(episodes=12, periods=16),
    # So few steps learn the robot, but not yet what to look through.
    randomise=RandomiseConfig(nominal_share=1.0),
    photometry=PhotometryConfig(nominal_share=1.0),
    train=TrainConfig(steps=100, batch=32, checkpoint_every=20, warmup_steps=5, regulariser=20.0, held_out=0.4),
    goal=GoalConfig(steps=60, batch=32, channels=8, points=8, width=32),
    distance=DistanceConfig(steps=60, batch=64),
    inverse=InverseConfig(steps=60, batch=64, width=32),
    planner=PlannerConfig(samples=8, iterations=1, elites=2, horizon=2),
    evaluate=EvaluateConfig(episodes=2),
)


@dataclass(frozen=True)
class TinyRun:
    """What `all` left behind for the tiny configuration."""

    run: Path
    model: Path
    figures: dict[str, Any]


def first_fields(config: Any) -> dict[str, Any]:
    """The fields of a dataclass that it has had from the first: what the fingerprint of its defaults contains."""
    return {field.name: getattr(config, field.name) for field in fields(config) if ADDED not in field.metadata}
