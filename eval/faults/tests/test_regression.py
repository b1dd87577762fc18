"""Slopes: a leak is found, and a heap that grows and is collected is none."""

from __future__ import annotations

import math

import numpy as np

from jepa_mpc_faults.regression import slope_of
from jepa_mpc_faults.soak import MAX_GROWTH_MB_PER_MIN

TIMES_S = np.arange(0, 1800, 2.0)


def saw(period_s: float = 97.0, height_mb: float = 20.0) -> np.ndarray:
    """A heap that grows and is collected."""
    return 150 + height_mb * (TIMES_S % period_s) / period_s


def test_a_leak_is_found_in_spite_of_a_heap_that_is_collected() -> None:
    leak = saw() + 2.0 / 60 * TIMES_S
    slope = slope_of(TIMES_S, leak).per_minute()
    assert slope.low < 2.0 < slope.high
    assert slope.rises_above(MAX_GROWTH_MB_PER_MIN)


def test_a_heap_that_is_collected_is_no_leak() -> None:
    for period_s in (13.0, 97.0, 301.0):
        slope = slope_of(TIMES_S, saw(period_s)).per_minute()
        assert not slope.rises_above(MAX_GROWTH_MB_PER_MIN)
        assert slope.low <= 0 <= slope.high


def test_a_fall_is_no_leak_and_a_line_has_its_slope() -> None:
    slope = slope_of(TIMES_S, 200 - TIMES_S)
    assert abs(slope.value + 1) < 1e-9
    assert not slope.rises_above(0)


def test_what_is_not_known_is_left_out_and_too_little_has_no_slope() -> None:
    values = np.where(TIMES_S % 10 == 0, np.nan, 3 * TIMES_S)
    assert abs(slope_of(TIMES_S, values).value - 3) < 1e-9
    for times, numbers in (([], []), ([1, 2], [1, 2]), ([1, 1, 1, 1], [1, 2, 3, 4]), ([1, 2, 3], [math.nan] * 3)):
        slope = slope_of(times, numbers)
        assert math.isnan(slope.value)
        assert not slope.rises_above(0)
