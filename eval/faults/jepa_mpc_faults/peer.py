"""A process that hands joint states on: `python -m jepa_mpc_faults.peer FROM TO`. It is there to be killed."""

from __future__ import annotations

import contextlib
import sys

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from sensor_msgs.msg import JointState


def main(source: str, target: str) -> None:
    """Relays until it is interrupted."""
    rclpy.init()
    node = Node("fault_peer")
    out = node.create_publisher(JointState, target, 50)
    node.create_subscription(JointState, source, out.publish, 50)
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(node)


if __name__ == "__main__":
    main(*sys.argv[1:3])
