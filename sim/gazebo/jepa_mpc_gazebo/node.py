"""The ROS 2 node `gazebo_sim`: what `mujoco_sim` is, with Gazebo's own clock where it does not run in lockstep."""

from __future__ import annotations

import time
from collections import deque
from threading import Lock

import numpy as np
from jepa_mpc_sim import messages
from jepa_mpc_sim.errors import StartupError
from jepa_mpc_sim.node import LOCKSTEP_START_NS, Settings, SimulatorNode

from .errors import GazeboError
from .plant import GazeboPlant
from .wire import State, Unasked

NODE_NAME = "gazebo_sim"


class GazeboNode(SimulatorNode):
    """Topics and services as every simulator's. In real time all stamps, and `/clock`, are Gazebo's simulated time.

    Then Gazebo decides when a state or a picture comes; the joint controllers answer each state with a set-point.
    Raises GazeboError out of the executor where Gazebo ends.
    """

    def __init__(self, plant: GazeboPlant, urdf_xml: str, defaults: Settings) -> None:
        """Raises StartupError for a bad parameter."""
        self._gazebo = plant
        self._unasked: deque[Unasked] = deque()
        self._handing_over = Lock()
        self._placed_ns = -1
        self._heard_ns = 0
        self._heard_at_ns = 0
        super().__init__(NODE_NAME, plant, urdf_xml, defaults)
        if self.settings.lockstep:
            return
        if self.settings.camera_rate:
            raise StartupError(
                f"camera_rate: found {self.settings.camera_rate:g} Hz, expected 0 outside lockstep: Gazebo's camera "
                "goes by the <update_rate> of the URDF."
            )
        self._arrival = self.create_guard_condition(self._take_unasked)
        plant.on_unasked = self._on_unasked
        plant.run()

    def seconds_until_due(self) -> float | None:
        """Until something that is held back is due before Gazebo's next state; else for ever, for that is a message."""
        dues = [] if self.settings.lockstep else self._late_ns()
        if not dues or min(dues) > self._heard_ns + self._period_ns:
            return None
        return max(0, min(dues) - self._now_ns()) / 1e9

    def run_due_updates(self) -> None:
        """Publishes what is due. Time passes by itself, or in steps."""
        if not self.settings.lockstep:
            self._publish_late()

    def _first_stamp_ns(self) -> int:
        return LOCKSTEP_START_NS

    def destroy_node(self) -> None:
        """Nothing is taken from Gazebo any more."""
        with self._handing_over:
            self._gazebo.on_unasked = lambda _: None
            super().destroy_node()

    def _on_unasked(self, what: Unasked) -> None:
        # In the reading thread: the executor takes it from here.
        self._unasked.append(what)
        with self._handing_over:
            if self._gazebo.on_unasked == self._on_unasked:
                self._arrival.trigger()

    def _take_unasked(self) -> None:
        while self._unasked:
            what = self._unasked.popleft()
            if isinstance(what, GazeboError):
                raise what
            stamp_ns = LOCKSTEP_START_NS + what.time_ns
            if stamp_ns <= self._placed_ns:
                # On its way while the robot was put elsewhere.
                continue
            if stamp_ns > self._heard_ns:
                self._heard_ns = stamp_ns
                self._heard_at_ns = time.monotonic_ns()
            if isinstance(what, State):
                self._take_state(what, stamp_ns)
            else:
                self._publish_image(what.pixels, stamp_ns)

    def _take_state(self, state: State, stamp_ns: int) -> None:
        self._gazebo.state = state
        self._simulation.time_ns = stamp_ns
        self._gazebo.follow(self._simulation.velocity_setpoint())
        self._publish_joint_states(stamp_ns)
        self._clock_out.publish(messages.clock_message(stamp_ns))

    def _teleport(self, pose: np.ndarray) -> None:
        if self.settings.lockstep:
            super()._teleport(pose)
            return
        self._simulation.teleport(pose, self._simulation.time_ns)
        self._placed_ns = LOCKSTEP_START_NS + self._gazebo.state.time_ns
        self._gate.reset()
        self._restart_camera_and_joints()

    def _now_ns(self) -> int:
        """Gazebo's time: between its messages by the wall clock, but never past its next state."""
        if self.settings.lockstep:
            return super()._now_ns()
        return self._heard_ns + min(time.monotonic_ns() - self._heard_at_ns, self._period_ns)
