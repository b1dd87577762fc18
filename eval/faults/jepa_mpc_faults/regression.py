"""A straight line through samples, and how certain its slope is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Slope:
    """A slope per second, and the interval of 95 % around it."""

    value: float
    low: float
    high: float

    def per_minute(self) -> Slope:
        return Slope(60 * self.value, 60 * self.low, 60 * self.high)

    def rises_above(self, threshold: float) -> bool:
        """Whether the slope is above the threshold and certainly above 0."""
        return self.value > threshold and self.low > 0


UNKNOWN = Slope(math.nan, math.nan, math.nan)


def slope_of(times_s: Sequence[float], values: Sequence[float], parts: int = 12) -> Slope:
    """The slope by least squares.

    Samples that follow each other are alike (a heap grows and is collected), which would make the interval too narrow.
    So each value is the mean of one of `parts` stretches of time. Values of NaN do not count; with fewer than 3
    stretches the slope is NaN.
    """
    times, numbers = np.asarray(times_s, dtype=np.float64), np.asarray(values, dtype=np.float64)
    known = np.isfinite(times) & np.isfinite(numbers)
    times, numbers = times[known], numbers[known]
    if len(times) < 3:
        return UNKNOWN
    edges = np.linspace(times.min(), times.max() + 1e-9, parts + 1)
    part = np.clip(np.digitize(times, edges) - 1, 0, parts - 1)
    filled = [index for index in range(parts) if np.any(part == index)]
    if len(filled) < 3:
        return UNKNOWN
    x = np.array([times[part == index].mean() for index in filled])
    y = np.array([numbers[part == index].mean() for index in filled])
    spread = float(np.sum((x - x.mean()) ** 2))
    if spread == 0:
        return UNKNOWN
    slope = float(np.sum((x - x.mean()) * (y - y.mean())) / spread)
    rest = y - y.mean() - slope * (x - x.mean())
    error = math.sqrt(float(np.sum(rest**2)) / max(1, len(x) - 2) / spread)
    reach = _T_95[min(len(x) - 2, len(_T_95)) - 1] * error
    return Slope(slope, slope - reach, slope + reach)


# Student's t for 95 % (two-sided) and 1, 2, ... degrees of freedom.
_T_95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179)
