"""ROS 2 in a thread of its own, so that a scenario can wait without losing messages."""

from __future__ import annotations

import contextlib
import os
import threading

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor

from .recorder import Record
from .relay import Relay

_NICENESS = -10
"""What is started from here inherits it: a robot has processors of its own."""


class RosThread:
    """The harness' node, spinning. Use it as a context."""

    def __init__(self) -> None:
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
        # Shared memory that a killed process held may stay locked, and then others receive nothing more.
        os.environ.setdefault("FASTDDS_BUILTIN_TRANSPORTS", "UDPv4")
        rclpy.init()
        self.relay = Relay(Record())
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.relay)
        self._thread = threading.Thread(target=self._spin, daemon=True)

    def __enter__(self) -> RosThread:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._executor.shutdown(timeout_sec=2.0)
        rclpy.try_shutdown()
        self._thread.join(3.0)

    def _spin(self) -> None:
        with contextlib.suppress(ExternalShutdownException):
            self._executor.spin()
