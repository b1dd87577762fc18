"""Reads rosbag2 recordings, MCAP and sqlite3, without ROS."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.highlevel import AnyReader

from ..config import RecordingsConfig
from .bag_files import opened, truncated_files
from .commands import CommandedTrajectory, Commands, HeldPositions, HeldVelocities, Trajectories
from .errors import RecordingError
from .findings import Findings
from .images import compressed_image, raw_image
from .joint_merge import JointMerge
from .section import Section
from .source import BagSource
from .streams import Stream, Streams, on_one_clock, split_at_jumps

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000
_IMAGES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
_JOINT_STATES = ("sensor_msgs/msg/JointState",)
_TRAJECTORY = "trajectory_msgs/msg/JointTrajectory"
_NUMBERS = "std_msgs/msg/Float64MultiArray"


def read_bag(
    path: Path,
    source: BagSource,
    joints: Sequence[str],
    config: RecordingsConfig,
    findings: Findings,
    continuous: Sequence[str] = (),
) -> list[Section]:
    """The sections of one bag. `continuous`: those of the joints whose whole revolutions do not count.

    Raises RecordingError if a topic is missing or cannot be used.
    """
    with opened(path) as bag:
        if not bag.connections:
            raise _no_complete_message(path)
        connections = {
            topic: _connections(bag, path, topic, kinds, purpose)
            for topic, kinds, purpose in (
                (source.image_topic, _IMAGES, "the camera's"),
                (source.joint_states_topic, _JOINT_STATES, "the joint states'"),
                (source.command_topic, (_TRAJECTORY, _NUMBERS), "the commands'"),
            )
        }
        frames, states, commands = (Stream() for _ in range(3))
        readers = {
            source.image_topic: (frames, lambda _, raw: (_header_stamp(raw), None)),
            source.joint_states_topic: (states, lambda kind, raw: _state(bag, path, source, kind, raw)),
            source.command_topic: (commands, lambda kind, raw: _command(bag, path, source, joints, kind, raw)),
        }
        wanted = [connection for group in connections.values() for connection in group]
        unstamped = source.stamps == "bag"
        for connection, arrived, raw in bag.messages(connections=wanted):
            stream, read = readers[connection.topic]
            stamp, value = read(connection.msgtype, raw)
            unstamped |= stream is commands and stamp == 0
            stream.add(len(stream.numbers), arrived, arrived if source.stamps == "bag" or stamp == 0 else stamp, value)
        kind = connections[source.command_topic][0].msgtype
    # The metadata of a truncated recording may count messages that are missing.
    if not all(stream.stamps for stream in (frames, states, commands)):
        raise _no_complete_message(path)
    # Joint states may come in pieces: what counts is that each joint is in one of them.
    named = dict.fromkeys(name for names, *_ in states.values for name in names)
    _columns(f"bag {path}, topic {source.joint_states_topic}", list(named), source.names(joints), joints)
    findings.commands += len(commands.values)
    findings.truncated.update(truncated_files(path))
    sections = split_at_jumps(config, findings, source, Streams(frames, states, commands, unstamped))
    usable = on_one_clock(path, source, sections, findings)
    wraps = source.names([joint for joint in joints if joint in continuous])
    return [_section(path, source, kind, joints, wraps, config, findings, streams) for streams in usable]


def _no_complete_message(path: Path) -> RecordingError:
    files = ", ".join(truncated_files(path))
    return RecordingError(
        f"bag {path}",
        found="no complete message of the required topics" + (f": {files} is truncated" if files else ""),
        expected="images, joint states and commands",
        remedy="Record again.",
    )


def _connections(bag: AnyReader, path: Path, topic: str, kinds: Sequence[str], purpose: str) -> list[Any]:
    of_topic = [connection for connection in bag.connections if connection.topic == topic]
    usable = [connection for connection in of_topic if connection.msgtype in kinds]
    counts = {connection.topic: connection for connection in bag.connections}
    if not of_topic or bag.topics[topic].msgcount == 0:
        what = "no message" if of_topic else "no such topic"
        listed = ", ".join(f"{name} ({one.msgtype})" for name, one in sorted(counts.items())) or "nothing at all"
        raise RecordingError(
            f"bag {path}, topic {topic}",
            found=f"{what}; the bag holds {listed}",
            expected=f"{purpose} topic with {' or '.join(kinds)}",
            remedy="Pass the topic (--image-topic, --joint-states-topic, --command-topic). A recording without the "
            "commands that moved the robot cannot train a model: record their topic too.",
        )
    if not usable:
        raise RecordingError(
            f"bag {path}, topic {topic}",
            found=", ".join(connection.msgtype for connection in of_topic),
            expected=" or ".join(kinds),
            remedy="Measured velocities are not actions: pass the topic that the robot was commanded by."
            if _TRAJECTORY in kinds
            else "Pass another topic.",
        )
    return usable


def _header_stamp(raw: bytes | memoryview) -> int:
    """Stamp in ns of a serialised message that begins with a std_msgs/Header, without decoding the rest."""
    order = "<" if raw[1] & 1 else ">"
    seconds, nanoseconds = struct.unpack_from(f"{order}iI", raw, 4)
    return seconds * _NS_PER_S + nanoseconds


def _stamp(message: Any) -> int:
    return message.header.stamp.sec * _NS_PER_S + message.header.stamp.nanosec


def _state(
    bag: AnyReader, path: Path, source: BagSource, kind: str, raw: bytes
) -> tuple[int, tuple[tuple[str, ...], np.ndarray, np.ndarray]]:
    """A JointState -> its stamp (ns), and its names, positions and velocities, which may be empty. Raises
    RecordingError."""
    message = bag.deserialize(raw, kind)
    if len(message.position) != len(message.name):
        raise RecordingError(
            f"bag {path}, topic {source.joint_states_topic}",
            found=f"{len(message.position)} positions for {', '.join(message.name) or 'no joints'}",
            expected="a position for each name",
            remedy="Record the joint states of a driver that measures positions, or pass their topic "
            "(--joint-states-topic).",
        )
    is_measured = len(message.velocity) == len(message.name)
    return _stamp(message), (tuple(message.name), message.position, message.velocity if is_measured else np.empty(0))


def _command(
    bag: AnyReader, path: Path, source: BagSource, joints: Sequence[str], kind: str, raw: bytes
) -> tuple[int, Any]:
    """A command -> its stamp (ns; 0: none) and its numbers `[J]`, or for a trajectory times `[K]` (ns) and positions
    `[K, J]`. Raises RecordingError."""
    subject = f"bag {path}, topic {source.command_topic}"
    message = bag.deserialize(raw, kind)
    if kind == _NUMBERS:
        names = source.command_joints or tuple(source.names(joints))
        if len(message.data) != len(names):
            raise RecordingError(
                subject,
                found=f"{len(message.data)} numbers",
                expected=f"{len(names)}, one for each of {', '.join(names)}",
                remedy="Pass the joints that they are for, in their order: --command-joints a,b,c.",
            )
        return 0, np.asarray(message.data)[_columns(subject, names, source.names(joints), joints)]
    columns = _columns(subject, message.joint_names, source.names(joints), joints)
    if not message.points or any(len(point.positions) != len(message.joint_names) for point in message.points):
        raise RecordingError(
            subject,
            found=f"a trajectory of {len(message.points)} points, not all with a position for every joint",
            expected="points with positions",
            remedy="Record the commands that the controller received. Velocities alone do not determine positions.",
        )
    times = [point.time_from_start.sec * _NS_PER_S + point.time_from_start.nanosec for point in message.points]
    places = np.stack([point.positions for point in message.points])[:, columns]
    return _stamp(message), (np.array(times, dtype=np.int64), places)


def _columns(subject: str, found: Sequence[str], wanted: Sequence[str], joints: Sequence[str]) -> list[int]:
    """Index of each wanted joint in a message. Raises RecordingError if one is missing."""
    names = list(found)
    missing = [name for name in wanted if name not in names]
    if missing:
        raise RecordingError(
            subject,
            found=f"joints {', '.join(names) or 'none'}",
            expected=f"{', '.join(wanted)} (of the URDF: {', '.join(joints)})",
            remedy="Pass the URDF of this robot (--urdf), or the names of its joints in the recording: "
            "--joint URDF_NAME=RECORDED_NAME.",
        )
    return [names.index(name) for name in wanted]


def _section(
    path: Path,
    source: BagSource,
    kind: str,
    joints: Sequence[str],
    wraps: Sequence[str],
    config: RecordingsConfig,
    findings: Findings,
    streams: Streams,
) -> Section:
    numbers = np.array(streams.frames.numbers, dtype=np.int64)
    merge = JointMerge(source.names(joints), int(config.joint_gap_ms * _NS_PER_MS), wraps)
    states = [merge.add(stamp, *value) for _, _, stamp, value in streams.states.rows()]
    readings = [reading for reading in states if reading is not None]
    findings.out_of_order += merge.unused

    def read_frames(indices: np.ndarray) -> Iterator[tuple[np.ndarray]]:
        return ((image,) for image in _frames(path, source.image_topic, numbers[indices]))

    return Section(
        findings.recording,
        np.array(streams.frames.stamps, dtype=np.int64),
        np.array([reading.stamp_ns for reading in readings], dtype=np.int64),
        np.array([reading.positions for reading in readings], dtype=np.float64).reshape(-1, len(joints)),
        np.array([reading.velocities for reading in readings], dtype=np.float64).reshape(-1, len(joints)),
        _commands(kind, source, streams.commands, len(joints), config),
        read_frames,
    )


def _commands(kind: str, source: BagSource, stream: Stream, joints: int, config: RecordingsConfig) -> Commands:
    if kind == _TRAJECTORY:
        pairs = zip(stream.stamps, stream.values, strict=True)
        return Trajectories([CommandedTrajectory(stamp, *value) for stamp, value in pairs], joints)
    stamps = np.array(stream.stamps, dtype=np.int64)
    values = np.array(stream.values, dtype=np.float64).reshape(len(stamps), joints)
    held = HeldPositions if source.command_kind == "position" else HeldVelocities
    return held(stamps, values, int(config.command_hold_ms * _NS_PER_MS))


def _frames(path: Path, topic: str, numbers: np.ndarray) -> Iterator[np.ndarray]:
    """Images of the camera's topic, by their index in it (ascending), as uint8 `[H, W, 3]`."""
    with opened(path) as bag:
        subject = f"bag {path}, topic {topic}"
        connections = [one for one in bag.connections if one.topic == topic and one.msgtype in _IMAGES]
        wanted = iter(numbers.tolist())
        next_one = next(wanted, None)
        for number, (connection, _, raw) in enumerate(bag.messages(connections=connections)):
            if number != next_one:
                continue
            message = bag.deserialize(raw, connection.msgtype)
            if connection.msgtype == _IMAGES[0]:
                image = raw_image(
                    subject,
                    message.encoding,
                    message.height,
                    message.width,
                    message.step,
                    bool(message.is_bigendian),
                    message.data,
                )
            else:
                image = compressed_image(subject, message.data)
            yield image
            next_one = next(wanted, None)
            if next_one is None:
                return
