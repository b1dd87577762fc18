"""Ages of messages when they arrive, on a machine that may stop the simulator or the test at any moment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from queueing import Queueing
from ros_client import RosClient

COUNT = 30
TIMEOUT_S = 30.0


def fit(ages_ms: Sequence[float], least_ms: float, most_ms: float) -> bool:
    """Whether the newest ages are within these bounds: none below, and at most a quarter above.

    Their median is not enough: after a stall ages fall through every bound, so even the median of messages that nobody
    delays may be within them.

    Args:
        ages_ms: in the order of arrival; fewer than `COUNT` do not fit
    """
    newest = ages_ms[-COUNT:]
    return len(newest) == COUNT and least_ms <= min(newest) and bool(np.percentile(newest, 75) <= most_ms)


def wait_until_they_fit(
    client: RosClient, ages_ms: Sequence[float], least_ms: float, most_ms: float, queueing: Queueing
) -> None:
    """Waits for `COUNT` consecutive messages whose ages fit; skips the test where a busy machine has none.

    A busy machine makes messages late for a while, and never early; wrong delays never fit.
    """
    if client.comes_true(lambda: fit(ages_ms, least_ms, most_ms), TIMEOUT_S):
        return
    if ages_ms and np.median(ages_ms) >= least_ms:
        queueing.skip_if_busy()
    newest = [round(age, 1) for age in ages_ms[-COUNT:]]
    pytest.fail(f"no {COUNT} ages of {least_ms} to {most_ms} ms within {TIMEOUT_S} s; the newest: {newest} ms")
