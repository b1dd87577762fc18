"""The simulated robot in MuJoCo: physics, velocity servos and camera, all from one URDF. Independent of ROS."""

from __future__ import annotations

import atexit
import copy
from xml.etree import ElementTree

import mujoco
import numpy as np
from jepa_mpc_sim.held_joints import moved_robot
from jepa_mpc_sim.joint_limits import AS_DESCRIBED, JointLimits, RobotOptions
from jepa_mpc_sim.plant import joint_vector, whole_steps
from jepa_mpc_sim.urdf import Camera, UrdfError, read_camera

from .appearance import Appearance, apply_appearance, part_names
from .dynamics import Dynamics, apply_dynamics, link_names
from .patterns import add_patterns

TIMESTEP_S = 0.002
"""Physics step. Every duration given to `Plant.step` must be a multiple of it."""

SERVO_TIME_CONSTANT_S = 0.004
"""Time constant of a joint's velocity servo, for the joint's inertia at the zero pose."""

# Frame of a ROS camera link (x forward, z up) -> frame of a MuJoCo camera (-z forward, y up), as a quaternion.
_CAMERA_QUATERNION = (0.5, 0.5, -0.5, -0.5)


class Plant:
    """A robot in MuJoCo that tracks joint velocity set-points, with a camera.

    Positions are rad (m for prismatic joints), velocities rad/s, efforts Nm, all float64 arrays in the order of
    `joint_names`. Gravity is compensated, as in a real velocity-controlled arm, and there are no collisions.
    """

    def __init__(self, urdf_xml: str, options: RobotOptions = AS_DESCRIBED) -> None:
        """Builds the model from the text of a URDF. Raises UrdfError if something is missing in it."""
        robot = moved_robot(urdf_xml, options)
        root = robot.root
        self.joint_names = robot.joint_names
        self.limits = robot.limits
        self.camera = read_camera(root)
        self._model = _compile(root, self.joint_names, self.limits, self.camera)
        self._nominal = copy.copy(self._model)
        self._data = mujoco.MjData(self._model)
        self._scratch = mujoco.MjData(self._model)
        self._steps = 0
        self._renderer: mujoco.Renderer | None = None
        joint_ids = [self._model.joint(name).id for name in self.joint_names]
        self._qpos = self._model.jnt_qposadr[joint_ids]
        self._dof = self._model.jnt_dofadr[joint_ids]
        self._followers = robot.followers
        self._follower_qpos = self._model.jnt_qposadr[[self._model.joint(one.name).id for one in robot.followers]]
        self._tip = self._model.body(robot.tip_link).id
        self.reset(np.zeros(len(self.joint_names)).clip(self.limits.lower, self.limits.upper))

    @property
    def part_names(self) -> list[str]:
        """The visuals of the URDF that an `Appearance` can tint."""
        return part_names(self._model)

    @property
    def link_names(self) -> list[str]:
        """The moving links, whose mass `Dynamics` can change."""
        return link_names(self._model)

    def set_appearance(self, appearance: Appearance) -> None:
        """Sets the appearance of subsequent images. Raises ValueError for an unknown part or pattern."""
        apply_appearance(self._model, self._nominal, appearance)
        mujoco.mj_camlight(self._model, self._data)

    def set_dynamics(self, dynamics: Dynamics) -> None:
        """Sets the dynamics of subsequent motion. Raises KeyError for an unknown link or joint."""
        apply_dynamics(self._model, self._nominal, self._scratch, dynamics)

    @property
    def time_s(self) -> float:
        """Simulated time since construction. It never decreases, not even in a reset."""
        return self._steps * TIMESTEP_S

    @property
    def position(self) -> np.ndarray:
        """Joint positions `[J]`, a copy."""
        return self._data.qpos[self._qpos]

    @property
    def velocity(self) -> np.ndarray:
        """Joint velocities `[J]`, a copy."""
        return self._data.qvel[self._dof]

    @property
    def effort(self) -> np.ndarray:
        """Efforts of the servos `[J]`, within the effort limits, a copy."""
        return self._data.qfrc_actuator[self._dof]

    def reset(self, position: np.ndarray, velocity: np.ndarray | None = None) -> None:
        """Puts the robot at a pose `[J]`, at rest unless a velocity `[J]` is given. Time does not restart."""
        mujoco.mj_resetData(self._model, self._data)
        self._put(self._data, position)
        if velocity is not None:
            self._data.qvel[self._dof] = self._checked("velocity", velocity)
            self._data.ctrl[:] = velocity
        mujoco.mj_forward(self._model, self._data)

    def step(self, velocity_setpoint: np.ndarray, duration_s: float) -> None:
        """Simulates `duration_s` (a multiple of TIMESTEP_S) with the servos tracking `velocity_setpoint [J]`."""
        count = whole_steps(duration_s, TIMESTEP_S)
        setpoint = self._checked("velocity_setpoint", velocity_setpoint)
        self._data.ctrl[:] = np.clip(setpoint, -self.limits.velocity, self.limits.velocity)
        mujoco.mj_step(self._model, self._data, nstep=count)
        self._steps += count

    def render(self) -> np.ndarray:
        """The current camera image: uint8 `[H, W, 3]`, RGB."""
        return self._render(self._data)

    def render_at(self, position: np.ndarray) -> np.ndarray:
        """The camera image with the robot at `position [J]`. The simulation is not changed."""
        self._place(position)
        return self._render(self._scratch)

    def fingertip(self, position: np.ndarray) -> np.ndarray:
        """World position `[x, y, z]` in m of the tip link with the robot at `position [J]`."""
        self._place(position)
        return self._scratch.xpos[self._tip].copy()

    def close(self) -> None:
        """Frees the rendering context. Must be called on the thread that rendered."""
        if self._renderer is not None:
            atexit.unregister(self.close)
            self._renderer.close()
            self._renderer = None

    def _place(self, position: np.ndarray) -> None:
        self._put(self._scratch, position)
        mujoco.mj_kinematics(self._model, self._scratch)
        mujoco.mj_camlight(self._model, self._scratch)

    def _put(self, data: mujoco.MjData, position: np.ndarray) -> None:
        """Sets the joint positions. MuJoCo moves the followers only while it steps."""
        data.qpos[self._qpos] = self._checked("position", position)
        data.qpos[self._follower_qpos] = [one.multiplier * position[one.driver] + one.offset for one in self._followers]

    def _render(self, data: mujoco.MjData) -> np.ndarray:
        # Created on first use: a rendering context belongs to the thread that creates it, and may not be needed.
        if self._renderer is None:
            self._renderer = mujoco.Renderer(self._model, self.camera.height, self.camera.width)
            # If this is left to the interpreter's shutdown, the context is freed too late and prints an error.
            atexit.register(self.close)
        if data is self._data:
            # After a step, body poses are one timestep behind the joint positions. The image must match joint_states.
            mujoco.mj_kinematics(self._model, data)
            mujoco.mj_camlight(self._model, data)
        self._renderer.update_scene(data, camera=self.camera.name)
        return self._renderer.render()

    def _checked(self, what: str, values: np.ndarray) -> np.ndarray:
        return joint_vector(what, values, self.joint_names)


def _compile(root: ElementTree.Element, joint_names: list[str], limits: JointLimits, camera: Camera) -> mujoco.MjModel:
    """URDF -> MuJoCo model with velocity servos, camera and light, set up for fast rendering. Raises UrdfError."""
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
    spec.visual.global_.offwidth = camera.width
    spec.visual.global_.offheight = camera.height
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

    link = spec.body(camera.link)
    if link is None:
        raise UrdfError(
            f"robot description, camera '{camera.name}'",
            found=f"a reference to '{camera.link}'",
            expected="one of the links",
            remedy="Correct the name in <gazebo reference>.",
        )
    link.add_camera(name=camera.name, fovy=camera.fovy, quat=list(_CAMERA_QUATERNION))
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
