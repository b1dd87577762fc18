"""The simulators that a robot can be driven in."""

from __future__ import annotations

from typing import Literal, get_args

from jepa_mpc_mujoco.plant import Plant as MujocoPlant
from jepa_mpc_sim.joint_limits import AS_DESCRIBED, RobotOptions
from jepa_mpc_sim.plant import Plant

Simulator = Literal["mujoco", "gazebo"]
SIMULATORS: tuple[Simulator, ...] = get_args(Simulator)


def open_plant(simulator: Simulator, urdf_xml: str, options: RobotOptions = AS_DESCRIBED) -> Plant:
    """The robot of a URDF in a simulator. The caller closes it."""
    if simulator == "mujoco":
        return MujocoPlant(urdf_xml, options=options)
    # Imported only if requested: Gazebo may not be installed.
    from jepa_mpc_gazebo.plant import GazeboPlant

    return GazeboPlant(urdf_xml, options=options)
