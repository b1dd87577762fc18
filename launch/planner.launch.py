"""Starts the planner node: `ros2 launch jepa_mpc planner.launch.py model:=<folder> params_file:=<yaml>`.

Topics are relative to `namespace`. Those of the robot are mapped with the arguments `image`, `joint_states` and so
on; what is left empty in the arguments leaves the parameter file's value, or the node's default, in force.
"""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode

TOPICS = ("image", "joint_states", "robot_description", "goal_image", "joint_trajectory", "commands")

ARGUMENTS = (
    ("model", "", "Folder of the model (manifest.json, encoder.onnx, predictor.onnx); empty: the parameter file's."),
    ("params_file", "", "YAML file of parameters; empty: the defaults."),
    ("namespace", "", "Namespace of the node and of its relative topics."),
    ("name", "planner_node", "Name of the node."),
    ("use_sim_time", "false", "Follow /clock, as under a simulator."),
    ("autostart", "true", "Configure and activate the node; false: leave that to a lifecycle manager."),
    ("log_level", "info", "debug, info, warn, error or fatal."),
    *((topic, topic, f"Topic that stands for the node's `{topic}`.") for topic in TOPICS),
)

TRUTH = {"true": True, "1": True, "false": False, "0": False}


def truth(name: str, value: str) -> bool:
    """A launch argument that is true or false, as a boolean (the node refuses the string)."""
    if value.lower() not in TRUTH:
        raise ValueError(f"launch argument {name}: found '{value}', expected true or false.")
    return TRUTH[value.lower()]


def planner_node(context: LaunchContext) -> list[LifecycleNode]:
    """The node's action, once the launch arguments are known."""
    given = {name: LaunchConfiguration(name).perform(context) for name, _, _ in ARGUMENTS}
    parameters: list[str | dict[str, str | bool]] = []
    if given["params_file"]:
        parameters.append(given["params_file"])
    overrides: dict[str, str | bool] = {
        "use_sim_time": truth("use_sim_time", given["use_sim_time"]),
        "autostart": truth("autostart", given["autostart"]),
    }
    if given["model"]:
        overrides["model"] = given["model"]
    parameters.append(overrides)
    return [
        LifecycleNode(
            package="jepa_mpc",
            executable="planner_node",
            name=given["name"],
            namespace=given["namespace"],
            parameters=parameters,
            remappings=[(topic, given[topic]) for topic in TOPICS if given[topic] != topic],
            arguments=["--ros-args", "--log-level", given["log_level"]],
            output="screen",
        )
    ]


def generate_launch_description() -> LaunchDescription:
    """Called by `ros2 launch`."""
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text) for name, default, text in ARGUMENTS
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=planner_node)])
