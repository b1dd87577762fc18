"""Faults of what surrounds robot and camera: goals, clock, description, parameters, topics, peers, disk."""

from __future__ import annotations

import signal
import time
from array import array

from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import String
from std_srvs.srv import Trigger

from .fault import PLAN_GAP_MS, SLACK_MS, Action, Fault, Outcome, reset
from .ladder import Rung
from .measure import logged_level, moved
from .processes import limit_file_size
from .scene import NoAnswer, Scene

_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
_WATCHED_S = 1.2
_JUMP_NS = 10_000_000_000


def watch_refusal(scene: Scene, rung: Rung, words: tuple[str, ...], inject: Action) -> Outcome:
    """Injects what the node is to refuse while it goes on: how long until it says so, and whether it goes on."""
    outcome = Outcome(bound_ms=rung.bound_ms + SLACK_MS)
    if not scene.move_fast():
        outcome.failures.append("the robot did not come to move fast")
        return outcome
    start_s = time.time()
    try:
        answer = inject(scene)
    except NoAnswer as error:
        outcome.failures.append(str(error))
        return outcome
    seen_s = time.time() if isinstance(answer, str) and all(word in answer for word in words) else None

    def seen() -> float | None:
        lines = scene.record.log(start_s)
        return next((line.time_s for line in lines if all(word in line.text for word in words)), None)

    if seen_s is None:
        scene.until(seen, rung.bound_ms / 1000 + 0.3)
        seen_s = seen()
    if isinstance(answer, str):
        outcome.seen.append(answer)
    outcome.seen += [line.text for line in scene.record.log(start_s)[:2]]
    if seen_s is not None:
        outcome.reaction = "refuse"
        outcome.detection_ms = outcome.reaction_ms = 1000 * (seen_s - start_s)
    scene.pass_time(_WATCHED_S)
    level = logged_level(scene.record.log(start_s))
    if level in ("hold", "stop") or not moved(scene.record.samples(start_s), time.time() - 0.9):
        outcome.failures.append(f"the robot does not go on: {level}")
    return outcome


def change_description(scene: Scene, rung: Rung) -> Outcome:
    """A description with other limits arrives while the robot moves: the old ones stay, and the log says so."""
    publisher = scene.relay.create_publisher(String, "/robot_description", _LATCHED)

    def inject(scene: Scene) -> None:
        changed = scene.system.setting.urdf.replace('upper="2.6"', 'upper="0.1"')
        publisher.publish(String(data=changed))

    outcome = watch_refusal(scene, rung, ("robot_description", "changed"), inject)
    publisher.publish(String(data=scene.system.setting.urdf))
    scene.pass_time(0.2)
    scene.relay.destroy_publisher(publisher)
    return outcome


def goal_picture(scene: Scene, *, height: int, width: int, bytes_per_row: int) -> Image:
    """A goal of one colour, of this size."""
    message = Image(height=height, width=width, encoding="rgb8", step=bytes_per_row)
    message.header.stamp = scene.relay.get_clock().now().to_msg()
    message.data = array("B", bytes([120]) * (height * 3 * width))
    return message


def goal_of_another_size(scene: Scene) -> None:
    scene.relay.goal_image.publish(goal_picture(scene, height=100, width=160, bytes_per_row=480))


def broken_goal(scene: Scene, rung: Rung) -> Outcome:
    """A goal that has fewer bytes than its header promises."""

    def inject(scene: Scene) -> None:
        scene.relay.goal_image.publish(goal_picture(scene, height=100, width=160, bytes_per_row=960))

    return watch_refusal(scene, rung, ("goal",), inject)


def change_goals(scene: Scene) -> None:
    """A new goal every 50 ms: several within the time of a plan."""
    for _ in range(20):
        scene.new_goal()
        time.sleep(0.05)


def bad_parameter(scene: Scene, rung: Rung) -> Outcome:
    """A value beyond the range: refused, with the reason."""
    return watch_refusal(
        scene,
        rung,
        ("command.tracking_tolerance",),
        lambda scene: scene.set_parameter("command.tracking_tolerance", -1.0),
    )


# Clock


def clock_forward(scene: Scene) -> None:
    """The clock jumps ahead by 10 s. Sensors follow later."""
    scene.relay.shift_ns += _JUMP_NS
    scene.relay.stamp_lag_ns = _JUMP_NS


def stamps_follow(scene: Scene) -> None:
    scene.relay.stamp_lag_ns = 0


def clock_back(scene: Scene) -> None:
    scene.relay.shift_ns -= _JUMP_NS


def clock_paused(scene: Scene) -> None:
    """The simulation pauses: no clock, no pictures, no joint states."""
    scene.relay.clock = lambda _now_ns: []
    scene.relay.camera = lambda _message: []
    scene.relay.joints = lambda _message: []


def clock_at_30_hz(scene: Scene) -> None:
    kept = [0]

    def relay(now_ns: int) -> list[int]:
        if now_ns - kept[0] < 33_000_000:
            return []
        kept[0] = now_ns
        return [now_ns]

    scene.relay.clock = relay


def calm(scene: Scene) -> None:
    """Everything is relayed as it comes; the shift of the clock stays."""
    scene.relay.calm_but_clock()


def simulator_reset(scene: Scene) -> None:
    """The simulator puts its robot somewhere else, while it moves."""
    scene.call(Trigger, "/mujoco_sim/reset", Trigger.Request())


