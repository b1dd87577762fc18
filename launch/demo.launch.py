"""Simulator and planner: `ros2 launch jepa_mpc demo.launch.py` moves the reacher in MuJoCo with the shipped model.

First the simulator starts, in a random pose and with a random goal; when it simulates, the planner node starts,
configures itself and activates itself. For another pose and goal: `ros2 service call /mujoco_sim/reset
std_srvs/srv/Trigger`. When either of the two ends, so does the other.

The simulator needs the Python package `mujoco` where `python` finds it; `npm run setup` makes an environment with it.
In real time the simulator stamps with the wall clock, so nobody follows `/clock` here.
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
# Arguments of planner.launch.py that are passed on.
PASSED_ON = ("model", "params_file", "device", "namespace", "log_level", "rviz")
SIMULATOR = "mujoco_sim"
# As in planner.launch.py.
ENDS_WITH_LAUNCH = "setpriv --pdeathsig INT " if shutil.which("setpriv") else ""
# What the simulator logs once its topics are there.
SIMULATES = b"Simulating "


def simulator_and_planner(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """The actions, once the launch arguments are known."""
    given = {
        name: LaunchConfiguration(name).perform(context)
        for name in (*PASSED_ON, "urdf", "seed", "python", "viewer")
    }
    simulator_folders = (str(SHARE / "sim" / folder) for folder in ("common", "mujoco"))
    python_path = [*simulator_folders, *filter(None, [os.environ.get("PYTHONPATH")])]
    simulator = Node(
        executable=given["python"],
        exec_name=SIMULATOR,
        name=SIMULATOR,
        namespace=given["namespace"],
        arguments=[
            *("-m", "jepa_mpc_mujoco", "--urdf", given["urdf"], "--seed", given["seed"]),
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
            **{name: given[name] for name in PASSED_ON},
            "use_sim_time": "false",
            "image_topic": "image_raw",
        }.items(),
    )
    waiting: list[LaunchDescriptionEntity] = [planner]

    def start_planner(event: ProcessIO) -> list[LaunchDescriptionEntity] | None:
        return [waiting.pop()] if waiting and SIMULATES in event.text else None

    def end_together(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        # A launch that is being shut down refuses to be again, and a window may be closed.
        if context.is_shutdown or event.process_name.startswith("rviz2"):
            return None
        return [Shutdown(reason=f"{event.process_name} ended")]

    return [
        RegisterEventHandler(OnProcessIO(target_action=simulator, on_stdout=start_planner, on_stderr=start_planner)),
        RegisterEventHandler(OnProcessExit(on_exit=end_together)),
        simulator,
    ]


def generate_launch_description() -> LaunchDescription:
    """Called by `ros2 launch`."""
    arguments = (
        ("model", str(SHARE / "models" / "reacher"), "Folder of the model."),
        ("params_file", "", "YAML file of parameters of the planner node, keyed /**; empty: the defaults."),
        ("device", "", "What plans: auto, cuda, tensorrt, webgpu or cpu; empty: the parameter file's."),
        ("namespace", "", "Namespace of both nodes and of their relative topics."),
        ("log_level", "info", "Lowest level that the planner node logs."),
        ("urdf", str(SHARE / "urdf" / "reacher.urdf"), "The robot that is simulated."),
        ("seed", "0", "Seed of the random poses and goals."),
        ("python", os.environ.get("JEPA_MPC_PYTHON", "python3"), "Python with rclpy and mujoco."),
    )
    truths = (
        ("viewer", "Open MuJoCo's window; needs a display."),
        ("rviz", "Open rviz2, where it is installed, with the displays of the node."),
    )
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text) for name, default, text in arguments
    ]
    declared += [
        DeclareLaunchArgument(name, default_value="false", description=text, choices=["true", "false"])
        for name, text in truths
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=simulator_and_planner)])
