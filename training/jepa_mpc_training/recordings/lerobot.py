"""Reads LeRobot data sets, format v3: tables in Parquet, images in shared MP4 files or in the tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
from jepa_mpc_sim.joint_limits import JointLimits

from ..config import RecordingsConfig
from .commands import Commands, HeldPositions, HeldVelocities
from .errors import RecordingError
from .findings import Findings
from .images import compressed_image
from .lerobot_scales import scales_of
from .section import Section
from .source import LerobotSource

_NS_PER_S = 1e9
_NS_PER_MS = 1e6
_STATE, _ACTION = "observation.state", "action"
_VERSION = "v3"
_KINDS = {"pos": "position", "position": "position", "vel": "velocity", "velocity": "velocity"}


@dataclass(frozen=True)
class _Layout:
    """The content of meta/info.json: paths, and the columns of state and action that belong to the URDF's joints."""

    root: Path
    fps: float
    data_path: str
    video_path: str
    cameras: dict[str, bool]
    """Features of the images, and whether each is a video."""
    state_columns: list[int]
    action_columns: list[int]
    command_kind: str
    factor: np.ndarray
    """A position in the URDF's unit is `factor * number + offset`, both `[J]`; a velocity `factor * number`."""
    offset: np.ndarray

    def data_file(self, episode: dict[str, Any]) -> Path:
        """The table that holds an episode."""
        chunk, file = episode["data/chunk_index"], episode["data/file_index"]
        return self.root / self.data_path.format(chunk_index=chunk, file_index=file)


def read_lerobot(
    path: Path,
    source: LerobotSource,
    joints: Sequence[str],
    limits: JointLimits,
    config: RecordingsConfig,
    findings: Findings,
) -> list[Section]:
    """One section for each episode. Raises RecordingError if the data set cannot be used."""
    layout = _layout(path, source, joints)
    scales = scales_of(f"LeRobot data set {path}", source, joints, limits, _seen(layout))
    findings.scales.extend(scale.words for scale in scales)
    factor, offset = (np.array([getattr(scale, name) for scale in scales]) for name in ("factor", "offset"))
    layout = replace(layout, factor=factor, offset=offset)
    return [_section(layout, episode, config, findings) for episode in _episodes(layout)]


def _layout(path: Path, source: LerobotSource, joints: Sequence[str]) -> _Layout:
    file = path / "meta" / "info.json"
    if not file.is_file():
        raise RecordingError(
            f"LeRobot data set {path}",
            found="no meta/info.json",
            expected="the root folder of a data set, with meta/, data/ and videos/",
            remedy="Pass the folder that `lerobot-record` wrote or `hf download --repo-type dataset` fetched.",
        )
    info = json.loads(file.read_text())
    version = str(info.get("codebase_version", "none"))
    if not version.startswith(_VERSION):
        raise RecordingError(
            f"LeRobot data set {path}",
            found=f"codebase_version {version}",
            expected="v3.0",
            remedy=_how_to_convert(path, version),
        )
    features = info["features"]
    if _ACTION not in features:
        raise RecordingError(
            f"LeRobot data set {path}",
            found=f"features {', '.join(features)}",
            expected=f"'{_ACTION}', the commands of the robot",
            remedy="Measured velocities are not actions: record the commands.",
        )
    if _STATE not in features:
        raise RecordingError(
            f"LeRobot data set {path}",
            found=f"features {', '.join(features)}",
            expected=f"'{_STATE}' with the joint positions",
            remedy="Record the robot's state as well.",
        )
    action_names = _names(path, features, _ACTION)
    return _Layout(
        root=path,
        fps=float(info["fps"]),
        data_path=info["data_path"],
        video_path=info.get("video_path") or "",
        cameras={name: features[name]["dtype"] == "video" for name in _cameras(path, source, features)},
        state_columns=_columns(path, _STATE, _names(path, features, _STATE), source.names(joints)),
        action_columns=_columns(path, _ACTION, action_names, source.names(joints)),
        command_kind=source.command_kind or _kind(path, action_names),
        factor=np.ones(len(joints)),
        offset=np.zeros(len(joints)),
    )


