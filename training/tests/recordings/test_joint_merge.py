"""Joint states in pieces, by the table that the node's tests run too."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from jepa_mpc_training.recordings.joint_merge import JointMerge

TABLE = json.loads((Path(__file__).resolve().parents[3] / "tests" / "fixtures" / "joint-merge.json").read_text())
MS = 1_000_000


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["name"])
def test_messages_add_up_to_the_readings_of_the_table(case: dict) -> None:
    merge = JointMerge(case["joints"], TABLE["maxGapMs"] * MS, case.get("wraps", ()))
    readings = []
    for stamp_ms, positions in case["messages"]:
        values = [float("nan") if position is None else position for position in positions.values()]
        reading = merge.add(stamp_ms * MS, list(positions), values)
        if reading is not None:
            readings.append([reading.stamp_ns / MS, reading.positions])
    assert [stamp for stamp, _ in readings] == [stamp for stamp, _ in case["readings"]]
    for (_, found), (_, expected) in zip(readings, case["readings"], strict=True):
        assert found == pytest.approx(expected, abs=1e-12)


def test_messages_that_are_not_used_are_counted() -> None:
    merge = JointMerge(["shoulder"], 1000 * MS)
    for stamp_ms, position in ((0, 0.0), (20, 1.0), (10, 0.5), (30, float("inf")), (40, 2.0)):
        merge.add(stamp_ms * MS, ["shoulder", "wheel"], [position, float("nan")])
    assert merge.unused == 2


def test_velocities_are_merged_like_positions_and_missing_ones_are_nan() -> None:
    merge = JointMerge(["shoulder", "elbow"], 1000 * MS)
    merge.add(0, ["shoulder"], [0.0], [1.0])
    merge.add(5 * MS, ["elbow"], [0.0], [8.0])
    reading = merge.add(10 * MS, ["shoulder"], [0.0], [3.0])
    assert reading is not None
    assert (reading.stamp_ns, reading.velocities) == (5 * MS, [2.0, 8.0])
    unmeasured = merge.add(20 * MS, ["shoulder", "elbow"], [0.0, 0.0])
    assert unmeasured is not None
    assert all(np.isnan(unmeasured.velocities))
