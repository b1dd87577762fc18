"""Simulator and planner: `ros2 launch jepa_mpc demo.launch.py` moves the reacher in MuJoCo with the shipped model.

The simulator needs the Python package `mujoco` where `python` finds it; `npm run setup` makes an environment with it.
In real time the simulator stamps with the wall clock, so nobody follows `/clock` here.
A goal is set with `ros2 service call /mujoco_sim/reset std_srvs/srv/Trigger` (a random pose and a random goal).
"""

import os
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, IncludeLaunchDescription, Shutdown
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration


def generate_launch_description() -> LaunchDescription:
    """Called by `ros2 launch`."""
    share = Path(get_package_share_directory("jepa_mpc"))
    python_path = os.pathsep.join(
        [str(share / "sim" / "mujoco"), *filter(None, [os.environ.get("PYTHONPATH")])],
    )
    simulator = ExecuteProcess(
        cmd=[
            LaunchConfiguration("python"),
            "-m",
            "jepa_mpc_mujoco",
            "--urdf",
            LaunchConfiguration("urdf"),
            "--seed",
            LaunchConfiguration("seed"),
        ],
        additional_env={"PYTHONPATH": python_path},
        output="screen",
        on_exit=Shutdown(reason="the simulator ended"),
    )
    planner = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(share / "launch" / "planner.launch.py")),
        launch_arguments={
            "model": LaunchConfiguration("model"),
            "params_file": LaunchConfiguration("params_file"),
            "use_sim_time": "false",
            "image": "image_raw",
        }.items(),
    )
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "model", default_value=str(share / "models" / "reacher"), description="Folder of the model."
            ),
            DeclareLaunchArgument("params_file", default_value="", description="YAML file of parameters."),
            DeclareLaunchArgument(
                "urdf", default_value=str(share / "urdf" / "reacher.urdf"), description="The robot that is simulated."
            ),
            DeclareLaunchArgument("seed", default_value="0", description="Seed of the random poses and goals."),
            DeclareLaunchArgument(
                "python",
                default_value=os.environ.get("JEPA_MPC_PYTHON", "python3"),
                description="Python with rclpy and mujoco.",
            ),
            simulator,
            planner,
        ]
    )
