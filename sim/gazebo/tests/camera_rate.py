"""What holds of the rate of Gazebo's camera on a machine of any speed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SAME_MOMENT_NS = 5_000_000


def assert_rate_holds(stamps_ns: Sequence[int], rate_hz: float) -> None:
    """Images come no faster than the rate of the camera by simulated time, and most no slower than 10 Hz.

    On a loaded machine Gazebo drops images, or renders one moment several times, a few physics steps apart, and a test
    that does not run for a while misses some. Images of one moment count once.

    Args:
        stamps_ns: of consecutive images, simulated time
        rate_hz: of the camera
    """
    assert np.all(np.diff(stamps_ns) >= 0), f"stamps {list(stamps_ns)} ns"
    moments_ns = list(stamps_ns[:1])
    for stamp_ns in stamps_ns:
        if stamp_ns - moments_ns[-1] > SAME_MOMENT_NS:
            moments_ns.append(stamp_ns)
    intervals_s = np.diff(moments_ns) / 1e9
    assert 1 / np.mean(intervals_s) < 1.05 * rate_hz, f"intervals {np.round(intervals_s, 4).tolist()} s"
    assert 1 / np.median(intervals_s) > 10, f"intervals {np.round(intervals_s, 4).tolist()} s"
