"""Aligns camera, joint states and commands to the control period, and cuts episodes where something is missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jepa_mpc_sim.joint_limits import JointLimits

from ..config import RecordingsConfig
from .findings import Event, Findings
from .section import Section

_NS_PER_S = 1e9
_NS_PER_MS = 1e6
_DIFFERENCE_NS = 40_000_000
"""Time over which velocities are computed from positions: that of the node (src/timeline/reading-log.ts)."""
_CLOCK_GAIN = 0.1
"""Share of a frame's offset from its due time that is added to the next due time: it tracks the camera's own clock."""
_MAX_SPEED = 1.5
"""Factor on the velocity limit. A joint that moves faster between two frames was moved by something else."""
_SPEED_MARGIN = {"rad": 0.05, "m": 0.005}
_SPEED_MARGIN_SHARE = 0.1
"""Noise of a joint, which is not motion, in its unit, but at most this share of its range."""


@dataclass(frozen=True)
class Episode:
    """Frame `t` is seen before action `t`: frames `[T + 1]` as indices in the section, actions `[T, J]` in rad/s or
    m/s, positions and velocities `[T + 1, J]` in rad or m, and per second."""

    frames: np.ndarray
    actions: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray


def episodes_of(
    section: Section, periods: int, period_ms: int, limits: JointLimits, config: RecordingsConfig, findings: Findings
) -> list[Episode]:
    """All episodes of `periods` control periods. Time in no episode is added to `findings`, with its reason.

    Each control period takes the frame nearest to its due time, at most `tolerance_ms` away. Positions and velocities
    are those at the frames' stamps, as the node computes them. An action is the mean commanded velocity between two
    frames.
    """
    _describe(section, config, findings)
    if len(section.frame_stamps) == 0 or len(section.joint_stamps) < 2:
        return []
    period_ns = int(period_ms * _NS_PER_MS)
    positions = _positions_at(section, limits, config)
    velocities = _velocities_at(section, limits)
    noise = _speed_margin(limits)
    episodes: list[Episode] = []
    chained_s = 0.0
    for chain in chains(section.frame_stamps, period_ns, int(config.tolerance_ms * _NS_PER_MS)):
        stamps, places = section.frame_stamps[chain], positions[chain]
        chained_s += float(stamps[-1] - stamps[0]) / _NS_PER_S
        if len(chain) < 2:
            continue
        duration_s = np.diff(stamps) / _NS_PER_S
        actions = section.commands.mean_velocity(stamps[:-1], stamps[1:])
        unknown = np.isnan(places).any(axis=1)
        moved = np.abs(np.diff(places, axis=0))
        reasons = np.full(len(actions), "", dtype=object)
        reasons[np.isnan(actions).any(axis=1)] = "no command in force"
        jumped = moved > _MAX_SPEED * limits.velocity * duration_s[:, None] + noise
        reasons[jumped.any(axis=1)] = "joints faster than their limits: moved by something else, or not in rad or m"
        reasons[unknown[:-1] | unknown[1:]] = "no joint states around the frame"
        for reason in set(reasons) - {""}:
            findings.leave_out(reason, float(duration_s[reasons == reason].sum()))
        for start, end in _runs(reasons == ""):
            whole = (end - start) // periods
            for first in range(start, start + whole * periods, periods):
                last = first + periods
                seen = chain[first : last + 1]
                episodes.append(Episode(seen, actions[first:last], places[first : last + 1], velocities[seen]))
            left = float(duration_s[start + whole * periods : end].sum())
            findings.leave_out(f"remainder shorter than {periods} periods", left)
    seen_s = float(section.frame_stamps[-1] - section.frame_stamps[0]) / _NS_PER_S
    findings.leave_out("no frame in time", round(seen_s - chained_s, 6))
    findings.episodes += len(episodes)
    findings.used_s += len(episodes) * periods * period_ms / 1000
    return episodes


def chains(stamps: np.ndarray, period_ns: int, tolerance_ns: int) -> list[np.ndarray]:
    """Frames one period apart: indices into `stamps [F]`, in chains that end where no frame is within the tolerance."""
    result = []
    index = 0
    while index < len(stamps):
        chain = [index]
        due = stamps[index] + period_ns
        while (found := _nearest(stamps, due)) > chain[-1] and abs(stamps[found] - due) <= tolerance_ns:
            chain.append(found)
            due += period_ns + int(_CLOCK_GAIN * (stamps[found] - due))
        result.append(np.array(chain))
        index = chain[-1] + 1
    return result


def _nearest(stamps: np.ndarray, due: int) -> int:
    after = int(np.searchsorted(stamps, due))
    if after == len(stamps) or (after > 0 and due - stamps[after - 1] <= stamps[after] - due):
        return after - 1
    return after


def _speed_margin(limits: JointLimits) -> np.ndarray:
    """How much farther than its velocity limit allows each joint may seem to move between two frames `[J]`."""
    margin = limits.per_joint(_SPEED_MARGIN["rad"], _SPEED_MARGIN["m"])
    return np.minimum(margin, _SPEED_MARGIN_SHARE * (limits.upper - limits.lower))


def _positions_at(section: Section, limits: JointLimits, config: RecordingsConfig) -> np.ndarray:
    """Joint positions at the frames `[F, J]`. A row is NaN if joint states around the frame are missing."""
    stamps, frames = section.joint_stamps, section.frame_stamps
    positions = _interpolated(frames, stamps, _unwrapped(section, limits))
    after = np.searchsorted(stamps, frames, side="left")
    exact = stamps[after.clip(0, len(stamps) - 1)] == frames
    inside = (after > 0) & (after < len(stamps))
    width = np.full(len(frames), np.iinfo(np.int64).max)
    width[inside] = stamps[after[inside]] - stamps[after[inside] - 1]
    positions[~exact & (width > config.joint_gap_ms * _NS_PER_MS)] = np.nan
    return positions


def _velocities_at(section: Section, limits: JointLimits) -> np.ndarray:
    """Joint velocities at the frames `[F, J]`, by the rules of the node (src/timeline/reading-log.ts): as measured,
    interpolated between two joint states; where they are not measured, the mean from a joint state at least
    `_DIFFERENCE_NS` before to the first one after the frame."""
    stamps, frames = section.joint_stamps, section.frame_stamps
    measured = _interpolated(frames, stamps, section.velocities)
    newer = np.searchsorted(stamps, frames, side="right").clip(1, len(stamps) - 1)
    older = np.searchsorted(stamps, stamps[newer] - _DIFFERENCE_NS, side="right") - 1
    older = np.minimum(older.clip(0), newer - 1)
    places = _unwrapped(section, limits)
    difference = (places[newer] - places[older]) / ((stamps[newer] - stamps[older]) / _NS_PER_S)[:, None]
    return np.where(np.isnan(measured), difference, measured)


def _unwrapped(section: Section, limits: JointLimits) -> np.ndarray:
    """The measured positions `[M, J]`. A continuous joint may be reported wrapped into one revolution."""
    positions, endless = section.positions.copy(), np.isinf(limits.lower)
    positions[:, endless] = np.unwrap(positions[:, endless], axis=0)
    return positions


def _interpolated(at: np.ndarray, stamps: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values `[M, J]` at `stamps`, linear between them: at times `[F]`, `[F, J]`."""
    since = stamps[0]
    return np.stack([np.interp(at - since, stamps - since, column) for column in values.T], axis=1)


