"""What is read from the picture of a goal, and what the model makes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from jepa_mpc_sim.joint_limits import RobotOptions
from jepa_mpc_sim.urdf import UrdfError, read_robot
from tiny_run import JOINTS, ROBOT, TINY, URDF, TinyRun

from jepa_mpc_training.config import DistanceConfig, GoalConfig
from jepa_mpc_training.dataset import Dataset
from jepa_mpc_training.distance import fit_distance, load_distance
from jepa_mpc_training.exporters.errors import ExportRefusedError
from jepa_mpc_training.goal_reader import PictureReader, accuracy, displacements, in_words, load_reader, train_reader
from jepa_mpc_training.joint_code import JointKinds, JointPart
from jepa_mpc_training.kinematics import LinkPlaces
from jepa_mpc_training.nets import DistanceHead
from jepa_mpc_training.runtime import ExportedModel
from jepa_mpc_training.stages import Pipeline
from jepa_mpc_training.train import load_jepa, train


def test_a_reader_finds_where_a_spot_is() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    reader, shown = PictureReader(GoalConfig(channels=8, points=4, width=32), 3, 2, 24), torch.zeros(200, 3)
    optimizer = torch.optim.Adam(reader.parameters(), lr=0.01)

    def pictures(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        place = torch.rand(count, 2) * 1.4 - 0.7
        grid = torch.linspace(-1, 1, 24)
        away = (grid.view(1, -1, 1) - place[:, 1].view(-1, 1, 1)) ** 2 + (grid - place[:, :1].unsqueeze(2)) ** 2
        return (-away / 0.02).exp().unsqueeze(1).expand(-1, 3, -1, -1), place

    for _ in range(120):
        images, place = pictures(12)
        loss = (reader(images, shown[:12]) - place).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    images, place = pictures(200)
    error = (reader(images, shown) - place).abs().mean()
    assert error < 0.08, "a pixel of 24"


def test_errors_are_angles_and_mm_of_each_joint_across_the_wrap() -> None:
    part = JointPart(JointKinds((False, True), (-3.2, 0.0), (3.2, 1.0), (1.0, 1.0)))
    true = np.array([[[3.1, 0.5]], [[0.0, 0.2]], [[1.0, 0.4]]], dtype=np.float32)
    read = part.targets(torch.tensor([[[-3.1, 0.51]], [[0.1, 0.2]], [[1.0, 0.39]]]))[:, None]
    errors = accuracy(part, read, true)
    degrees = np.rad2deg([2 * np.pi - 6.2, 0.1, 0.0])
    assert errors["median"] == pytest.approx([np.median(degrees), 10.0], abs=0.02)
    assert errors["p95"][0] == pytest.approx(np.quantile(degrees, 0.95), abs=0.02)
    said = in_words(["wrist", "rail"], [False, True], {"median": [4.04, 1.0], "p95": [11.0, 2.0]}, (0.031, 0.08))
    assert said == [
        "a picture shows wrist to 4.0 degrees (median; 95 % to 11.0 degrees)",
        "a picture shows rail to 1.0 mm (median; 95 % to 2.0 mm)",
        "the pose that a picture shows has its tip 3.1 cm away (median; 95 % within 8.0 cm)",
    ]


def test_a_pose_that_is_read_puts_the_links_elsewhere() -> None:
    places = LinkPlaces(ROBOT, ("shoulder", "elbow"))
    part, true = JointPart(JOINTS), np.zeros((2, 3, 2), dtype=np.float32)
    turned = torch.zeros(2, 1, 3, 2)
    turned[1, ..., 0] = 0.1
    found = displacements(part, part.targets(turned), true, places)
    radius = float(places(torch.zeros(1, 2))[0, places.links.index("fingertip")].norm())
    assert found["fingertip"] == pytest.approx([radius * 0.05, radius * 0.1], rel=0.01), "half of the frames are exact"
    assert set(found) == set(places.links)


def test_the_places_of_the_links_are_a_part_of_the_loss(tiny: TinyRun, tmp_path: Path) -> None:
    dataset, jepa = Dataset.load(tiny.run / "collect"), load_jepa(tiny.run / "train" / "jepa.pt")
    read = {}
    for weight in (0.0, 1.0):
        config = replace(TINY.goal, steps=20, link_places=weight)
        places = LinkPlaces(ROBOT, ("shoulder", "elbow"))
        figures = train_reader(dataset, jepa, config, TINY.photometry, 0.4, tmp_path, places)
        read[weight] = figures["places_m"]["fingertip"]
    assert read[0.0] != read[1.0]


def test_a_reader_learns_where_the_joints_only_turn_the_links(tiny: TinyRun, tmp_path: Path) -> None:
    upright = read_robot("""
      <robot name="turntable">
        <link name="base"/><link name="plate"/><link name="cup"/><link name="rim"/>
        <joint name="shoulder" type="revolute"><parent link="base"/><child link="plate"/><axis xyz="0 0 1"/>
          <limit lower="-3" upper="3" velocity="1" effort="1"/></joint>
        <joint name="elbow" type="revolute"><parent link="plate"/><child link="cup"/><axis xyz="0 0 1"/>
          <origin xyz="0 0 0.1"/><limit lower="-3" upper="3" velocity="1" effort="1"/></joint>
        <joint name="glued" type="fixed"><parent link="cup"/><child link="rim"/><origin xyz="0 0 0.1"/></joint>
      </robot>""")
    dataset, jepa = Dataset.load(tiny.run / "collect"), load_jepa(tiny.run / "train" / "jepa.pt")
    places = LinkPlaces(upright, ("shoulder", "elbow"))
    config = replace(TINY.goal, steps=5)
    assert config.link_places > 0
    figures = train_reader(dataset, jepa, config, TINY.photometry, 0.4, tmp_path, places)
    assert np.isfinite(figures["median"]).all()
    assert figures["places_m"]["rim"] == [0.0, 0.0]


@pytest.mark.parametrize("tip", ["base", "nowhere"])
def test_a_tip_that_no_joint_moves_is_refused_before_anything_is_collected(tip: str, tmp_path: Path) -> None:
    root = next(joint.parent for joint in ROBOT.joints if joint.name == "shoulder")
    config = replace(TINY, robot=RobotOptions(tip=root if tip == "base" else tip))
    with pytest.raises((ExportRefusedError, UrdfError), match=r"--tip: found .*fingertip"):
        Pipeline(URDF.read_text(), config, tmp_path / "run", tmp_path / "model")
    assert not (tmp_path / "run").exists()


def test_the_reader_of_earlier_runs_takes_the_latent(tiny: TinyRun, tmp_path: Path) -> None:
    dataset, jepa = Dataset.load(tiny.run / "collect"), load_jepa(tiny.run / "train" / "jepa.pt")
    places = LinkPlaces(ROBOT, ("shoulder", "elbow"))
    config = replace(TINY.goal, steps=1, takes_latent=True)
    train_reader(dataset, jepa, config, TINY.photometry, 0.4, tmp_path, places)
    state = torch.load(tmp_path / "reader.pt", weights_only=True)
    del state["config"]["takes_latent"]
    torch.save(state, tmp_path / "reader.pt")
    reader = load_reader(tmp_path / "reader.pt", dataset, jepa)
    image, shown = torch.rand(2, 3, 64, 64), torch.randn(2, 32)
    assert (reader(image, shown) != reader(image, 0 * shown)).any()
    alone = load_reader(tiny.run / "goal" / "reader.pt", dataset, jepa)
    assert (alone(image, shown) == alone(image, 0 * shown)).all()


def test_a_goal_with_joint_positions_is_that_pose_and_a_picture_is_what_is_read(tiny: TinyRun) -> None:
    model, dataset = ExportedModel(tiny.model), Dataset.load(tiny.run / "collect")
    frame, position = dataset.frames[0, 0, 3], dataset.positions[0, 3].astype(float)
    known, read = model.encode_goal(frame, position), model.encode_goal(frame)
    part = load_jepa(tiny.run / "train" / "jepa.pt").joint_part
    exact = part.of(torch.tensor([*position, 0.0, 0.0], dtype=torch.float32))
    np.testing.assert_allclose(known[0, 32:], exact, atol=1e-5)
    np.testing.assert_allclose(read[0, :32], known[0, :32], atol=1e-5)
    assert (read[0, 36:] == 0).all()
    np.testing.assert_allclose(np.square(read[0, 32:36]).reshape(2, 2).sum(0), 1, atol=1e-3)
    np.testing.assert_allclose(model.encode(frame, position, np.zeros(2)), known, atol=1e-6)


def test_velocities_count_neither_in_the_distance_nor_in_a_comparison_of_latents(tiny: TinyRun) -> None:
    model, jepa = ExportedModel(tiny.model), load_jepa(tiny.run / "train" / "jepa.pt")
    state, goal = torch.randn(2, 5, 1, 38, generator=torch.Generator().manual_seed(0)).numpy()
    moving, resting = goal.copy(), goal.copy()
    moving[..., 36:] = 1.0
    resting[..., 36:] = 0.0
    np.testing.assert_array_equal(model.distance(state, moving), model.distance(state, resting))
    assert jepa.joint_width == 6
    assert model.stream_weights[0].tolist() == [1.0] * 36 + [0.0] * 2
    assert model.shows_images[0].tolist() == [True] * 32 + [False] * 6


def test_a_distance_learns_to_tolerate_how_goals_are_read() -> None:
    torch.manual_seed(0)
    latents = torch.randn(20, 2, 17, 4).cumsum(2) * 0.3
    # The last number is read so badly that it says nothing.
    goals = torch.cat((latents[..., :3], torch.randn(20, 2, 17, 1) * 3), dim=-1)
    shares = {}
    for name, read in (("exact", None), ("read", goals)):
        torch.manual_seed(0)
        head = DistanceHead(DistanceConfig(width=32), 4)
        config = DistanceConfig(steps=300, batch=128, width=32, picture_share=0.5)
        fit_distance(head, latents, config, stride=2, goals=read)
        with torch.no_grad():
            flat, others = latents.flatten(0, 2).unsqueeze(1), goals.flatten(0, 2).unsqueeze(1)
            shares[name] = float(head(flat, others).mean() / head(flat, flat.roll(300, 0)).mean())
    assert shares["read"] < 0.6 * shares["exact"]


def test_without_proprioception_a_latent_is_what_the_image_shows(tiny: TinyRun, tmp_path: Path) -> None:
    dataset = Dataset.load(tiny.run / "collect")
    config = replace(TINY.train, steps=30, proprioception=False)
    figures = train(dataset, JOINTS, config, TINY.photometry, tmp_path, "without")
    jepa = load_jepa(tmp_path / "jepa.pt")
    assert "held_out_joint_prediction" not in figures
    assert jepa.joint_part is None
    assert jepa.predictor.net[-1].out_features == 32
    assert jepa.latents(dataset.frames[:2, 0], dataset.states[:2]).shape == (2, 17, 32)
    further = replace(TINY.train, start=str(tmp_path / "jepa.pt"), steps=1)
    with pytest.raises(ExportRefusedError, match=r"found a model without.*train\.proprioception=off"):
        train(dataset, JOINTS, further, TINY.photometry, tmp_path, "with")


def test_the_distance_of_earlier_runs_takes_the_whole_latent(tiny: TinyRun, tmp_path: Path) -> None:
    state = torch.load(tiny.run / "distance" / "distance.pt", weights_only=True)
    assert state.pop("ignored") == 2
    assert state.pop("first") == 32
    state["latent_dim"] -= 2 + 32
    torch.save(state, tmp_path / "distance.pt")
    head = load_distance(tmp_path / "distance.pt")
    assert (head.first, head.used) == (0, 4)
