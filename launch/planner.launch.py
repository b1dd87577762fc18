"""Starts the planner node: `ros2 launch jepa_mpc planner.launch.py model:=<folder> params_file:=<yaml>`.

Topics are relative to `namespace`; those of the robot are mapped with the arguments `image_topic` and so on. What is
left empty in the arguments leaves the parameter file's value, or the node's default, in force.
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
    ("device", "", "What plans: auto, cuda, tensorrt, webgpu or cpu; empty: the parameter file's."),
    ("namespace", "", "Namespace of the node and of its relative topics."),
    ("name", "planner_node", "Name of the node."),
    *((f"{topic}_topic", topic, f"Topic that stands for the node's `{topic}`.") for topic in TOPICS),
)
TRUTHS = (
    ("use_sim_time", "false", "Follow /clock, as under a simulator."),
    ("autostart", "true", "Configure, and activate once all inputs are there; false: a lifecycle manager does that."),
    ("rviz", "false", "Open rviz2, where it is installed, with the displays of the node."),
)
# `ros2 launch` that gets SIGTERM, or is killed, leaves what it started running; with setpriv the kernel ends it.
ENDS_WITH_LAUNCH = "setpriv --pdeathsig INT " if shutil.which("setpriv") else ""
LOG_LEVELS = ("debug", "info", "warn", "error", "fatal")


def planner_node(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """The node, and a word when it is active, once the launch arguments are known."""
    names = [name for name, *_ in (*ARGUMENTS, *TRUTHS)]
    given = {name: LaunchConfiguration(name).perform(context) for name in (*names, "log_level")}
    parameters: list[str | dict[str, str | bool]] = []
    if given["params_file"]:
        parameters.append(given["params_file"])
    overrides: dict[str, str | bool] = {name: given[name] == "true" for name in ("use_sim_time", "autostart")}
    overrides |= {name: given[name] for name in ("model", "device") if given[name]}
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
        # What moves a robot does not come back by itself after it has died.
        respawn=False,
    )
    said = LogInfo(msg=f"{given['name']} is active: it moves the robot towards its goal")
    on_active = OnStateTransition(target_lifecycle_node=node, goal_state="active", entities=[said])
    displays = Node(
        package="rviz2",
        executable="rviz2",
        arguments=["-d", str(Path(get_package_share_directory("jepa_mpc")) / "rviz" / "planner.rviz")],
        parameters=[{"use_sim_time": overrides["use_sim_time"]}],
    )
    return [RegisterEventHandler(on_active), node, *([displays] if given["rviz"] == "true" else [])]


def generate_launch_description() -> LaunchDescription:
    """Called by `ros2 launch`."""
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text) for name, default, text in ARGUMENTS
    ]
    declared += [
        DeclareLaunchArgument(name, default_value=default, description=text, choices=["true", "false"])
        for name, default, text in TRUTHS
    ]
    declared.append(
        DeclareLaunchArgument(
            "log_level", default_value="info", description="Lowest level that is logged.", choices=list(LOG_LEVELS)
        )
    )
    return LaunchDescription([*declared, OpaqueFunction(function=planner_node)])
