"""Prints the lifecycle state of the node with the given name."""

from __future__ import annotations

import sys
import time

import rclpy
from lifecycle_msgs.srv import GetState

TIMEOUT_S = 90.0

rclpy.init()
node = rclpy.create_node("ask_lifecycle")
client = node.create_client(GetState, f"{sys.argv[1]}/get_state")
deadline = time.monotonic() + TIMEOUT_S
while time.monotonic() < deadline:
    # A request can be lost while the two find each other.
    if client.wait_for_service(timeout_sec=1.0):
        answer = client.call_async(GetState.Request())
        rclpy.spin_until_future_complete(node, answer, timeout_sec=2.0)
        if answer.done():
            print(answer.result().current_state.label)
            break
rclpy.shutdown()
