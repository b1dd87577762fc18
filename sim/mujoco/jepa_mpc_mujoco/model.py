"""The MuJoCo model of a robot, made from its URDF."""

from __future__ import annotations

from xml.etree import ElementTree

import mujoco
import numpy as np
from jepa_mpc_sim.held_joints import MovedRobot

from .appearance import Appearance
from .patterns import add_patterns

TIMESTEP_S = 0.002
"""Physics step. Every duration given to `Plant.step` must be a multiple of it."""

SERVO_TIME_CONSTANT_S = 0.004
"""Time constant of a joint's velocity servo, for the joint's inertia at the zero pose."""

# Frame of a ROS camera link (x forward, z up) -> frame of a MuJoCo camera (-z forward, y up), as a quaternion.
_CAMERA_QUATERNION = (0.5, 0.5, -0.5, -0.5)


def compile_model(robot: MovedRobot) -> mujoco.MjModel:
    """URDF -> MuJoCo model with velocity servos, cameras and light, set up for fast rendering. Raises ValueError for
    what MuJoCo cannot compile."""
    root, joint_names, limits = robot.root, robot.joint_names, robot.limits
    # By default, MuJoCo drops a URDF's visuals and fuses its fixed links, such as tip and camera.
    extension = ElementTree.Element("mujoco")
    ElementTree.SubElement(extension, "compiler", {"discardvisual": "false", "fusestatic": "false"})
    root.insert(0, extension)
    spec = mujoco.MjSpec.from_string(ElementTree.tostring(root, encoding="unicode"))

    spec.option.timestep = TIMESTEP_S
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT
    # Shadows and multisampling make software rendering about twenty times slower.
    spec.visual.quality.shadowsize = 0
    spec.visual.quality.offsamples = 0
    spec.visual.global_.offwidth = max(camera.width for camera in robot.cameras)
    spec.visual.global_.offheight = max(camera.height for camera in robot.cameras)
    default = Appearance()
    spec.visual.headlight.ambient = [default.ambient] * 3
    spec.visual.headlight.diffuse = [0.0, 0.0, 0.0]
    spec.visual.headlight.specular = [0.0, 0.0, 0.0]
    spec.worldbody.add_light(
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=[0.5, 0.3, 3.0],
        dir=list(default.light_direction),
        diffuse=[default.light_strength] * 3,
        specular=[0.0, 0.0, 0.0],
    )

    add_patterns(spec)

    for camera in robot.cameras:
        spec.body(camera.link).add_camera(name=camera.name, fovy=camera.fovy, quat=list(_CAMERA_QUATERNION))
    for body in spec.bodies:
        body.gravcomp = 1.0

    servos = []
    for index, name in enumerate(joint_names):
        servo = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        servo.set_to_velocity(kv=1.0)
        if np.isfinite(limits.effort[index]):
            servo.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
            servo.forcerange = [-limits.effort[index], limits.effort[index]]
        servos.append(servo)
    model = spec.compile()

    inertia = _joint_inertia(model)
    for index, name in enumerate(joint_names):
        gain = inertia[model.joint(name).dofadr[0]] / SERVO_TIME_CONSTANT_S
        servos[index].set_to_velocity(kv=gain)
    return spec.compile()


def _joint_inertia(model: mujoco.MjModel) -> np.ndarray:
    """Diagonal of the mass matrix at the zero pose, kg m^2 (kg for prismatic joints)."""
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    dense = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, data, dense)
    return np.diag(dense)
