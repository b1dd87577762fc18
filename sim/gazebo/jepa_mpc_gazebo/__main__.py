"""Command line of the simulator: `python -m jepa_mpc_gazebo --urdf FILE [options] [--ros-args ...]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from jepa_mpc_sim.errors import StartupError
from jepa_mpc_sim.held_joints import with_camera
from jepa_mpc_sim.program import (
    StopRequest,
    argument_parser,
    check_domain,
    exit_status,
    one_line,
    read_urdf,
    robot_options,
    settings_of,
    spin,
    without_ros_arguments,
)
from jepa_mpc_sim.urdf import UrdfError

from .plant import GazeboPlant

PROGRAM = "jepa_mpc_gazebo"


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Parses everything outside `--ros-args ... [--]`. argparse exits with 2 if it cannot."""
    parser = argument_parser(PROGRAM, "A ROS 2 node that simulates a robot and its camera in Gazebo Classic 11.")
    return parser.parse_args(without_ros_arguments(arguments))


def simulate(arguments: argparse.Namespace, command_line: Sequence[str], stop: StopRequest) -> None:
    """Runs until a signal arrives. Raises StartupError if it cannot start, or if Gazebo ends."""
    urdf_xml = read_urdf(arguments.urdf)
    check_domain()
    try:
        from .node import GazeboNode
    except ImportError as error:
        raise StartupError(
            f"Python packages: found '{one_line(error)}', expected rclpy (ROS 2). Source a ROS 2 setup file first."
        ) from error
    defaults, options = settings_of(arguments), robot_options(arguments)
    with ExitStack() as stack:
        try:
            urdf_xml, note = with_camera(urdf_xml, options)
            plant = GazeboPlant(defaults.imperfections.built(urdf_xml), options=options)
        except UrdfError as error:
            raise StartupError(f"{arguments.urdf}: {one_line(error)}") from error
        stack.callback(plant.close)
        spin(lambda: GazeboNode(plant, urdf_xml, defaults, note), command_line, stop)


def main() -> int:
    """Returns the exit status: 0 after a signal, 2 if the simulator could not start or Gazebo ended."""
    arguments = parse_arguments(sys.argv[1:])
    return exit_status(PROGRAM, lambda stop: simulate(arguments, sys.argv, stop))


if __name__ == "__main__":
    sys.exit(main())