def _how_to_convert(path: Path, version: str) -> str:
    if not version.startswith("v2.1"):
        return "Convert it to v2.1 with a LeRobot of that time, then to v3.0; or record it again."
    # Versions of the converter interpret --root differently, but not HF_LEROBOT_HOME.
    folder = path.resolve()
    return (
        f"Convert it in place, with LeRobot: HF_LEROBOT_HOME={folder.parent} python -m "
        f"lerobot.scripts.convert_dataset_v21_to_v30 --repo-id={folder.name} --force-conversion --push-to-hub=false"
    )


def _cameras(path: Path, source: LerobotSource, features: dict[str, Any]) -> list[str]:
    there = [name for name, feature in features.items() if feature["dtype"] in ("video", "image")]
    chosen = source.camera.split(",") if source.camera else there
    unknown = [name for name in chosen if name not in there]
    if not unknown and (len(chosen) == 1 or (source.camera and len(set(chosen)) == len(chosen))):
        return chosen
    wrong = f", and no '{unknown[0]}'" if unknown else f", and the choice {source.camera}" if source.camera else ""
    raise RecordingError(
        f"LeRobot data set {path}",
        found=f"cameras {', '.join(there) or 'none'}{wrong}",
        expected="one camera, or several different ones that are chosen",
        remedy="Choose one of them: --lerobot-camera NAME, or several: --lerobot-camera NAME,NAME.",
    )


def _names(path: Path, features: dict[str, Any], feature: str) -> list[str]:
    """Names of a feature's numbers: a list, or lists in an object (`{"motors": [...]}`). Raises RecordingError."""
    names = features[feature].get("names")
    if isinstance(names, dict):
        names = [name for group in names.values() for name in (group if isinstance(group, list) else [group])]
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return names
    raise RecordingError(
        f"LeRobot data set {path}, feature {feature}",
        found="no names",
        expected="the name of each of its numbers in meta/info.json",
        remedy='Add them: "names": ["shoulder.pos", "elbow.pos"].',
    )


