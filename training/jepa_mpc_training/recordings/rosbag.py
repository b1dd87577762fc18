"""Reads rosbag2 recordings, MCAP and sqlite3, without ROS."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.highlevel import AnyReader

from ..config import RecordingsConfig
from .bag_files import opened, truncated_files
from .commands import CommandedTrajectory, Commands, HeldPositions, HeldVelocities, Trajectories
from .errors import RecordingError
from .findings import Event, Findings
from .images import compressed_image, raw_image
from .section import Section
from .source import BagSource

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000
_IMAGES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
_JOINT_STATES = ("sensor_msgs/msg/JointState",)
_TRAJECTORY = "trajectory_msgs/msg/JointTrajectory"
_NUMBERS = "std_msgs/msg/Float64MultiArray"
_SAME_JUMP_NS = 1_000_000_000
"""When the clock jumps, topics jump one after the other. Within this time of arrival they count as one jump."""
_SAME_CLOCK_NS = 1_000_000_000
"""Images that arrive later than this after their stamps were stamped by another clock."""


@dataclass
class _Stream:
    """Messages of one topic in order of arrival: index in the topic, time of arrival and stamp (ns), and content."""

    numbers: list[int] = field(default_factory=list)
    arrived: list[int] = field(default_factory=list)
    stamps: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, number: int, arrived: int, stamp: int, value: Any) -> None:
        """Appends a message."""
        self.numbers.append(number)
        self.arrived.append(arrived)
        self.stamps.append(stamp)
        self.values.append(value)

    def drop_last(self) -> None:
        """Removes the last message."""
        for column in (self.numbers, self.arrived, self.stamps, self.values):
            column.pop()

    def rows(self) -> Iterator[tuple[int, int, int, Any]]:
        """The messages, as `add` takes them."""
        return zip(self.numbers, self.arrived, self.stamps, self.values, strict=True)


@dataclass(frozen=True)
class _Streams:
    """The three topics of a bag, or of a section of it. `unstamped`: the times of commands are those of their
    arrival."""

    frames: _Stream
    states: _Stream
    commands: _Stream
    unstamped: bool


def read_bag(
    path: Path, source: BagSource, joints: Sequence[str], config: RecordingsConfig, findings: Findings
) -> list[Section]:
    """The sections of one bag. Raises RecordingError if a topic is missing or cannot be used."""
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
        frames, states, commands = (_Stream() for _ in range(3))
        readers = {
            source.image_topic: (frames, lambda _, raw: (_header_stamp(raw), None)),
            source.joint_states_topic: (states, lambda kind, raw: _state(bag, path, source, joints, kind, raw)),
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
    findings.commands += len(commands.values)
    findings.truncated.update(truncated_files(path))
    sections = _split_at_jumps(config, findings, source, _Streams(frames, states, commands, unstamped))
    usable = _on_one_clock(path, source, sections, findings)
    return [_section(path, source, kind, joints, config, findings, streams) for streams in usable]


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
    bag: AnyReader, path: Path, source: BagSource, joints: Sequence[str], kind: str, raw: bytes
) -> tuple[int, np.ndarray]:
    """A JointState -> its stamp (ns) and the positions of `joints`, `[J]`."""
    message = bag.deserialize(raw, kind)
    columns = _columns(f"bag {path}, topic {source.joint_states_topic}", message.name, source.names(joints), joints)
    return _stamp(message), np.asarray(message.position, dtype=np.float64)[columns]


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


def _split_at_jumps(
    config: RecordingsConfig, findings: Findings, source: BagSource, streams: _Streams
) -> list[_Streams]:
    """Splits a bag where stamps jump: back, or ahead of the times of arrival."""
    topics = (
        (source.image_topic, streams.frames),
        (source.joint_states_topic, streams.states),
        (source.command_topic, streams.commands),
    )
    min_jump = config.jump_ms * _NS_PER_MS
    jumps: list[tuple[int, int, str]] = []
    for topic, stream in topics:
        steps, waits = np.diff(stream.stamps), np.diff(stream.arrived)
        # Stamps that lag behind the times of arrival are a stalled delivery and not a jump: they continue evenly.
        for index in np.flatnonzero((steps < -min_jump) | (steps - waits > min_jump)):
            jumps.append((stream.arrived[index + 1], int(steps[index] - waits[index]), topic))
    clusters: list[list[tuple[int, int, str]]] = []
    for jump in sorted(jumps):
        if clusters and jump[0] - clusters[-1][-1][0] <= _SAME_JUMP_NS:
            clusters[-1].append(jump)
        else:
            clusters.append([jump])
    start = min(stream.arrived[0] for _, stream in topics)
    for cluster in clusters:
        at, by, topic = cluster[0]
        findings.clock_jumps.append(Event(round((at - start) / _NS_PER_S, 3), topic, round(by / _NS_PER_S, 3)))
    # Messages that arrive while only some topics have jumped belong to neither section.
    begins = [None, *(cluster[-1][0] for cluster in clusters)]
    ends = [*(cluster[0][0] for cluster in clusters), None]
    return [
        _Streams(*(_between(stream, begin, end, findings) for _, stream in topics), streams.unstamped)
        for begin, end in zip(begins, ends, strict=True)
    ]


def _between(stream: _Stream, begin: int | None, end: int | None, findings: Findings) -> _Stream:
    """Messages that arrived from `begin` until before `end` (None: no limit), without those whose stamps decrease."""
    part = _Stream()
    for number, arrived, stamp, value in stream.rows():
        if (begin is not None and arrived < begin) or (end is not None and arrived >= end):
            continue
        if part.stamps and stamp < part.stamps[-1]:
            findings.out_of_order += 1
            continue
        if part.stamps and stamp == part.stamps[-1]:
            part.drop_last()  # of two messages with one stamp, the later one is in force
        part.add(number, arrived, stamp, value)
    return part


def _on_one_clock(path: Path, source: BagSource, sections: Sequence[_Streams], findings: Findings) -> list[_Streams]:
    """Sections whose images have stamps of the recorder's clock, if commands are unstamped; otherwise, all sections.

    Raises RecordingError if no section is usable.
    """
    if not sections[0].unstamped or source.stamps == "bag":
        return list(sections)
    usable, worst = [], 0.0
    for section in sections:
        if not section.frames.stamps:
            continue
        late_ns = float(np.median(np.subtract(section.frames.arrived, section.frames.stamps)))
        if abs(late_ns) <= _SAME_CLOCK_NS:
            usable.append(section)
            continue
        worst = max(worst, late_ns, key=abs)
        lost_s = (section.frames.stamps[-1] - section.frames.stamps[0]) / _NS_PER_S
        findings.leave_out("stamped by another clock than the commands'", lost_s)
    if not usable:
        raise RecordingError(
            f"bag {path}, topic {source.image_topic}",
            found=f"stamps {worst / _NS_PER_S:.1f} s before the times of arrival, while commands on "
            f"{source.command_topic} have no stamps",
            expected="one clock for both",
            remedy="Simulated time: record with `ros2 bag record --use-sim-time`. Else take the times of arrival for "
            "everything: --stamps bag.",
        )
    return usable


def _section(
    path: Path,
    source: BagSource,
    kind: str,
    joints: Sequence[str],
    config: RecordingsConfig,
    findings: Findings,
    streams: _Streams,
) -> Section:
    numbers = np.array(streams.frames.numbers, dtype=np.int64)

    def read_frames(indices: np.ndarray) -> Iterator[np.ndarray]:
        return _frames(path, source.image_topic, numbers[indices])

    return Section(
        findings.recording,
        np.array(streams.frames.stamps, dtype=np.int64),
        np.array(streams.states.stamps, dtype=np.int64),
        np.array(streams.states.values, dtype=np.float64).reshape(-1, len(joints)),
        _commands(kind, source, streams.commands, len(joints), config),
        read_frames,
    )


def _commands(kind: str, source: BagSource, stream: _Stream, joints: int, config: RecordingsConfig) -> Commands:
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
