"""Waiting for what messages bring."""

from __future__ import annotations

import time
from collections.abc import Callable

import rclpy
from rclpy.node import Node


def spin_until(node: Node, condition: Callable[[], object], timeout_s: float = 15.0) -> bool:
    """Handles messages until the condition holds; False when it did not within the time."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return True
        rclpy.spin_once(node, timeout_sec=0.02)
    return bool(condition())
