"""Shared by the simulators' command lines: arguments, errors, signals, and the loop that runs the ROS 2 node."""

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
from .imperfections import add_options, chosen
from .joint_limits import RobotOptions, options_from
from .joint_limits import add_options as add_robot_options
from .settings import Settings

if TYPE_CHECKING:
    from .node import SimulatorNode

EXIT_STARTUP_ERROR = 2
MAX_DOMAIN_ID = 232


class StopRequest:
    """Set by SIGINT and SIGTERM. An exception instead of a flag could interrupt the handling of a message."""

    def __init__(self) -> None:
        self.requested = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self.requested = True


def argument_parser(program: str, description: str) -> argparse.ArgumentParser:
    """A parser with the arguments of every simulator."""
    parser = argparse.ArgumentParser(program, description=description)
    parser.add_argument(
        "--urdf",
        type=Path,
        required=True,
        help="URDF of the robot; without a camera sensor it gets one",
    )
    parser.add_argument("--lockstep", action="store_true", help="time advances by ~/step messages only")
    parser.add_argument("--seed", type=int, default=0, help="seed of the random poses and goals (default 0)")
    parser.add_argument(
        "--camera-rate",
        type=float,
        default=0.0,
        metavar="HZ",
        help="images per second (default: 10 in lockstep, else the URDF's)",
    )
    parser.add_argument(
        "--commands-mode",
        choices=COMMANDS_MODES,
        default="velocity",
        help="kind of the numbers in 'commands' (default velocity)",
    )
    add_robot_options(parser)
    add_options(parser)
    return parser


def without_ros_arguments(arguments: Sequence[str]) -> list[str]:
    """The arguments without `--ros-args` sections, which end with `--` or at the end of the command line."""
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


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The node's settings from the arguments. Raises StartupError if one is out of range."""
    return Settings(
        arguments.lockstep, arguments.camera_rate, arguments.commands_mode, arguments.seed, chosen(arguments)
    )


def robot_options(arguments: argparse.Namespace) -> RobotOptions:
    """What the arguments add to the URDF. Raises StartupError if one is out of range."""
    try:
        return options_from(arguments)
    except ValueError as error:
        raise StartupError(str(error)) from error


def read_urdf(path: Path) -> str:
    """The text of a URDF file. Raises StartupError if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StartupError(f"--urdf: found no readable file at {path} ({reason}), expected a URDF.") from error


def packages_of(arguments: argparse.Namespace) -> dict[str, Path]:
    """Folders by the name of their package. Raises StartupError for an argument that names none."""
    packages = {}
    for argument in arguments.package:
        name, _, folder = argument.partition("=")
        if not name or not Path(folder or " ").is_dir():
            raise StartupError(f"--package: found '{argument}', expected NAME=FOLDER with a folder that exists.")
        packages[name] = Path(folder)
    return packages


def check_domain() -> None:
    """Raises StartupError for a ROS_DOMAIN_ID above 232, for which the middleware would abort the process."""
    domain = os.environ.get("ROS_DOMAIN_ID", "")
    if domain and not (domain.isdecimal() and int(domain) <= MAX_DOMAIN_ID):
        raise StartupError(f"ROS_DOMAIN_ID: found '{domain}', expected a whole number from 0 to {MAX_DOMAIN_ID}.")


def spin(make_node: Callable[[], SimulatorNode], command_line: Sequence[str], stop: StopRequest) -> None:
    """Runs ROS 2 and the node until a signal arrives. Raises StartupError if they do not start."""
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.signals import SignalHandlerOptions

    with ExitStack() as stack:
        try:
            rclpy.init(args=list(command_line), signal_handler_options=SignalHandlerOptions.NO)
            stack.callback(rclpy.try_shutdown)
            node = make_node()
        except StartupError:
            raise
        # rclpy reports a bad domain, middleware, name or parameter with several kinds of exception.
        except Exception as error:
            raise StartupError(
                f"ROS 2: found '{one_line(error)}', expected the node to start. Check "
                "RMW_IMPLEMENTATION and the arguments after --ros-args."
            ) from error
        stack.callback(node.destroy_node)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        stack.callback(executor.shutdown)
        while not stop.requested:
            executor.spin_once(timeout_sec=node.seconds_until_due())
            node.run_due_updates()


def exit_status(program: str, simulate: Callable[[StopRequest], None]) -> int:
    """Runs a simulator. Returns 0 after a signal, or 2 with one line on stderr if it could not start."""
    stop = StopRequest()
    try:
        simulate(stop)
    except StartupError as error:
        print(f"{program}: error: {error}", file=sys.stderr)
        return EXIT_STARTUP_ERROR
    return 0


def one_line(error: BaseException) -> str:
    """The first line of the message that is not empty, or the type of the error."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
