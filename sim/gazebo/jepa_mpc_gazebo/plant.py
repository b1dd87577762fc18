"""The simulated robot in Gazebo Classic: physics and camera, all from one URDF. Independent of ROS."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

import numpy as np
from jepa_mpc_sim.held_joints import moved_robot
from jepa_mpc_sim.joint_limits import AS_DESCRIBED, RobotOptions
from jepa_mpc_sim.plant import joint_vector, whole_steps

from .errors import GazeboError
from .server import START_TIMEOUT_S, GazeboServer, Installation
from .wire import Connection, Event, Image, Request, State
from .world import PHYSICS_STEP_S, classic_world, gazebo_urdf, refuse_followers, world_file

_SCENE_PAUSE_S = 0.1


class GazeboPlant:
    """A robot in Gazebo that tracks joint velocity set-points, with its main camera.

    Positions are rad (m for prismatic joints), velocities rad/s, efforts Nm, float64 arrays in the order of
    `joint_names`. Gazebo is paused between calls of `step`, until `run`.
    """

    def __init__(
        self,
        urdf_xml: str,
        installation: Installation | None = None,
        start_timeout_s: float = START_TIMEOUT_S,
        options: RobotOptions = AS_DESCRIBED,
    ) -> None:
        """Starts Gazebo, which ends with the calling thread.

        Raises UrdfError if something is missing in the URDF, GazeboError if Gazebo does not start.
        """
        robot = moved_robot(urdf_xml, options)
        urdf = robot.root
        self.joint_names = robot.joint_names
        self.limits = robot.limits
        self.cameras = robot.cameras[:1]
        refuse_followers(robot)
        self.on_event: Callable[[Event], None] = lambda _: None
        """Receives states and images while Gazebo's own clock runs. It is called in the reading thread."""
        installation = installation or Installation.of_environment()
        self._server = GazeboServer(installation)
        try:
            folder = self._server.folder
            (folder / "robot.urdf").write_text(gazebo_urdf(robot), encoding="utf-8")
            model_sdf = installation.run("gz", "sdf", "-p", self._server.inside(folder / "robot.urdf"))
            socket_path = folder / "arm.sock"
            world = classic_world(
                world_file().read_text(encoding="utf-8"),
                model_sdf,
                urdf,
                self.cameras[0],
                self.joint_names,
                installation.plugin,
                self._server.inside(socket_path),
            )
            (folder / "reacher.world").write_text(world, encoding="utf-8")
            peer = self._server.start(folder / "reacher.world", socket_path, start_timeout_s)
        except BaseException:
            self._server.close()
            raise
        self._connection = Connection(peer, lambda event: self.on_event(event), self._server.last_words)
        self.state = State(0, *np.zeros((3, len(self.joint_names))))
        """The newest known state."""
        try:
            self.reset(np.zeros(len(self.joint_names)).clip(self.limits.lower, self.limits.upper))
            self._await_scene(start_timeout_s)
        except BaseException:
            self.close()
            raise

    @property
    def position(self) -> np.ndarray:
        """Joint positions `[J]`, a copy."""
        return self.state.position.copy()

    @property
    def velocity(self) -> np.ndarray:
        """Joint velocities `[J]`, a copy."""
        return self.state.velocity.copy()

    @property
    def effort(self) -> np.ndarray:
        """Efforts of the servos `[J]`, within the effort limits, a copy."""
        return self.state.effort.copy()

    def reset(self, position: np.ndarray) -> None:
        """Puts the robot at rest at a pose `[J]`. Time does not restart."""
        self.state = self._state(Request.TELEPORT, self._packed("position", position))

    def step(self, velocity_setpoint: np.ndarray, duration_s: float) -> None:
        """Simulates `duration_s` (a multiple of PHYSICS_STEP_S) with the servos tracking `velocity_setpoint [J]`."""
        count = whole_steps(duration_s, PHYSICS_STEP_S)
        body = self._packed_velocity(velocity_setpoint) + struct.pack("=I", count)
        self.state = self._state(Request.STEP, body)

    def follow(self, velocity_setpoint: np.ndarray) -> None:
        """Sends a velocity set-point `[J]` while Gazebo's own clock runs."""
        self._connection.send(Request.SET_POINT, self._packed_velocity(velocity_setpoint))

    def run(self) -> None:
        """Starts Gazebo's own clock. From now on `on_event` receives states and images."""
        self.state = self._state(Request.RUN, b"")

    def render(self, camera: int = 0) -> np.ndarray:
        """The current image of the camera, the only one: uint8 `[H, W, 3]`, RGB."""
        return self._image(Request.RENDER, b"")

    def render_at(self, position: np.ndarray, camera: int = 0) -> np.ndarray:
        """The image of the camera with the robot at `position [J]`. The simulation is not changed."""
        return self._image(Request.RENDER_AT, self._packed("position", position))

    def close(self) -> None:
        """Ends Gazebo."""
        self._connection.close()
        self._server.close()

    def _await_scene(self, timeout_s: float) -> None:
        """Waits for two equal images. Gazebo's renderer loads world and robot gradually: the first images may be
        empty."""
        deadline = time.monotonic() + timeout_s
        before: np.ndarray | None = None
        while time.monotonic() < deadline:
            image = self.render()
            if np.ptp(image) > 0 and before is not None and np.array_equal(image, before):
                return
            before = image
            time.sleep(_SCENE_PAUSE_S)
        raise GazeboError(
            f"camera '{self.cameras[0].name}': found no steady image within {timeout_s:g} s, expected one of the robot."
        )

    def _state(self, request: Request, body: bytes) -> State:
        answer = self._connection.ask(request, body)
        if not isinstance(answer, State):
            raise GazeboError(f"Gazebo: found an image for {request.name}, expected joint states.")
        return answer

    def _image(self, request: Request, body: bytes) -> np.ndarray:
        answer = self._connection.ask(request, body)
        if not isinstance(answer, Image):
            raise GazeboError(f"Gazebo: found joint states for {request.name}, expected an image.")
        return answer.pixels

    def _packed_velocity(self, velocity: np.ndarray) -> bytes:
        limit = self.limits.velocity
        return joint_vector("velocity_setpoint", velocity, self.joint_names).clip(-limit, limit).tobytes()

    def _packed(self, what: str, values: np.ndarray) -> bytes:
        return joint_vector(what, values, self.joint_names).tobytes()
