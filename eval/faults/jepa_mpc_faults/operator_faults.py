"""What operators do, and what fails about it: buttons, pause, speed scale, dry run, recovery."""

from __future__ import annotations

import math
import time

import numpy as np
import rclpy
from lifecycle_msgs.msg import Transition
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool

from .fault import SLACK_MS, Action, Fault, Outcome, activate, reset
from .heartbeat import STOP_TOPIC, prepare_heartbeat, start_heart, stop_heart
from .ladder import Rung
from .ros_faults import watch_refusal
from .scene import NoAnswer, Scene
from .settings import HEARTBEAT_MS
from .speed_scale import prepare_scale, prepare_scale_stream, scale_one, scale_outside, scale_zero


def prepare_button(scene: Scene) -> None:
    """A button that the node knows."""
    publisher = scene.relay.create_publisher(Bool, STOP_TOPIC, 10)
    scene.kept["button"] = publisher
    if not scene.until(lambda: publisher.get_subscription_count() > 0, 2.0):
        scene.kept.pop("button")
        scene.relay.destroy_publisher(publisher)
        raise NoAnswer(f"nobody subscribes to {STOP_TOPIC}")


def press(scene: Scene) -> None:
    scene.kept["button"].publish(Bool(data=True))


def release(scene: Scene) -> None:
    """A button that is released says so, and falls silent. It never clears the stop."""
    button = scene.kept.pop("button", None)
    if button is None:
        return
    button.publish(Bool(data=False))
    # The newest `true` counts for a second.
    scene.pass_time(1.1)
    scene.relay.destroy_publisher(button)


def call_stop(scene: Scene) -> None:
    """The service of the same name."""
    answer = scene.switch("emergency_stop", True)
    if not answer.success:
        raise NoAnswer(f"~/emergency_stop was refused: {answer.message}")


def clear_call(scene: Scene) -> None:
    """`false` is refused: it must not clear anything."""
    if scene.switch("emergency_stop", False).success:
        raise NoAnswer("~/emergency_stop false was accepted")


def deactivate(scene: Scene) -> None:
    if not scene.change_state(Transition.TRANSITION_DEACTIVATE):
        raise NoAnswer("deactivation was refused")


def pause(scene: Scene) -> None:
    scene.switch("pause", True)


def unpause(scene: Scene) -> None:
    scene.switch("pause", False)


# Buttons that disagree


def prepare_two_buttons(scene: Scene) -> None:
    nodes = [rclpy.create_node(name) for name in ("button_left", "button_right")]
    scene.kept["buttons"] = nodes
    scene.kept["button publishers"] = [node.create_publisher(Bool, STOP_TOPIC, 10) for node in nodes]
    if not scene.until(lambda: all(one.get_subscription_count() > 0 for one in scene.kept["button publishers"]), 2.0):
        raise NoAnswer(f"nobody subscribes to {STOP_TOPIC}")


def disagree(scene: Scene) -> None:
    left, right = scene.kept["button publishers"]
    left.publish(Bool(data=True))
    for _ in range(3):
        right.publish(Bool(data=False))


def agree(scene: Scene) -> None:
    """While one still says stop, `~/reset` is refused, and the refusal names both."""
    left, right = scene.kept.pop("button publishers")
    try:
        left.publish(Bool(data=True))
        right.publish(Bool(data=False))
        scene.pass_time(0.1)
        answer = scene.reset()
        if answer.success:
            raise NoAnswer("~/reset was accepted while a button was pressed")
        if not all(name in answer.message for name in ("button_left", "button_right")):
            raise NoAnswer(f"the refusal does not name both buttons: {answer.message}")
        left.publish(Bool(data=False))
        scene.pass_time(1.1)
    finally:
        for node in scene.kept.pop("buttons"):
            node.destroy_node()


# Started for the purpose


def dry_run(scene: Scene, rung: Rung) -> Outcome:
    """Everything but commands: plans come, no command does."""
    outcome = Outcome(bound_ms=rung.bound_ms)
    if not scene.until(lambda: len(scene.record.plans()) > 5, 20.0):
        outcome.failures.append("no plans within 20 s of the start")
    sent = len(scene.record.samples())
    outcome.reaction = "hold" if sent == 0 else "continues"
    outcome.reaction_ms = 0.0 if sent == 0 else None
    outcome.seen.append(f"{len(scene.record.plans())} plans, {sent} commands")
    return outcome


def outside_at_activation(scene: Scene, rung: Rung) -> Outcome:
    """A joint is measured outside of its limits: activation is refused, and `~/recover` brings it back slowly."""
    outcome = Outcome(bound_ms=rung.bound_ms + SLACK_MS)
    relay, upper = scene.relay, float(scene.system.limits.upper[0])
    scene.until(lambda: scene.record.position is not None, 10.0, driving=False)
    relay.set_state([upper - 0.3, 0.0])
    scene.pass_time(0.5, driving=False)
    # The simulator keeps its robot inside the limits, so the planner is shown one whose first joint is elsewhere.
    relay.offset_rad = upper + 0.1 - float(scene.record.position[0])

    def joints(message: JointState) -> list[tuple[float, JointState]]:
        message.position[0] += relay.offset_rad
        return [(0.0, message)]

    relay.joints = joints
    scene.change_state(Transition.TRANSITION_CONFIGURE, 10.0)
    wait_for_model(scene)
    relay.set_goal([0.0, 0.0])
    scene.pass_time(0.5, driving=False)
    asked_s = time.time()
    accepted = scene.change_state(Transition.TRANSITION_ACTIVATE)
    outcome.reaction_ms = outcome.detection_ms = 1000 * (time.time() - asked_s)
    outcome.reaction = "continues" if accepted else "refuse"
    scene.pass_time(0.2, driving=False)
    lines = [line.text for line in scene.record.log(asked_s)]
    outcome.seen += lines[:2]
    if accepted:
        return outcome
    if not any("recover" in line and "shoulder" in line for line in lines):
        outcome.failures.append("the refusal names neither the joint nor ~/recover")
    _recover(scene, outcome, upper - relay.offset_rad)
    return outcome


