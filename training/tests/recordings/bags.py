"""A recorded robot: its motion, and bags of it, written without ROS."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image as Picture
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from tiny_run import URDF

from jepa_mpc_training.config import CollectConfig, RecordingsConfig
from jepa_mpc_training.dataset import Dataset
from jepa_mpc_training.recordings.collect import collect_recordings
from jepa_mpc_training.recordings.source import BagSource

STORE = get_typestore(Stores.ROS2_JAZZY)
TYPES = STORE.types
STORAGES = {"mcap": StoragePlugin.MCAP, "sqlite3": StoragePlugin.SQLITE3}
MS = 1_000_000
START = 1_700_000_000_000 * MS
"""A stamp as of a robot's clock."""
SIDE = 128
JOINTS = ("shoulder", "elbow")
PERIODS = 8
"""Control periods of an episode."""


@dataclass(frozen=True)
class Motion:
    """Joints whose velocity changes every 100 ms, and a camera whose image encodes when it was taken."""

    seconds: float = 6.0
    seed: int = 0

    @property
    def velocities(self) -> np.ndarray:
        """Of each 100 ms, `[N, 2]` in rad/s."""
        drawn = np.random.default_rng(self.seed).uniform(-1, 1, (int(self.seconds * 10) + 20, 2))
        return np.where(np.abs(drawn) < 0.2, 0.5, drawn)

    def position(self, at_ms: float) -> np.ndarray:
        """Exact joint positions `[2]` in rad."""
        velocities, period = self.velocities, int(at_ms // 100)
        return velocities[:period].sum(0) * 0.1 + velocities[period] * (at_ms % 100) / 1000

    def picture(self, at_ms: float) -> np.ndarray:
        """uint8 `[SIDE, SIDE, 3]`: red is the time in steps of 50 ms (of 250 of them), green counts the rows."""
        image = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
        image[..., 0] = round(at_ms / 50) % 250
        image[..., 1] = np.arange(SIDE)[:, None]
        image[..., 2] = 77
        return image


def stamp_of(at_ns: int):
    return TYPES["builtin_interfaces/msg/Time"](sec=at_ns // 10**9, nanosec=at_ns % 10**9)


def header(at_ns: int):
    return TYPES["std_msgs/msg/Header"](stamp=stamp_of(at_ns), frame_id="camera")


def image_message(pixels: np.ndarray, at_ns: int, encoding: str = "rgb8"):
    data = np.ascontiguousarray(pixels).view(np.uint8).reshape(len(pixels), -1)
    return TYPES["sensor_msgs/msg/Image"](
        header=header(at_ns),
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=0,
        step=data.shape[1],
        data=data.ravel(),
    )


def compressed_message(pixels: np.ndarray, at_ns: int):
    encoded = io.BytesIO()
    Picture.fromarray(pixels).save(encoded, "JPEG", quality=95)
    data = np.frombuffer(encoded.getvalue(), dtype=np.uint8)
    return TYPES["sensor_msgs/msg/CompressedImage"](header=header(at_ns), format="rgb8; jpeg", data=data)


def state_message(position: np.ndarray, at_ns: int, names: Sequence[str] = JOINTS, velocity: Sequence[float] = ()):
    return TYPES["sensor_msgs/msg/JointState"](
        header=header(at_ns),
        name=list(names),
        position=np.asarray(position),
        velocity=np.asarray(velocity, dtype=np.float64),
        effort=np.empty(0),
    )


def numbers_message(values: Sequence[float]):
    layout = TYPES["std_msgs/msg/MultiArrayLayout"](dim=[], data_offset=0)
    return TYPES["std_msgs/msg/Float64MultiArray"](layout=layout, data=np.asarray(values, dtype=np.float64))


def trajectory_message(points: Sequence[tuple[int, np.ndarray]], at_ns: int = 0, names: Sequence[str] = JOINTS):
    """Points `(time from start in ns, positions)`."""
    empty = np.empty(0)
    duration, point = TYPES["builtin_interfaces/msg/Duration"], TYPES["trajectory_msgs/msg/JointTrajectoryPoint"]
    return TYPES["trajectory_msgs/msg/JointTrajectory"](
        header=header(at_ns),
        joint_names=list(names),
        points=[
            point(
                positions=np.asarray(positions),
                velocities=empty,
                accelerations=empty,
                effort=empty,
                time_from_start=duration(sec=after // 10**9, nanosec=after % 10**9),
            )
            for after, positions in points
        ],
    )


@dataclass(frozen=True)
class Bag:
    """What is recorded, and how. Times are ms from START; `arrival` is from a stamp to when it was recorded."""

    motion: Motion = field(default_factory=Motion)
    storage: str = "mcap"
    frame_ms: float = 100 / 3
    state_ms: float = 20.0
    command_ms: float = 20.0
    frames: Callable[[float], bool] = lambda at: True
    """Which frames, joint states and commands were recorded, by their times."""
    states: Callable[[float], bool] = lambda at: True
    commands: Callable[[float], bool] = lambda at: True
    stamp: Callable[[float], float] = lambda at: at
    """What the robot's clock says, in ms, at a true time."""
    arrival_ms: float = 2.0
    compressed: bool = False
    packed: CompressionMode | None = None
    """How the recorder compresses the bag."""
    encoding: str = "rgb8"
    kind: str = "trajectory"
    """trajectory, velocities, positions, or none."""
    names: Sequence[str] = JOINTS
    measures_velocities: bool = False
    order: Sequence[int] = (0, 1)
    """In which order the joints are in a Float64MultiArray."""

    def write(self, path: Path) -> Path:
        """Writes it; returns the path."""
        writer = Writer(path, version=9, storage_plugin=STORAGES[self.storage])
        if self.packed is not None:
            writer.set_compression(self.packed, CompressionFormat.ZSTD)
        with writer:
            messages = sorted(self._messages(), key=lambda entry: entry[0])
            connections = {}
            for at_ms, topic, message in messages:
                kind = message.__msgtype__
                if topic not in connections:
                    connections[topic] = writer.add_connection(topic, kind, typestore=STORE)
                writer.write(
                    connections[topic], START + int((at_ms + self.arrival_ms) * MS), STORE.serialize_cdr(message, kind)
                )
        return path

    def _messages(self):
        motion = self.motion
        for at in self._times(self.frame_ms):
            if self.frames(at):
                pixels, stamp = motion.picture(at), self._stamp(at)
                if self.compressed:
                    yield at, "/image_raw", compressed_message(pixels, stamp)
                else:
                    yield at, "/image_raw", image_message(pixels, stamp, self.encoding)
        for at in self._times(self.state_ms):
            if self.states(at):
                velocity = motion.velocities[int(at // 100)] if self.measures_velocities else ()
                yield at, "/joint_states", state_message(motion.position(at), self._stamp(at), self.names, velocity)
        for at in self._times(self.command_ms):
            if not self.commands(at) or self.kind == "none":
                continue
            position, velocity = motion.position(at), motion.velocities[int(at // 100)]
            if self.kind == "trajectory":
                # Arrives as it comes into force, with a point ahead of the next one and an end far off.
                points = [(20 * MS, motion.position(at + 20)), (400 * MS, motion.position(at + 20) + 9)]
                yield at - self.arrival_ms, "/joint_trajectory", trajectory_message(points, names=self.names)
            else:
                values = velocity if self.kind == "velocities" else position
                yield at - self.arrival_ms, "/commands", numbers_message(values[list(self.order)])

    def _times(self, every_ms: float) -> np.ndarray:
        return np.arange(0, self.motion.seconds * 1000, every_ms)

    def _stamp(self, at_ms: float) -> int:
        return START + int(self.stamp(at_ms) * MS)

    def source(self, path: Path, **changes) -> BagSource:
        """How to read it."""
        topic = "/joint_trajectory" if self.kind == "trajectory" else "/commands"
        kind = "position" if self.kind == "positions" else "velocity"
        return replace(BagSource(paths=(str(path),), command_topic=topic, command_kind=kind), **changes)


def collect_source(source: BagSource, folder: Path, periods: int = PERIODS) -> Dataset:
    """Collects the source for the demo's robot into `folder`."""
    collect_recordings(URDF.read_text(), source, CollectConfig(periods=periods), RecordingsConfig(), folder)
    return Dataset.load(folder)
