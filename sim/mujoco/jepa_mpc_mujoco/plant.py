"""The simulated robot in MuJoCo: physics, velocity servos and cameras, all from one URDF. Independent of ROS."""

from __future__ import annotations

import atexit
import copy

import mujoco
import numpy as np
from jepa_mpc_sim.cameras import Camera
from jepa_mpc_sim.contacts import Contacts
from jepa_mpc_sim.held_joints import moved_robot
from jepa_mpc_sim.joint_limits import AS_DESCRIBED, RobotOptions
from jepa_mpc_sim.plant import joint_vector, whole_steps
from jepa_mpc_sim.scene import Pose

from .appearance import Appearance, apply_appearance, part_names
from .contacts import ContactCheck
from .dynamics import Dynamics, apply_dynamics, link_names
from .model import TIMESTEP_S, compile_model, links_of, zero_pose
from .touch import Tip, Touch, is_in_view, pointing, surface_below, tip_at, touches
from .world import EMPTY, Objects, World


class Plant:
    """A robot in MuJoCo that tracks joint velocity set-points, with cameras, of which the first is the main one.

    Positions are rad (m for prismatic joints), velocities rad/s, efforts Nm, all float64 arrays in the order of
    `joint_names`. Unless the world has it otherwise, gravity is compensated, as in a real velocity-controlled arm, and
    there are no collisions.
    """

    def __init__(self, urdf_xml: str, options: RobotOptions = AS_DESCRIBED, world: World = EMPTY) -> None:
        """Builds the model from the text of a URDF, and of what is around the robot.

        Raises UrdfError if something is missing in the URDF, SceneError, and ValueError for what MuJoCo refuses.
        """
        robot = moved_robot(urdf_xml, options)
        self.joint_names = robot.joint_names
        self.limits = robot.limits
        self.cameras = robot.cameras
        self.notes = [robot.added_camera.note] if robot.added_camera else []
        """What was added to the robot or left out, a line each."""
        self._model = compile_model(robot, world, self.notes)
        self._nominal = copy.copy(self._model)
        self._data = mujoco.MjData(self._model)
        self._scratch = mujoco.MjData(self._model)
        self._steps = 0
        self._renderers: dict[tuple[int, int], mujoco.Renderer] = {}
        joint_ids = [self._model.joint(name).id for name in self.joint_names]
        self._qpos = self._model.jnt_qposadr[joint_ids]
        self._dof = self._model.jnt_dofadr[joint_ids]
        self._followers = robot.followers
        follower_ids = [self._model.joint(one.name).id for one in robot.followers]
        self._follower_qpos = self._model.jnt_qposadr[follower_ids]
        self._follower_dof = self._model.jnt_dofadr[follower_ids]
        self._objects = Objects(self._model, world.scene)
        self.objects = self._objects.names
        """The free objects of the scene, by their names."""
        self._tip = self._model.body(robot.tip_link).id
        self._contacts = ContactCheck(self._model, links_of(robot), robot.tip_link, zero_pose(self._model, robot))
        self.reset(np.zeros(len(self.joint_names)).clip(self.limits.lower, self.limits.upper))
        self._points = pointing(self._model, self._data, self._tip)

    @property
    def part_names(self) -> list[str]:
        """The visuals of the URDF that an `Appearance` can tint."""
        return part_names(self._model)

    @property
    def link_names(self) -> list[str]:
        """The moving links, whose mass `Dynamics` can change."""
        return [name for name in link_names(self._model) if name not in self.objects]

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
        """Puts the robot at a pose `[J]`, at rest unless a velocity `[J]` is given, and objects where they start.

        Time does not restart.
        """
        mujoco.mj_resetData(self._model, self._data)
        self._objects.reset(self._data)
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

    def render(self, camera: int = 0) -> np.ndarray:
        """The current image of one of `cameras`: uint8 `[H, W, 3]`, RGB."""
        return self._render(self._data, camera)

    def render_at(self, position: np.ndarray, camera: int = 0) -> np.ndarray:
        """The image of a camera with the robot at `position [J]` and objects where they are. The simulation is not
        changed."""
        self._place(position)
        return self._render(self._scratch, camera)

    def fingertip(self, position: np.ndarray) -> np.ndarray:
        """World position `[x, y, z]` in m of the tip link with the robot at `position [J]`."""
        self._place(position)
        return self._scratch.xpos[self._tip].copy()

    def contacts(self) -> Contacts | None:
        """What touches now, also where collisions do not act on the motion. None where no link that moves has a
        collision shape; a link whose only shape is a mesh is seen only where collisions act."""
        return self._contacts.contacts(self._data)

    def tip(self, position: np.ndarray) -> Tip:
        """Where the tip link is with the robot at `position [J]`, and how it moves with the joints and their
        followers."""
        self._place(position)
        found = tip_at(self._model, self._scratch, self._tip, self._points)
        jacobians = []
        for jacobian in (found.place_jacobian, found.axis_jacobian):
            joints = jacobian[:, self._dof]
            for one, dof in zip(self._followers, self._follower_dof, strict=True):
                joints[:, one.driver] += one.multiplier * jacobian[:, dof]
            jacobians.append(joints)
        return Tip(found.place, found.axis, *jacobians)

    def touches(self, position: np.ndarray) -> list[Touch]:
        """What would touch with the robot at `position [J]` and objects where they are; nothing without contacts."""
        self._place(position)
        return touches(self._model, self._scratch)

    def is_in_view(self, point: np.ndarray, camera: int = 0) -> bool:
        """Whether one of `cameras` looks at a point `[3]`. Of a camera that moves: wherever it is now."""
        there = self.cameras[camera]
        index = self._model.camera(there.name).id
        return is_in_view(self._model, self._data, index, there.width / there.height, point)

    def moves(self, name: str) -> bool:
        """Whether a link or an object can move. Raises KeyError if there is none of this name."""
        return bool(self._model.body_weldid[self._model.body(name).id])

    def surface_below(self, point: np.ndarray) -> float:
        """Height in m of the highest fixed surface below a point `[3]` in the frame of the root link; -inf: none."""
        return surface_below(self._model, self._data, point)

    def object_pose(self, name: str) -> Pose:
        """Where a free object is. Raises KeyError for another name."""
        return self._objects.pose(self._data, name)

    def place_object(self, name: str, pose: Pose) -> None:
        """Puts a free object somewhere at rest, now and at each reset. Raises KeyError for another name."""
        self._objects.place(self._data, name, pose)
        mujoco.mj_forward(self._model, self._data)

    def close(self) -> None:
        """Frees the rendering contexts. Must be called on the thread that rendered."""
        if self._renderers:
            atexit.unregister(self.close)
        while self._renderers:
            self._renderers.popitem()[1].close()

    def _place(self, position: np.ndarray) -> None:
        self._put(self._scratch, position)
        self._objects.copy(self._data, self._scratch)
        mujoco.mj_kinematics(self._model, self._scratch)
        mujoco.mj_camlight(self._model, self._scratch)

    def _put(self, data: mujoco.MjData, position: np.ndarray) -> None:
        """Sets the joint positions. MuJoCo moves the followers only while it steps."""
        data.qpos[self._qpos] = self._checked("position", position)
        data.qpos[self._follower_qpos] = [one.multiplier * position[one.driver] + one.offset for one in self._followers]

    def _render(self, data: mujoco.MjData, camera: int) -> np.ndarray:
        if data is self._data:
            # After a step, body poses are one timestep behind the joint positions. The image must match joint_states.
            mujoco.mj_kinematics(self._model, data)
            mujoco.mj_camlight(self._model, data)
        renderer = self._renderer(self.cameras[camera])
        renderer.update_scene(data, camera=self.cameras[camera].name)
        return renderer.render()

    def _renderer(self, camera: Camera) -> mujoco.Renderer:
        """Created on first use: a rendering context belongs to the thread that creates it, and may not be needed."""
        size = (camera.height, camera.width)
        if size not in self._renderers:
            if not self._renderers:
                # If this is left to the interpreter's shutdown, contexts are freed too late and print an error.
                atexit.register(self.close)
            self._renderers[size] = mujoco.Renderer(self._model, *size)
        return self._renderers[size]

    def _checked(self, what: str, values: np.ndarray) -> np.ndarray:
        return joint_vector(what, values, self.joint_names)
