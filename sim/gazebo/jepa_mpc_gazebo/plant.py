"""The simulated robot: Gazebo Classic's physics and camera, all from one URDF. No ROS here."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

import numpy as np
from jepa_mpc_sim.plant import joint_vector, whole_steps
from jepa_mpc_sim.urdf import parse_urdf, read_camera, read_joint_names, read_limits

from .errors import GazeboError
from .server import START_TIMEOUT_S, GazeboServer, Installation
from .wire import Connection, Picture, Request, State, Unasked
from .world import PHYSICS_STEP_S, classic_world, world_file

_SCENE_PAUSE_S = 0.1


class GazeboPlant:
    """A robot in Gazebo that tracks joint velocity set-points, and the camera that sees it.

    Positions are rad (m for prismatic joints), velocities rad/s, efforts Nm, float64 arrays in the order of
    `joint_names`. Gazebo stands still between calls of `step`, until `run`.
    """

    def __init__(
        self, urdf_xml: str, installation: Installation | None = None, start_timeout_s: float = START_TIMEOUT_S
    ) -> None:
        """Starts Gazebo, which lives no longer than the calling thread.

        Raises UrdfError for what is missing in the URDF, GazeboError where it does not start.
        """
        urdf = parse_urdf(urdf_xml)
        self.joint_names = read_joint_names(urdf)
        self.limits = read_limits(urdf)
        self.camera = read_camera(urdf)
        self.on_unasked: Callable[[Unasked], None] = lambda _: None
        """Gets states and pictures while Gazebo's own clock runs, in a thread of its own."""
        installation = installation or Installation.of_environment()
        self._server = GazeboServer(installation)
        try:
            folder = self._server.folder
            (folder / "robot.urdf").write_text(urdf_xml, encoding="utf-8")
            model_sdf = installation.run("gz", "sdf", "-p", self._server.inside(folder / "robot.urdf"))
            socket_path = folder / "arm.sock"
            world = classic_world(
                world_file().read_text(encoding="utf-8"),
                model_sdf,
                urdf,
                self.camera,
                self.joint_names,
                installation.plugin,
                self._server.inside(socket_path),
            )
            (folder / "reacher.world").write_text(world, encoding="utf-8")
            peer = self._server.start(folder / "reacher.world", socket_path, start_timeout_s)
        except BaseException:
            self._server.close()
            raise
        self._connection = Connection(peer, lambda what: self.on_unasked(what), self._server.last_words)
        self.state = State(0, *np.zeros((3, len(self.joint_names))))
        """The newest that is known."""
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
        """What the servos apply `[J]`, within the effort limits, a copy."""
        return self.state.effort.copy()

    def reset(self, position: np.ndarray) -> None:
        """Puts the robot at rest at a pose `[J]`. Time goes on."""
        self.state = self._state(Request.TELEPORT, self._packed("position", position))

    def step(self, velocity_setpoint: np.ndarray, duration_s: float) -> None:
        """Simulates `duration_s` (a multiple of PHYSICS_STEP_S) with the servos tracking `velocity_setpoint [J]`."""
        count = whole_steps(duration_s, PHYSICS_STEP_S)
        body = self._packed_velocity(velocity_setpoint) + struct.pack("=I", count)
        self.state = self._state(Request.STEP, body)

    def follow(self, velocity_setpoint: np.ndarray) -> None:
        """Gives the servos a set-point `[J]` while Gazebo's own clock runs."""
        self._connection.tell(Request.SET_POINT, self._packed_velocity(velocity_setpoint))

    def run(self) -> None:
        """From now on time passes by Gazebo's own clock; states and pictures come to `on_unasked`."""
        self.state = self._state(Request.RUN, b"")

    def render(self) -> np.ndarray:
        """What the camera sees now: uint8 `[H, W, 3]`, RGB."""
        return self._picture(Request.RENDER, b"")

    def render_at(self, position: np.ndarray) -> np.ndarray:
        """What the camera would see with the robot at `position [J]`; the simulation is not disturbed."""
        return self._picture(Request.RENDER_AT, self._packed("position", position))

    def close(self) -> None:
        """Ends Gazebo."""
        self._connection.close()
        self._server.close()

    def _await_scene(self, timeout_s: float) -> None:
        """Gazebo's renderer gets to know world and robot piece by piece: the first pictures may be empty."""
        deadline = time.monotonic() + timeout_s
        before: np.ndarray | None = None
        while time.monotonic() < deadline:
            picture = self.render()
            if np.ptp(picture) > 0 and before is not None and np.array_equal(picture, before):
                return
            before = picture
            time.sleep(_SCENE_PAUSE_S)
        raise GazeboError(
            f"camera '{self.camera.name}': found no steady picture within {timeout_s:g} s, expected one of the robot."
        )

    def _state(self, request: Request, body: bytes) -> State:
        answer = self._connection.ask(request, body)
        if not isinstance(answer, State):
            raise GazeboError(f"Gazebo: found a picture for {request.name}, expected joint states.")
        return answer

    def _picture(self, request: Request, body: bytes) -> np.ndarray:
        answer = self._connection.ask(request, body)
        if not isinstance(answer, Picture):
            raise GazeboError(f"Gazebo: found joint states for {request.name}, expected a picture.")
        return answer.pixels

    def _packed_velocity(self, velocity: np.ndarray) -> bytes:
        limit = self.limits.velocity
        return joint_vector("velocity_setpoint", velocity, self.joint_names).clip(-limit, limit).tobytes()

    def _packed(self, what: str, values: np.ndarray) -> bytes:
        return joint_vector(what, values, self.joint_names).tobytes()
