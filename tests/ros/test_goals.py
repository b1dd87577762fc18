"""Goals as a user of ROS 2 gives them to the real node, by name, from files, by the action."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from action_msgs.msg import GoalStatus
from conftest import PATIENT, StartNode
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from peer import LATCHED
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.action import ActionClient
from rclpy.node import Node
from reach_goal import ReachGoal, needs_interface
from sensor_msgs.msg import JointState
from simulator import SIMULATOR, simulator_environment
from spinning import TIMEOUT_S, pass_time, spin_until
from std_msgs.msg import Float32MultiArray
from std_srvs.srv import Trigger

READY_S = 120.0
REACH_S = 90.0
POSE = {"near": [0.5, 0.4], "far": [-0.7, 0.9]}


class Operator(Node):
    """Somebody at a terminal."""

    def __init__(self) -> None:
        super().__init__("operator")
        self.position: list[float] = []
        self.speed = 0.0
        self.goal_states: list[dict[str, str]] = []
        self.create_subscription(JointState, "joint_states", self._on_joint_states, 10)
        self.create_subscription(DiagnosticArray, "planner_node/goal_status", self._on_goal_status, LATCHED)
        self._teleport = self.create_publisher(JointState, "mujoco_sim/set_state", 10)
        self._goal_latent = self.create_publisher(Float32MultiArray, "goal_latent", LATCHED)
        self._goal_state = self.create_publisher(JointState, "goal_state", LATCHED)
        self.problems: set[str] = set()
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)
        self._triggers = {
            name: self.create_client(Trigger, f"planner_node/{name}")
            for name in ("save_goal", "load_goal", "list_goals", "goal_from_file")
        }
        self._change_state = self.create_client(ChangeState, "planner_node/change_state")
        self._set_parameters = self.create_client(SetParameters, "planner_node/set_parameters")

    def _on_joint_states(self, message: JointState) -> None:
        self.position = list(message.position)
        self.speed = max(abs(velocity) for velocity in message.velocity)

    def _on_goal_status(self, message: DiagnosticArray) -> None:
        status = message.status[0]
        self.goal_states.append({entry.key: entry.value for entry in status.values} | {"message": status.message})

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        self.problems |= {status.message for status in message.status if status.level > DiagnosticStatus.OK}

    def has_reported(self, problem: str) -> bool:
        return any(problem in message for message in self.problems)

    def publish_latent(self, numbers: list[float]) -> None:
        self._goal_latent.publish(Float32MultiArray(data=numbers))

    def publish_state(self, position: list[float]) -> None:
        self._goal_state.publish(JointState(name=["shoulder", "elbow"], position=position))

    def until(self, condition: Callable[[], object], timeout_s: float = TIMEOUT_S) -> bool:
        return spin_until(self, condition, timeout_s)

    def result(self, future) -> object:
        assert self.until(future.done), "no answer"
        return future.result()

    def trigger(self, name: str) -> Trigger.Response:
        assert self.until(self._triggers[name].service_is_ready)
        return self.result(self._triggers[name].call_async(Trigger.Request()))

    def set_text(self, name: str, value: str) -> None:
        self._set(name, ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=value))

    def set_number(self, name: str, value: float) -> None:
        self._set(name, ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value))

    def _set(self, name: str, value: ParameterValue) -> None:
        parameter = Parameter(name=name, value=value)
        response = self.result(self._set_parameters.call_async(SetParameters.Request(parameters=[parameter])))
        assert response.results[0].successful, response.results[0].reason

    def change_state(self, transition: int) -> bool:
        request = ChangeState.Request(transition=Transition(id=transition))
        return self.result(self._change_state.call_async(request)).success

    @contextmanager
    def at(self, position: list[float]) -> Iterator[None]:
        """Puts the robot somewhere while the node is inactive: an active one would move it back to where it held it."""
        assert self.change_state(Transition.TRANSITION_DEACTIVATE)
        assert self.until(lambda: self.speed < 0.01)
        self._teleport.publish(JointState(name=["shoulder", "elbow"], position=position))
        assert self.until(lambda: self.error(position) < 0.02)
        # What the camera saw before may still be on its way.
        pass_time(0.5, lambda slice_s: self.until(lambda: False, slice_s))
        yield
        assert self.until(lambda: self.change_state(Transition.TRANSITION_ACTIVATE))

    def error(self, position: list[float]) -> float:
        if not self.position:
            return 9.0
        return max(abs(found - wanted) for found, wanted in zip(self.position, position, strict=True))

    def reach(self, **goal: object) -> tuple[object, list[object]]:
        """Sends a goal; its handle, and its feedback as it comes."""
        client = ActionClient(self, ReachGoal, "planner_node/reach_goal")
        assert client.wait_for_server(TIMEOUT_S), "no action server"
        feedback: list[object] = []
        sent = client.send_goal_async(ReachGoal.Goal(**goal), lambda message: feedback.append(message.feedback))
        handle = self.result(sent)
        assert handle.accepted
        return handle, feedback

    def outcome(self, handle: object, timeout_s: float = REACH_S) -> object:
        future = handle.get_result_async()
        assert self.until(future.done, timeout_s), "the goal does not end"
        return future.result()


@pytest.fixture(scope="module")
def goal_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("goals")


@pytest.fixture
def operator(start_node: StartNode, tmp_path: Path, goal_folder: Path) -> Iterator[Operator]:
    """With a simulated robot and an active node; the goal `near` is saved."""
    with (tmp_path / "simulator.log").open("w") as log:
        simulator = subprocess.Popen(
            SIMULATOR,
            env=simulator_environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    operator = Operator()
    try:
        start_node(autostart="true", goal__folder=str(goal_folder), remaps=["image:=image_raw"], **PATIENT)
        assert operator.until(lambda: operator.goal_states, READY_S), "the simulator's goal image has not arrived"
        assert operator.until(lambda: operator.speed > 0.02, READY_S), "the node does not move the robot"
        yield operator
    finally:
        operator.destroy_node()
        simulator.terminate()
        simulator.wait(TIMEOUT_S)


def save(operator: Operator, name: str) -> None:
    operator.set_text("goal.name", name)
    with operator.at(POSE[name]):
        saved = operator.trigger("save_goal")
        assert saved.success, saved.message


def test_goals_are_saved_listed_and_gone_for_by_name(operator: Operator, goal_folder: Path):
    save(operator, "near")
    save(operator, "far")
    assert operator.trigger("list_goals").message.split("\n") == ["far", "near"]
    assert sorted(path.name for path in goal_folder.iterdir()) == ["far", "near"]

    operator.set_text("goal.name", "near")
    assert operator.trigger("load_goal").success
    assert operator.until(lambda: operator.error(POSE["near"]) < 0.15, REACH_S), operator.position
    assert operator.until(lambda: operator.goal_states[-1]["state"] == "reached", REACH_S), operator.goal_states[-1]

    (image,) = (goal_folder / "far").glob("*.png")
    joints = json.loads((goal_folder / "far" / "joints.json").read_text())
    assert [joints["shoulder"], joints["elbow"]] == pytest.approx(POSE["far"], abs=0.03)
    operator.set_text("goal.file", str(image))
    assert operator.trigger("goal_from_file").success
    assert operator.until(lambda: operator.error(POSE["far"]) < 0.15, REACH_S)

    operator.set_text("goal.name", "nowhere")
    refused = operator.trigger("load_goal")
    assert not refused.success
    assert 'found "nowhere", expected one of far, near' in refused.message


def test_latents_and_states_are_goals_where_the_model_takes_them(operator: Operator):
    operator.publish_latent([0.0] * 32)
    assert operator.until(lambda: operator.goal_states[-1]["origin"] == "the topic goal_latent")
    assert operator.goal_states[-1]["state"] == "underway"

    operator.publish_latent([0.0] * 31)
    assert operator.until(lambda: operator.has_reported("goal_latent: found 31 numbers, expected 32"))
    operator.publish_state([0.1, 0.2])
    assert operator.until(lambda: operator.has_reported("goal_state: found a model whose goals are given as image"))
    assert operator.goal_states[-1]["origin"] == "the topic goal_latent"


@needs_interface
def test_the_action_reaches_a_goal_reports_on_the_way_and_can_be_cancelled_and_preempted(operator: Operator):
    save(operator, "near")
    save(operator, "far")

    handle, feedback = operator.reach(goal_name="near")
    ended = operator.outcome(handle)
    assert ended.status == GoalStatus.STATUS_SUCCEEDED, ended.result
    assert ended.result.outcome == ReachGoal.Result.OUTCOME_REACHED, ended.result
    assert operator.error(POSE["near"]) < 0.15
    assert len(feedback) > 5
    assert feedback[0].distance > ended.result.final_distance
    assert all(one.plan_ms > 0 and one.frame_age_ms > 0 for one in feedback)
    print(f"reached after {ended.result.elapsed.sec}.{ended.result.elapsed.nanosec:09d} s: {ended.result.reason}")

    first, _ = operator.reach(goal_name="far", tolerance=1e-9)
    second, _ = operator.reach(goal_name="near")
    preempted = operator.outcome(first)
    assert preempted.status == GoalStatus.STATUS_ABORTED
    assert preempted.result.outcome == ReachGoal.Result.OUTCOME_PREEMPTED
    assert operator.outcome(second).result.outcome == ReachGoal.Result.OUTCOME_REACHED

    # Never reached, however long the cancellation takes to arrive.
    third, feedback = operator.reach(goal_name="far", tolerance=1e-9)
    # Cancelled any sooner it does not take over, and the robot goes on to `near`.
    assert operator.until(lambda: feedback and operator.speed > 0.1)
    operator.result(third.cancel_goal_async())
    cancelled = operator.outcome(third)
    assert cancelled.status == GoalStatus.STATUS_CANCELED
    assert cancelled.result.outcome == ReachGoal.Result.OUTCOME_CANCELED
    assert operator.until(lambda: operator.speed < 0.01), "the robot brakes when its goal is given up"


@needs_interface
def test_the_action_goes_for_sub_goals_one_after_the_other(operator: Operator):
    save(operator, "near")
    save(operator, "far")
    with operator.at([0.0, 0.0]):
        pass

    handle, _ = operator.reach(goal_name="near, far")
    assert operator.until(lambda: operator.error(POSE["near"]) < 0.2, REACH_S), operator.position
    ended = operator.outcome(handle)
    assert ended.result.outcome == ReachGoal.Result.OUTCOME_REACHED, ended.result
    assert operator.error(POSE["far"]) < 0.2
    assert operator.until(lambda: operator.goal_states[-1]["state"] == "reached")
    assert operator.goal_states[-1]["origin"] == "the action, saved goal far"

    # A sub-goal that is never reached has its turn and no more; the last one has to be reached, within one timeout.
    operator.set_number("goal.subgoal_s", 0.5)
    goal = ReachGoal.Goal()
    goal.timeout.sec = 1
    late = operator.outcome(operator.reach(goal_name="near,far", tolerance=1e-9, timeout=goal.timeout)[0])
    assert late.result.outcome == ReachGoal.Result.OUTCOME_TIMED_OUT, late.result
    # One timeout for both, not one for each.
    assert 0.9 < late.result.elapsed.sec + late.result.elapsed.nanosec / 1e9 < 1.9
    assert operator.goal_states[-1]["origin"] == "the action, saved goal far"

    for name in ("near, nowhere", ","):
        unknown = operator.outcome(operator.reach(goal_name=name)[0])
        assert unknown.result.outcome == ReachGoal.Result.OUTCOME_INVALID_GOAL


@needs_interface
def test_the_action_says_why_a_goal_was_not_reached(operator: Operator):
    save(operator, "far")
    with operator.at(POSE["near"]):
        pass

    unknown = operator.outcome(operator.reach(goal_name="nowhere")[0])
    assert unknown.result.outcome == ReachGoal.Result.OUTCOME_INVALID_GOAL
    assert 'found "nowhere"' in unknown.result.reason
    negative = operator.outcome(operator.reach(goal_name="far", tolerance=-1.0)[0])
    assert negative.result.outcome == ReachGoal.Result.OUTCOME_INVALID_GOAL

    goal = ReachGoal.Goal(goal_name="far", tolerance=1e-9)
    goal.timeout.nanosec = 600_000_000
    late = operator.outcome(operator.reach(goal_name="far", tolerance=1e-9, timeout=goal.timeout)[0])
    assert late.status == GoalStatus.STATUS_ABORTED
    assert late.result.outcome == ReachGoal.Result.OUTCOME_TIMED_OUT, late.result
    assert operator.until(lambda: operator.goal_states[-1]["state"] == "timed_out")
    assert operator.until(lambda: operator.speed < 0.01), "the robot brakes when its goal is given up"
