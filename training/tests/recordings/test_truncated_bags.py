"""Truncated and damaged rosbag2 recordings: read as far as they are complete, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bags import Bag, Motion, collect_source

from jepa_mpc_training.recordings.errors import RecordingError


@pytest.mark.parametrize("has_metadata", [True, False])
def test_a_truncated_bag_is_read_to_its_end_and_the_table_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], has_metadata: bool
) -> None:
    bag = Bag(Motion(6))
    path = bag.write(tmp_path / "bag")
    content = (path / "bag.mcap").read_bytes()
    (path / "bag.mcap").write_bytes(content[: int(len(content) * 0.7)])
    if not has_metadata:
        (path / "metadata.yaml").unlink()
    dataset = collect_source(bag.source(path), tmp_path)
    assert dataset.actions[0, 0] == pytest.approx(bag.motion.velocities[1], abs=1e-5)
    found = json.loads((tmp_path / "findings.json").read_text())["recordings"][0]
    assert 0 < found["truncated"]["bag.mcap"] < len(content)
    assert 3 < found["duration_s"] < 0.7 * 6
    printed = capsys.readouterr().out
    assert f"WARNING: bag.mcap is truncated: {found['duration_s']:.1f} s are complete and read" in printed


def test_a_bag_that_ends_in_zeros_is_read_up_to_there(tmp_path: Path) -> None:
    bag = Bag(Motion(6))
    path = bag.write(tmp_path / "bag")
    content = (path / "bag.mcap").read_bytes()
    kept = int(len(content) * 0.7)
    (path / "bag.mcap").write_bytes(content[:kept] + bytes(len(content) - kept))
    dataset = collect_source(bag.source(path), tmp_path)
    assert dataset.actions[0, 0] == pytest.approx(bag.motion.velocities[1], abs=1e-5)
    found = json.loads((tmp_path / "findings.json").read_text())["recordings"][0]
    assert found["truncated"]["bag.mcap"] >= len(content) - kept


@pytest.mark.parametrize("has_metadata", [True, False])
def test_a_bag_without_a_whole_message_is_refused(tmp_path: Path, has_metadata: bool) -> None:
    bag = Bag(Motion(1))
    path = bag.write(tmp_path / "bag")
    (path / "bag.mcap").write_bytes((path / "bag.mcap").read_bytes()[:1000])
    if not has_metadata:
        (path / "metadata.yaml").unlink()
    with pytest.raises(RecordingError, match=r"no complete message .*: bag\.mcap is truncated.* Record again\."):
        collect_source(bag.source(path), tmp_path)


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_bag_without_metadata_is_read_from_its_files(tmp_path: Path, storage: str) -> None:
    bag = Bag(Motion(6), storage=storage)
    path = bag.write(tmp_path / "bag")
    metadata = path / "metadata.yaml"
    metadata.write_text("")
    with pytest.raises(RecordingError, match=r"If .*metadata\.yaml is damaged, delete it"):
        collect_source(bag.source(path), tmp_path)
    metadata.unlink()
    assert collect_source(bag.source(path), tmp_path).actions[0, 0] == pytest.approx(bag.motion.velocities[1], abs=1e-5)


def test_a_truncated_database_is_refused(tmp_path: Path) -> None:
    bag = Bag(Motion(3), storage="sqlite3")
    path = bag.write(tmp_path / "bag")
    content = (path / "bag.db3").read_bytes()
    (path / "bag.db3").write_bytes(content[: len(content) // 2])
    with pytest.raises(RecordingError, match=r"A damaged \.db3 file cannot be read: record again"):
        collect_source(bag.source(path), tmp_path)
