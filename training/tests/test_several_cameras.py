"""Training with two cameras, one over the table and one on the arm, from the URDF to a model folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from jepa_mpc_mujoco.plant import Plant
from jepa_mpc_sim.urdf import read_robot
from safetensors.numpy import load_file
from tiny_run import JOINTS, TINY, URDF, TinyRun, first_fields

from jepa_mpc_training.attach_distance import attach_distance
from jepa_mpc_training.camera_input import planar
from jepa_mpc_training.card import write_card
from jepa_mpc_training.collect import collect
from jepa_mpc_training.config import (
    CollectConfig,
    Config,
    DistanceConfig,
    EncoderConfig,
    PhotometryConfig,
    RandomiseConfig,
    with_settings,
)
from jepa_mpc_training.dataset import Dataset
from jepa_mpc_training.evaluate import Timing, evaluate
from jepa_mpc_training.exporters.encoders.kinds import ENCODERS
from jepa_mpc_training.exporters.encoders.reference import published_weights, random_encoder
from jepa_mpc_training.exporters.errors import ExportRefusedError
from jepa_mpc_training.features import features_of, open_encoder, write_features
from jepa_mpc_training.photometry import photographed
from jepa_mpc_training.probe_folder import probe_folder
from jepa_mpc_training.recordings.source import BagSource, LerobotSource
from jepa_mpc_training.robot import Robot
from jepa_mpc_training.rollout_error import ROLLOUT_STEPS, rollout_errors
from jepa_mpc_training.runtime import ExportedModel
from jepa_mpc_training.stage import fingerprint
from jepa_mpc_training.stages import Pipeline
from jepa_mpc_training.train import load_jepa, train

WRIST = """<gazebo reference="distal_link"><sensor type="camera" name="wrist-cam"><update_rate>15</update_rate><camera>
  <horizontal_fov>1.2</horizontal_fov><image><width>64</width><height>48</height></image></camera></sensor></gazebo>"""
TWO_CAMERAS = URDF.read_text().replace("</robot>", WRIST + "</robot>")
NAMES = ("camera", "wrist-cam")
CONFIG = replace(TINY, name="two", collect=replace(TINY.collect, cameras=NAMES, frame_size=32))
VARIED = RandomiseConfig(nominal_share=0.0, anchored_share=0.0)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> TinyRun:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("two")
    figures = Pipeline(TWO_CAMERAS, CONFIG, folder / "run", folder / "model").run("export")
    return TinyRun(folder / "run", folder / "model", figures)


def recorded(urdf: str, folder: Path, *cameras: str) -> Dataset:
    """Two motions in two views each."""
    folder.mkdir()
    collect(urdf, CollectConfig(episodes=2, periods=3, cameras=cameras), VARIED, folder)
    return Dataset.load(folder)


def test_each_view_is_recorded_by_every_camera_in_one_look(tmp_path: Path) -> None:
    alone, both = recorded(URDF.read_text(), tmp_path / "one", *()), recorded(TWO_CAMERAS, tmp_path / "two", *NAMES)
    assert both.frames.shape == (2, 2, 4, 2, 64, 64, 3)
    assert (both.cameras, both.camera_count) == (NAMES, 2)
    # A second camera changes neither the motion nor the draws.
    assert (both.frames[:, :, :, 0] == alone.frames).all()
    assert (both.positions == alone.positions).all()
    looks = np.abs(np.diff(both.frames[:, :, :, 1].astype(int), axis=1)).mean((1, 2, 3, 4, 5))
    assert (looks > 3).all()


def test_a_run_with_one_camera_leaves_what_it_always_left(tmp_path: Path) -> None:
    alone = recorded(TWO_CAMERAS, tmp_path / "one")
    assert alone.frames.shape == (2, 2, 4, 64, 64, 3)
    assert (alone.cameras, alone.camera_count) == ((), 1)
    names = ("actions", "frames", "in_gazebo", "positions", "velocities")
    assert sorted(file.name for file in (tmp_path / "one").iterdir()) == [f"{name}.npy" for name in names]
    before = fingerprint(first_fields(CollectConfig()))
    assert fingerprint(CollectConfig()) == before, "its stages are not done again"
    assert fingerprint(CollectConfig(cameras=NAMES)) != before


def test_a_frame_has_the_images_of_the_cameras_in_the_order_of_their_names(two: TinyRun) -> None:
    dataset, plant = Dataset.load(two.run / "collect"), Plant(TWO_CAMERAS)
    try:
        for index in range(2):
            seen = Robot(plant, 10.0, frame_size=32, cameras=[index]).see_at(dataset.positions[1, 2])
            assert np.abs(dataset.frames[1, 0, 2, index].astype(int) - seen).mean() < 0.1
        swapped, straight = (
            Robot(plant, 10.0, frame_size=32, cameras=order).see_at(dataset.positions[1, 2])
            for order in ([1, 0], [0, 1])
        )
        assert (swapped[::-1] == straight).all()
    finally:
        plant.close()


def test_each_camera_has_a_photometry_of_its_own() -> None:
    config = PhotometryConfig(nominal_share=0.0, noise_high=0.0, blur_share=0.0)
    frames = torch.full((3, 2, 2, 3, 8, 8), 128, dtype=torch.uint8)
    seen = photographed(config, frames, torch.Generator().manual_seed(0))
    assert seen.shape == frames.shape
    torch.testing.assert_close(seen[:, 0], seen[:, 1])
    levels = seen[:, 0].mean((2, 3, 4)).flatten()
    assert len(levels.unique()) == 6
    one_by_one = photographed(config, frames.transpose(1, 2).flatten(0, 1), torch.Generator().manual_seed(0))
    torch.testing.assert_close(one_by_one.unflatten(0, (3, 2)).transpose(1, 2), seen)


def test_the_model_has_an_input_for_each_camera(two: TinyRun) -> None:
    manifest = json.loads((two.model / "manifest.json").read_text())
    named = [(camera["name"], camera["topic"], camera["width"]) for camera in manifest["cameras"]]
    assert named == [("camera", "camera/image_raw", 32), ("wrist-cam", "wrist_cam/image_raw", 32)]
    assert "before the cameras camera, wrist-cam, with" in manifest["description"]
    inputs = {
        name: [value.name for value in onnx.load(two.model / f"{name}.onnx").graph.input]
        for name in ("encoder", "goal_encoder")
    }
    assert inputs == {"encoder": [*NAMES, "proprioception"], "goal_encoder": list(NAMES)}


def test_the_graphs_give_their_golden_vectors_from_frames_of_both_cameras(two: TinyRun) -> None:
    golden, model = load_file(two.model / "golden.safetensors"), ExportedModel(two.model)
    camera, spec = model.manifest["cameras"][0], model.manifest["proprioception"]
    images = np.stack([golden[f"encoder.{name}"] for name in NAMES], axis=1)
    pixels = np.moveaxis(images, 2, -1) * np.array(camera["std"]) + np.array(camera["mean"])
    frames = np.rint(pixels / camera["scale"]).astype(np.uint8)
    states = golden["encoder.proprioception"] * np.array(spec["std"]) + np.array(spec["mean"])
    np.testing.assert_allclose(model.encode_frames(frames, states), golden["encoder.latent"], atol=1e-4)
    assert set(golden) >= {f"goalEncoder.{name}" for name in NAMES}


def test_what_either_camera_shows_is_in_the_latent_and_in_what_is_read_of_a_goal(two: TinyRun) -> None:
    model, dataset = ExportedModel(two.model), Dataset.load(two.run / "collect")
    frame, rest = dataset.frames[2, 0, 4], np.zeros(2)
    latent, goal = model.encode(frame, rest, rest), model.encode_goal(frame)
    for camera in range(2):
        changed = frame.copy()
        changed[camera] = np.flip(changed[camera], axis=1)
        assert np.abs(model.encode(changed, rest, rest) - latent)[:, :32].max() > 1e-3
        assert np.abs(model.encode_goal(changed) - goal)[:, 32:36].max() > 1e-5


def test_the_closed_loop_sees_through_the_cameras_of_the_model(two: TinyRun, urdf_xml: str) -> None:
    model = ExportedModel(two.model)
    result = evaluate(TWO_CAMERAS, model, TINY.planner, range(1), Timing(plan_every=3), frame_size=32)
    assert result["episodes"] == 1
    with pytest.raises(ExportRefusedError, match="found 'wrist-cam'; expected cameras of the robot: camera"):
        evaluate(urdf_xml, model, TINY.planner, range(1), Timing(), frame_size=32)


def test_the_card_says_which_cameras(two: TinyRun, tiny: TinyRun, tmp_path: Path) -> None:
    figures = two.figures | {"evaluate": tiny.figures["evaluate"]}
    written = write_card(tmp_path, CONFIG, read_robot(TWO_CAMERAS), ["shoulder", "elbow"], figures)
    card = " ".join(written.split())
    assert "frames of 2 cameras, joint positions and velocities in" in card
    assert "204 frames of each of the cameras camera, wrist-cam" in card
    assert "from these camera poses" in card
    assert two.figures["collect"]["cameras"] == list(NAMES)


def test_a_folder_is_probed_on_recordings_of_its_own_cameras_alone(two: TinyRun, tiny: TinyRun, tmp_path: Path) -> None:
    dataset, jepa = Dataset.load(two.run / "collect"), load_jepa(two.run / "train" / "jepa.pt")
    expected = rollout_errors(jepa, dataset, np.arange(12), ROLLOUT_STEPS)
    figures = probe_folder(two.model, two.run / "collect", tmp_path)
    assert figures["rollout_error"] == pytest.approx(expected, abs=2e-3)
    with pytest.raises(ExportRefusedError, match=r"found one camera.*--set collect\.cameras=camera,wrist-cam"):
        probe_folder(two.model, tiny.run / "collect", tmp_path)
    with pytest.raises(ExportRefusedError, match=r"found camera, wrist-cam; expected one camera.*--camera NAME"):
        probe_folder(tiny.model, two.run / "collect", tmp_path)


def test_a_distance_is_added_to_a_folder_with_two_cameras(two: TinyRun, tmp_path: Path) -> None:
    folder = shutil.copytree(two.model, tmp_path / "model")
    figures = attach_distance(folder, two.run / "collect", DistanceConfig(steps=2, batch=16))
    assert figures["frames"] == 12 * 17
    assert "train distance model collect" in ExportedModel(folder).manifest["provenance"]["createdBy"]


def test_a_model_of_one_camera_is_not_trained_further_with_two(two: TinyRun, tiny: TinyRun, tmp_path: Path) -> None:
    dataset, start = Dataset.load(two.run / "collect"), str(tiny.run / "train" / "jepa.pt")
    with pytest.raises(ExportRefusedError, match="found a model on images; expected one on images of 2 cameras"):
        train(dataset, JOINTS, replace(TINY.train, start=start), TINY.photometry, tmp_path, "further")


def test_without_proprioception_the_images_are_all_that_the_encoder_takes(two: TinyRun, tmp_path: Path) -> None:
    config = with_settings(CONFIG, ["train.proprioception=off", "inverse.enabled=off", "train.steps=60"])
    run = tmp_path / "run"
    run.mkdir()
    (run / "collect").symlink_to(two.run / "collect")
    Pipeline(TWO_CAMERAS, config, run, tmp_path / "model").run("export")
    graph = onnx.load(tmp_path / "model" / "encoder.onnx").graph
    assert [value.name for value in graph.input] == list(NAMES)


def test_a_published_encoder_sees_through_each_camera(two: TinyRun, tmp_path: Path) -> None:
    reference = random_encoder("vjepa", ENCODERS["vjepa"].small, 0)
    torch.save(published_weights("vjepa", reference, 0), tmp_path / "weights.pt")
    config = EncoderConfig(kind="vjepa", weights=str(tmp_path / "weights.pt"), heads=3, grid=2, dtype="float32")
    encoder, dataset = open_encoder(config), Dataset.load(two.run / "collect")
    some = replace(dataset, frames=dataset.frames[:1])
    write_features(some, encoder, config, TINY.photometry, tmp_path, "here")
    features = np.load(tmp_path / "features.npy")
    assert features.shape == (1, 1, 17, 8, 24)
    alone = features_of(encoder, config, 1)
    for camera in range(2):
        image = encoder.camera.fit(planar(some.frames[0, 0, 5, camera][None]))
        with torch.no_grad():
            expected = alone(image)[0]
        np.testing.assert_allclose(features[0, 0, 5, 4 * camera : 4 * camera + 4], expected, atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["collect.cameras=camera,wristcam"], "found 'wristcam'.*Did you mean 'wrist-cam'"),
        (["collect.cameras=wrist-cam"], "expected two or more.*--camera wrist-cam"),
        (["collect.cameras=camera,camera"], "found camera, camera"),
        (["collect.cameras=camera,wrist-cam", "collect.gazebo_episodes=1"], "together with collect.gazebo_episodes"),
        (["collect.cameras=camera,wrist-cam", "evaluate.gazebo_episodes=1"], "together with evaluate.gazebo_episodes"),
    ],
)
def test_cameras_that_cannot_be_used_are_refused_before_any_work(
    settings: list[str], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ExportRefusedError, match=words):
        Pipeline(TWO_CAMERAS, with_settings(Config(), settings), tmp_path / "run", tmp_path / "model")
    assert not (tmp_path / "run").exists()


def test_cameras_whose_images_would_share_a_topic_are_refused(tmp_path: Path) -> None:
    urdf = TWO_CAMERAS.replace('sensor name="camera"', 'sensor name="wrist_cam"')
    config = with_settings(TINY, ["collect.cameras=wrist_cam,wrist-cam"])
    with pytest.raises(ExportRefusedError, match="found cameras wrist_cam, wrist-cam, two of them on one topic"):
        Pipeline(urdf, config, tmp_path / "run", tmp_path / "model")


def test_recorded_cameras_that_evaluate_cannot_simulate_are_refused_before_any_work(tmp_path: Path) -> None:
    source = LerobotSource(("data",), camera="observation.images.camera,observation.images.wristcam")
    pipeline = Pipeline(TWO_CAMERAS, TINY, tmp_path / "run", tmp_path / "model", source)
    with pytest.raises(ExportRefusedError, match=r"found 'wristcam'.*Did you mean 'wrist-cam'"):
        pipeline.run("evaluate")
    assert not (tmp_path / "run").exists()


def test_recordings_have_one_camera(tmp_path: Path) -> None:
    with pytest.raises(ExportRefusedError, match="camera, wrist-cam together with recordings"):
        Pipeline(TWO_CAMERAS, CONFIG, tmp_path / "run", tmp_path / "model", BagSource(("bag",)))


def test_images_that_are_not_scaled_have_one_size(tmp_path: Path) -> None:
    config = replace(CONFIG.collect, frame_size=0)
    with pytest.raises(ExportRefusedError, match=r"128 x 128 and 64 x 48 pixels.*collect\.frame_size=128"):
        collect(TWO_CAMERAS, config, VARIED, tmp_path)
