"""Faults of the joint states."""

from __future__ import annotations

import copy
import itertools
import math
import random
from collections.abc import Callable

from sensor_msgs.msg import JointState

from .fault import Action, Fault, reset
from .relay import JointFault, untouched
from .scene import Scene
from .stamps import stamp_of

CONTRADICTION_RAD = 0.7
_MS = 1_000_000
_SEED = 3


def joints(make: Callable[[Scene], JointFault]) -> Action:
    """From now on joint states are relayed like this."""

    def inject(scene: Scene) -> None:
        scene.relay.joints = make(scene)

    return inject


def calm_joints(scene: Scene) -> None:
    """Joint states are relayed as they come again."""
    scene.relay.joints = untouched


def silent(_scene: Scene) -> JointFault:
    return lambda _message: []


def silent_for(duration_ns: int) -> Callable[[Scene], JointFault]:
    """No joint states for this long by their stamps, then as before."""

    def make(_scene: Scene) -> JointFault:
        first: list[int] = []

        def relay(message: JointState) -> list[tuple[float, JointState]]:
            stamp_ns = stamp_of(message.header.stamp)
            if not first:
                first.append(stamp_ns)
            return [] if stamp_ns < first[0] + duration_ns else [(0.0, message)]

        return relay

    return make


def not_a_number(_scene: Scene) -> JointFault:
    def relay(message: JointState) -> list[tuple[float, JointState]]:
        message.position[0] = math.nan
        return [(0.0, message)]

    return relay


def reordered(_scene: Scene) -> JointFault:
    def relay(message: JointState) -> list[tuple[float, JointState]]:
        message.name = list(message.name)[::-1]
        message.position = message.position[::-1]
        message.velocity = message.velocity[::-1]
        message.effort = message.effort[::-1]
        return [(0.0, message)]

    return relay


def only(message: JointState, index: int) -> JointState:
    """A message with one joint of another."""
    one = JointState(header=message.header, name=[message.name[index]])
    one.position = [message.position[index]]
    one.velocity = [message.velocity[index]]
    return one


def missing(_scene: Scene) -> JointFault:
    return lambda message: [(0.0, only(message, 0))]


def added(_scene: Scene) -> JointFault:
    def relay(message: JointState) -> list[tuple[float, JointState]]:
        message.name = ["gripper", *message.name]
        message.position.insert(0, 0.01)
        message.velocity.insert(0, 0.0)
        message.effort.insert(0, 0.0)
        return [(0.0, message)]

    return relay


def split(scene: Scene) -> JointFault:
    """Each joint by a publisher of its own."""

    def relay(message: JointState) -> list[tuple[float, JointState]]:
        scene.relay.other_joint_states.publish(only(message, 1))
        return [(0.0, only(message, 0))]

    return relay


def in_pieces(scene: Scene) -> JointFault:
    """Each joint by a publisher of its own: one late with jitter, so that its states overtake each other, and every
    third twice. The states of a gripper come between them."""
    draws = random.Random(_SEED)
    number = itertools.count()

    def relay(message: JointState) -> list[tuple[float, JointState]]:
        scene.relay.other_joint_states.publish(only(message, 1))
        gripper = JointState(header=message.header, name=["finger_joint"], position=[0.01])
        late = [(draws.uniform(0.01, 0.04), only(message, 0))]
        again = [(0.05, only(message, 0))] if next(number) % 3 == 0 else []
        return [(0.0, gripper), *late, *again]

    return relay


def repeated(scene: Scene) -> JointFault:
    """A second publisher says the same about every joint, a little later and less often."""
    number = itertools.count()

    def relay(message: JointState) -> list[tuple[float, JointState]]:
        if next(number) % 3 == 0:
            scene.relay.other_joint_states.publish(message)
        return [(0.0, message)]

    return relay


def outside(scene: Scene) -> JointFault:
    """A position beyond the limits, as of an encoder that lost count."""
    beyond = float(scene.system.limits.upper[0]) + 1.0

    def relay(message: JointState) -> list[tuple[float, JointState]]:
        message.position[0] = beyond
        return [(0.0, message)]

    return relay


def contradicted(scene: Scene) -> JointFault:
    """A second publisher says something else about every joint, as often as the driver."""
    return _contradicted(scene, every=1)


def seldom_contradicted(scene: Scene) -> JointFault:
    """The same, five times a second."""
    return _contradicted(scene, every=20)


def _contradicted(scene: Scene, every: int) -> JointFault:
    number = itertools.count()

    def relay(message: JointState) -> list[tuple[float, JointState]]:
        if next(number) % every:
            return [(0.0, message)]
        other = copy.deepcopy(message)
        other.position = [one + CONTRADICTION_RAD for one in message.position]
        scene.relay.other_joint_states.publish(other)
        return [(0.0, message)]

    return relay


def blocked(scene: Scene) -> JointFault:
    """The robot says that it stands still: it is blocked."""
    kept: list[list[float]] = []

    def relay(message: JointState) -> list[tuple[float, JointState]]:
        kept.append(list(message.position))
        del kept[1:]
        message.position = kept[0]
        message.velocity = [0.0] * len(message.name)
        return [(0.0, message)]

    return relay


def _fault(name: str, make: Callable[[Scene], JointFault], rung: str, **options: object) -> Fault:
    return Fault(name, rung, joints(make), calm_joints, **options)


JOINT_FAULTS = (
    _fault("joint states silent for 100 ms", silent_for(100 * _MS), "joint-states-gap", goes_on=True),
    *(
        _fault(f"joint states silent for {ms} ms", silent_for(ms * _MS), "joint-states-silent", rests=False)
        for ms in (300, 480)
    ),
    Fault("joint states silent for 2000 ms", "joint-states-silent", joints(silent), calm_joints, observed_s=2.0),
    _fault("joint states with NaN", not_a_number, "joint-states-not-finite"),
    _fault("joint states reordered", reordered, "joint-states-reordered", goes_on=True),
    _fault("joint missing from joint states", missing, "joint-states-missing"),
    _fault("joint added to joint states", added, "joint-states-added", goes_on=True),
    _fault("joint states split over two publishers", split, "joint-states-split", goes_on=True),
    _fault("joint states in pieces, late and out of order", in_pieces, "joint-states-split", goes_on=True),
    _fault("joint states repeated by a second publisher", repeated, "joint-states-split", goes_on=True),
    _fault("joint states outside the limits", outside, "joint-states-outside-limits", recovers=reset, retreats=True),
    _fault(
        "joint states contradicted by a second publisher",
        contradicted,
        "joint-states-contradictory",
        recovery_s=4.0,
    ),
    _fault(
        "joint states contradicted by a slow second publisher",
        seldom_contradicted,
        "joint-states-contradictory",
        recovery_s=4.0,
        extra_ms=200,
        note="the publisher sends every 200 ms, and its first message may come that late",
    ),
    _fault(
        "robot blocked",
        blocked,
        "robot-does-not-follow",
        recovers=reset,
        retreats=True,
        extra_ms=250,
        note="the bound begins when the robot is further away than the tolerance: 0.3 rad at 1.2 rad/s later",
    ),
)
