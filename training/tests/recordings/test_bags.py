"""rosbag2 recordings become episodes: synchronised, cut at what is missing, and refused if they cannot be used."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bags import MS, PERIODS, START, STORAGES, Bag, Motion, collect_source
from jepa_mpc_mujoco.plant import Plant
from tiny_run import TINY, URDF, TinyRun

from jepa_mpc_training.config import CollectConfig, RecordingsConfig
from jepa_mpc_training.dataset import Dataset
from jepa_mpc_training.recordings.collect import collect_recordings
from jepa_mpc_training.recordings.errors import RecordingError
from jepa_mpc_training.recordings.source import identity, remember, remembered, source_of
from jepa_mpc_training.runtime import ExportedModel
from jepa_mpc_training.stages import Pipeline


@pytest.fixture
def collected(urdf_xml: str, tmp_path: Path):
    """Writes a bag and collects it: the data set and the findings."""

    def collect(bag: Bag, periods: int = PERIODS, period_ms: int = 100, **reading) -> tuple[Dataset, dict]:
        source = bag.source(bag.write(tmp_path / "bag"), **reading)
        (tmp_path / "out").mkdir()
        config = CollectConfig(periods=periods, period_ms=period_ms)
        collect_recordings(urdf_xml, source, config, RecordingsConfig(), tmp_path / "out")
        findings = json.loads((tmp_path / "out" / "findings.json").read_text())
        return Dataset.load(tmp_path / "out"), findings["recordings"][0]

    return collect


def _times_ms(dataset: Dataset) -> np.ndarray:
    """When each frame was taken, from its red: `[E, T + 1]`."""
    return dataset.frames[:, 0, :, 5, 5, 0].astype(int) * 50


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("kind", ["trajectory", "velocities", "positions"])
def test_images_joints_and_commands_are_aligned(collected, storage: str, kind: str) -> None:
    motion = Motion()
    dataset, findings = collected(Bag(motion, storage=storage, kind=kind))
    assert dataset.frames.shape == (7, 1, PERIODS + 1, 64, 64, 3)
    assert not dataset.in_gazebo.any()
    times = _times_ms(dataset)
    assert (np.diff(times, axis=1) == 100).all()
    # The commanded positions before the first point of the first trajectory are unknown.
    start = 100 if kind == "trajectory" else 0
    assert times[:, 0].tolist() == [start + episode * PERIODS * 100 for episode in range(7)], "one after the other"
    for episode in range(7):
        for period in range(PERIODS + 1):
            at = times[episode, period]
            assert dataset.positions[episode, period] == pytest.approx(motion.position(at), abs=1e-6)
            if period < PERIODS:
                assert dataset.actions[episode, period] == pytest.approx(motion.velocities[at // 100], abs=1e-5)
    assert findings["gaps"] == findings["clock_jumps"] == []
    assert findings["dropped_frames"] == findings["out_of_order"] == 0
    assert findings["camera_hz"] == pytest.approx(30, abs=0.1)


@pytest.mark.parametrize("measured", [True, False])
def test_velocities_are_those_that_the_node_has_at_a_frame(collected, measured: bool) -> None:
    motion = Motion()
    dataset, _ = collected(Bag(motion, kind="velocities", measures_velocities=measured))
    at = _times_ms(dataset)[0] // 100
    # Where none are measured: from the joint state 20 ms before the frame, which shows a change, to the one after it.
    expected = motion.velocities[at] if measured else (motion.velocities[at] + motion.velocities[at - 1]) / 2
    assert dataset.velocities[0, 1:] == pytest.approx(expected[1:], abs=1e-5)


def test_commands_that_change_within_a_period_count_for_as_long_as_they_were_in_force(collected) -> None:
    motion = Motion()
    # The camera is 40 ms behind the changes: an action is 60 ms of one velocity and 40 ms of the next.
    bag = Bag(motion, kind="velocities", frame_ms=20, frames=lambda at: at % 100 == 40)
    dataset, _ = collected(bag)
    first = motion.velocities[:-1] * 0.6 + motion.velocities[1:] * 0.4
    assert dataset.actions[0] == pytest.approx(first[:PERIODS], abs=1e-5)


def test_episodes_are_cut_into_the_control_periods_that_are_set(collected) -> None:
    motion = Motion(4)
    dataset, findings = collected(Bag(motion, kind="velocities", frame_ms=40), period_ms=40)
    assert dataset.period_ms == 40
    assert len(dataset.frames) == findings["episodes"] == 12
    for episode in (0, 5):
        for period in range(PERIODS):
            at = (episode * PERIODS + period) * 40
            assert dataset.positions[episode, period] == pytest.approx(motion.position(at), abs=1e-6)
            expected = (motion.position(at + 40) - motion.position(at)) / 0.04
            assert dataset.actions[episode, period] == pytest.approx(expected, abs=1e-5)


def test_a_camera_that_is_slower_than_the_period_is_refused_with_the_rate_that_it_takes(collected) -> None:
    with pytest.raises(RecordingError, match=r"8 periods of 40 ms .*no frame in time.*at 25 images a second or more"):
        collected(Bag(Motion(4), frame_ms=100), period_ms=40)


def test_a_camera_with_a_clock_of_its_own_does_not_run_out_of_step(collected) -> None:
    dataset, findings = collected(Bag(Motion(20), frame_ms=98.0), periods=100)
    assert len(dataset.frames) == 2
    assert findings["unused_s"].get("no frame in time", 0) == 0


def test_a_gap_ends_an_episode_and_is_reported_with_its_time(collected) -> None:
    dataset, findings = collected(Bag(frames=lambda at: not 2010 < at < 3490))
    assert findings["gaps"] == [{"at_s": 2.0, "topic": "camera", "by_s": pytest.approx(1.5, abs=0.04)}]
    times = _times_ms(dataset)
    assert (np.diff(times, axis=1) == 100).all()
    assert not ((times[:, 0] <= 2000) & (times[:, -1] >= 3500)).any()
    assert findings["unused_s"]["no frame in time"] == pytest.approx(1.5, abs=0.1)


def test_single_dropped_frames_are_counted_and_bridged_where_others_are_near(collected) -> None:
    # The frame at 1000 ms is gone, those at 967 and 1033 ms are too far from it, and the chain begins anew.
    dataset, findings = collected(Bag(frames=lambda at: round(at) not in (1000, 2033)))
    assert findings["dropped_frames"] == 2
    assert findings["gaps"] == []
    assert (np.diff(_times_ms(dataset), axis=1) == 100).all()
    assert findings["episodes"] == len(dataset.frames) == 7


def test_missing_joint_states_and_missing_commands_are_distinguished(collected) -> None:
    _, findings = collected(
        Bag(kind="velocities", states=lambda at: not 1000 < at < 1600, commands=lambda at: not 3000 < at < 4500)
    )
    assert findings["unused_s"]["no joint states around the frame"] == pytest.approx(0.7, abs=0.11)
    # A set-point is in force for half a second after the last one.
    assert findings["unused_s"]["no command in force"] == pytest.approx(1.1, abs=0.11)
    assert [gap["topic"] for gap in findings["gaps"]] == ["joint states"]


def test_a_clock_that_jumps_is_reported_and_no_episode_crosses_the_jump(collected) -> None:
    # Ahead by 10 s at 2 s, and back by 15 s at 4 s.
    bag = Bag(stamp=lambda at: at + (0 if at < 2000 else 10_000 if at < 4000 else -5_000))
    dataset, findings = collected(bag, stamps="header")
    jumps = [(round(jump["at_s"]), round(jump["by_s"])) for jump in findings["clock_jumps"]]
    assert jumps == [(2, 10), (4, -15)]
    times = _times_ms(dataset)
    for edge in (2000, 4000):
        assert not ((times[:, 0] < edge) & (times[:, -1] >= edge)).any()
    assert (np.diff(times, axis=1) == 100).all()


def test_a_delivery_that_stalls_is_no_clock_jump(collected, tmp_path: Path) -> None:
    class Stalled(Bag):
        def _messages(self):
            for at, topic, message in super()._messages():
                # What is sent from 2 to 3 s comes at 3 s.
                yield (3000 if topic != "/joint_trajectory" and 2000 < at < 3000 else at), topic, message

    _, findings = collected(Stalled())
    assert findings["clock_jumps"] == []
    assert findings["episodes"] == 7


def test_a_message_that_comes_late_is_left_out_and_counted(collected) -> None:
    # The stamp of one frame is 60 ms older than that of the frame before it.
    _, findings = collected(Bag(stamp=lambda at: at - 100 if round(at) == 1033 else at))
    assert findings["out_of_order"] == 1


def test_a_robot_that_is_put_somewhere_else_begins_a_new_episode(collected) -> None:
    class Moved(Motion):
        def position(self, at_ms: float) -> np.ndarray:
            return super().position(at_ms) + (2.0 if at_ms >= 3000 else 0.0)

    dataset, findings = collected(Bag(Moved(), kind="velocities"))
    assert findings["unused_s"][
        "joints faster than their limits: moved by something else, or not in rad or m"
    ] == pytest.approx(0.1, abs=0.01)
    assert np.abs(np.diff(dataset.positions, axis=1)).max() < 0.2


def test_commands_before_any_is_given_are_none(collected) -> None:
    dataset, findings = collected(Bag(commands=lambda at: at >= 1500))
    assert _times_ms(dataset).min() >= 1500
    assert findings["unused_s"]["no command in force"] == pytest.approx(1.5, abs=0.11)


def test_a_bag_without_commands_is_refused_and_measured_motion_is_no_stand_in(collected, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"no such topic.*/image_raw.*cannot train a model"):
        collected(Bag(kind="none"))
    bag = Bag()
    path = bag.write(tmp_path / "other")
    with pytest.raises(RecordingError, match=r"JointState.*Measured velocities are not actions"):
        collect_source(bag.source(path, command_topic="/joint_states"), tmp_path)


def test_joints_by_other_names_are_refused_until_they_are_named(collected, tmp_path: Path) -> None:
    bag = Bag(names=("j1", "j2"))
    source = bag.source(bag.write(tmp_path / "named"))
    with pytest.raises(RecordingError, match=r"found joints j1, j2, expected shoulder, elbow.*--joint"):
        collect_source(source, tmp_path)
    dataset = collect_source(replace(source, joint_names=(("shoulder", "j1"), ("elbow", "j2"))), tmp_path)
    assert dataset.positions[0, 3] == pytest.approx(bag.motion.position(400), abs=1e-6)


def test_joints_in_another_order_are_found_out_by_their_motion(tmp_path: Path) -> None:
    bag = Bag(kind="velocities", order=(1, 0))
    source = bag.source(bag.write(tmp_path / "swapped"))
    with pytest.raises(RecordingError, match=r"it moves with those of elbow.*--command-joints"):
        collect_source(source, tmp_path)
    dataset = collect_source(replace(source, command_joints=("elbow", "shoulder")), tmp_path)
    assert dataset.actions[0, 3] == pytest.approx(bag.motion.velocities[3], abs=1e-5)
    with pytest.raises(RecordingError, match=r"2 numbers.*expected 3"):
        collect_source(replace(source, command_joints=("elbow", "shoulder", "wrist")), tmp_path)


def test_commands_in_another_unit_are_refused(tmp_path: Path) -> None:
    class Degrees(Motion):
        @property
        def velocities(self) -> np.ndarray:
            return np.rad2deg(super().velocities)

        def position(self, at_ms: float) -> np.ndarray:
            return np.deg2rad(super().position(at_ms))

    bag = Bag(Degrees(), kind="velocities")
    with pytest.raises(RecordingError, match=r"shoulder commanded to exceed its limit of 2 rad/s"):
        collect_source(bag.source(bag.write(tmp_path / "degrees")), tmp_path)


def test_a_joint_that_is_never_moved_is_refused(tmp_path: Path) -> None:
    class Still(Motion):
        @property
        def velocities(self) -> np.ndarray:
            return super().velocities * [1, 0]

    bag = Bag(Still(), kind="velocities")
    with pytest.raises(RecordingError, match="elbow commanded to move at 0"):
        collect_source(bag.source(bag.write(tmp_path / "still")), tmp_path)


def test_compressed_images_are_read(collected) -> None:
    dataset, _ = collected(Bag(Motion(3), compressed=True))
    expected = np.arange(64) * 2 + 0.5
    green = dataset.frames[0, 0, 0, :, 30, 1].astype(float)
    assert green == pytest.approx(expected, abs=4)
    assert np.abs(dataset.frames[0, 0, :, 5, 5, 0] - np.arange(PERIODS + 1) * 2.0).max() <= 3


def test_images_that_cannot_be_read_are_refused_by_their_encoding(tmp_path: Path) -> None:
    bag = Bag(Motion(3), encoding="32FC3")
    refusal = r"images in '32FC3', expected one of rgb8.*Record the camera's colour topic"
    with pytest.raises(RecordingError, match=refusal):
        collect_source(bag.source(bag.write(tmp_path / "depth")), tmp_path)


def test_simulated_time_in_stamps_alone_is_refused_for_commands_that_have_none(tmp_path: Path) -> None:
    bag = Bag(kind="velocities", stamp=lambda at: at - START / MS + 1000)
    source = bag.source(bag.write(tmp_path / "simulated"))
    with pytest.raises(RecordingError, match=r"--use-sim-time.*--stamps bag"):
        collect_source(source, tmp_path)
    dataset = collect_source(replace(source, stamps="bag"), tmp_path)
    assert dataset.actions[0, 3] == pytest.approx(bag.motion.velocities[3], abs=0.05)


def test_too_little_is_refused_with_the_reasons(tmp_path: Path) -> None:
    bag = Bag(Motion(3), frame_ms=140.0)
    with pytest.raises(RecordingError, match=r"0 stretches of 8 periods.*no frame in time"):
        collect_source(bag.source(bag.write(tmp_path / "slow")), tmp_path)


def test_what_is_no_bag_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(RecordingError, match=r"expected the folder of a rosbag2 recording"):
            collect_source(Bag().source(path), tmp_path)


def test_several_bags_make_one_data_set(tmp_path: Path) -> None:
    first, second = Bag(Motion(3)), Bag(Motion(4, seed=1), storage="sqlite3")
    paths = [bag.write(tmp_path / name) for name, bag in (("a", first), ("b", second))]
    source = replace(first.source(paths[0]), paths=tuple(str(path) for path in paths))
    dataset = collect_source(source, tmp_path)
    assert dataset.actions[0, 0] == pytest.approx(first.motion.velocities[1], abs=1e-5)
    assert dataset.actions[3, 0] == pytest.approx(second.motion.velocities[1], abs=1e-5)
    assert (_times_ms(dataset)[3] == 100 + np.arange(PERIODS + 1) * 100).all()


def test_a_run_remembers_what_it_was_collected_from(tmp_path: Path) -> None:
    source = replace(Bag().source(Bag(Motion(1)).write(tmp_path / "bag")), joint_names=(("shoulder", "j1"),))
    known = identity(source)
    assert remembered(tmp_path) is None
    remember(tmp_path, known)
    assert fingerprint_text(remembered(tmp_path)) == fingerprint_text(known)
    assert source_of(remembered(tmp_path)) == source
    (tmp_path / "bag" / "more").write_text("x")
    assert identity(source) != known, "files that change are other data"


def fingerprint_text(known: dict | None) -> str:
    return json.dumps(known, sort_keys=True)


def test_a_robot_that_no_simulator_knows_is_trained_from_its_bag_to_a_folder(tiny: TinyRun, tmp_path: Path) -> None:
    # Its URDF has joints and limits, and neither a camera nor a link that the simulators know.
    limit = '<limit lower="-9" upper="9" velocity="2" effort="1" acceleration="5"/>'
    joint = '<joint name="{}" type="revolute"><parent link="{}"/><child link="{}"/>' + limit + "</joint>"
    links = "".join(f'<link name="{name}"/>' for name in "abc")
    urdf = f'<robot name="r">{links}{joint.format("shoulder", "a", "b")}{joint.format("elbow", "b", "c")}</robot>'
    plant = Plant(URDF.read_text())

    class Seen(Motion):
        @property
        def velocities(self) -> np.ndarray:
            return np.repeat(super().velocities[::8], 8, axis=0) * 1.9

        def picture(self, at_ms: float) -> np.ndarray:
            return plant.render_at(self.position(at_ms).clip(-2.6, 2.6))

    bag = Bag(Seen(24))
    source = bag.source(bag.write(tmp_path / "bag"))
    # Continues from trained weights, so that a few seconds of one motion are enough.
    train = replace(TINY.train, start=str(tiny.run / "train" / "jepa.pt"), steps=2, learning_rate=1e-5, held_out=0.8)
    config = replace(TINY, collect=CollectConfig(periods=PERIODS), train=train)
    Pipeline(urdf, config, tmp_path / "run", tmp_path / "model", source).run("collect")
    # Later commands need no bag.
    figures = Pipeline(urdf, config, tmp_path / "run", tmp_path / "model").run("export")
    assert figures["collect"]["recordings"] == ["bag"]
    assert figures["probe"]["invariance"] == {}
    model = ExportedModel(tmp_path / "model")
    assert model.manifest["action"]["joints"] == ["shoulder", "elbow"]
    assert model.manifest["action"]["upper"] == [2.0, 2.0]
    assert "cut from bag" in model.manifest["provenance"]["dataset"]
    assert model.manifest["provenance"]["source"].startswith("Trained from recordings of a robot")
    latent = model.encode(bag.motion.picture(500), np.zeros(2), np.zeros(2))
    assert np.isfinite(latent).all()
    plant.close()