def _columns(path: Path, feature: str, names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    plain = [re.sub(rf"\.({'|'.join(_KINDS)})$", "", name) for name in names]
    missing = [name for name in wanted if name not in plain and name not in names]
    if missing:
        raise RecordingError(
            f"LeRobot data set {path}, feature {feature}",
            found=f"joints {', '.join(names)}",
            expected=f"{', '.join(wanted)}",
            remedy="Pass the URDF of this robot (--urdf), or the names of its joints in the recording: "
            "--joint URDF_NAME=RECORDED_NAME.",
        )
    return [names.index(name) if name in names else plain.index(name) for name in wanted]


def _kind(path: Path, names: Sequence[str]) -> str:
    kinds = {_KINDS.get(name.rpartition(".")[2], "") for name in names if "." in name}
    known = kinds & {"position", "velocity"}
    if len(known) == 1:
        return known.pop()
    raise RecordingError(
        f"LeRobot data set {path}, feature {_ACTION}",
        found=f"numbers called {', '.join(names)}",
        expected="names that end in .pos or .vel",
        remedy="Pass their kind: --command-kind position (rad) or velocity (rad/s).",
    )


def _episodes(layout: _Layout) -> list[dict[str, Any]]:
    """Rows of meta/episodes, in order."""
    files = sorted((layout.root / "meta" / "episodes").rglob("*.parquet"))
    if not files:
        raise RecordingError(
            f"LeRobot data set {layout.root}",
            found="no table in meta/episodes",
            expected="meta/episodes/chunk-000/file-000.parquet",
            remedy="Finish the recording (`dataset.finalize()`): the tables are written at its end.",
        )
    rows = [row for file in files for row in pa.parquet.read_table(file).to_pylist()]
    return sorted(rows, key=lambda row: row["episode_index"])


def _section(layout: _Layout, episode: dict[str, Any], config: RecordingsConfig, findings: Findings) -> Section:
    columns = ["timestamp", "episode_index", _STATE, _ACTION]
    in_table = [name for name, in_video in layout.cameras.items() if not in_video]
    table = _table(layout.data_file(episode), [*columns, *in_table], episode["episode_index"])
    seconds = table["timestamp"].to_numpy().astype(np.float64)
    stamps = np.rint(seconds * _NS_PER_S).astype(np.int64)
    findings.commands += len(stamps)
    state, action = (np.array(table[name].to_pylist(), dtype=np.float64) for name in (_STATE, _ACTION))
    positions = state[:, layout.state_columns] * layout.factor + layout.offset
    commanded = action[:, layout.action_columns] * layout.factor
    if layout.command_kind == "position":
        commanded = commanded + layout.offset

    def read_frames(indices: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
        images = (
            _video_frames(layout, name, episode, seconds[indices])
            if in_video
            else _table_frames(layout, name, table[name], indices)
            for name, in_video in layout.cameras.items()
        )
        return zip(*images, strict=True)

    unmeasured = np.full_like(positions, np.nan)
    commands = _commands(layout, stamps, commanded, config)
    return Section(findings.recording, stamps, stamps, positions, unmeasured, commands, read_frames)


def _seen(layout: _Layout) -> np.ndarray:
    """Smallest and largest recorded position of each joint `[J, 2]`, in the data set's own numbers: of its statistics,
    or of its tables where it has none."""
    file = layout.root / "meta" / "stats.json"
    known = json.loads(file.read_text()).get(_STATE, {}) if file.is_file() else {}
    if "min" in known and "max" in known:
        return np.array([known["min"], known["max"]], dtype=np.float64).T[layout.state_columns]
    states = [
        np.array(
            _table(layout.data_file(episode), [_STATE, "episode_index"], episode["episode_index"])[_STATE].to_pylist()
        )
        for episode in _episodes(layout)
    ]
    every = np.concatenate(states)[:, layout.state_columns]
    return np.stack([every.min(axis=0), every.max(axis=0)], axis=1)


def _table(file: Path, columns: list[str], episode: int) -> pa.Table:
    """The rows of one episode. A data file holds many episodes."""
    try:
        data = pa.dataset.dataset(file, format="parquet")
        return data.to_table(columns, filter=pa.dataset.field("episode_index") == episode)
    except (OSError, pa.ArrowInvalid) as error:
        raise RecordingError(
            f"LeRobot data file {file}",
            found=f"'{error}'",
            expected=f"a table with {', '.join(columns)}",
            remedy="Download or record the data set again: a file that meta/ lists is missing.",
        ) from error


def _commands(layout: _Layout, stamps: np.ndarray, commanded: np.ndarray, config: RecordingsConfig) -> Commands:
    held = HeldPositions if layout.command_kind == "position" else HeldVelocities
    return held(stamps, commanded, int(config.command_hold_ms * _NS_PER_MS))


def _table_frames(layout: _Layout, camera: str, column: pa.ChunkedArray, indices: np.ndarray) -> Iterator[np.ndarray]:
    for index in indices.tolist():
        image = column[index].as_py()
        data = image["bytes"] if image["bytes"] is not None else (layout.root / image["path"]).read_bytes()
        yield compressed_image(f"LeRobot data set {layout.root}, feature {camera}", data)


def _video_frames(layout: _Layout, camera: str, episode: dict[str, Any], seconds: np.ndarray) -> Iterator[np.ndarray]:
    """Frames of an episode at times since its start `[N]`, ascending. Raises RecordingError if one has no frame within
    half a frame period."""
    prefix = f"videos/{camera}"
    file = layout.root / layout.video_path.format(
        video_key=camera,
        chunk_index=episode[f"{prefix}/chunk_index"],
        file_index=episode[f"{prefix}/file_index"],
    )
    start = float(episode[f"{prefix}/from_timestamp"])
    try:
        with av.open(str(file)) as container:
            stream = container.streams.video[0]
            container.seek(int(max(0.0, start - 1 / layout.fps) / stream.time_base), stream=stream)
            decoded = container.decode(stream)
            frame = next(decoded, None)
            for at in (start + seconds).tolist():
                while frame is not None and float(frame.pts * stream.time_base) < at - 0.5 / layout.fps:
                    frame = next(decoded, None)
                if frame is None or abs(float(frame.pts * stream.time_base) - at) > 0.5 / layout.fps:
                    raise RecordingError(
                        f"LeRobot video {file}",
                        found=f"no frame at {at:.3f} s",
                        expected=f"one for every row of episode {episode['episode_index']}",
                        remedy="The video is truncated: record or download the data set again.",
                    )
                yield frame.to_ndarray(format="rgb24")
    except (av.FFmpegError, OSError, IndexError) as error:
        raise RecordingError(
            f"LeRobot video {file}",
            found=f"'{error}'",
            expected="an MP4 file that can be decoded",
            remedy="Download or record the data set again.",
        ) from error
