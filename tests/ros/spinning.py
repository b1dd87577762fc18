"""Waiting for what messages bring."""

from __future__ import annotations

import time
from collections.abc import Callable

import rclpy
from rclpy.node import Node

# How long a test waits for what has to happen: on a busy machine a process takes its time.
TIMEOUT_S = 60.0
SLICE_S = 0.02


def spin_until(node: Node, condition: Callable[[], object], timeout_s: float = TIMEOUT_S) -> bool:
    """Handles messages until the condition holds; False when it did not within the time."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return True
        rclpy.spin_once(node, timeout_sec=0.02)
    return bool(condition())


def pass_time(seconds: float, spin: Callable[[float], object]) -> None:
    """Handles messages for a while, with `spin` for so many seconds. Time in which this process stood still does not
    count: what came meanwhile has yet to be handled."""
    left_s = seconds
    while left_s > 0:
        start = time.monotonic()
        spin(SLICE_S)
        left_s -= min(time.monotonic() - start, 2 * SLICE_S)
