"""What holds of the rate of Gazebo's camera on a machine of any speed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def assert_rate_holds(stamps_ns: Sequence[int], rate_hz: float) -> None:
    """Images come at the rate of the camera by simulated time.

    Slow rendering makes Gazebo drop images, and after a delay the next ones come early. So a single interval may be
    short on a loaded machine, and the mean too, but not the median.

    Args:
        stamps_ns: of consecutive images, simulated time
        rate_hz: of the camera
    """
    intervals_s = np.diff(stamps_ns) / 1e9
    found = f"intervals {np.round(intervals_s, 4).tolist()} s"
    assert np.all(intervals_s > 0), found
    assert np.median(intervals_s) > 0.95 / rate_hz, found
    assert 10 < 1 / np.mean(intervals_s) < 1.2 * rate_hz, found
