"""The messages of a bag by topic, and the sections of it in which one clock without jumps stamps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..config import RecordingsConfig
from .errors import RecordingError
from .findings import Event, Findings
from .source import BagSource

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000
_SAME_JUMP_NS = 1_000_000_000
"""When the clock jumps, topics jump one after the other. Within this time of arrival they count as one jump."""
_SAME_CLOCK_NS = 1_000_000_000
"""Images that arrive later than this after their stamps were stamped by another clock."""


@dataclass
class Stream:
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
class Streams:
    """The three topics of a bag, or of a section of it. `unstamped`: the times of commands are those of their
    arrival."""

    frames: Stream
    states: Stream
    commands: Stream
    unstamped: bool


def split_at_jumps(config: RecordingsConfig, findings: Findings, source: BagSource, streams: Streams) -> list[Streams]:
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
    sections = []
    for begin, end in zip(begins, ends, strict=True):
        frames, states, commands = (_between(stream, begin, end) for _, stream in topics)
        # Joint states may come in pieces of one stamp and in any order: they are merged later.
        sections.append(Streams(_in_order(frames, findings), states, _in_order(commands, findings), streams.unstamped))
    return sections


def _between(stream: Stream, begin: int | None, end: int | None) -> Stream:
    """Messages that arrived from `begin` until before `end` (None: no limit)."""
    part = Stream()
    for number, arrived, stamp, value in stream.rows():
        if (begin is None or arrived >= begin) and (end is None or arrived < end):
            part.add(number, arrived, stamp, value)
    return part


def _in_order(stream: Stream, findings: Findings) -> Stream:
    """The messages without those whose stamps decrease."""
    part = Stream()
    for number, arrived, stamp, value in stream.rows():
        if part.stamps and stamp < part.stamps[-1]:
            findings.out_of_order += 1
            continue
        if part.stamps and stamp == part.stamps[-1]:
            part.drop_last()  # of two messages with one stamp, the later one is in force
        part.add(number, arrived, stamp, value)
    return part


def on_one_clock(path: Path, source: BagSource, sections: Sequence[Streams], findings: Findings) -> list[Streams]:
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