def simulated_reset(scene: Scene) -> None:
    """So does one whose clock begins again."""
    scene.relay.shift_ns -= _JUMP_NS
    simulator_reset(scene)


# Topics and peers


def nobody_listens(scene: Scene) -> None:
    """Commands have no subscriber: the robot rests at the end of its last ramp while the node goes on."""
    scene.relay.listen_to_commands(False)
    # Longer than the node takes to look: then this program listens again, or it would not see what the node does.
    scene.pass_time(2.2, driving=False)
    scene.relay.restart_checks(anywhere=True)
    scene.relay.forwards_commands = False
    scene.relay.listen_to_commands(True)


def somebody_listens(scene: Scene) -> None:
    scene.relay.listen_to_commands(True)
    scene.relay.forwards_commands = True


def reset_if_needed(scene: Scene) -> None:
    """The robot may have been elsewhere than commanded meanwhile, which is a fault of its own."""
    scene.pass_time(1.0)
    if scene.speed == 0:
        reset(scene)


def second_planner(scene: Scene) -> None:
    """Another planner drives the same robot, to a goal of its own."""
    scene.relay.restart_checks()
    publisher = scene.relay.create_publisher(Image, "/other/goal_image", _LATCHED)
    if scene.relay.last_goal_image is not None:
        publisher.publish(scene.relay.last_goal_image)
    scene.kept["other goal"] = publisher
    scene.system.start_node("other_planner", {"goal_image": "/other/goal_image"})
    if not scene.until(lambda: scene.relay.count_publishers("/joint_trajectory") > 1, 20.0):
        raise NoAnswer("the second planner did not start")
    scene.begun_s = time.time()


def end_second_planner(scene: Scene) -> None:
    for program in scene.system.others:
        program.end()
    scene.system.others.clear()
    scene.relay.destroy_publisher(scene.kept.pop("other goal"))


def parameter_storm(scene: Scene) -> None:
    """As many sets as the node answers, for 2 s: good ones and ones to refuse."""
    end_s = time.monotonic() + 2.0
    count = 0
    while time.monotonic() < end_s:
        scene.set_parameter("candidates.count", int(scene.rng.integers(0, 500)))
        scene.set_parameter("goal.tolerance", float(scene.rng.uniform(0.2, 0.5)))
        scene.set_parameter("command.tracking_tolerance", -1.0)
        scene.drive()
        count += 3
    scene.kept["sets"] = count


def parameters_as_before(scene: Scene) -> None:
    scene.set_parameter("candidates.count", 40)
    scene.set_parameter("goal.tolerance", 0.3)


def kill_peer(scene: Scene) -> None:
    for program in scene.system.others:
        program.signal(signal.SIGKILL)


def start_peer(scene: Scene) -> None:
    scene.system.others.clear()
    scene.system.start_peer()


def disk_full(scene: Scene, rung: Rung) -> Outcome:
    """No file of the node can grow: goals cannot be saved, the log cannot be written; the robot goes on."""
    node = scene.system.node
    scene.set_parameter("goal.name", "full")

    def inject(scene: Scene) -> str:
        limit_file_size(node.pid, 16)
        answer = scene.trigger("save_goal")
        return "refused: " + answer.message if not answer.success else "saved"

    try:
        outcome = watch_refusal(scene, rung, ("refused",), inject)
        outcome.bound_ms = PLAN_GAP_MS
        if outcome.reaction == "refuse":
            # The goal is not saved; the robot goes on.
            outcome.reaction = "continues"
        return outcome
    finally:
        limit_file_size(node.pid, None)


ROS_FAULTS = (
    Fault("robot_description changed", "description-changed", check=change_description),
    Fault("goal changed mid-plan", "goal-changed", change_goals, goes_on=True),
    Fault("goal of another size", "goal-resized", goal_of_another_size, goes_on=True),
    Fault("goal with fewer bytes than its size", "goal-unusable", check=broken_goal),
    Fault("simulator reset", "simulator-reset", simulator_reset, recovers=reset, retreats=True),
    Fault("parameter storm", "parameter-storm", parameter_storm, parameters_as_before, goes_on=True, lasts_s=2.2),
    Fault("parameter out of its range", "parameter-refused", check=bad_parameter),
    Fault("disk full while saving a goal", "disk-full", check=disk_full, goes_on=True, note="it records nothing else"),
    Fault("clock at 30 Hz", "clock-coarse", clock_at_30_hz, calm, setting="clock", goes_on=True),
    Fault("clock paused", "clock-paused", clock_paused, calm, setting="clock"),
    Fault("clock backward", "clock-back", clock_back, setting="clock", recovers=reset),
    Fault(
        "simulator reset with its clock",
        "simulator-reset",
        simulated_reset,
        setting="clock",
        recovers=reset,
        retreats=True,
    ),
    Fault("clock forward", "clock-forward", clock_forward, stamps_follow, setting="clock"),
    Fault(
        "command topic without subscriber",
        "command-without-subscriber",
        nobody_listens,
        somebody_listens,
        setting="forwarded",
        recovers=reset_if_needed,
        retreats=True,
    ),
    Fault(
        "two planners on one robot",
        "two-planners",
        second_planner,
        end_second_planner,
        setting="two-planners",
        recovers=reset_if_needed,
        retreats=True,
    ),
    Fault("DDS peer killed and back", "peer-lost", kill_peer, start_peer, setting="peer", recovery_s=6.0),
)
