"""Stage 1 for a robot of your own: recordings instead of a simulator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jepa_mpc_sim.joint_limits import AS_DESCRIBED, JointLimits, RobotOptions, joint_limits, moved_joints
from jepa_mpc_sim.urdf import read_robot
from tqdm import tqdm

from ..config import CollectConfig, RecordingsConfig
from ..dataset import describe, save_objects
from ..periods import ticks_in
from .errors import RecordingError
from .findings import Findings, Following, table, write_json
from .images import scaled
from .section import Section
from .source import BagSource, Source
from .synchronise import Episode, episodes_of

_MAX_DELAY_MS = 400
"""Maximum delay between commands and motion of a joint for which a correlation is sought."""
_EXCESS = 1.05
_EXCESS_SHARE = 0.05
"""Commands above this factor on the velocity limit, in more than this share of the periods, are in another unit."""
_STILL = 0.01
"""A joint whose commands have a root mean square below this share of its velocity limit has not been moved."""


def collect_recordings(
    urdf_xml: str,
    source: Source,
    config: CollectConfig,
    recordings: RecordingsConfig,
    folder: Path,
    options: RobotOptions = AS_DESCRIBED,
) -> dict[str, Any]:
    """Writes the arrays of a `Dataset` with one view to `folder`, and `findings.json`; prints what was found.

    Raises RecordingError if the recordings cannot be used, UrdfError if the URDF cannot, and ExportRefusedError for a
    control period that is not a multiple of a tick of the node's commands.
    """
    period_ms = config.period_ms
    ticks_in(period_ms)
    robot = read_robot(urdf_xml)
    joints = moved_joints(robot, options)
    limits = joint_limits(robot, joints, options, needs_acceleration=False)
    continuous = [joint.name for joint in robot.joints if joint.type == "continuous"]
    found: list[Findings] = []
    parts: list[tuple[Section, list[Episode]]] = []
    for path in source.paths:
        findings = Findings(Path(path).name)
        found.append(findings)
        for section in _sections(Path(path), source, joints, limits, continuous, recordings, findings):
            parts.append((section, episodes_of(section, config.periods, period_ms, limits, recordings, findings)))
    print(table(found))
    episodes = [episode for _, some in parts for episode in some]
    following: list[Following] = []
    if episodes:
        actions = np.stack([episode.actions for episode in episodes])
        positions = np.stack([episode.positions for episode in episodes])
        velocities = np.stack([episode.velocities for episode in episodes])
        following, correlations = follow(joints, actions, positions, period_ms)
        for one in following:
            delay = f"{one.late_ms:.0f} ms late"
            print(f"  {one.joint} follows its commands with a correlation of {one.correlation:.2f}, {delay}")
    write_json(folder / "findings.json", found, following)
    if len(episodes) < 2:
        raise _too_few(source, found, config)
    _check(source, joints, limits, actions, following, correlations, recordings)
    _write(folder, parts, actions, positions, velocities, config.frame_size)
    describe(folder, period_ms, source.camera_names)
    save_objects(folder, (), None)
    return {
        "episodes": len(episodes),
        "gazebo_episodes": 0,
        "views": 1,
        "frames": len(episodes) * (config.periods + 1),
        "joints": joints,
        **({"cameras": list(source.camera_names)} if source.camera_names else {}),
        "recordings": [one.recording for one in found],
        "recorded_s": round(sum(one.duration_s for one in found), 1),
        "used_s": round(sum(one.used_s for one in found), 1),
    }


def follow(
    joints: Sequence[str], actions: np.ndarray, positions: np.ndarray, period_ms: int
) -> tuple[list[Following], np.ndarray]:
    """How each joint follows its commands: actions `[E, T, J]` in rad/s, positions `[E, T + 1, J]` in rad, one control
    period apart.

    Also returns the correlations of each joint's velocity with each joint's commands `[J, J]`, at the best delay.
    """
    measured = np.diff(positions, axis=1) / (period_ms / 1000)
    late = range(min(_MAX_DELAY_MS // period_ms, actions.shape[1] - 2) + 1)
    by_delay = np.stack([_correlations(measured[:, delay:], actions[:, : actions.shape[1] - delay]) for delay in late])
    best = by_delay.max(axis=0)
    rows = []
    for joint, name in enumerate(joints):
        delay = int(by_delay[:, joint, joint].argmax())
        rms = float(np.sqrt(np.square(actions[..., joint]).mean()))
        rows.append(Following(name, round(float(best[joint, joint]), 3), float(delay * period_ms), round(rms, 4)))
    return rows, best


def _correlations(measured: np.ndarray, commanded: np.ndarray) -> np.ndarray:
    """Correlations of the measured with the commanded velocities `[J, J]`; 0 if one of the two is constant."""
    rows, columns = measured.reshape(-1, measured.shape[2]), commanded.reshape(-1, commanded.shape[2])
    rows, columns = rows - rows.mean(0), columns - columns.mean(0)
    scale = np.sqrt(np.outer(np.square(rows).sum(0), np.square(columns).sum(0)))
    return np.divide(rows.T @ columns, scale, out=np.zeros_like(scale), where=scale > 1e-12)


def _sections(
    path: Path,
    source: Source,
    joints: Sequence[str],
    limits: JointLimits,
    continuous: Sequence[str],
    config: RecordingsConfig,
    findings: Findings,
) -> list[Section]:
    if isinstance(source, BagSource):
        from .rosbag import read_bag

        return read_bag(path, source, joints, config, findings, continuous)
    from .lerobot import read_lerobot

    return read_lerobot(path, source, joints, limits, config, findings)


def _write(
    folder: Path,
    parts: Sequence[tuple[Section, Sequence[Episode]]],
    actions: np.ndarray,
    positions: np.ndarray,
    velocities: np.ndarray,
    frame_size: int,
) -> None:
    """Writes the arrays of a `Dataset`, its frames one by one as they are read."""
    count = len(actions) * (actions.shape[1] + 1)
    flat: np.ndarray | None = None
    first = 0
    with tqdm(total=count, desc="collect", unit="frame") as progress:
        for section, episodes in parts:
            if not episodes:
                continue
            # Consecutive episodes share a frame: the last of one is the first of the next.
            indices, places = np.unique(np.concatenate([episode.frames for episode in episodes]), return_inverse=True)
            order, starts = np.argsort(places, kind="stable"), np.searchsorted(np.sort(places), np.arange(len(indices)))
            ends = np.append(starts[1:], len(places))
            for images, start, end in zip(section.read_frames(indices), starts, ends, strict=True):
                frame = _frame(section.name, images, frame_size)
                if flat is None:
                    flat = _open_frames(folder, len(actions), actions.shape[1] + 1, frame.shape)
                if frame.shape != flat.shape[1:]:
                    raise _sizes_differ(section.name, frame.shape, flat.shape)
                flat[first + order[start:end]] = frame
                progress.update(int(end - start))
            first += len(places)
    np.save(folder / "actions.npy", actions.astype(np.float32))
    np.save(folder / "positions.npy", positions.astype(np.float32))
    np.save(folder / "velocities.npy", velocities.astype(np.float32))
    np.save(folder / "in_gazebo.npy", np.zeros(len(actions), dtype=bool))


def _frame(recording: str, images: Sequence[np.ndarray], frame_size: int) -> np.ndarray:
    """The images of one moment, scaled: `[H, W, 3]` of an only camera, `[C, H, W, 3]` of several."""
    sized = [scaled(image, frame_size) if frame_size else image for image in images]
    for image in sized:
        if image.shape != sized[0].shape:
            raise _sizes_differ(recording, sized[0].shape, image.shape)
    return sized[0] if len(sized) == 1 else np.stack(sized)


def _sizes_differ(recording: str, one: tuple[int, ...], other: tuple[int, ...]) -> RecordingError:
    """`one` and `other`: shapes `[..., H, W, 3]`."""
    first, second = (f"{shape[-2]}x{shape[-3]}" for shape in (one, other))
    return RecordingError(
        recording,
        found=f"images of {first} and {second} pixels",
        expected="one size",
        remedy="Record with one setting of the cameras, or scale: --set collect.frame_size=224.",
    )


def _open_frames(folder: Path, episodes: int, length: int, shape: tuple[int, ...]) -> np.ndarray:
    """Makes the file of frames `[E, 1, T + 1, *shape]`; returns it as `[E * (T + 1), *shape]`."""
    frames = np.lib.format.open_memmap(
        folder / "frames.npy", mode="w+", dtype=np.uint8, shape=(episodes, 1, length, *shape)
    )
    return frames.reshape(-1, *shape)


def _too_few(source: Source, found: Sequence[Findings], config: CollectConfig) -> RecordingError:
    lost: dict[str, float] = {}
    for one in found:
        for reason, seconds in one.unused_s.items():
            lost[reason] = lost.get(reason, 0.0) + seconds
    reasons = "; ".join(f"{seconds:.1f} s: {reason}" for reason, seconds in sorted(lost.items())) or "too short"
    count = sum(one.episodes for one in found)
    return RecordingError(
        ", ".join(source.paths),
        found=f"{count} stretches of {config.periods} periods of {config.period_ms} ms ({reasons})",
        expected="at least 2 with frames, joint states and commands throughout",
        remedy=f"Record for longer, at {1000 / config.period_ms:g} images a second or more, or cut shorter episodes: "
        "--set collect.periods=20.",
    )


def _check(
    source: Source,
    joints: Sequence[str],
    limits: JointLimits,
    actions: np.ndarray,
    following: Sequence[Following],
    correlations: np.ndarray,
    config: RecordingsConfig,
) -> None:
    """Raises RecordingError if commands are in another unit, do not move a joint, or are those of another joint."""
    subject = f"commands in {', '.join(source.paths)}"
    for index, joint in enumerate(joints):
        limit, unit = limits.velocity[index], f"{limits.units[index]}/s"
        beyond = float((np.abs(actions[..., index]) > _EXCESS * limit).mean())
        if beyond > _EXCESS_SHARE:
            raise RecordingError(
                subject,
                found=f"{joint} commanded to exceed its limit of {limit:g} {unit} in {beyond:.0%} of the periods",
                expected="velocities within the limits of the robot",
                remedy="Set-points in degrees or of positions (--command-kind position), or a URDF with other limits.",
            )
        if following[index].commanded_rms < _STILL * limit:
            raise RecordingError(
                subject,
                found=f"{joint} commanded to move at {following[index].commanded_rms:.4f} {unit} in the mean",
                expected="every joint of the model moved over its range, at all speeds",
                remedy="Move it while recording, or leave it out of the model: "
                f"--joints {','.join(name for name in joints if name != joint)}."
                if len(joints) > 1
                else "Move it while recording.",
            )
        correlation = following[index].correlation
        if correlation < config.min_correlation:
            best = int(correlations[index].argmax())
            other = (
                f"; it moves with those of {joints[best]} ({correlations[index, best]:.2f})"
                if best != index and correlations[index, best] >= config.min_correlation
                else ""
            )
            raise RecordingError(
                subject,
                found=f"{joint} moves with its commands with a correlation of {correlation:.2f}{other}",
                expected=f"{config.min_correlation:g} or more",
                remedy="Check the order of the joints (--command-joints), --command-kind, and that this is what moved "
                "the robot.",
            )
