"""The MuJoCo model of a robot, made from its URDF."""

from __future__ import annotations

from xml.etree import ElementTree

import mujoco
import numpy as np
from jepa_mpc_sim.default_camera import is_default
from jepa_mpc_sim.held_joints import MovedRobot

from .appearance import HIDDEN_GROUP, Appearance
from .inertials import repair_inertials
from .mesh_parts import inertia_of
from .meshes import prepare_meshes
from .patterns import add_patterns
from .world import World, add_objects, enable_contacts

TIMESTEP_S = 0.002
"""Physics step. Every duration given to `Plant.step` must be a multiple of it."""

SERVO_TIME_CONSTANT_S = 0.004
"""Time constant of a joint's velocity servo, for the joint's inertia at the zero pose."""
_SAMPLED_POSES = 50
_MUCH_MORE = 2.0

_MIN_MASS_KG = 1e-3
_MIN_INERTIA = 1e-6
"""kg m^2"""
_BACKGROUND_SHADE = 0.75

# Frame of a ROS camera link (x forward, z up) -> frame of a MuJoCo camera (-z forward, y up), as a quaternion.
_CAMERA_QUATERNION = (0.5, 0.5, -0.5, -0.5)


def compile_model(robot: MovedRobot, world: World, notes: list[str]) -> mujoco.MjModel:
    """URDF -> MuJoCo model with velocity servos, cameras and light, set up for fast rendering.

    Adds what could not be built to `notes`. Raises SceneError, and ValueError for what MuJoCo cannot compile.
    """
    root, joint_names, limits = robot.root, robot.joint_names, robot.limits
    for joint in root.findall("joint"):
        for dynamics in joint.findall("dynamics"):
            # The drives of a real robot overcome its friction. These servos would not.
            joint.remove(dynamics)
    meshes = prepare_meshes(root, world.has_contacts)
    notes.extend(filter(None, (meshes.note, repair_inertials(root))))
    # By default, MuJoCo drops a URDF's visuals and fuses its fixed links, such as tip and camera.
    extension = ElementTree.Element("mujoco")
    options = {"discardvisual": "false", "fusestatic": "false", "balanceinertia": "true"}
    ElementTree.SubElement(extension, "compiler", options)
    root.insert(0, extension)
    spec = mujoco.MjSpec.from_string(ElementTree.tostring(root, encoding="unicode"), assets=meshes.assets)
    for mesh in spec.meshes:
        mesh.inertia = inertia_of(mesh.file in meshes.colliding)
    _hide_collision_shapes(spec, meshes.undrawn)
    if world.has_contacts:
        _collide_by_visuals(spec)

    spec.option.timestep = TIMESTEP_S
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    if not world.has_contacts:
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
    if is_default(robot.cameras[0]):
        # Robots without a table of their own are seen before nothing, and dark links would not show.
        spec.add_texture(
            name="background",
            type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
            builtin=mujoco.mjtBuiltin.mjBUILTIN_FLAT,
            rgb1=[_BACKGROUND_SHADE] * 3,
            rgb2=[_BACKGROUND_SHADE] * 3,
            width=64,
            height=64,
        )

    for camera in robot.cameras:
        spec.body(camera.link).add_camera(name=camera.name, fovy=camera.fovy, quat=list(_CAMERA_QUATERNION))
    if world.gravity == "compensated":
        for body in spec.bodies:
            body.gravcomp = 1.0
    add_objects(spec, world.scene)

    servos = []
    for index, name in enumerate(joint_names):
        servo = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        servo.set_to_velocity(kv=1.0)
        if np.isfinite(limits.effort[index]):
            servo.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
            servo.forcerange = [-limits.effort[index], limits.effort[index]]
        servos.append(servo)
    model = _compiled(spec)

    inertia, rotors = _servo_inertia(model, robot)
    for index, name in enumerate(joint_names):
        servos[index].set_to_velocity(kv=inertia[index] / SERVO_TIME_CONSTANT_S)
        if rotors[index] > 0:
            spec.joint(name).armature = rotors[index]
    if world.has_contacts:
        enable_contacts(spec, model, links_of(robot), zero_pose(model, robot))
    return spec.compile()


def links_of(robot: MovedRobot) -> list[str]:
    """The names of the links of a robot."""
    return [link.get("name", "") for link in robot.root.findall("link")]


def zero_pose(model: mujoco.MjModel, robot: MovedRobot) -> np.ndarray:
    """All positions of the model `[nq]` with the moved joints at 0, or at the nearest position in their range."""
    zero = model.qpos0.copy()
    position = np.zeros(len(robot.joint_names)).clip(robot.limits.lower, robot.limits.upper)
    zero[[model.joint(name).qposadr[0] for name in robot.joint_names]] = position
    for one in robot.followers:
        zero[model.joint(one.name).qposadr[0]] = one.multiplier * position[one.driver] + one.offset
    return zero


def _compiled(spec: mujoco.MjSpec) -> mujoco.MjModel:
    """The model; moving links without mass, which many URDFs have between two joints, get a very small one."""
    try:
        return spec.compile()
    except ValueError as error:
        if "mass and inertia of moving bodies" not in str(error):
            raise
    spec.compiler.boundmass, spec.compiler.boundinertia = _MIN_MASS_KG, _MIN_INERTIA
    return spec.compile()


def _hide_collision_shapes(spec: mujoco.MjSpec, undrawn: set[str]) -> None:
    """Shows collision shapes only where a link has nothing else to show."""
    for body in spec.bodies:
        for geom in body.geoms:
            if geom.contype and body.name not in undrawn:
                geom.group = HIDDEN_GROUP


def _collide_by_visuals(spec: mujoco.MjSpec) -> None:
    """Lets links without collision shapes collide by what they show."""
    for body in spec.bodies:
        if not any(geom.contype for geom in body.geoms):
            for geom in body.geoms:
                geom.contype = geom.conaffinity = 1


def _servo_inertia(model: mujoco.MjModel, robot: MovedRobot) -> tuple[np.ndarray, np.ndarray]:
    """The inertia that servos are made for, and that of rotors to add, `[J]` each, kg m^2 (kg for prismatic joints).

    It is that at the zero pose. Some arms have far more at others, such as those that point upwards at zero: their
    joints get rotors, as geared motors have, which keep the range of inertias so small that one gain suits all poses.
    """
    rng, limits = np.random.default_rng(0), robot.limits
    joints = [model.joint(name) for name in robot.joint_names]
    qpos, dofs = ([joint.qposadr[0] for joint in joints], [joint.dofadr[0] for joint in joints])
    data = mujoco.MjData(model)
    at_zero = _joint_inertia(model, data)[dofs]
    least, most = at_zero, at_zero
    for drawn in rng.uniform(limits.lowest_drawn, limits.highest_drawn, (_SAMPLED_POSES, len(joints))):
        data.qpos[qpos] = drawn
        now = _joint_inertia(model, data)[dofs]
        least, most = np.minimum(least, now), np.maximum(most, now)
    rotors = np.where(most > _MUCH_MORE * at_zero, most - _MUCH_MORE * least, 0.0)
    return at_zero + rotors, rotors


def _joint_inertia(model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
    """Diagonal of the mass matrix at the pose of `data`."""
    mujoco.mj_forward(model, data)
    dense = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, data, dense)
    return np.diag(dense)
