"""What recordings cover of each joint, and whether what is missing is named."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jepa_mpc_sim.joint_limits import JointLimits

from jepa_mpc_training.coverage import PARTS, coverage, lines

LIMITS = JointLimits(
    ("rad", "rad", "m"),
    lower=np.array([-math.inf, -3.0, 0.0]),
    upper=np.array([math.inf, 1.0, 0.2]),
    velocity=np.array([2.0, 1.0, 0.1]),
    effort=np.full(3, math.inf),
    acceleration=np.array([10.0, 10.0, 1.0]),
)
JOINTS = ["turntable", "elbow", "slide"]
FRAMES = 2000
WHOLE = np.stack([np.linspace(low, high, FRAMES) for low, high in ((-math.pi, math.pi), (-3, 1), (0, 0.2))], axis=1)
FAST = np.tile(LIMITS.velocity, (FRAMES, 1))

SHARES = st.floats(0.0, 1.0)


def test_nothing_is_missing_where_every_joint_moved_over_its_range_at_full_speed() -> None:
    covered = coverage(JOINTS, LIMITS, WHOLE[None], FAST[None])
    assert covered["missing"] == []
    for row in covered["coverage"]:
        assert (row["range"], row["filled"], row["speed"]) == pytest.approx((1, 1, 1), abs=1e-3)
    assert lines(covered)[2] == "  elbow: 100 % of its range, 20 of 20 parts of it, 100 % of its velocity limit"


def test_what_is_missing_is_named_in_the_unit_of_the_joint() -> None:
    positions = np.stack(
        [
            np.linspace(3.0, 4.0, FRAMES),
            np.concatenate((np.linspace(-3, -2, FRAMES // 2), np.linspace(-0.6, 1, FRAMES // 2))),
            np.linspace(0.05, 0.08, FRAMES),
        ],
        axis=1,
    )
    covered = coverage(JOINTS, LIMITS, positions, FAST * (1, 1, 0.3))
    assert covered["missing"] == [
        "turntable turned over 16 % of a full turn (3 to 4 rad): record motion of it over the rest",
        "elbow was hardly ever from -2 to -0.6 rad: record motion of it there",
        "slide moved over 15 % of its range (0.05 to 0.08 m of 0 to 0.2): record motion of it over the rest",
        "slide reached 30 % of its velocity limit (0.03 of 0.1 m/s): record faster motion of it, or write a lower "
        "limit in the URDF",
    ]
    assert lines(covered)[-1] == f"  MISSING: {covered['missing'][-1]}"


def test_a_joint_that_rests_is_named_once() -> None:
    covered = coverage(JOINTS, LIMITS, WHOLE * (1, 1, 0), FAST * (1, 1, 0))
    assert covered["missing"] == ["slide did not move (0 m): record motion of it"]


def test_a_joint_with_a_short_range_need_not_reach_a_limit_that_it_cannot() -> None:
    slow = np.sqrt(LIMITS.acceleration * 0.2)
    fast = JointLimits(
        LIMITS.units, LIMITS.lower, LIMITS.upper, np.array([2.0, 1.0, 5.0]), LIMITS.effort, LIMITS.acceleration
    )
    assert coverage(JOINTS, fast, WHOLE, FAST * (1, 1, slow[2] / 0.1))["missing"] == []
    assert len(coverage(JOINTS, fast, WHOLE, FAST)["missing"]) == 1


def test_a_few_frames_at_its_ends_do_not_make_a_joint_move_over_its_range() -> None:
    positions = np.concatenate((np.full((FRAMES, 3), 0.1) + WHOLE * 0.1, WHOLE[[0, -1]]))
    found = coverage(JOINTS, LIMITS, positions, np.concatenate((FAST, FAST[:2])))
    assert found["coverage"][1]["range"] == pytest.approx(0.1, abs=0.01)
    assert sum("over" in line for line in found["missing"]) == 3


@settings(deadline=None)
@given(SHARES, SHARES)
def test_the_share_of_a_range_is_what_was_moved_over(first: float, second: float) -> None:
    low, high = sorted((first, second))
    position = np.linspace(-3 + 4 * low, -3 + 4 * high, FRAMES)
    positions = np.stack((WHOLE[:, 0], position, WHOLE[:, 2]), axis=1)
    found = coverage(JOINTS, LIMITS, positions, FAST)
    row = found["coverage"][1]
    # A part of which only the edge is visited does not count.
    assert row["range"] == pytest.approx(high - low, abs=0.2 / PARTS)
    assert row["filled"] == pytest.approx(row["range"], abs=2 / PARTS)
    if abs(row["range"] - 0.8) > 1e-3:
        assert (row["range"] < 0.8) == any(line.startswith("elbow") for line in found["missing"])


@settings(deadline=None)
@given(st.floats(0.05, 1.0), st.floats(-20, 20), st.integers(-3, 3))
def test_where_a_continuous_joint_turned_does_not_matter(share: float, start: float, turns: int) -> None:
    position = start + np.linspace(0, 2 * math.pi * share, FRAMES)
    position[::2] += 2 * math.pi * turns
    positions = np.stack((position, WHOLE[:, 1], WHOLE[:, 2]), axis=1)
    row = coverage(JOINTS, LIMITS, positions, FAST)["coverage"][0]
    # Nearly a full turn covers every part.
    assert row["range"] == pytest.approx(share, abs=0.2 / PARTS if share < 1 - 2 / PARTS else 2 / PARTS)
    assert row["highest"] - row["lowest"] == pytest.approx(2 * math.pi * row["range"], abs=1e-3)
