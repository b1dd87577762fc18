"""What a fault acts on: the running system, a driver that keeps the robot moving, and the node's services."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from std_srvs.srv import SetBool, Trigger

from .relay import PLANNER, Relay
from .system import System

_TICK_S = 0.01
# A busy machine makes each of these late. What is measured has bounds of its own.
_ANSWER_S = 15.0
_ACTIVE_S = 30.0
_FAST_S = 40.0
_GOAL_S = 1.6
"""A goal is renewed after this long, so that the robot keeps moving."""
_IDLE_S = 0.35
"""A goal is renewed once the robot has rested for this long."""
_REACH = 2.2
"""Goals are within this many rad of the joints' middle."""


class NoAnswer(RuntimeError):
    """A service of the node is not there, or does not answer."""


class Scene:
    """A running system, and the means to disturb it. Times are wall-clock, s."""

    def __init__(self, relay: Relay, system: System, rng: np.random.Generator) -> None:
        self.relay = relay
        self.system = system
        self.rng = rng
        self.record = relay.record
        self.kept: dict[str, object] = {}
        # When the fault began, where that is not when its injection did.
        self.begun_s: float | None = None
        self._goal_s = 0.0
        self._rested_s: float | None = None

    # Time

    def pass_time(self, seconds: float, *, driving: bool = True) -> None:
        """Lets time pass, with ever new goals."""
        self.until(lambda: False, seconds, driving=driving)

    def until(self, condition: Callable[[], object], timeout_s: float, *, driving: bool = True) -> bool:
        """Whether the condition comes to hold within the time."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if condition():
                return True
            if driving:
                self.drive()
            time.sleep(_TICK_S)
        return bool(condition())

    # The robot

    @property
    def speed(self) -> float:
        """Largest joint speed of the newest command; 0 if it is old."""
        last = self.record.last
        return last.speed if last is not None and time.time() - last.time_s < 0.2 else 0.0

    def drive(self) -> None:
        """Gives a new goal if the robot rests, or has had its goal for long."""
        now_s = time.monotonic()
        if self.speed > 0:
            self._rested_s = None
        elif self._rested_s is None:
            self._rested_s = now_s
        since_s = now_s - self._goal_s
        idle_s = 0.0 if self._rested_s is None else now_s - self._rested_s
        if since_s > _GOAL_S * (3 if self.system.setting.is_slow else 1) or (since_s > _IDLE_S and idle_s > _IDLE_S):
            self.new_goal()

    def new_goal(self) -> None:
        """A goal far from where the robot is."""
        self._goal_s = time.monotonic()
        here = self.record.position
        joints = len(self.system.limits.names)
        goals = self.rng.uniform(-_REACH, _REACH, (40, joints))
        if here is not None:
            goals = goals[np.argsort(-np.max(np.abs(goals - here), axis=1))][:5]
        self.relay.set_goal(goals[int(self.rng.integers(len(goals)))])

    def move_fast(self, timeout_s: float = _FAST_S) -> bool:
        """Whether the robot is brought to move fast, with most of its way before it."""
        fast = self.system.setting.fast
        return self.until(lambda: self.speed >= fast, timeout_s)

    # Services

    def call(self, kind: type, name: str, request: object, timeout_s: float = _ANSWER_S) -> object:
        """The answer of a service. Raises NoAnswer."""
        client = self.relay.create_client(kind, name)
        try:
            deadline = time.monotonic() + timeout_s
            while not client.service_is_ready():
                if time.monotonic() > deadline:
                    raise NoAnswer(f"no service {name}")
                time.sleep(_TICK_S)
            # A server may be seen before it has seen who asks, and its answer is lost then.
            time.sleep(0.05)
            future = client.call_async(request)
            while not future.done():
                if time.monotonic() > deadline:
                    raise NoAnswer(f"no answer from {name}")
                time.sleep(0.002)
            return future.result()
        finally:
            self.relay.destroy_client(client)

    def trigger(self, service: str, timeout_s: float = _ANSWER_S) -> Trigger.Response:
        return self.call(Trigger, f"/{PLANNER}/{service}", Trigger.Request(), timeout_s)

    def switch(self, service: str, on: bool) -> SetBool.Response:
        return self.call(SetBool, f"/{PLANNER}/{service}", SetBool.Request(data=on))

    def reset(self) -> Trigger.Response:
        """`~/reset`. The motion may then begin anew from the measured pose."""
        self.relay.restart_checks()
        return self.trigger("reset")

    def change_state(self, transition: int, timeout_s: float = _ANSWER_S) -> bool:
        self.relay.restart_checks()
        request = ChangeState.Request(transition=Transition(id=transition))
        return self.call(ChangeState, f"/{PLANNER}/change_state", request, timeout_s).success

    def activate(self, timeout_s: float = _ACTIVE_S) -> bool:
        """Asks until the node is ready for it."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.is_active() or self.change_state(Transition.TRANSITION_ACTIVATE):
                return True
            time.sleep(0.1)
        return False

    def is_active(self) -> bool:
        answer = self.call(GetState, f"/{PLANNER}/get_state", GetState.Request())
        return answer.current_state.id == State.PRIMARY_STATE_ACTIVE

    def set_parameter(self, name: str, value: float | bool | str) -> str:
        """Sets a parameter. Returns why it was refused; empty if it was not."""
        request = SetParameters.Request(parameters=[Parameter(name=name, value=_value(value))])
        [result] = self.call(SetParameters, f"/{PLANNER}/set_parameters", request).results
        return "" if result.successful else result.reason


def _value(value: float | bool | str) -> ParameterValue:
    if isinstance(value, bool):
        return ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=value)
    if isinstance(value, str):
        return ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=value)
    if isinstance(value, int):
        return ParameterValue(type=ParameterType.PARAMETER_INTEGER, integer_value=value)
    return ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=float(value))
