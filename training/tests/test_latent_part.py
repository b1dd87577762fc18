"""What of the latents distance and inverse dynamics depend on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_run import TINY, URDF, TinyRun, first_fields

from jepa_mpc_training.config import Config, DistanceConfig, InverseConfig, with_settings
from jepa_mpc_training.distance import load_distance
from jepa_mpc_training.exporters.errors import ExportRefusedError
from jepa_mpc_training.inverse import load_inverse
from jepa_mpc_training.runtime import ExportedModel
from jepa_mpc_training.stage import fingerprint
from jepa_mpc_training.stages import Pipeline, with_latent_parts


def test_where_only_the_robot_moves_the_heads_depend_on_its_joints_alone(tiny: TinyRun) -> None:
    model = ExportedModel(tiny.model)
    state, goal = torch.randn(2, 5, 1, 38, generator=torch.Generator().manual_seed(0)).numpy()
    other_picture, other_pose = state.copy(), state.copy()
    other_picture[..., :32] += 1.0
    other_pose[..., 32:36] += 1.0
    for of in (model.distance, lambda one, to: model.propose(one[0], to[0])):
        np.testing.assert_array_equal(of(other_picture, goal), of(state, goal))
        assert (of(other_pose, goal) != of(state, goal)).any()


def test_recordings_may_show_other_things_that_move() -> None:
    explored, recorded = with_latent_parts(TINY, False), with_latent_parts(TINY, True)
    assert (explored.distance.latent_part, explored.inverse.latent_part) == ("joints", "joints")
    assert (recorded.distance.latent_part, recorded.inverse.latent_part) == ("all", "all")
    chosen = with_settings(TINY, ["distance.latent_part=all", "inverse.latent_part=joints"])
    for is_recorded in (False, True):
        assert with_latent_parts(chosen, is_recorded) == chosen


def test_without_a_joint_part_the_heads_take_the_image() -> None:
    without = with_settings(TINY, ["train.proprioception=off"])
    assert with_latent_parts(without, False).distance.latent_part == "all"
    refused = r"^inverse\.latent_part: found joints, with train\.proprioception=off"
    with pytest.raises(ExportRefusedError, match=refused):
        Pipeline(URDF.read_text(), with_settings(without, ["inverse.latent_part=joints"]), Path("run"), Path("model"))


@pytest.mark.parametrize("stage", ["distance", "inverse"])
def test_another_part_is_refused(stage: str) -> None:
    expected = rf"^--set {stage}\.latent_part: found 'joint', expected all or joints or objects\.$"
    with pytest.raises(ValueError, match=expected):
        with_settings(Config(), [f"{stage}.latent_part=joint"])


@pytest.mark.parametrize("config", [DistanceConfig, InverseConfig])
def test_heads_of_earlier_versions_count_as_made_from_all_of_the_latents(config: type) -> None:
    before = fingerprint(first_fields(config()))
    assert fingerprint(config(latent_part="all", picture_share=0.5)) == before
    assert fingerprint(config(latent_part="joints", picture_share=0.5)) != before
    assert fingerprint(config(latent_part="all")) != before


def test_files_of_earlier_versions_are_read_as_heads_of_the_whole_latent(tiny: TinyRun, tmp_path: Path) -> None:
    distance = torch.load(tiny.run / "distance" / "distance.pt", weights_only=True)
    assert distance.pop("first") == 32
    # The network of the joints alone takes the numbers that are left.
    torch.save(distance | {"latent_dim": distance["latent_dim"] - 32}, tmp_path / "distance.pt")
    assert load_distance(tmp_path / "distance.pt").first == 0
    inverse = torch.load(tiny.run / "inverse" / "inverse.pt", weights_only=True)
    assert inverse.pop("first") == 32
    torch.save(inverse | {"latent_dim": inverse["latent_dim"] - 32}, tmp_path / "inverse.pt")
    assert load_inverse(tmp_path / "inverse.pt").first == 0


def test_the_fingerprint_of_a_pipeline_has_the_part_that_is_used(tmp_path: Path) -> None:
    made = [
        Pipeline(URDF.read_text(), replace(TINY, distance=replace(TINY.distance, latent_part=part)), tmp_path, tmp_path)
        for part in ("", "joints", "all")
    ]
    usual, joints, everything = (pipeline._made_from["distance"] for pipeline in made)
    assert usual == joints != everything
