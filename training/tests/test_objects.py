"""Exploration with objects: settings, data, reports and what follows from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from jepa_mpc_sim.scene import SceneError
from tiny_run import TINY, URDF, first_fields

from jepa_mpc_training.collect import collect
from jepa_mpc_training.config import CollectConfig, Config, RandomiseConfig, with_settings
from jepa_mpc_training.dataset import Dataset
from jepa_mpc_training.exporters.errors import ExportRefusedError
from jepa_mpc_training.object_motion import lines, object_motion, read_out_objects
from jepa_mpc_training.objects import by_content, push_share, refuse_scene_of_recordings, scene_of
from jepa_mpc_training.stage import fingerprint
from jepa_mpc_training.stages import Pipeline

CUBE = """
objects:
  - {name: cube, shape: box, size: [0.06, 0.06, 0.1], position: [0.25, 0.2, 0.05], free: true, mass: 0.1,
     friction: 0.5, colour: [1, 0.6, 0]}
"""
NOMINAL = RandomiseConfig(nominal_share=1.0)


@pytest.fixture
def cube(tmp_path: Path) -> Path:
    file = tmp_path / "cube.yaml"
    file.write_text(CUBE)
    return file


def exploring(scene: Path | str, **settings: float) -> CollectConfig:
    return replace(CollectConfig(episodes=5, periods=12), scene=str(scene), **settings)


def test_a_pipeline_collects_with_objects_stores_their_poses_and_reports_their_motion(
    cube: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, config = tmp_path / "run", replace(TINY, collect=exploring(cube))
    figures = Pipeline(URDF.read_text(), config, run, tmp_path / "model").run("collect")["collect"]
    dataset = Dataset.load(run / "collect")
    assert dataset.object_names == ("cube",)
    assert dataset.objects is not None
    assert dataset.objects.shape == (5, 13, 1, 7)
    assert dataset.objects[:, :, 0, 2] == pytest.approx(0.05, abs=0.02)
    assert dataset.objects[:, 0, 0, :2].std(0).min() > 0.02, "placed anew in each episode"
    assert figures["pushes"] == 3
    assert [row["object"] for row in figures["objects"]] == ["cube"]
    assert "motion of objects:\n  cube: moved in " in capsys.readouterr().out
    # The cube is in every frame, where it was at that moment.
    shown = (dataset.frames[..., 0].astype(int) - dataset.frames[..., 2] > 80).sum((-1, -2))
    assert (shown > 3).all()
    # Once more without the scene: what was made with it is gone.
    collect(URDF.read_text(), CollectConfig(episodes=1, periods=3), NOMINAL, run / "collect")
    alone = Dataset.load(run / "collect")
    assert alone.objects is None
    assert alone.object_names == ()


def test_the_same_settings_give_the_same_pushes_and_more_episodes_do_not_change_them(
    cube: Path, tmp_path: Path
) -> None:
    for name, episodes in (("few", 2), ("more", 3)):
        (tmp_path / name).mkdir()
        config = replace(exploring(cube, push_share=1.0), episodes=episodes, periods=8)
        collect(URDF.read_text(), config, NOMINAL, tmp_path / name)
    few, more = Dataset.load(tmp_path / "few"), Dataset.load(tmp_path / "more")
    for part in ("objects", "positions", "actions", "frames"):
        np.testing.assert_array_equal(getattr(few, part), getattr(more, part)[:2])


def test_what_cannot_be_pushed_is_refused(cube: Path, tmp_path: Path) -> None:
    fixed = tmp_path / "fixed.yaml"
    fixed.write_text(CUBE.replace("free: true, mass: 0.1,", ""))
    with pytest.raises(ExportRefusedError, match=r"^collect\.push_share: found 0\.3 with no scene"):
        scene_of(CollectConfig(push_share=0.3))
    with pytest.raises(ExportRefusedError, match=r"^collect\.push_share: .* in which nothing is free"):
        scene_of(exploring(fixed, push_share=0.3))
    with pytest.raises(ExportRefusedError, match=r"^collect\.scene: .*collect\.gazebo_episodes=2; expected .*MuJoCo"):
        scene_of(exploring(cube, gazebo_episodes=2))
    with pytest.raises(SceneError, match="No such file"):
        scene_of(exploring(tmp_path / "none.yaml"))
    for config, name in ((exploring(cube), "scene"), (CollectConfig(push_share=0.5), "push_share")):
        with pytest.raises(ExportRefusedError, match=rf"^collect\.{name}: found .* together with recordings"):
            refuse_scene_of_recordings(config)
    refuse_scene_of_recordings(CollectConfig())
    with pytest.raises(ValueError, match=r"collect\.push_share: found '-1', expected a share"):
        with_settings(Config(), ["collect.push_share=-1"])
    assert push_share(exploring(fixed), scene_of(exploring(fixed))) == 0
    assert push_share(exploring(cube), scene_of(exploring(cube))) == 0.6
    assert push_share(exploring(cube, push_share=0.0), scene_of(exploring(cube))) == 0


def test_data_depend_on_what_a_scene_contains_and_not_on_where_it_is(cube: Path, tmp_path: Path) -> None:
    def made_from(config: CollectConfig) -> str:
        return fingerprint(by_content(config, scene_of(config)))

    elsewhere, other = tmp_path / "copy.yaml", tmp_path / "other.yaml"
    elsewhere.write_text("# a comment\n" + CUBE)
    other.write_text(CUBE.replace("friction: 0.5", "friction: 0.6"))
    with_cube = made_from(exploring(cube))
    assert made_from(exploring(elsewhere)) == with_cube
    assert made_from(exploring(cube, push_share=0.6)) == with_cube
    assert made_from(exploring(cube, push_share=0.5)) != with_cube
    assert made_from(exploring(other)) != with_cube
    # Runs of earlier versions, which had no scenes, are kept.
    alone = CollectConfig()
    assert made_from(alone) == fingerprint(first_fields(alone)) == made_from(replace(alone, push_share=0.0))


def test_heads_learn_from_all_of_the_latents_where_objects_move(cube: Path, tmp_path: Path) -> None:
    fixed = tmp_path / "fixed.yaml"
    fixed.write_text(CUBE.replace("free: true, mass: 0.1,", ""))
    for scene, part in ((cube, "all"), (fixed, "joints"), ("", "joints")):
        config = replace(TINY, collect=exploring(scene))
        used = Pipeline(URDF.read_text(), config, tmp_path / "run", tmp_path / "model")._config
        assert (used.distance.latent_part, used.inverse.latent_part) == (part, part)


def poses_of(places: np.ndarray) -> np.ndarray:
    """Poses `[E, T + 1, 1, 7]` of one object at places `[E, T + 1, 3]`."""
    turned = np.broadcast_to([0.0, 0.0, 0.0, 1.0], (*places.shape[:2], 4))
    return np.concatenate((places, turned), axis=2)[:, :, None].astype(np.float32)


def test_the_motion_of_an_object_is_that_of_the_episodes_in_which_it_moved() -> None:
    places = np.tile([0.4, 0.1, 0.03], (4, 11, 1))
    # 8 cm in 4 of 10 periods; 2 cm and back at once; less than a centimetre; still.
    places[0, :, 0] += np.minimum(np.arange(11) * 0.02, 0.08)
    places[1, 5, 1] += 0.02
    places[2, 6:, 0] += 0.008
    found = object_motion(["cube"], poses_of(places), 0.1)
    expected = {"object": "cube", "moved": 0.5, "displacement_m": 0.05, "in_motion": 0.175, "fell": 0.0}
    assert found["objects"] == [expected]
    assert found["missing"] == []
    assert lines(found) == [
        "motion of objects:",
        "  cube: moved in 50 % of the episodes, by 5.0 cm (median), in motion in 18 % of the periods",
    ]


def test_objects_that_hardly_move_or_often_fall_are_named() -> None:
    places = np.tile([0.4, 0.1, 0.03], (20, 11, 1))
    places[:3, 5:, 2] -= np.arange(6) ** 2
    found = object_motion(["cube"], poses_of(places), 0.1)
    assert found["missing"] == [
        "cube moved in 0 % of the episodes: collect more pushes (collect.push_share) or longer episodes "
        "(collect.periods)",
        "cube fell off what it rested on in 15 % of the episodes: give the scene a larger table, or a rim around it",
    ]
    assert found["objects"][0]["displacement_m"] == 0
    assert lines(found)[-1] == f"  MISSING: {found['missing'][-1]}"


def test_the_read_out_says_whether_latents_show_where_objects_are() -> None:
    rng = np.random.default_rng(0)
    places = np.concatenate((rng.uniform(-0.3, 0.3, (30, 9, 2)), np.full((30, 9, 1), 0.03)), axis=2)
    # Where it has fallen, nothing shows it, and nothing has to.
    places[::7, 6:] = (5.0, 5.0, -3.0)
    latents = rng.normal(size=(30, 2, 9, 8)).astype(np.float32)
    blind = latents.copy()
    latents[..., :2] = places[:, None, :, :2] + 0.01 * rng.normal(size=(30, 2, 9, 2))
    half = latents.copy()
    half[..., 1] = blind[..., 1]
    zeros = np.zeros((30, 9, 2), dtype=np.float32)
    dataset = Dataset(zeros, zeros, zeros, zeros, np.zeros(30, bool), 100, (), poses_of(places), ("cube",))
    parts = np.arange(20), np.arange(20, 30)
    read = read_out_objects(latents, dataset, *parts)
    assert min(read["object_r2"]["cube"]) > 0.99
    assert read["object_read_out"] == ["the latent shows cube (R2 1.00)"]
    along_x, along_y = read_out_objects(half, dataset, *parts)["object_r2"]["cube"]
    assert along_x > 0.99
    assert along_y < 0.1
    assert read_out_objects(blind, dataset, *parts)["object_read_out"][0].startswith("the latent does not show cube")
    resting = replace(dataset, objects=poses_of(np.tile([0.4, 0.1, 0.03], (30, 9, 1))))
    assert read_out_objects(latents, resting, *parts)["object_read_out"][0].startswith("cube does not move in")
    assert read_out_objects(latents, replace(dataset, objects=None), *parts) == {}


def test_a_scene_without_free_objects_is_around_the_robot_and_nothing_is_pushed(tmp_path: Path) -> None:
    wall = tmp_path / "wall.yaml"
    wall.write_text(CUBE.replace("free: true, mass: 0.1,", ""))
    figures = collect(URDF.read_text(), replace(exploring(wall), episodes=2, periods=3), NOMINAL, tmp_path)
    dataset = Dataset.load(tmp_path)
    assert figures["pushes"] == 0
    assert dataset.objects is None
    shown = (dataset.frames[..., 0].astype(int) - dataset.frames[..., 2] > 80).sum((-1, -2))
    assert (shown > 3).all()
