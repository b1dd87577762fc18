"""Gazebo and planner: `ros2 launch jepa_mpc gazebo.launch.py` moves the reacher in Gazebo with the shipped model.

It starts, one after the other, Gazebo, the robot in it, its joint states, its controller, and the planner node, which
configures itself and activates itself. With `driver:=native`, Gazebo's own systems replace ros2_control. When one of
them ends, so do the others.

Gazebo, ros_gz_sim, ros_gz_bridge, robot_state_publisher and, for `driver:=ros2_control`, gz_ros2_control have to be
installed: docs/gazebo.md.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import xacro
from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
)
from launch.event_handlers import OnProcessExit
from launch.events.process import ProcessExited
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

SHARE = Path(get_package_share_directory("jepa_mpc"))
GAZEBO = SHARE / "sim" / "gazebo"
ROBOT = "reacher"
CONTROLLER = "joint_trajectory_controller"
# Arguments that are forwarded to planner.launch.py.
FORWARDED = (
    *("model", "params_file", "device", "namespace", "log_level", "autostart"),
    *("recording", "rviz", "dashboard", "dashboard_port"),
)
# As in planner.launch.py.
ENDS_WITH_LAUNCH = "setpriv --pdeathsig INT " if shutil.which("setpriv") else ""
# Gazebo starts slowly if it renders in software.
TIMEOUT_S = "120"

# Name, default, description.
ARGUMENTS = (
    ("model", str(SHARE / "models" / "reacher"), "Folder of the model."),
    ("params_file", "", "YAML file of parameters of the planner node, keyed /**; empty: the defaults."),
    ("device", "", "Device that plans: auto, cuda, tensorrt, webgpu or cpu; empty: that of the parameter file."),
    ("namespace", "", "Namespace of all nodes and of their relative topics."),
    ("log_level", "info", "Minimum severity that the planner node logs."),
    ("dashboard_port", "8321", "Port of the live page on 127.0.0.1; 0: any that is free."),
    ("world", str(GAZEBO / "worlds" / "reacher.sdf"), "World file, in SDF."),
    ("description", str(SHARE / "urdf" / "reacher.urdf.xacro"), "The robot, as a URDF or xacro file."),
    ("controllers", str(GAZEBO / "controllers.yaml"), "Parameters of ros2_control's controllers."),
    ("rtf", "1.0", "Maximum real-time factor: seconds of simulation for one second of real time."),
    ("seed", "0", "Seed of Gazebo's random numbers, such as sensor noise; 0: a random one. Not in Fortress."),
)
FLAGS = (
    ("gui", "Open Gazebo's window; needs a display. Cameras render without one.", bool(os.environ.get("DISPLAY"))),
    ("autostart", "The planner configures and activates itself; false: a lifecycle manager does that.", True),
    ("recording", "Record the run to an MCAP file, for `jepa-mpc replay` and Foxglove.", False),
    ("rviz", "Open rviz2, which must be installed, with the displays of the node.", False),
    ("dashboard", "Serve the live page of the planner; its address, with the token, is printed.", False),
    (
        "fortress",
        "Start Gazebo Fortress, which has other names of programs and plugins.",
        os.environ.get("ROS_DISTRO") == "humble",
    ),
)
DRIVERS = ("ros2_control", "native")
# Name of each bridge and its file. The second one is for the native driver alone.
BRIDGES = (("bridge", "bridge.yaml"), ("native_bridge", "bridge-native.yaml"))


def update_rate_hz(world: str, real_time_factor: str) -> float:
    """Physics steps per second for the real-time factor. Raises RuntimeError if it is not a number above 0, or if there
    is no world."""
    try:
        factor = float(real_time_factor)
    except ValueError:
        factor = 0.0
    if not 0 < factor < float("inf"):
        raise RuntimeError(f"rtf: found '{real_time_factor}', expected a number above 0")
    if not Path(world).is_file():
        raise RuntimeError(f"world: found no file '{world}', expected one in SDF")
    return factor / float(ElementTree.parse(world).findtext("world/physics/max_step_size") or 0.001)


def gazebo_commands(given: dict[str, str]) -> tuple[list[str], list[str]]:
    """The commands of Gazebo's server and of its window."""
    fortress = given["fortress"] == "true"
    program = ["ign", "gazebo"] if fortress else ["gz", "sim"]
    rate_hz = update_rate_hz(given["world"], given["rtf"])
    server = [*program, "-s", "-r", "-v", "1", "-z", f"{rate_hz:g}"]
    if given["gui"] != "true":
        server.append("--headless-rendering")
    if not fortress and given["seed"] != "0":
        server += ["--seed", given["seed"]]
    return [*server, given["world"]], [*program, "-g", "-v", "1"]


