"""Late messages: as late as was asked, in order, and nothing left over where the robot is put elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from jepa_mpc_sim.draws import Draws
from jepa_mpc_sim.late import Late

MS = 1_000_000
PERIOD = 10 * MS
HERE = np.array([0.5, -1.25])
THERE = np.array([0.5, -1.26])


def late(delay_ms: float, jitter_ms: float = 0.0, seed: int = 0, spacing_ns: int = 0) -> Late[int]:
    """Begun: its first item, which is on time, is out."""
    line: Late[int] = Late(delay_ms, jitter_ms, Draws(seed, 0), spacing_ns)
    line.add(-1, 0)
    assert line.take_due(0) == [-1]
    return line


def dues(line: Late[int], count: int, period_ns: int = PERIOD) -> list[int]:
    """When each of `count` items, taken one a period, comes out [ns]."""
    found = []
    for index in range(1, count + 1):
        line.add(index, index * period_ns)
        while line.due_ns is not None and line.due_ns <= (index + 1) * period_ns:
            found.append(line.due_ns)
            line.take_due(line.due_ns)
    while line.due_ns is not None:
        found.append(line.due_ns)
        line.take_due(line.due_ns)
    return found


def test_an_item_is_out_after_its_delay_and_not_before():
    line = late(25)
    line.add(1, 100 * MS)
    assert line.due_ns == 125 * MS
    assert line.take_due(125 * MS - 1) == []
    assert line.take_due(125 * MS) == [1]
    assert line.due_ns is None


def test_without_a_delay_each_item_is_out_at_once():
    line = late(0)
    for index in range(5):
        line.add(index, index * PERIOD)
        assert line.take_due(index * PERIOD) == [index]


def test_what_is_due_together_comes_out_together_oldest_first():
    line = late(100)
    for index in range(4):
        line.add(index, index * PERIOD)
    assert line.take_due(125 * MS) == [0, 1, 2]
    assert line.take_due(1000 * MS) == [3]


@pytest.mark.parametrize(("delay_ms", "jitter_ms"), [(50, 5), (50, 40), (5, 30), (0, 100)])
@pytest.mark.parametrize("seed", range(5))
def test_jitter_keeps_the_order_and_its_bounds(delay_ms: float, jitter_ms: float, seed: int):
    line = late(delay_ms, jitter_ms, seed)
    items: list[int] = []
    lateness = []
    for index in range(1, 301):
        line.add(index, index * PERIOD)
    while line.due_ns is not None:
        now_ns = line.due_ns
        out = line.take_due(now_ns)
        lateness += [(now_ns - index * PERIOD) / MS for index in out]
        items += out
    assert items == list(range(1, 301))
    assert min(lateness) >= max(0.0, delay_ms - jitter_ms)
    assert max(lateness) <= delay_ms + jitter_ms


def test_jitter_is_uniform_about_the_delay_where_the_order_does_not_bind_it():
    period_ns = 200 * MS
    lateness = np.array(dues(late(60, 20), 2000, period_ns)) / MS - 200 * np.arange(1, 2001)
    assert lateness.mean() == pytest.approx(60, abs=1)
    assert lateness.std() == pytest.approx(20 / np.sqrt(3), rel=0.05)


def test_jitter_is_of_the_seed():
    assert dues(late(60, 20, seed=4), 50) == dues(late(60, 20, seed=4), 50)
    assert dues(late(60, 20, seed=4), 50) != dues(late(60, 20, seed=5), 50)


def test_items_keep_the_spacing_asked_for_and_still_are_no_later_than_delay_and_jitter():
    out = dues(late(60, 40, spacing_ns=PERIOD), 300)
    assert min(np.diff(out)) >= PERIOD
    assert (np.array(out) - PERIOD * np.arange(1, 301)).max() <= 100 * MS


def test_a_restart_drops_what_is_held_and_the_next_item_is_on_time():
    line = late(60, 20, seed=2)
    line.add(1, 70 * MS)
    line.restart(HERE)
    assert line.due_ns is None
    line.add(2, 500 * MS)
    assert line.take_due(500 * MS) == [2]
    line.restart(HERE)
    assert line.take_due(10**12) == []


def test_jitter_after_a_restart_is_that_of_the_pose_whatever_came_before():
    busy, idle = late(60, 20, seed=2), late(60, 20, seed=2)
    for index in range(1, 8):
        busy.add(index, index * 200 * MS)
    busy.restart(THERE)
    dues(busy, 5, 200 * MS)
    for line in (busy, idle):
        line.restart(HERE)
    here = dues(busy, 10, 200 * MS)
    assert here == dues(idle, 10, 200 * MS)
    for pose, same in ((HERE, True), (THERE, False)):
        idle.restart(pose)
        assert (dues(idle, 10, 200 * MS) == here) is same


def test_a_zero_is_one_pose_whatever_its_sign():
    draws = Draws(3, 1)
    draws.restart([0.0, 1.0])
    first = draws.rng.random(4).tolist()
    draws.restart([-0.0, 1.0])
    assert draws.rng.random(4).tolist() == first
    draws.restart([1.0, 0.0])
    assert draws.rng.random(4).tolist() != first
