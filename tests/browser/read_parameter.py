"""Prints a parameter of a node as JSON, asked as any other ROS program would: read_parameter.py NODE NAME"""

from __future__ import annotations

import json
import sys

import rclpy
from rclpy.parameter import parameter_value_to_python
from rclpy.parameter_client import AsyncParameterClient

TIMEOUT_S = 20.0


def main(node_name: str, parameter: str) -> None:
    rclpy.init()
    node = rclpy.create_node("parameter_reader")
    client = AsyncParameterClient(node, node_name)
    assert client.wait_for_services(TIMEOUT_S), f"{node_name} does not serve its parameters"
    answer = client.get_parameters([parameter])
    rclpy.spin_until_future_complete(node, answer, timeout_sec=TIMEOUT_S)
    print(json.dumps(parameter_value_to_python(answer.result().values[0])))
    node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