def plugin_path(fortress: bool) -> dict[str, str]:
    """The variable with which Gazebo finds the plugin of gz_ros2_control among ROS's libraries."""
    name = "IGN_GAZEBO_SYSTEM_PLUGIN_PATH" if fortress else "GZ_SIM_SYSTEM_PLUGIN_PATH"
    folders = (os.environ.get(name), os.environ.get("LD_LIBRARY_PATH"))
    return {name: os.pathsep.join(filter(None, folders))}


def gazebo_and_planner(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """The actions, once the launch arguments are known."""
    names = [name for name, *_ in (*ARGUMENTS, *FLAGS)]
    given = {name: LaunchConfiguration(name).perform(context) for name in (*names, "driver")}
    given["namespace"] = given["namespace"].strip("/")
    common = {"prefix": [ENDS_WITH_LAUNCH, LaunchConfiguration("launch-prefix", default="")], "output": "screen"}
    server_command, window_command = gazebo_commands(given)
    environment = plugin_path(given["fortress"] == "true")
    server = ExecuteProcess(cmd=server_command, name="gazebo", additional_env=environment, **common)
    window = ExecuteProcess(cmd=window_command, name="gazebo_window", **common)

    def node(package: str, executable: str, **more: object) -> Node:
        where = {"package": package, "executable": executable, "namespace": given["namespace"]}
        return Node(**where, exec_name=executable, **common, **more)

    description = ParameterValue(robot_description(given), value_type=str)
    state_publisher = node(
        "robot_state_publisher",
        "robot_state_publisher",
        name="robot_state_publisher",
        parameters=[{"robot_description": description, "use_sim_time": True}],
    )
    native = given["driver"] == "native"
    bridges = [
        node("ros_gz_bridge", "parameter_bridge", name=name, parameters=[{"config_file": str(GAZEBO / file)}])
        for name, file in BRIDGES[: 2 if native else 1]
    ]
    spawn = node("ros_gz_sim", "create", arguments=["-name", ROBOT, "-topic", "robot_description"])
    waiting = ("--controller-manager-timeout", TIMEOUT_S, "--switch-timeout", TIMEOUT_S)
    spawners = [
        node("controller_manager", "spawner", arguments=[name, "--param-file", given["controllers"], *waiting])
        for name in (() if native else ("joint_state_broadcaster", CONTROLLER))
    ]
    return [
        *in_order([spawn, *spawners], planner(given, "" if native else f"{CONTROLLER}/")),
        server,
        *([window] if given["gui"] == "true" else []),
        state_publisher,
        *bridges,
        spawn,
    ]


def robot_description(given: dict[str, str]) -> str:
    """The URDF for Gazebo, from the xacro file."""
    arguments = {name: given[name] for name in ("driver", "fortress", "namespace", "controllers")}
    return xacro.process_file(given["description"], mappings={"sim": "gazebo", **arguments}).toxml()


def planner(given: dict[str, str], controller: str) -> LaunchDescriptionEntity:
    """The planner node. `controller` is the prefix of its command topic."""
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(SHARE / "launch" / "planner.launch.py")),
        launch_arguments={
            **{name: given[name] for name in FORWARDED},
            "use_sim_time": "true",
            "image_topic": "image_raw",
            "joint_trajectory_topic": f"{controller}joint_trajectory",
        }.items(),
    )


def in_order(steps: list[Node], last: LaunchDescriptionEntity) -> list[LaunchDescriptionEntity]:
    """Handlers that start a step when the one before has succeeded, and end everything when another process ends."""

    def then(next_step: LaunchDescriptionEntity) -> Callable[..., list[LaunchDescriptionEntity] | None]:
        def on_exit(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
            return None if context.is_shutdown or event.returncode != 0 else [next_step]

        return on_exit

    def end_all(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        # A launch cannot be shut down twice. Closing a window must not end it.
        if context.is_shutdown or event.process_name.startswith(("rviz2", "dashboard", "gazebo_window")):
            return None
        if event.action in steps and event.returncode == 0:
            return None
        return [Shutdown(reason=f"{event.process_name} ended")]

    pairs = zip(steps, [*steps[1:], last], strict=True)
    handlers = [OnProcessExit(target_action=step, on_exit=then(next_step)) for step, next_step in pairs]
    return [RegisterEventHandler(handler) for handler in (*handlers, OnProcessExit(on_exit=end_all))]


def generate_launch_description() -> LaunchDescription:
    """Called by `ros2 launch`."""
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text) for name, default, text in ARGUMENTS
    ]
    declared += [
        DeclareLaunchArgument(
            name, default_value="true" if default else "false", description=text, choices=["true", "false"]
        )
        for name, text, default in FLAGS
    ]
    declared.append(
        DeclareLaunchArgument(
            "driver",
            default_value=DRIVERS[0],
            description="Driver of the joints: ros2_control, or Gazebo's own controller (native).",
            choices=list(DRIVERS),
        )
    )
    return LaunchDescription([*declared, OpaqueFunction(function=gazebo_and_planner)])
