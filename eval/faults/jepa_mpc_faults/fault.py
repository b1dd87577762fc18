"""A fault of the matrix: how it is injected into a moving robot, what is expected, and how the reaction is measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sensor_msgs.msg import JointState

from .ladder import Reaction, Rung
from .measure import (
    REST_SPEED,
    condition_logged_s,
    detection_time,
    fastest,
    first_moving,
    first_rest,
    logged_level,
    longest_gap,
    moved,
    reported_level,
    rest_time,
    worse_level,
)
from .recorder import Sample, Status
from .relay import untouched
from .scene import NoAnswer, Scene

Action = Callable[[Scene], object]

SLACK_MS = 60.0
"""Allowed on top of every bound: three command periods, of which DDS and the harness take their share."""

PLAN_GAP_MS = 1000.0
"""Where the robot is to continue: the longest time without a plan, the length of one."""

_STILL_S = 0.8
"""A robot holds if it rests for this long although it gets new goals."""
_LATCHED_S = 0.8
"""A fault is latched if the robot rests for this long after the cause is gone."""
_REPORTED_S = 1.5
"""How long before the end of a fault a report of it counts: `/diagnostics` come once a second."""
_PUSH_RAD = 0.6
"""How far a robot is pushed while it rests: twice the tolerance of tracking."""
_PUSH_S = 0.8
"""How long it is pushed."""
_RETREAT_S = 4.0
"""How long the way to the measured pose may take, for joints that are elsewhere than commanded."""
_EFFORT_STILL = 0.05
"""rad/s below which a robot that takes efforts is at rest."""


def nothing(_scene: Scene) -> None:
    """Does nothing."""


@dataclass(frozen=True)
class Fault:
    """One row. `rung`: id in the ladder, or empty where the node is to continue as if nothing had happened.

    `goes_on`: whether the robot is to go on moving in spite of the fault; then the ladder says `degrade` or `refuse`.
    `extra_ms`: what the parameters of the setting add to the ladder's bound, which holds for their defaults.
    `gap_ms`: where the robot goes on, the longest time without a plan.
    `retreats`: whether the commands, once at rest, lead to the measured pose. `observed_s`: looks on for at least this.
    `stalls`: whether the simulator itself is what falls silent.
    `recovers`: what a person or the harness does once the cause is gone; None where nothing is left to recover.
    `rests`: whether the fault lasts long enough for the robot to come to rest. `lasts_s`: how long a shorter fault, or
    one that the node tolerates, is left in place. `ends_system`: the system cannot be used afterwards.
    `or_holds`: whether a hold in place of going on is as good, because chance decides what the fault hits.
    `is_pushed`: whether the resting robot is pushed aside before the cause goes away; the commands have to stay.
    `needs_motion`: whether a robot that continues has to keep moving, not only planning. `prepare_start`: before the
    system becomes active. `check`: measures by itself, for faults that do not fit this form.
    """

    name: str
    rung: str = ""
    inject: Action = nothing
    clear: Action = nothing
    prepare: Action = nothing
    prepare_start: Action = nothing
    setting: str = "plain"
    recovers: Action | None = nothing
    recovery_s: float = 3.0
    rests: bool = True
    lasts_s: float = 1.6
    ends_system: bool = False
    starts_itself: bool = False
    stalls: bool = False
    check: Callable[[Scene, Rung], Outcome] | None = None
    goes_on: bool = False
    needs_motion: bool = True
    or_holds: bool = False
    retreats: bool = False
    is_pushed: bool = False
    observed_s: float = 0.0
    extra_ms: float = 0.0
    gap_ms: float = PLAN_GAP_MS
    note: str = ""


@dataclass
class Outcome:
    """What was measured. `failures`: why the row is not ok, besides a wrong or late reaction and violations.

    `inferred`: whether the reaction is read from the commands alone, because the node reported none of its own.
    """

    reaction: str = "none"
    detection_ms: float | None = None
    reaction_ms: float | None = None
    bound_ms: float = 0.0
    recovery_ms: float | None = None
    inferred: bool = False
    seen: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def reset(scene: Scene) -> None:
    """`~/reset`, again while the robot still brakes."""
    answer = None
    for _ in range(20):
        answer = scene.reset()
        if answer.success:
            return
        time.sleep(0.15)
    raise NoAnswer(f"~/reset was refused: {answer.message if answer else ''}")


def activate(scene: Scene) -> None:
    """Activates the node again."""
    if not scene.activate():
        raise NoAnswer("activation was refused")


def measure(scene: Scene, fault: Fault, rung: Rung) -> Outcome:
    """Injects the fault while the robot moves fast, and measures the reaction and the recovery."""
    outcome = Outcome()
    fault.prepare(scene)
    if not scene.move_fast():
        outcome.failures.append("the robot did not come to move fast")
        return outcome
    start_s = time.time()
    before = scene.record.diagnostics(start_s - 1.5)
    try:
        fault.inject(scene)
    except NoAnswer as error:
        outcome.failures.append(str(error))
    begun_s = scene.begun_s if scene.begun_s is not None else start_s
    start_s, scene.begun_s = begun_s, None
    if fault.goes_on or not fault.rests:
        scene.pass_time(max(0.0, fault.lasts_s - (time.time() - start_s)))
    else:
        longest_s = _bound_ms(scene, fault, rung) / 1000 + _STILL_S + (_RETREAT_S if fault.retreats else 0.4)
        scene.until(
            lambda: time.time() > start_s + fault.observed_s and _rests(scene, start_s),
            max(longest_s, fault.observed_s + 0.2),
        )
    clear_s = time.time()
    _judge(scene, fault, rung, outcome, start_s, clear_s, before)
    if not scene.system.check_jerk:
        outcome.seen.append("jerk not checked")
    try:
        if fault.is_pushed:
            _push(scene, outcome)
        fault.clear(scene)
        _recover(scene, fault, rung, outcome, clear_s)
    except NoAnswer as error:
        outcome.failures.append(str(error))
    return outcome


def _bound_ms(scene: Scene, fault: Fault, rung: Rung) -> float:
    """The time from the fault to commanded rest: until the reaction begins, then braking, and the slack."""
    if fault.goes_on:
        return fault.gap_ms
    begins_ms = rung.bound_ms + fault.extra_ms + SLACK_MS
    return begins_ms + (1000 * scene.system.limits.braking_s() if fault.rests else 0.0)


def _still(scene: Scene) -> float:
    return _EFFORT_STILL if scene.system.setting.interface == "effort" else 0.0


def _rests(scene: Scene, start_s: float) -> bool:
    now_s = time.time()
    rest_s = rest_time(scene.record.samples(start_s - 0.5), now_s, _still(scene))
    return rest_s is not None and rest_s >= start_s - 0.1 and now_s - max(rest_s, start_s) > _STILL_S


def expected(fault: Fault, rung: Rung) -> Reaction:
    """The reaction that makes the row ok."""
    return "continues" if fault.goes_on else rung.reaction


def is_expected(outcome: Outcome, fault: Fault, rung: Rung) -> bool:
    """Whether the reaction is the declared one, in time."""
    in_time = outcome.reaction_ms is not None and outcome.reaction_ms <= outcome.bound_ms
    is_other = fault.or_holds and outcome.reaction in ("degrade", "hold")
    return in_time and (is_other or outcome.reaction == expected(fault, rung))


def _judge(
    scene: Scene,
    fault: Fault,
    rung: Rung,
    outcome: Outcome,
    start_s: float,
    end_s: float,
    before: Sequence[Status],
) -> None:
    record = scene.record
    samples = record.samples(start_s - 0.5)
    lines, statuses = record.log(start_s), record.diagnostics(start_s)
    level = worse_level(logged_level(lines), reported_level(statuses))
    outcome.bound_ms = _bound_ms(scene, fault, rung)
    rest_s = rest_time(samples, end_s, _still(scene)) if fault.rests and not fault.goes_on else None
    if rest_s is not None and fault.retreats:
        rest_s = first_rest(samples, start_s) or rest_s
    detected_s = detection_time(lines, statuses, before, rest_s)
    if detected_s is not None:
        outcome.detection_ms = 1000 * (detected_s - start_s)
    outcome.seen += [line.text for line in lines[:2]]
    if fault.goes_on:
        goes_on = bool(record.plans(end_s - 0.9)) and (not fault.needs_motion or moved(samples, end_s - 0.9))
        tolerated = ("ok", "degrade", "hold") if fault.or_holds else ("ok", "degrade")
        outcome.reaction = "continues" if goes_on and level in tolerated else level
        outcome.reaction_ms = 1000 * longest_gap(record.plans(start_s), start_s, end_s)
    elif not fault.rests:
        outcome.reaction = level
        begun_s = condition_logged_s(lines, rung.reaction)
        outcome.reaction_ms = None if begun_s is None else 1000 * (begun_s - start_s)
    elif rest_s is None:
        outcome.reaction = "continues" if level in ("ok", "degrade") else f"{level}, but not at rest"
    else:
        # Where the node says nothing, both are rest that ends by itself.
        silent = level == "ok" and rung.reaction in ("degrade", "hold")
        outcome.inferred = level == "ok"
        outcome.reaction = rung.reaction if silent else "hold" if level in ("hold", "stop") else "degrade"
        outcome.reaction_ms = 1000 * max(0.0, rest_s - start_s)


def _reports_stop(scene: Scene, clear_s: float) -> bool:
    """Whether the node itself said `stop`, from shortly before the cause went away."""
    since_s = clear_s - _REPORTED_S
    record = scene.record
    return "stop" in (logged_level(record.log(since_s)), reported_level(record.diagnostics(since_s)))


def _push(scene: Scene, outcome: Outcome) -> None:
    """The first joint is measured elsewhere, as if somebody pushed it: commands that followed would move the robot."""

    def pushed(message: JointState) -> list[tuple[float, JointState]]:
        message.position[0] += _PUSH_RAD
        return [(0.0, message)]

    begun_s = time.time()
    scene.relay.joints = pushed
    try:
        scene.pass_time(_PUSH_S)
    finally:
        scene.relay.joints = untouched
    samples = scene.record.samples(begun_s)
    outcome.failures += push_failures(samples, begun_s)
    # The readings of the push are in the past by then.
    scene.pass_time(0.3)


def push_failures(samples: Sequence[Sample], begun_s: float) -> list[str]:
    """Why a robot that was pushed while it rested has not stayed at rest; empty if it has."""
    speed = fastest(samples, begun_s)
    return [f"pushed while it rested, the robot was moved at {speed:.3g} rad/s"] if speed > REST_SPEED else []


def _recover(scene: Scene, fault: Fault, rung: Rung, outcome: Outcome, clear_s: float) -> None:
    if fault.recovers is None:
        if outcome.reaction in ("hold", "degrade"):
            # Nothing is left that could move the robot again.
            outcome.reaction = "stop"
            outcome.inferred |= not _reports_stop(scene, clear_s)
        return
    if rung.reaction == "stop":
        scene.pass_time(_LATCHED_S)
        if outcome.reaction in ("hold", "degrade") and not moved(scene.record.samples(clear_s), clear_s):
            outcome.reaction = "stop"
            outcome.inferred |= not _reports_stop(scene, clear_s)
    begun_s = time.time()
    fault.recovers(scene)

    def goes_on() -> bool:
        return first_moving(scene.record.samples(begun_s), begun_s) is not None and bool(scene.record.plans(begun_s))

    if scene.until(goes_on, fault.recovery_s):
        outcome.recovery_ms = 1000 * (time.time() - begun_s)
    else:
        outcome.failures.append(f"the robot does not move again within {fault.recovery_s:g} s")
        outcome.seen += [line.text for line in scene.record.log(begun_s)[-1:]]
