"""What holds of the rate of Gazebo's camera on a machine of any speed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def assert_rate_holds(stamps_ns: Sequence[int], rate_hz: float) -> None:
    """Images come no faster than the rate of the camera by simulated time, and most no slower than 10 Hz.

    On a loaded machine Gazebo drops images, or renders one moment several times, and a test that does not run for a
    while misses some. Images with the same stamp count once.

    Args:
        stamps_ns: of consecutive images, simulated time
        rate_hz: of the camera
    """
    assert np.all(np.diff(stamps_ns) >= 0), f"stamps {list(stamps_ns)} ns"
    moments_s = np.unique(stamps_ns) / 1e9
    intervals_s = np.diff(moments_s)
    assert 1 / np.mean(intervals_s) < 1.05 * rate_hz, f"intervals {np.round(intervals_s, 4).tolist()} s"
    assert 1 / np.median(intervals_s) > 10, f"intervals {np.round(intervals_s, 4).tolist()} s"
