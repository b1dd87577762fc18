"""Starts the planner node: `ros2 launch jepa_mpc planner.launch.py model:=<folder> params_file:=<yaml>`.

Topics are relative to `namespace`; the arguments `image_topic` and so on remap them to those of the robot. An empty
argument keeps the value of the parameter file, or the node's default.
"""

import shutil
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, LogInfo, OpaqueFunction, RegisterEventHandler
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node
from launch_ros.event_handlers import OnStateTransition

TOPICS = ("image", "joint_states", "robot_description", "goal_image", "joint_trajectory", "commands")

# Name, default, description.
ARGUMENTS = (
    ("model", "", "Folder of the model (manifest.json, encoder.onnx, predictor.onnx); empty: the parameter file's."),
    ("params_file", "", "YAML file of parameters, keyed /**; empty: the defaults."),
    ("device", "", "Device that plans: auto, cuda, tensorrt, webgpu or cpu; empty: that of the parameter file."),
    ("namespace", "", "Namespace of the node and of its relative topics."),
    ("name", "planner_node", "Name of the node."),
    ("dashboard_port", "8321", "Port of the live page on 127.0.0.1; 0: any that is free."),
    ("default_acceleration", "", "Acceleration limit of joints that turn, where the URDF has none, in rad/s²."),
    ("default_acceleration_m", "", "The same of prismatic joints, in m/s²."),
    *((f"{topic}_topic", topic, f"Topic that replaces the node's `{topic}`.") for topic in TOPICS),
)
# Arguments that set parameters of limits, which are numbers.
LIMITS = ("default_acceleration", "default_acceleration_m")
FLAGS = (
    ("use_sim_time", "false", "Use the time of /clock, as with a simulator."),
    ("autostart", "true", "Configure, and activate once all inputs are there; false: a lifecycle manager does that."),
    ("recording", "false", "Record the run to an MCAP file, for `jepa-mpc replay` and Foxglove."),
    ("rviz", "false", "Open rviz2, which must be installed, with the displays of the node."),
    ("dashboard", "false", "Serve the live page of the node; its address, with the token, is printed."),
)
# After SIGTERM or a kill, `ros2 launch` leaves its processes running. With setpriv, the kernel ends them.
ENDS_WITH_LAUNCH = "setpriv --pdeathsig INT " if shutil.which("setpriv") else ""
LOG_LEVELS = ("debug", "info", "warn", "error", "fatal")


def planner_node(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """The node, and a log line when it becomes active. Called once the launch arguments are known."""
    names = [name for name, *_ in (*ARGUMENTS, *FLAGS)]
    given = {name: LaunchConfiguration(name).perform(context) for name in (*names, "log_level")}
    parameters: list[str | dict[str, str | bool | float]] = []
    if given["params_file"]:
        parameters.append(given["params_file"])
    overrides: dict[str, str | bool | float] = {name: given[name] == "true" for name in ("use_sim_time", "autostart")}
    overrides |= {name: given[name] for name in ("model", "device") if given[name]}
    overrides |= {f"limits.{name}": float(given[name]) for name in LIMITS if given[name]}
    if given["recording"] == "true":
        overrides["recording.enabled"] = True
    parameters.append(overrides)
    node = LifecycleNode(
        package="jepa_mpc",
        executable="planner_node",
        exec_name="planner_node",
        name=given["name"],
        namespace=given["namespace"],
        parameters=parameters,
        remappings=[(topic, given[f"{topic}_topic"]) for topic in TOPICS if given[f"{topic}_topic"] != topic],
        ros_arguments=["--log-level", given["log_level"]],
        prefix=[ENDS_WITH_LAUNCH, LaunchConfiguration("launch-prefix", default="")],
        output="screen",
        # A program that moves a robot must not restart by itself.
        respawn=False,
    )
    active = LogInfo(msg=f"{given['name']} is active: it moves the robot towards its goal")
    on_active = OnStateTransition(target_lifecycle_node=node, goal_state="active", entities=[active])
    displays = Node(
        package="rviz2",
        executable="rviz2",
        arguments=["-d", str(Path(get_package_share_directory("jepa_mpc")) / "rviz" / "planner.rviz")],
        parameters=[{"use_sim_time": overrides["use_sim_time"]}],
    )
    page = Node(
        package="jepa_mpc",
        executable="dashboard",
        exec_name="dashboard",
        name="dashboard",
        namespace=given["namespace"],
        arguments=["--node", given["name"], "--port", given["dashboard_port"]],
        prefix=[ENDS_WITH_LAUNCH],
        output="screen",
        respawn=False,
    )
    extras = [action for flag, action in (("rviz", displays), ("dashboard", page)) if given[flag] == "true"]
    return [RegisterEventHandler(on_active), node, *extras]


def generate_launch_description() -> LaunchDescription:
    """Called by `ros2 launch`."""
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text) for name, default, text in ARGUMENTS
    ]
    declared += [
        DeclareLaunchArgument(name, default_value=default, description=text, choices=["true", "false"])
        for name, default, text in FLAGS
    ]
    declared.append(
        DeclareLaunchArgument(
            "log_level", default_value="info", description="Minimum severity that is logged.", choices=list(LOG_LEVELS)
        )
    )
    return LaunchDescription([*declared, OpaqueFunction(function=planner_node)])
