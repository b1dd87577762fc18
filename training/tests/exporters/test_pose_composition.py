"""The pose that the graph composes is the one that the published code composes with SciPy."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from jepa_mpc_training.exporters.graph_export import export_graph
from jepa_mpc_training.exporters.pose_composition import compose_pose

Rotation = pytest.importorskip("scipy.spatial.transform").Rotation

POSES = 4000
TOLERANCE = 1e-5
# Roll and yaw are of rounding errors over the cosine of the pitch: float32 has some 1e-7 of them.
NEAR_LOCK = 0.02
"""Radians from ±π/2 within which angles are compared as the rotation that they say."""
LOCKED_TOLERANCE = 5e-6
"""Of the entries of that rotation."""


class Compose(nn.Module):
    def forward(self, pose: Tensor, delta: Tensor) -> Tensor:
        return compose_pose(pose, delta)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> onnxruntime.InferenceSession:
    file = tmp_path_factory.mktemp("pose") / "pose.onnx"
    inputs = {"pose": torch.rand(4, 7), "delta": torch.rand(4, 7)}
    export_graph(Compose(), inputs, "next", file)
    return onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])


def reference(pose: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """Row by row through matrices, in double precision, as the published planner does it."""
    rows = []
    for at, by in zip(pose.astype(np.float64), delta.astype(np.float64), strict=True):
        turned = Rotation.from_euler("xyz", by[3:6]).as_matrix() @ Rotation.from_euler("xyz", at[3:6]).as_matrix()
        angles = Rotation.from_matrix(turned).as_euler("xyz")
        rows.append([*(at[:3] + by[:3]), *angles, np.clip(at[6] + by[6], 0, 1)])
    return np.array(rows)


def run(session: onnxruntime.InferenceSession, pose: np.ndarray, delta: np.ndarray) -> np.ndarray:
    return session.run(["next"], {"pose": pose, "delta": delta})[0]


def apart(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Absolute differences, of angles the short way round."""
    difference = np.abs(found - expected)
    difference[:, 3:6] = np.minimum(difference[:, 3:6], 2 * math.pi - difference[:, 3:6])
    return difference


def poses(rng: np.random.Generator, count: int) -> np.ndarray:
    pose = rng.uniform(-1, 1, (count, 7))
    pose[:, 3:6] *= (math.pi, math.pi / 2, math.pi)
    pose[:, 6] = rng.uniform(0, 1, count)
    return pose.astype(np.float32)


@pytest.mark.parametrize("size", [0.1, 3.0], ids=["steps of a robot", "turns of any size"])
def test_random_poses_and_deltas_are_composed_as_by_scipy(session: onnxruntime.InferenceSession, size: float) -> None:
    rng = np.random.default_rng(20261126)
    pose = poses(rng, POSES)
    delta = rng.uniform(-size, size, (POSES, 7)).astype(np.float32)
    expected = reference(pose, delta)
    is_free = np.abs(np.abs(expected[:, 4]) - math.pi / 2) > NEAR_LOCK

    found = run(session, pose, delta)

    assert is_free.sum() > 0.99 * POSES
    assert apart(found, expected)[is_free].max() <= TOLERANCE
    assert found.dtype == np.float32


def test_without_a_turn_the_angles_stay_what_they_are(session: onnxruntime.InferenceSession) -> None:
    pose = poses(np.random.default_rng(3), POSES)
    pose[:, 4] *= 0.95
    delta = np.zeros_like(pose)
    delta[:, :3] = 0.05

    assert apart(run(session, pose, delta)[:, :7], pose + delta)[:, 3:6].max() <= TOLERANCE


def test_a_hand_that_points_down_is_not_turned_over(session: onnxruntime.InferenceSession) -> None:
    """Roll of ±π, as a gripper over a table has it: the angle jumps there, what it says does not."""
    rng = np.random.default_rng(4)
    pose = poses(rng, POSES)
    pose[:, 3] = rng.choice([-math.pi, math.pi], POSES) + rng.normal(0, 1e-6, POSES)
    pose[:, 4] *= 0.5
    delta = (poses(rng, POSES) * 0.05).astype(np.float32)

    assert apart(run(session, pose, delta), reference(pose, delta)).max() <= TOLERANCE


@pytest.mark.filterwarnings("ignore:Gimbal lock detected")
def test_near_gimbal_lock_the_rotation_is_right(session: onnxruntime.InferenceSession) -> None:
    rng = np.random.default_rng(5)
    pose = poses(rng, POSES)
    off = rng.choice([0.0, 1e-7, 1e-5, 1e-3, 1e-2], POSES)
    pose[:, 4] = rng.choice([-1, 1], POSES) * (math.pi / 2 - off)
    delta = np.zeros_like(pose)
    delta[:, 3:6] = rng.uniform(-0.02, 0.02, (POSES, 3)) * rng.choice([0, 1], (POSES, 1))

    found = run(session, pose, delta)

    assert np.isfinite(found).all()
    rotations = [Rotation.from_euler("xyz", angles[:, 3:6]).as_matrix() for angles in (found, reference(pose, delta))]
    assert np.abs(rotations[0] - rotations[1]).max() <= LOCKED_TOLERANCE


def test_the_gripper_stays_between_0_and_1(session: onnxruntime.InferenceSession) -> None:
    pose = np.zeros((3, 7), dtype=np.float32)
    pose[:, 6] = 0.5
    delta = np.zeros_like(pose)
    delta[:, 6] = (-0.75, 0.25, 0.75)

    assert run(session, pose, delta)[:, 6].tolist() == [0.0, 0.75, 1.0]


def test_the_graph_has_no_operator_of_its_own_for_the_angle_of_a_vector(tmp_path: Path) -> None:
    export_graph(Compose(), {"pose": torch.rand(4, 7), "delta": torch.rand(4, 7)}, "next", tmp_path / "pose.onnx")
    graph = onnx.load(tmp_path / "pose.onnx")

    assert {entry.domain for entry in graph.opset_import} == {""}
    assert {"Atan", "Cos", "Sin", "Where"} <= {node.op_type for node in graph.graph.node}
