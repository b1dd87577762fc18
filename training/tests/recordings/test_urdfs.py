"""Robots as they are published, trained from recordings: what a URDF may lack, and which joints are moved."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bags import PERIODS, Bag, Motion
from jepa_mpc_sim.joint_limits import RobotOptions
from jepa_mpc_sim.urdf import UrdfError
from tiny_run import TINY

from jepa_mpc_training.config import CollectConfig, RecordingsConfig
from jepa_mpc_training.dataset import Dataset
from jepa_mpc_training.recordings.collect import collect_recordings
from jepa_mpc_training.recordings.source import BagSource
from jepa_mpc_training.stages import Pipeline

_RANGE = 'lower="-9" upper="9"'
_FULL = f'<limit {_RANGE} velocity="2" effort="20" acceleration="10"/>'
_FINGERS = (
    ("finger", "prismatic", '<limit lower="0" upper="0.04" velocity="0.2" effort="20"/>'),
    ("finger_mirror", "prismatic", '<mimic joint="finger"/>'),
)


def _arm(*joints: tuple[str, str, str], before: str = "") -> str:
    """A chain of joints (name, type, content)."""
    links = "".join(f'<link name="link_{index}"/>' for index in range(len(joints) + 1))
    elements = "".join(
        f'<joint name="{name}" type="{kind}"><parent link="link_{index}"/><child link="link_{index + 1}"/>{xml}</joint>'
        for index, (name, kind, xml) in enumerate(joints)
    )
    return f'{before}<?xml version="1.0"?><robot name="arm">{links}{elements}</robot>'


def _turning(limit: str = _FULL, kind: str = "revolute") -> tuple[tuple[str, str, str], ...]:
    return ("shoulder", kind, limit), ("elbow", "revolute", limit)


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> BagSource:
    """The same motion for every URDF."""
    bag = Bag(Motion(), kind="velocities")
    return bag.source(bag.write(tmp_path_factory.mktemp("urdfs") / "bag"))


def _collect(urdf: str, source: BagSource, folder: Path, *joints: str) -> Dataset:
    options = RobotOptions(joints=joints)
    collect_recordings(urdf, source, CollectConfig(periods=PERIODS), RecordingsConfig(), folder, options)
    return Dataset.load(folder)


@pytest.mark.parametrize(
    ("urdf", "joints"),
    [
        (_arm(*_turning(), before="\n"), ()),
        (_arm(*_turning(f'<limit {_RANGE} velocity="2" effort="20"/>')), ()),
        (_arm(*_turning(f'<limit {_RANGE} velocity="2" effort="0"/>')), ()),
        (_arm(*_turning('<limit velocity="2"/>', "continuous")[:1], *_turning()[1:]), ()),
        (_arm(*_turning(), *_FINGERS), ("shoulder", "elbow")),
        (_arm(("base", "floating", ""), *_turning(), ("camera_tilt", "revolute", "")), ("shoulder", "elbow")),
    ],
    ids=["line break first", "no acceleration", "effort 0", "continuous", "fingers held", "others without limits"],
)
def test_a_published_robot_is_trained_from_its_bag(bag: BagSource, tmp_path: Path, urdf: str, joints: tuple) -> None:
    dataset = _collect(urdf, bag, tmp_path, *joints)
    assert dataset.actions.shape == (7, PERIODS, 2)
    assert dataset.positions[0, 5] == pytest.approx(Motion().position(500), abs=1e-6)


def test_a_joint_that_follows_another_one_is_no_joint_of_a_model(bag: BagSource, tmp_path: Path) -> None:
    with pytest.raises(UrdfError, match=r"joint 'finger_mirror'.*Move joint 'finger' instead"):
        _collect(_arm(*_turning(), *_FINGERS), bag, tmp_path, "shoulder", "finger_mirror")


def test_a_continuous_joint_may_be_reported_wrapped(tmp_path: Path) -> None:
    class Wrapped(Motion):
        @property
        def velocities(self) -> np.ndarray:
            return np.abs(super().velocities) + np.array([1.0, 0.0])

        def position(self, at_ms: float) -> np.ndarray:
            shoulder, elbow = super().position(at_ms)
            return np.array([math.remainder(shoulder, 2 * math.pi), elbow])

    recording = Bag(Wrapped(), kind="velocities")
    source = recording.source(recording.write(tmp_path / "bag"))
    endless = _arm(*_turning('<limit velocity="2"/>', "continuous")[:1], *_turning()[1:])
    dataset = _collect(endless, source, tmp_path)
    assert len(dataset.actions) == 7
    assert np.abs(np.diff(dataset.positions[..., 0], axis=1)).max() < 0.25


def test_the_joints_of_a_run_are_remembered(bag: BagSource, tmp_path: Path) -> None:
    config = replace(TINY, collect=CollectConfig(periods=PERIODS), robot=RobotOptions(joints=("elbow", "shoulder")))
    source = replace(bag, command_joints=("shoulder", "elbow"))
    urdf = _arm(*_turning(), *_FINGERS)
    first = Pipeline(urdf, config, tmp_path / "run", tmp_path / "model", source).run("collect")
    assert first["collect"]["joints"] == ["elbow", "shoulder"]
    again = Pipeline(urdf, replace(config, robot=RobotOptions()), tmp_path / "run", tmp_path / "model")
    assert again.run("collect") == first
    assert json.loads((tmp_path / "run" / "robot.json").read_text())["joints"] == ["elbow", "shoulder"]


def test_a_simulated_robot_needs_an_acceleration_before_any_work_is_done(tmp_path: Path) -> None:
    urdf = _arm(*_turning(f'<limit {_RANGE} velocity="2" effort="20"/>'))
    with pytest.raises(UrdfError, match=r"joint 'shoulder'.*--default-acceleration \[rad/s²\]"):
        Pipeline(urdf, TINY, tmp_path / "run", tmp_path / "model")
    assert not (tmp_path / "run").exists()
