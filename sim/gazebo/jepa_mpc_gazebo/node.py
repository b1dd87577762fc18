"""The ROS 2 node `gazebo_sim`: as `mujoco_sim`, but outside lockstep it runs on Gazebo's own clock."""

from __future__ import annotations

import time
from collections import deque
from threading import Lock

import numpy as np
from jepa_mpc_sim import messages
from jepa_mpc_sim.errors import StartupError
from jepa_mpc_sim.node import LOCKSTEP_START_NS, SimulatorNode
from jepa_mpc_sim.settings import Settings

from .errors import GazeboError
from .plant import GazeboPlant
from .wire import Event, State

NODE_NAME = "gazebo_sim"


class GazeboNode(SimulatorNode):
    """The topics and services of every simulator. In real time, all stamps and `/clock` are Gazebo's simulated time.

    Gazebo then decides when states and images arrive, and the joint controllers answer each state with a set-point.
    GazeboError is raised from the executor if Gazebo ends.
    """

    def __init__(self, plant: GazeboPlant, urdf_xml: str, defaults: Settings, note: str = "") -> None:
        """`note`: a line for the log, or ''. Raises StartupError for a bad parameter."""
        self._gazebo = plant
        self._gazebo_events: deque[Event] = deque()
        self._callback_lock = Lock()
        self._placed_ns = -1
        self._newest_ns = 0
        self._received_at_ns = 0
        super().__init__(NODE_NAME, plant, urdf_xml, defaults, notes=[note] if note else [])
        if self.settings.lockstep:
            return
        if self.settings.camera_rate:
            raise StartupError(
                f"camera_rate: found {self.settings.camera_rate:g} Hz, expected 0 outside lockstep: Gazebo's camera "
                "has the <update_rate> of the URDF."
            )
        self._arrival = self.create_guard_condition(self._take_events)
        plant.on_event = self._on_event
        plant.run()

    def seconds_until_due(self) -> float | None:
        """Time until a delayed message is due, if that is before Gazebo's next state; None if it is not."""
        dues = [] if self.settings.lockstep else self._late_ns()
        if not dues or min(dues) > self._newest_ns + self._period_ns:
            return None
        return max(0, min(dues) - self._now_ns()) / 1e9

    def run_due_updates(self) -> None:
        """Publishes the delayed messages that are due. Time advances by Gazebo's clock, or in steps."""
        if not self.settings.lockstep:
            self._publish_late()

    def _first_stamp_ns(self) -> int:
        return LOCKSTEP_START_NS

    def destroy_node(self) -> None:
        """Stops receiving from Gazebo before it destroys the node."""
        with self._callback_lock:
            self._gazebo.on_event = lambda _: None
            super().destroy_node()

    def _on_event(self, event: Event) -> None:
        # Called in the reading thread. The guard condition passes the event to the executor.
        self._gazebo_events.append(event)
        with self._callback_lock:
            if self._gazebo.on_event == self._on_event:
                self._arrival.trigger()

    def _take_events(self) -> None:
        while self._gazebo_events:
            event = self._gazebo_events.popleft()
            if isinstance(event, GazeboError):
                raise event
            stamp_ns = LOCKSTEP_START_NS + event.time_ns
            if stamp_ns <= self._placed_ns:
                # From before the robot was placed at its current pose.
                continue
            if stamp_ns > self._newest_ns:
                self._newest_ns = stamp_ns
                self._received_at_ns = time.monotonic_ns()
            if isinstance(event, State):
                self._take_state(event, stamp_ns)
            else:
                self._publish_image(event.pixels, stamp_ns)

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
        self._restart_cameras_and_joints(pose)

    def _now_ns(self) -> int:
        """Gazebo's time. Between its messages it advances with the wall clock, but never past the next state."""
        if self.settings.lockstep:
            return super()._now_ns()
        return self._newest_ns + min(time.monotonic_ns() - self._received_at_ns, self._period_ns)
