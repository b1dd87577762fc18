"""Joint states in pieces, and bags as recorders pack them: what other drivers and settings leave in a recording."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from bags import JOINTS, PERIODS, START, STORAGES, Bag, Motion, collect_source, state_message
from rosbags.rosbag2 import CompressionMode

from jepa_mpc_training.recordings.errors import RecordingError


@dataclass(frozen=True)
class Pieces(Bag):
    """Each joint in messages of its own, between those of a gripper. `elbow_ms`: from the shoulder's stamps to the
    elbow's; `late_ms`: how much later every other state of the elbow arrives, and overtakes none or some."""

    elbow_ms: float = 0.0
    late_ms: float = 0.0
    silent: tuple[float, float] = (0.0, 0.0)
    """When there are no states of the elbow, ms."""

    def _messages(self):
        for at, topic, message in super()._messages():
            if topic != "/joint_states":
                yield at, topic, message
        for number, at in enumerate(self._times(self.state_ms)):
            yield at, "/joint_states", state_message(self.motion.position(at)[:1], self._stamp(at), JOINTS[:1])
            yield at + 0.2, "/joint_states", state_message([0.01], self._stamp(at), ["finger_joint"])
            then = at + self.elbow_ms
            if self.silent[0] < then < self.silent[1]:
                continue
            elbow = state_message(self.motion.position(then)[1:], self._stamp(then), JOINTS[1:])
            yield then + 0.1 + self.late_ms * (number % 2), "/joint_states", elbow


def _findings(folder: Path) -> dict:
    return json.loads((folder / "findings.json").read_text())["recordings"][0]


def _errors(bag: Bag, folder: Path) -> np.ndarray:
    """How far the collected positions are from where the robot was at the frames `[E, T + 1, 2]`, rad."""
    dataset = collect_source(bag.source(bag.write(folder / "bag")), folder)
    times = dataset.frames[:, 0, :, 5, 5, 0].astype(int) * 50
    assert (np.diff(times, axis=1) == 100).all()
    true = np.stack([[bag.motion.position(at) for at in row] for row in times])
    return np.abs(dataset.positions - true)


def test_halves_of_one_stamp_are_whole_joint_states(tmp_path: Path) -> None:
    assert _errors(Pieces(), tmp_path).max() < 1e-6
    findings = _findings(tmp_path)
    assert (findings["episodes"], findings["out_of_order"], findings["gaps"]) == (7, 0, [])


@pytest.mark.parametrize(("elbow_ms", "late_ms"), [(7.0, 0.0), (0.0, 45.0), (-13.0, 45.0)])
def test_joints_out_of_step_and_late_are_where_they_were_at_the_frames(
    tmp_path: Path, elbow_ms: float, late_ms: float
) -> None:
    # Between two states 40 ms apart at most, the velocity changes by 2 rad/s at most.
    assert _errors(Pieces(elbow_ms=elbow_ms, late_ms=late_ms), tmp_path).max() < 0.02
    assert _findings(tmp_path)["episodes"] == 7


def test_one_joint_that_falls_silent_ends_an_episode(tmp_path: Path) -> None:
    assert _errors(Pieces(silent=(2010, 2990)), tmp_path).max() < 0.02
    findings = _findings(tmp_path)
    assert findings["unused_s"]["no joint states around the frame"] == pytest.approx(1.1, abs=0.11)
    assert [gap["topic"] for gap in findings["gaps"]] == ["joint states"]


def test_a_joint_that_is_in_no_message_is_named_with_those_that_are(tmp_path: Path) -> None:
    bag = Pieces(silent=(-1, 1e9))
    with pytest.raises(RecordingError, match="found joints shoulder, finger_joint, expected shoulder, elbow"):
        collect_source(bag.source(bag.write(tmp_path / "bag")), tmp_path)


def test_joint_states_without_positions_are_refused(tmp_path: Path) -> None:
    class WithoutPositions(Bag):
        def _messages(self):
            for at, topic, message in super()._messages():
                yield at, topic, (state_message([], START, JOINTS) if topic == "/joint_states" else message)

    bag = WithoutPositions()
    with pytest.raises(RecordingError, match="found 0 positions for shoulder, elbow, expected a position"):
        collect_source(bag.source(bag.write(tmp_path / "bag")), tmp_path)


@pytest.mark.parametrize(
    ("storage", "packed"),
    [
        *((storage, packed) for storage in STORAGES for packed in (CompressionMode.FILE, CompressionMode.MESSAGE)),
        ("mcap", CompressionMode.STORAGE),
    ],
)
def test_compressed_bags_are_read(tmp_path: Path, storage: str, packed: CompressionMode) -> None:
    bag = Bag(Motion(3), storage=storage, packed=packed)
    dataset = collect_source(bag.source(bag.write(tmp_path / "bag")), tmp_path)
    assert dataset.actions[0, 0] == pytest.approx(bag.motion.velocities[1], abs=1e-5)
    assert dataset.actions.shape[1:] == (PERIODS, 2)


def test_joint_states_without_stamps_are_of_the_time_of_their_arrival(tmp_path: Path) -> None:
    class Unstamped(Bag):
        def _messages(self):
            for at, topic, message in super()._messages():
                if topic == "/joint_states":
                    message = state_message(message.position, 0, JOINTS)
                yield at, topic, message

    # They arrive 2 ms after they were measured, at 1 rad/s at most.
    assert _errors(Unstamped(), tmp_path).max() < 0.004
