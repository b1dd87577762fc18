"""Command line of the simulator: `python -m jepa_mpc_mujoco --urdf FILE [options] [--ros-args ...]`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from .command_controller import COMMANDS_MODES
from .errors import StartupError
from .rendering import choose_backend
from .viewer import Viewer, require_display

if TYPE_CHECKING:
    from .plant import Plant

EXIT_STARTUP_ERROR = 2
MAX_DOMAIN_ID = 232
PROGRAM = "jepa_mpc_mujoco"


class StopRequest:
    """Set by SIGINT and SIGTERM. A flag, since an exception could come up in the middle of a message."""

    def __init__(self) -> None:
        self.requested = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self.requested = True


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Everything outside `--ros-args ... [--]`; argparse exits with 2 where it is not understood."""
    parser = argparse.ArgumentParser(PROGRAM, description="MuJoCo simulator of a robot and its camera, a ROS 2 node.")
    parser.add_argument("--urdf", type=Path, required=True, help="the robot, with joint limits and a camera sensor")
    parser.add_argument("--lockstep", action="store_true", help="time advances by ~/step messages only")
    parser.add_argument("--seed", type=int, default=0, help="of the random poses and goals (default 0)")
    parser.add_argument("--viewer", action="store_true", help="open MuJoCo's window (needs a display)")
    parser.add_argument(
        "--camera-rate",
        type=float,
        default=0.0,
        metavar="HZ",
        help="images per second (default: 10 in lockstep, else the URDF's)",
    )
    parser.add_argument(
        "--commands-mode", choices=COMMANDS_MODES, default="velocity", help="what 'commands' holds (default velocity)"
    )
    return parser.parse_args(without_ros_arguments(arguments))


def without_ros_arguments(arguments: Sequence[str]) -> list[str]:
    """Drops each `--ros-args` section: it ends with `--` or with the command line."""
    kept: list[str] = []
    in_section = False
    for argument in arguments:
        if argument == "--ros-args":
            in_section = True
        elif in_section:
            in_section = argument != "--"
        else:
            kept.append(argument)
    return kept


def read_urdf(path: Path) -> str:
    """The text of a URDF file; raises StartupError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StartupError(f"--urdf: found no readable file at {path} ({reason}), expected a URDF.") from error


def simulate(arguments: argparse.Namespace, command_line: Sequence[str], stop: StopRequest) -> None:
    """Runs until a signal comes; raises StartupError where it cannot start."""
    urdf_xml = read_urdf(arguments.urdf)
    _check_domain(os.environ.get("ROS_DOMAIN_ID", ""))
    if arguments.viewer:
        require_display()
    choose_backend()
    try:
        _import_mujoco()
        import rclpy
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.signals import SignalHandlerOptions

        from .node import MujocoSim, Settings
    except ImportError as error:
        raise StartupError(
            f"Python packages: found '{_one_line(error)}', expected rclpy (ROS 2), mujoco and numpy. "
            "Source a ROS 2 setup file first and install sim/mujoco into that Python."
        ) from error
    from .plant import Plant
    from .urdf import UrdfError

    with ExitStack() as stack:
        try:
            plant = Plant(urdf_xml)
        except UrdfError as error:
            raise StartupError(f"{arguments.urdf}: {_one_line(error)}") from error
        except ValueError as error:
            raise StartupError(f"{arguments.urdf}: MuJoCo cannot load it: {_one_line(error)}.") from error
        _check_rendering(plant)
        stack.callback(plant.close)
        draw: Callable[[], None] | None = None
        if arguments.viewer:
            draw = stack.enter_context(Viewer(plant)).show
        defaults = Settings(arguments.lockstep, arguments.camera_rate, arguments.commands_mode, arguments.seed)
        try:
            rclpy.init(args=list(command_line), signal_handler_options=SignalHandlerOptions.NO)
            stack.callback(rclpy.try_shutdown)
            node = MujocoSim(plant, urdf_xml, defaults, draw)
        except StartupError:
            raise
        # rclpy reports a bad domain, middleware, name or parameter with several kinds of exception.
        except Exception as error:
            raise StartupError(
                f"ROS 2: found '{_one_line(error)}', expected a node to come up. Check "
                "RMW_IMPLEMENTATION and what follows --ros-args."
            ) from error
        stack.callback(node.destroy_node)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        stack.callback(executor.shutdown)
        while not stop.requested:
            executor.spin_once(timeout_sec=node.seconds_until_due())
            node.run_due_updates()


def _check_domain(domain: str) -> None:
    """Beyond 232 the middleware aborts the process instead of raising something."""
    if domain and not (domain.isdecimal() and int(domain) <= MAX_DOMAIN_ID):
        raise StartupError(f"ROS_DOMAIN_ID: found '{domain}', expected a whole number from 0 to {MAX_DOMAIN_ID}.")


def _import_mujoco() -> None:
    """MuJoCo loads the backend that MUJOCO_GL names when it is imported, and fails with what that happens to raise."""
    try:
        import mujoco  # noqa: F401
    except ImportError:
        raise
    except Exception as error:
        raise _rendering_error(error) from error


def _check_rendering(plant: Plant) -> None:
    """The first image shows whether OpenGL works; it fails with whatever the backend happens to raise."""
    try:
        plant.render()
    except Exception as error:
        raise _rendering_error(error) from error


def _rendering_error(error: Exception) -> StartupError:
    backend = os.environ.get("MUJOCO_GL", "not set")
    return StartupError(
        f"rendering: found '{_one_line(error)}' with MUJOCO_GL {backend}, expected an OpenGL context. "
        "Unset MUJOCO_GL to have a working one chosen, or install libosmesa6 and set MUJOCO_GL=osmesa."
    )


def _one_line(error: BaseException) -> str:
    """The first line that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__


def main() -> int:
    """Returns the exit status: 0 after a signal, 2 where the simulator could not start."""
    stop = StopRequest()
    arguments = parse_arguments(sys.argv[1:])
    try:
        simulate(arguments, sys.argv, stop)
    except StartupError as error:
        print(f"{PROGRAM}: error: {error}", file=sys.stderr)
        return EXIT_STARTUP_ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main())