def _runs(good: np.ndarray) -> list[tuple[int, int]]:
    """Intervals of True in `good [N]`, as (start, end), the end excluded."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], good, [False])).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _describe(section: Section, config: RecordingsConfig, findings: Findings) -> None:
    """Adds rates, dropped frames and gaps of a section to the findings."""
    frames = section.frame_stamps
    findings.frames += len(frames)
    start = min((stamps[0] for stamps in (frames, section.joint_stamps) if len(stamps)), default=0)
    # The start of this section in the recording: the duration of the sections before it.
    before_s = findings.duration_s
    for topic, stamps in (("camera", frames), ("joint states", section.joint_stamps)):
        if len(stamps) < 2:
            continue
        steps = np.diff(stamps)
        usual = float(np.median(steps))
        rate = round(_NS_PER_S / usual, 2) if usual > 0 else 0.0
        long = np.flatnonzero(steps > max(config.gap_ms * _NS_PER_MS, 1.5 * usual))
        for index in long:
            at_s = before_s + (stamps[index] - start) / _NS_PER_S
            findings.gaps.append(Event(round(at_s, 3), topic, round(steps[index] / _NS_PER_S, 3)))
        if topic == "camera":
            findings.camera_hz = rate
            missing = np.rint(np.delete(steps, long) / usual).clip(1) - 1 if usual > 0 else np.zeros(1)
            findings.dropped_frames += int(missing.sum())
        else:
            findings.joint_states_hz = rate
    last = max((stamps[-1] for stamps in (frames, section.joint_stamps) if len(stamps)), default=start)
    findings.duration_s += (last - start) / _NS_PER_S