def _recover(scene: Scene, outcome: Outcome, inside: float) -> None:
    answer = scene.trigger("recover")
    if not answer.success:
        outcome.failures.append(f"~/recover was refused: {answer.message}")
        return
    begun_s = time.time()
    if not scene.until(lambda: scene.record.position[0] <= inside + 1e-3, 10.0, driving=False):
        outcome.failures.append("~/recover did not bring the joint back within 10 s")
        return
    outcome.recovery_ms = 1000 * (time.time() - begun_s)
    scene.pass_time(1.0, driving=False)
    fastest = max((one.speed for one in scene.record.samples(begun_s)), default=0.0)
    allowed = 0.1 * float(np.max(scene.system.limits.velocity))
    if fastest > allowed * 1.001:
        outcome.failures.append(f"~/recover moved at {fastest:.3f} rad/s, allowed {allowed:.3f}")
    if not scene.activate():
        outcome.failures.append("activation was refused after ~/recover")


def wait_for_model(scene: Scene) -> None:
    """Waits until the node has loaded its model."""
    scene.until(
        lambda: any(one.name == "model" and one.level == 0 for one in scene.record.diagnostics(time.time() - 2)),
        30.0,
        driving=False,
    )


def activation_without_heartbeat(scene: Scene, rung: Rung) -> Outcome:
    """The node refuses to become active, and says what it waits for."""
    outcome = Outcome(bound_ms=rung.bound_ms + SLACK_MS)
    heart = scene.kept["heart"]
    deactivate(scene)
    scene.pass_time(0.3)
    heart.beats = False
    scene.pass_time(0.8)
    asked_s = time.time()
    accepted = scene.change_state(Transition.TRANSITION_ACTIVATE)
    outcome.reaction_ms = outcome.detection_ms = 1000 * (time.time() - asked_s)
    outcome.reaction = "continues" if accepted else "refuse"
    outcome.seen += [line.text for line in scene.record.log(asked_s)[:2]]
    start_heart(scene)
    reset_then_activate(scene)
    return outcome


def reset_then_activate(scene: Scene) -> None:
    """The stop is latched, so it is cleared first."""
    scene.reset()
    activate(scene)


def recover_while_active(scene: Scene, rung: Rung) -> Outcome:
    def inject(scene: Scene) -> str:
        answer = scene.trigger("recover")
        return "accepted" if answer.success else f"refused: {answer.message}"

    return watch_refusal(scene, rung, ("refused",), inject)


_INTERFACES = ("trajectory", "velocity", "position", "effort")


def _slow(name: str, rung: str, inject: Action, interface: str, **options: object) -> Fault:
    name = f"{name} at full speed, slow joints, {interface}"
    return Fault(name, rung, inject, setting=f"slow-{interface}", recovery_s=5.0, **options)


OPERATOR_FAULTS = (
    Fault("pause", "paused", pause, unpause),
    Fault(
        "pause, and the robot is pushed",
        "paused",
        pause,
        unpause,
        recovers=reset,
        is_pushed=True,
        note="the push is a tracking fault, so ~/reset clears it",
    ),
    Fault("emergency stop by service", "emergency-stop", call_stop, clear_call, recovers=reset, is_pushed=True),
    Fault(
        "emergency-stop publishers that disagree",
        "emergency-stop-contradictory",
        disagree,
        agree,
        prepare_two_buttons,
        recovers=reset,
        is_pushed=True,
    ),
    Fault("speed scale 0", "speed-scale", scale_zero, scale_one, prepare_scale),
    *(
        Fault(f"speed scale {value:g}", "speed-scale-invalid", check=scale_outside(value))
        for value in (1.5, -0.1, math.nan)
    ),
    Fault("recovery asked of an active node", "recovery-refused", check=recover_while_active),
    *(
        fault
        for one in _INTERFACES
        for fault in (
            _slow(
                "emergency stop",
                "emergency-stop",
                press,
                one,
                clear=release,
                prepare=prepare_button,
                recovers=reset,
                # Efforts push back: they hold the pose.
                is_pushed=one != "effort",
            ),
            _slow("deactivation", "not-active", deactivate, one, recovers=activate),
        )
    ),
    Fault(
        "emergency-stop heartbeat lost",
        "emergency-stop-silent",
        stop_heart,
        start_heart,
        prepare_start=prepare_heartbeat,
        setting="heartbeat",
        recovers=reset,
        extra_ms=HEARTBEAT_MS,
    ),
    Fault(
        "activation without the heartbeat",
        "no-heartbeat",
        setting="heartbeat",
        prepare_start=prepare_heartbeat,
        check=activation_without_heartbeat,
    ),
    Fault(
        "speed scale lost",
        "speed-scale-silent",
        stop_heart,
        start_heart,
        prepare_start=prepare_scale_stream,
        setting="scaled",
        extra_ms=HEARTBEAT_MS,
    ),
    Fault("dry run sends nothing", "dry-run", setting="dry-run", check=dry_run, starts_itself=True),
    Fault(
        "joint outside its limits at activation",
        "joint-outside-limits",
        setting="outside",
        check=outside_at_activation,
        starts_itself=True,
    ),
)
