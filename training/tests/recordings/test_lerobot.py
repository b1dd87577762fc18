"""LeRobot data sets in format v3: several episodes in one table and in one video, read without LeRobot."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from PIL import Image as Picture
from tiny_run import URDF

from jepa_mpc_training.config import CollectConfig, RecordingsConfig
from jepa_mpc_training.dataset import Dataset
from jepa_mpc_training.recordings.collect import collect_recordings
from jepa_mpc_training.recordings.errors import RecordingError
from jepa_mpc_training.recordings.source import LerobotSource

CAMERA, WRIST = "observation.images.front", "observation.images.wrist"
PERIODS = 8


@dataclass(frozen=True)
class DataSet:
    """What is written, in the layout of format v3 (codebase_version v3.0): `lengths` are frames of the episodes."""

    lengths: tuple[int, ...] = (60, 45, 90)
    fps: int = 30
    in_video: bool = True
    version: str = "v3.0"
    names: Any = ("shoulder.pos", "elbow.pos")
    features: tuple[str, ...] = ("action", "observation.state", CAMERA)
    degrees: bool = False

    def target(self, episode: int, seconds: np.ndarray) -> np.ndarray:
        """Commanded positions `[N, 2]` in rad: lines with a bend every 0.7 s, different in every episode."""
        slopes = np.random.default_rng(episode).uniform(0.5, 1.5, (20, 2)) * np.array([[1, -1], [-1, 1]] * 10)
        knots = np.concatenate((np.zeros((1, 2)), np.cumsum(slopes * 0.7, axis=0)))
        return np.stack([np.interp(seconds, np.arange(21) * 0.7, column) for column in knots.T], axis=1)

    def position(self, episode: int, seconds: np.ndarray) -> np.ndarray:
        """Where they are: a frame behind."""
        return self.target(episode, np.maximum(0, seconds - 1 / self.fps))

    def numbers(self, positions: np.ndarray) -> np.ndarray:
        """What is recorded of positions in rad `[N, 2]`."""
        return np.rad2deg(positions) if self.degrees else positions

    def picture(self, episode: int, frame: int) -> np.ndarray:
        """uint8 `[64, 96, 3]`, of one grey level, which says the episode and the frame."""
        return np.full((64, 96, 3), 40 + 50 * episode + frame, dtype=np.uint8)

    def image(self, camera: str, episode: int, frame: int) -> np.ndarray:
        """That of the camera on the wrist is the negative of the picture, of another size."""
        picture = self.picture(episode, frame)
        return 255 - picture[:48, :64] if camera == WRIST else picture

    def write(self, root: Path) -> Path:
        """Writes it; returns the path."""
        (root / "meta" / "episodes" / "chunk-000").mkdir(parents=True)
        (root / "data" / "chunk-000").mkdir(parents=True)
        dtype = "video" if self.in_video else "image"
        names = list(self.names) if isinstance(self.names, tuple) else self.names
        features = {
            "action": {"dtype": "float32", "shape": [2], "names": names},
            "observation.state": {"dtype": "float32", "shape": [2], "names": names},
            CAMERA: {"dtype": dtype, "shape": [64, 96, 3], "names": ["height", "width", "channels"]},
            WRIST: {"dtype": dtype, "shape": [48, 64, 3], "names": ["height", "width", "channels"]},
        }
        features = {name: feature for name, feature in features.items() if name in self.features}
        cameras = [name for name in (CAMERA, WRIST) if name in self.features]
        info = {
            "codebase_version": self.version,
            "robot_type": "arm",
            "fps": self.fps,
            "total_episodes": len(self.lengths),
            "total_frames": sum(self.lengths),
            "chunks_size": 1000,
            "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
            "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
            "splits": {"train": f"0:{len(self.lengths)}"},
            "features": features,
        }
        (root / "meta" / "info.json").write_text(json.dumps(info))
        rows, episodes, start = [], [], 0
        for episode, length in enumerate(self.lengths):
            seconds = np.arange(length) / self.fps
            commanded = self.numbers(self.target(episode, seconds))
            state = self.numbers(self.position(episode, seconds))
            for frame in range(length):
                row = {
                    "action": commanded[frame].tolist(),
                    "observation.state": state[frame].tolist(),
                    "timestamp": float(seconds[frame]),
                    "frame_index": frame,
                    "episode_index": episode,
                    "index": start + frame,
                    "task_index": 0,
                }
                for camera in cameras if not self.in_video else ():
                    image = self.image(camera, episode, frame)
                    row[camera] = {"bytes": _png(image), "path": f"frame-{frame:06d}.png"}
                rows.append(row)
            episodes.append(
                {
                    "episode_index": episode,
                    "tasks": ["move"],
                    "length": length,
                    "data/chunk_index": 0,
                    "data/file_index": 0,
                    "dataset_from_index": start,
                    "dataset_to_index": start + length,
                }
                | {
                    f"videos/{camera}/{field}": value
                    for camera in cameras
                    for field, value in (
                        ("chunk_index", 0),
                        ("file_index", 0),
                        ("from_timestamp", start / self.fps),
                        ("to_timestamp", (start + length) / self.fps),
                    )
                }
            )
            start += length
        numbers = pa.list_(pa.float32())
        types = {"action": numbers, "observation.state": numbers, "timestamp": pa.float32()}
        table = pa.Table.from_pylist(rows)
        for name, kind in types.items():
            table = table.set_column(table.schema.get_field_index(name), name, table[name].cast(kind))
        pa.parquet.write_table(table, root / "data" / "chunk-000" / "file-000.parquet")
        pa.parquet.write_table(
            pa.Table.from_pylist(episodes), root / "meta" / "episodes" / "chunk-000" / "file-000.parquet"
        )
        for camera in cameras if self.in_video else ():
            self._write_video(root / "videos" / camera / "chunk-000" / "file-000.mp4", camera)
        return root

    def _write_video(self, path: Path, camera: str = CAMERA) -> None:
        path.parent.mkdir(parents=True)
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libsvtav1", rate=self.fps)
            height, width, _ = self.image(camera, 0, 0).shape
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.options = {"crf": "20", "g": "2", "preset": "12"}
            for episode, length in enumerate(self.lengths):
                for frame in range(length):
                    picture = av.VideoFrame.from_ndarray(self.image(camera, episode, frame), format="rgb24")
                    container.mux(stream.encode(picture))
            container.mux(stream.encode())


def _png(pixels: np.ndarray) -> bytes:
    encoded = io.BytesIO()
    Picture.fromarray(pixels).save(encoded, "PNG")
    return encoded.getvalue()


def _collect(path: Path, folder: Path, **reading) -> Dataset:
    source = LerobotSource(paths=(str(path),), **reading)
    folder.mkdir(exist_ok=True)
    collect_recordings(URDF.read_text(), source, CollectConfig(periods=PERIODS), RecordingsConfig(), folder)
    return Dataset.load(folder)


@pytest.mark.parametrize("in_video", [True, False])
def test_episodes_of_one_file_are_separated_and_their_images_found(tmp_path: Path, in_video: bool) -> None:
    data = DataSet(in_video=in_video)
    dataset = _collect(data.write(tmp_path / "set"), tmp_path / "out")
    # 60, 45 and 90 frames at 30 Hz have 19, 14 and 29 periods.
    pieces = [(0, 0), (0, 8), (1, 0), (2, 0), (2, 8), (2, 16)]
    assert dataset.frames.shape == (len(pieces), 1, PERIODS + 1, 64, 64, 3)
    for row, (episode, first) in enumerate(pieces):
        seconds = (first + np.arange(PERIODS + 1)) * 0.1
        frames = np.rint(seconds * 30)
        assert np.abs(dataset.frames[row, 0, :, 30, 30, 0] - (40 + 50 * episode + frames)).max() <= 3
        assert dataset.positions[row] == pytest.approx(data.position(episode, seconds), abs=1e-5)
        commanded = data.target(episode, seconds)
        assert dataset.actions[row] == pytest.approx(np.diff(commanded, axis=0) / 0.1, abs=1e-4)


@pytest.mark.parametrize("in_video", [True, False])
def test_several_cameras_that_are_chosen_are_kept_side_by_side(tmp_path: Path, in_video: bool) -> None:
    data = DataSet(in_video=in_video, features=("action", "observation.state", CAMERA, WRIST))
    path = data.write(tmp_path / "set")
    dataset = _collect(path, tmp_path / "out", camera=f"{WRIST},{CAMERA}")
    assert dataset.cameras == ("wrist", "front")
    assert dataset.frames.shape == (6, 1, PERIODS + 1, 2, 64, 64, 3)
    wrist, front = dataset.frames[..., 30, 30, 0].astype(int).transpose(3, 0, 1, 2)
    assert np.abs(wrist + front - 255).max() <= 6
    assert np.ptp(front) > 50
    with pytest.raises(RecordingError, match=r"cameras \S+front, \S+wrist, expected one camera, or several"):
        _collect(path, tmp_path / "out")
    with pytest.raises(
        RecordingError, match=r"and the choice \S+wrist,\S+wrist, expected one camera, or several different"
    ):
        _collect(path, tmp_path / "out", camera=f"{WRIST},{WRIST}")
    assert _collect(path, tmp_path / "out", camera=WRIST).cameras == ()


def test_cameras_are_named_by_the_last_part_of_their_feature_where_that_is_unambiguous() -> None:
    def names(*features: str) -> tuple[str, ...]:
        return LerobotSource(paths=("set",), camera=",".join(features)).camera_names

    assert names(CAMERA, WRIST) == ("front", "wrist")
    assert names(CAMERA) == ()
    assert names("left.image", "right.image", WRIST) == ("left.image", "right.image", "wrist")
    assert names("images.latent", WRIST) == ("images.latent", "wrist")


def test_names_in_an_object_and_degrees_are_understood(tmp_path: Path) -> None:
    data = DataSet(in_video=False, names={"motors": ["shoulder", "elbow"]}, degrees=True)
    path = data.write(tmp_path / "set")
    with pytest.raises(RecordingError, match=r"--command-kind position"):
        _collect(path, tmp_path / "out")
    dataset = _collect(path, tmp_path / "out", command_kind="position", degrees=True)
    seconds = np.arange(PERIODS + 1) * 0.1
    assert dataset.positions[0] == pytest.approx(data.position(0, seconds), abs=1e-5)
    with pytest.raises(RecordingError, match="may be degrees or from -100 to 100"):
        _collect(path, tmp_path / "out", command_kind="position")


def test_what_cannot_be_used_is_refused_with_what_to_do(tmp_path: Path) -> None:
    refused = {
        r"codebase_version v2.1, expected v3.0\. .*HF_LEROBOT_HOME=\S+ .*--repo-id=0 .*--push-to-hub=false": DataSet(
            version="v2.1"
        ),
        r"codebase_version v2.0, expected v3.0\. Convert it to v2.1": DataSet(version="v2.0"),
        "Measured velocities are not actions": DataSet(features=("observation.state", CAMERA)),
        "expected 'observation.state'": DataSet(features=("action", CAMERA)),
        "cameras none": DataSet(features=("action", "observation.state")),
        "expected shoulder, elbow.*--joint": DataSet(names=("pan.pos", "lift.pos")),
        "found no names": DataSet(names=None),
        "found 0 stretches.*no frame in time": DataSet(fps=7),
    }
    for number, (message, data) in enumerate(refused.items()):
        path = replace(data, in_video=False).write(tmp_path / str(number))
        with pytest.raises(RecordingError, match=message):
            _collect(path, tmp_path / "out")
    with pytest.raises(RecordingError, match=r"no meta/info\.json"):
        _collect(tmp_path, tmp_path / "out")
    with pytest.raises(RecordingError, match=r"no 'wrist'.*--lerobot-camera"):
        _collect(DataSet(in_video=False).write(tmp_path / "good"), tmp_path / "out", camera="wrist")


def test_a_video_that_ends_early_and_one_that_is_missing_are_refused(tmp_path: Path) -> None:
    path = DataSet().write(tmp_path / "set")
    video = path / "videos" / CAMERA / "chunk-000" / "file-000.mp4"
    video.unlink()
    replace(DataSet(), lengths=(60, 20))._write_video(tmp_path / "short" / "file.mp4")
    video.write_bytes((tmp_path / "short" / "file.mp4").read_bytes())
    with pytest.raises(RecordingError, match=r"no frame at .* s, expected one for every row of episode 1"):
        _collect(path, tmp_path / "out")
    video.unlink()
    with pytest.raises(RecordingError, match="expected an MP4 file that can be decoded"):
        _collect(path, tmp_path / "out")
