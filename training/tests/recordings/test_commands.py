"""The mean commanded velocity between two times, for each kind of command."""

from __future__ import annotations

import numpy as np
import pytest

from jepa_mpc_training.recordings.commands import CommandedTrajectory, HeldPositions, HeldVelocities, Trajectories

MS = 1_000_000


def _mean(commands, start_ms: float, end_ms: float) -> list[float]:
    start, end = (np.array([int(at * MS)], dtype=np.int64) for at in (start_ms, end_ms))
    return commands.mean_velocity(start, end)[0].tolist()


def _stamps(*at_ms: int) -> np.ndarray:
    return np.array(at_ms, dtype=np.int64) * MS


def test_a_velocity_is_held_until_the_next_one_and_no_longer_than_it_is_obeyed() -> None:
    held = HeldVelocities(_stamps(0, 100, 150, 900), np.array([[1.0], [3.0], [-1.0], [5.0]]), 200 * MS)
    assert _mean(held, 0, 100) == [1]
    assert _mean(held, 0, 200) == [pytest.approx((100 + 150 - 50) / 200)]
    assert _mean(held, 150, 350) == [-1]
    assert np.isnan(_mean(held, 200, 351)).all()
    assert np.isnan(_mean(held, -1, 100)).all()
    assert _mean(held, 900, 1100) == [5]


def test_positions_say_how_far_the_target_moved() -> None:
    held = HeldPositions(_stamps(0, 100, 200), np.array([[0.0], [0.2], [0.1]]), 500 * MS)
    assert _mean(held, 0, 100) == [pytest.approx(2.0)]
    assert _mean(held, 100, 200) == [pytest.approx(-1.0)]
    assert _mean(held, 250, 350) == [0]
    assert np.isnan(_mean(held, 650, 750)).all()


def test_without_commands_no_velocity_is_known() -> None:
    for nothing in (
        HeldVelocities(_stamps(), np.empty((0, 2)), MS),
        HeldPositions(_stamps(), np.empty((0, 2)), MS),
        Trajectories([], 2),
    ):
        assert np.isnan(_mean(nothing, 0, 100)).all()


def _trajectory(start_ms: int, *points: tuple[int, float]) -> CommandedTrajectory:
    times, places = zip(*points, strict=True)
    return CommandedTrajectory(start_ms * MS, _stamps(*times), np.array(places)[:, None])


def test_a_trajectory_is_followed_on_lines_and_its_end_is_held() -> None:
    one = Trajectories([_trajectory(0, (100, 0.0), (200, 0.3), (400, 0.1))], 1)
    assert np.isnan(_mean(one, 50, 150)).all()
    assert _mean(one, 100, 200) == [pytest.approx(3.0)]
    assert _mean(one, 250, 350) == [pytest.approx(-1.0)]
    assert _mean(one, 350, 450) == [pytest.approx(-0.5)]
    assert _mean(one, 500, 600) == [0]


def test_a_newer_trajectory_begins_where_the_one_before_has_got_to() -> None:
    two = Trajectories([_trajectory(0, (0, 0.0), (400, 0.4)), _trajectory(200, (100, 0.0))], 1)
    assert _mean(two, 100, 200) == [pytest.approx(1.0)]
    assert _mean(two, 200, 300) == [pytest.approx(-2.0)], "from 0.2, which it had got to"
    assert _mean(two, 300, 400) == [0], "the rest of the first is dropped"


def test_a_stream_of_short_trajectories_is_the_motion_of_their_first_points() -> None:
    stream = Trajectories([_trajectory(at, (20, at / 1000 + 0.02), (500, 9.0)) for at in range(0, 1000, 20)], 1)
    assert _mean(stream, 100, 900) == [pytest.approx(1.0)]


def test_stamps_of_today_lose_nothing() -> None:
    today = 1_790_000_000_000
    one = Trajectories([_trajectory(today, (0, 0.0), (1000, 1.0))], 1)
    assert _mean(one, today + 0.001, today + 0.002) == [pytest.approx(1.0, rel=1e-3)]
