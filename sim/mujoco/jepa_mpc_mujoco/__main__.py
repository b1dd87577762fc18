"""Command line of the simulator: `python -m jepa_mpc_mujoco --urdf FILE [options] [--ros-args ...]`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from jepa_mpc_sim.errors import StartupError
from jepa_mpc_sim.program import (
    StopRequest,
    argument_parser,
    check_domain,
    exit_status,
    one_line,
    packages_of,
    read_urdf,
    robot_options,
    settings_of,
    spin,
    without_ros_arguments,
)

from .rendering import choose_backend
from .viewer import Viewer, require_display

if TYPE_CHECKING:
    from .plant import Plant

PROGRAM = "jepa_mpc_mujoco"
NODE_NAME = "mujoco_sim"


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Parses everything outside `--ros-args ... [--]`. argparse exits with 2 if it cannot."""
    parser = argument_parser(PROGRAM, "A ROS 2 node that simulates a robot and its camera in MuJoCo.")
    parser.add_argument(
        "--package",
        action="append",
        default=[],
        metavar="NAME=FOLDER",
        help="folder of a ROS package that meshes are in; repeatable (default: ROS's paths, and above the URDF)",
    )
    parser.add_argument("--scene", type=Path, metavar="FILE", help="YAML file of objects around the robot")
    parser.add_argument(
        "--collisions",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="whether links and objects touch each other (default: only with a scene)",
    )
    parser.add_argument(
        "--gravity",
        choices=("compensated", "on"),
        default="compensated",
        help="whether gravity pulls the robot's links; objects fall in any case (default compensated)",
    )
    parser.add_argument("--viewer", action="store_true", help="open MuJoCo's window (needs a display)")
    return parser.parse_args(without_ros_arguments(arguments))


def simulate(arguments: argparse.Namespace, command_line: Sequence[str], stop: StopRequest) -> None:
    """Runs until a signal arrives. Raises StartupError if it cannot start."""
    urdf_xml = read_urdf(arguments.urdf)
    check_domain()
    if arguments.viewer:
        require_display()
    choose_backend()
    try:
        _import_mujoco()
        from jepa_mpc_sim.node import SimulatorNode
    except ImportError as error:
        raise StartupError(
            f"Python packages: found '{one_line(error)}', expected rclpy (ROS 2), mujoco and numpy. "
            "Source a ROS 2 setup file first and install sim/mujoco into that Python."
        ) from error
    from jepa_mpc_sim.held_joints import with_camera
    from jepa_mpc_sim.mesh_files import with_mesh_paths
    from jepa_mpc_sim.scene import SceneError, read_scene
    from jepa_mpc_sim.urdf import UrdfError

    from .plant import Plant
    from .world import World

    defaults, options = settings_of(arguments), robot_options(arguments)
    with ExitStack() as stack:
        try:
            urdf_xml, note = with_camera(urdf_xml, options)
            described = with_mesh_paths(urdf_xml, arguments.urdf.parent, packages_of(arguments))
            world = World(
                read_scene(arguments.scene) if arguments.scene else (), arguments.collisions, arguments.gravity
            )
            plant = Plant(defaults.imperfections.built(described), options, world)
        except SceneError as error:
            raise StartupError(str(error)) from error
        except UrdfError as error:
            raise StartupError(f"{arguments.urdf}: {one_line(error)}") from error
        except ValueError as error:
            raise StartupError(f"{arguments.urdf}: MuJoCo cannot load it: {one_line(error)}.") from error
        _check_rendering(plant)
        stack.callback(plant.close)
        draw: Callable[[], None] | None = None
        if arguments.viewer:
            draw = stack.enter_context(Viewer(plant)).show
        notes = list(filter(None, (note, *plant.notes)))
        spin(lambda: SimulatorNode(NODE_NAME, plant, urdf_xml, defaults, draw, notes), command_line, stop)


def _import_mujoco() -> None:
    """Imports MuJoCo, which then loads the backend of MUJOCO_GL. Raises StartupError for any error of that backend."""
    try:
        import mujoco  # noqa: F401
    except ImportError:
        raise
    except Exception as error:
        raise _rendering_error(error) from error


def _check_rendering(plant: Plant) -> None:
    """Renders an image to test OpenGL. Raises StartupError for any error of the backend."""
    try:
        plant.render()
    except Exception as error:
        raise _rendering_error(error) from error


def _rendering_error(error: Exception) -> StartupError:
    backend = os.environ.get("MUJOCO_GL", "not set")
    return StartupError(
        f"rendering: found '{one_line(error)}' with MUJOCO_GL {backend}, expected an OpenGL context. "
        "Unset MUJOCO_GL to choose a working one automatically, or install libosmesa6 and set MUJOCO_GL=osmesa."
    )


def main() -> int:
    """Returns the exit status: 0 after a signal, 2 if the simulator could not start."""
    arguments = parse_arguments(sys.argv[1:])
    return exit_status(PROGRAM, lambda stop: simulate(arguments, sys.argv, stop))


if __name__ == "__main__":
    sys.exit(main())
