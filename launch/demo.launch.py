"""Simulator and planner: `ros2 launch jepa_mpc demo.launch.py` moves the reacher in MuJoCo with the shipped model.

The simulator starts first, with a random pose and a random goal. Once it simulates, the planner node starts, configures
itself and activates itself. Another robot, with a model of its joints: `urdf:=my_arm.urdf model:=models/my_arm`. For
another pose and goal: `ros2 service call /mujoco_sim/reset std_srvs/srv/Trigger`. When
either of the two ends, so does the other.

The simulator needs the Python package `mujoco` in the Python of the argument `python`; `npm run setup` makes an
environment with it. In real time the simulator stamps with the wall clock, so no node uses `/clock` here.
"""

import os
import shutil
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
)
from launch.event_handlers import OnProcessExit, OnProcessIO
from launch.events.process import ProcessExited, ProcessIO
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

SHARE = Path(get_package_share_directory("jepa_mpc"))
# Arguments that are forwarded to planner.launch.py.
FORWARDED = (
    "model",
    "params_file",
    "device",
    "namespace",
    "log_level",
    "recording",
    "rviz",
    "dashboard",
    "dashboard_port",
    "default_acceleration",
    "default_acceleration_m",
)
# Arguments that are options of the simulator, where they are given.
SIMULATOR_OPTIONS = ("joints", "default_acceleration", "default_acceleration_m", "scene")
SIMULATOR = "mujoco_sim"
# As in planner.launch.py.
ENDS_WITH_LAUNCH = "setpriv --pdeathsig INT " if shutil.which("setpriv") else ""
# The simulator logs this once its topics are there.
SIMULATOR_READY = b"Simulating "


def simulator_and_planner(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """The actions, once the launch arguments are known."""
    names = (*FORWARDED, *SIMULATOR_OPTIONS, "urdf", "seed", "python", "viewer")
    given = {name: LaunchConfiguration(name).perform(context) for name in names}
    options = [(f"--{name.replace('_', '-')}", given[name]) for name in SIMULATOR_OPTIONS if given[name]]
    simulator_folders = (str(SHARE / "sim" / folder) for folder in ("common", "mujoco"))
    python_path = [*simulator_folders, *filter(None, [os.environ.get("PYTHONPATH")])]
    simulator = Node(
        executable=given["python"],
        exec_name=SIMULATOR,
        name=SIMULATOR,
        namespace=given["namespace"],
        arguments=[
            *("-m", "jepa_mpc_mujoco", "--urdf", given["urdf"], "--seed", given["seed"]),
            *(word for option in options for word in option),
            *(("--viewer",) if given["viewer"] == "true" else ()),
        ],
        additional_env={"PYTHONPATH": os.pathsep.join(python_path)},
        prefix=[ENDS_WITH_LAUNCH, LaunchConfiguration("launch-prefix", default="")],
        output="screen",
        respawn=False,
    )
    planner = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(SHARE / "launch" / "planner.launch.py")),
        launch_arguments={
            **{name: given[name] for name in FORWARDED},
            "use_sim_time": "false",
            "image_topic": "image_raw",
        }.items(),
    )
    waiting: list[LaunchDescriptionEntity] = [planner]

    def start_planner(event: ProcessIO) -> list[LaunchDescriptionEntity] | None:
        return [waiting.pop()] if waiting and SIMULATOR_READY in event.text else None

    def end_all(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        # A launch cannot be shut down twice. Closing a window must not end it.
        if context.is_shutdown or event.process_name.startswith(("rviz2", "dashboard")):
            return None
        return [Shutdown(reason=f"{event.process_name} ended")]

    return [
        RegisterEventHandler(OnProcessIO(target_action=simulator, on_stdout=start_planner, on_stderr=start_planner)),
        RegisterEventHandler(OnProcessExit(on_exit=end_all)),
        simulator,
    ]


def generate_launch_description() -> LaunchDescription:
    """Called by `ros2 launch`."""
    arguments = (
        ("model", str(SHARE / "models" / "reacher"), "Folder of the model."),
        ("params_file", "", "YAML file of parameters of the planner node, keyed /**; empty: the defaults."),
        ("device", "", "Device that plans: auto, cuda, tensorrt, webgpu or cpu; empty: that of the parameter file."),
        ("namespace", "", "Namespace of both nodes and of their relative topics."),
        ("log_level", "info", "Minimum severity that the planner node logs."),
        ("dashboard_port", "8321", "Port of the live page on 127.0.0.1; 0: any that is free."),
        ("urdf", str(SHARE / "urdf" / "reacher.urdf"), "URDF of the simulated robot."),
        ("joints", "", "Joints that are moved, with commas between them; the others are held. Empty: all that can be."),
        ("default_acceleration", "", "Acceleration limit of joints that turn, where the URDF has none, in rad/s²."),
        ("default_acceleration_m", "", "The same of prismatic joints, in m/s²."),
        ("scene", "", "YAML file of what stands around the robot; empty: nothing."),
        ("seed", "0", "Seed of the random poses and goals."),
        ("python", os.environ.get("JEPA_MPC_PYTHON", "python3"), "Python with rclpy and mujoco."),
    )
    flags = (
        ("viewer", "Open MuJoCo's window; needs a display."),
        ("recording", "Record the run to an MCAP file, for `jepa-mpc replay` and Foxglove."),
        ("rviz", "Open rviz2, which must be installed, with the displays of the node."),
        ("dashboard", "Serve the live page of the planner; its address, with the token, is printed."),
    )
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text) for name, default, text in arguments
    ]
    declared += [
        DeclareLaunchArgument(name, default_value="false", description=text, choices=["true", "false"])
        for name, text in flags
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=simulator_and_planner)])
