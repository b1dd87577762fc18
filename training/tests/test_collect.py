"""Recordings: motions in several looks, and a foreign simulator whose camera gives the first view."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from jepa_mpc_mujoco.appearance import Appearance
from jepa_mpc_mujoco.plant import Plant
from jepa_mpc_sim.joint_limits import RobotOptions

from jepa_mpc_training import collect as collect_module
from jepa_mpc_training.collect import alternating, collect, drive, spread
from jepa_mpc_training.conditions import CONDITIONS, NOMINAL
from jepa_mpc_training.config import CollectConfig, RandomiseConfig
from jepa_mpc_training.dataset import Dataset
from jepa_mpc_training.randomise import view_count
from jepa_mpc_training.robot import Robot

ALWAYS = RandomiseConfig(nominal_share=0.0, anchored_share=0.0)


@pytest.fixture
def plant(urdf_xml: str):
    plant = Plant(urdf_xml)
    yield plant
    plant.close()


def test_one_motion_is_seen_in_two_looks(urdf_xml: str, tmp_path: Path) -> None:
    figures = collect(urdf_xml, CollectConfig(episodes=3, periods=4), ALWAYS, tmp_path)
    dataset = Dataset.load(tmp_path)
    assert dataset.frames.shape == (3, 2, 5, 64, 64, 3)
    assert figures["frames"] == 30
    assert not dataset.in_gazebo.any()
    difference = np.abs(dataset.frames[:, 0].astype(int) - dataset.frames[:, 1]).mean((1, 2, 3, 4))
    assert (difference > 3).all()


def test_without_random_appearances_there_is_one_view(urdf_xml: str, plant: Plant, tmp_path: Path) -> None:
    figures = collect(urdf_xml, CollectConfig(episodes=2, periods=3), RandomiseConfig(nominal_share=1.0), tmp_path)
    dataset = Dataset.load(tmp_path)
    assert dataset.frames.shape == (2, 1, 4, 64, 64, 3)
    assert (figures["views"], figures["frames"]) == (1, 8)
    seen = Robot(plant, 10.0).see_at(dataset.positions[1, 2])
    assert np.abs(dataset.frames[1, 0, 2].astype(int) - seen).mean() < 0.1
    mixed = CollectConfig(episodes=2, gazebo_episodes=1)
    assert view_count(mixed, RandomiseConfig(nominal_share=1.0)) == 2, "Gazebo's image and MuJoCo's differ"


def test_the_first_view_of_an_anchored_motion_is_as_the_simulator_has_it(
    urdf_xml: str, plant: Plant, tmp_path: Path
) -> None:
    config = RandomiseConfig(nominal_share=0.0, anchored_share=1.0)
    collect(urdf_xml, CollectConfig(episodes=2, periods=3), config, tmp_path)
    dataset = Dataset.load(tmp_path)
    seen = Robot(plant, 10.0).see_at(dataset.positions[1, 2])
    first, second = np.abs(dataset.frames[1, :, 2].astype(int) - seen).mean((1, 2, 3))
    assert first < 0.1 < second


def test_episodes_do_not_depend_on_how_many_there_are(urdf_xml: str, tmp_path: Path) -> None:
    for name, episodes in (("few", 1), ("more", 2)):
        (tmp_path / name).mkdir()
        collect(urdf_xml, CollectConfig(episodes=episodes, periods=3), ALWAYS, tmp_path / name)
    few, more = Dataset.load(tmp_path / "few"), Dataset.load(tmp_path / "more")
    assert (few.frames[0] == more.frames[0]).all()
    assert (few.positions[0] == more.positions[0]).all()


def test_the_first_view_of_a_gazebo_episode_is_what_its_camera_saw(
    urdf_xml: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    def stand_in(simulator: str, urdf: str, options: RobotOptions) -> Plant:
        # Stands in for another simulator, with an appearance that is never drawn.
        opened.append(simulator)
        plant = Plant(urdf, options=options)
        plant.set_appearance(Appearance(light_strength=0.0, ambient=0.0))
        return plant

    monkeypatch.setattr(collect_module, "open_plant", stand_in)
    figures = collect(urdf_xml, CollectConfig(episodes=4, gazebo_episodes=2, periods=3), ALWAYS, tmp_path)
    dataset = Dataset.load(tmp_path)
    assert opened == ["gazebo"]
    assert figures["gazebo_episodes"] == 2
    assert dataset.in_gazebo.tolist() == [False, True, False, True]
    dark = dataset.frames.reshape(4, 2, -1).max(axis=2) == 0
    assert dark.tolist() == [[False, False], [True, False], [False, False], [True, False]]
    assert (np.abs(np.diff(dataset.positions, axis=1)).max(axis=(1, 2)) > 0).all()


def test_episodes_of_the_other_simulator_are_spread_over_the_recording() -> None:
    for some, count in ((0, 5), (1, 5), (3, 7), (533, 1600), (7, 7)):
        chosen = spread(some, count)
        assert chosen.sum() == some
        assert abs(chosen[: count // 2].sum() - some / 2) <= 1
    with pytest.raises(ValueError, match="gazebo_episodes"):
        spread(3, 2)


def test_a_delay_moves_the_same_motion_in_time(plant: Plant) -> None:
    def motion(delay_ms: int) -> np.ndarray:
        robot = Robot(plant, 10.0)
        robot.reset(np.array([0.3, -0.4]), delay_ms)
        positions = []
        for _ in range(40):
            robot.tick(np.array([1.0, -0.5]))
            positions.append(plant.position)
        return np.array(positions)

    prompt, late = motion(0), motion(100)
    np.testing.assert_allclose(late[:5], np.tile([0.3, -0.4], (5, 1)), atol=1e-6)
    np.testing.assert_allclose(late[5:], prompt[:-5], atol=1e-6)


def test_recorded_actions_are_those_that_were_driven(plant: Plant) -> None:
    motion = drive(Robot(plant, 10.0), np.random.default_rng(0), 6, 100, 0, seeing=True)
    assert motion.actions.dtype == np.float32
    assert motion.positions.shape == motion.velocities.shape == (7, 2)
    assert (motion.velocities[0] == 0).all(), "an episode begins at rest"
    between = np.diff(motion.positions, axis=0) / 0.1
    assert np.abs((motion.velocities[:-1] + motion.velocities[1:]) / 2 - between).max() < 0.6
    assert motion.frames.shape == (7, 64, 64, 3)
    assert drive(Robot(plant, 10.0), np.random.default_rng(0), 6, 100, 0, seeing=False).frames is None


def test_conditions_are_named_for_what_they_do() -> None:
    frame, rng = np.full((64, 64, 3), 100, dtype=np.uint8), np.random.default_rng(0)
    assert (NOMINAL.develop(frame, rng) == frame).all()
    assert (CONDITIONS["brightness x 0.6"].develop(frame, rng) == 60).all()
    assert (CONDITIONS["brightness x 1.4"].develop(np.full_like(frame, 200), rng) == 255).all()
    assert CONDITIONS["noise of 10 grey levels"].develop(frame, rng).std() == pytest.approx(10, abs=0.3)
    assert CONDITIONS["commands 100 ms late"].delay_ms == 100


def test_a_share_of_the_episodes_travels_and_more_episodes_do_not_change_which(urdf_xml: str, tmp_path: Path) -> None:
    for share, episodes, travelling in ((0.0, 4, []), (0.5, 5, [1, 3]), (0.25, 9, [3, 7]), (1.0, 3, [0, 1, 2])):
        assert np.flatnonzero(alternating(share, episodes)).tolist() == travelling
        assert (alternating(share, episodes) == alternating(share, episodes + 3)[:episodes]).all()
    with pytest.raises(ValueError, match=r"collect\.travel_share: found 1\.5"):
        collect(urdf_xml, CollectConfig(episodes=1, travel_share=1.5), ALWAYS, tmp_path)
