"""Findings about recordings (gaps, dropped frames, clock jumps, unused time), as a table and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

_LISTED = 8
"""Maximum number of events of each kind that are printed. The JSON file has all of them."""


@dataclass
class Event:
    """An event in a recording: `at_s` seconds from its start, on `topic`, of a size of `by_s` seconds."""

    at_s: float
    topic: str
    by_s: float


@dataclass
class Findings:
    """Findings about one recording. Times are in s; `unused_s` is the recorded time in no episode, by reason."""

    recording: str
    duration_s: float = 0.0
    frames: int = 0
    camera_hz: float = 0.0
    joint_states_hz: float = 0.0
    commands: int = 0
    dropped_frames: int = 0
    out_of_order: int = 0
    """Images and commands older than the one before, and joint states older than a pose that was complete."""
    gaps: list[Event] = field(default_factory=list)
    clock_jumps: list[Event] = field(default_factory=list)
    scales: list[str] = field(default_factory=list)
    """The scale of each joint's numbers in a LeRobot data set, in words."""
    truncated: dict[str, int] = field(default_factory=dict)
    """Truncated files, by name: bytes after the last complete record, which are not read."""
    unused_s: dict[str, float] = field(default_factory=dict)
    episodes: int = 0
    used_s: float = 0.0

    def leave_out(self, reason: str, seconds: float) -> None:
        """Adds time that is in no episode, with the reason."""
        if seconds > 0:
            self.unused_s[reason] = self.unused_s.get(reason, 0.0) + seconds


@dataclass
class Following:
    """How a joint follows its commands: correlation of measured with commanded velocity, at the delay where it is
    highest, and that delay."""

    joint: str
    correlation: float
    late_ms: float
    commanded_rms: float


def write_json(path: Path, findings: list[Findings], following: list[Following]) -> None:
    """Writes all findings."""
    report = {"recordings": [asdict(one) for one in findings], "following": [asdict(one) for one in following]}
    path.write_text(json.dumps(report, indent=2, default=float) + "\n")


def table(findings: list[Findings]) -> str:
    """The findings as text."""
    head = ("recording", "time", "frames", "camera", "dropped", "gaps", "jumps", "late", "episodes", "used")
    rows = [head, *(_row(one) for one in findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for one in findings:
        lines += [f"  {one.recording}: {line}" for line in _details(one)]
    return "\n".join(lines)


def _row(one: Findings) -> tuple[str, ...]:
    return (
        one.recording,
        f"{one.duration_s:.1f} s",
        str(one.frames),
        f"{one.camera_hz:.1f} Hz",
        str(one.dropped_frames),
        str(len(one.gaps)),
        str(len(one.clock_jumps)),
        str(one.out_of_order),
        str(one.episodes),
        f"{one.used_s:.1f} s",
    )


def _details(one: Findings) -> list[str]:
    lines = [f"clock jump of {event.by_s:+.3f} s at {event.at_s:.2f} s ({event.topic})" for event in one.clock_jumps]
    lines = [*([f"scales: {', '.join(one.scales)}"] if one.scales else []), *_shortened(lines)]
    lines += _shortened([f"gap of {event.by_s:.2f} s at {event.at_s:.2f} s ({event.topic})" for event in one.gaps])
    lines += [
        f"WARNING: {file} is truncated: {one.duration_s:.1f} s are complete and read, its last {size} bytes are not"
        for file, size in one.truncated.items()
    ]
    return lines + [f"unused: {seconds:.1f} s, {reason}" for reason, seconds in sorted(one.unused_s.items())]


def _shortened(lines: list[str]) -> list[str]:
    rest = len(lines) - _LISTED
    return lines if rest <= 0 else [*lines[:_LISTED], f"and {rest} more of this kind"]
