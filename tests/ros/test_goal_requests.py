"""Requests for a goal that cannot be met: each answer names what was found, what is expected and what to do."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import PIL.Image
import pytest
from action_msgs.msg import GoalStatus
from conftest import StartNode
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from peer import LATCHED, SIZE, START_S, Peer
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rclpy.action import ActionClient
from reach_goal import ReachGoal, needs_interface
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger


class Asker:
    """Asks the node for goals, through a peer that is its robot."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.states: list[dict[str, str]] = []
        peer.create_subscription(DiagnosticArray, "planner_node/goal_status", self._on_status, LATCHED)

    def _on_status(self, message: DiagnosticArray) -> None:
        self.states.append({entry.key: entry.value for entry in message.status[0].values})

    def trigger(self, service: str, /, **texts: str) -> Trigger.Response:
        """Calls a service after setting parameters `goal.*`."""
        parameters = [
            Parameter(name=f"goal.{key}", value=ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=value))
            for key, value in texts.items()
        ]
        if parameters:
            assert all(result.successful for result in self.peer.set_parameters(parameters).results)
        client = self.peer.create_client(Trigger, f"planner_node/{service}")
        return self.peer._call(client, Trigger.Request())

    def refusal(self, service: str, /, **texts: str) -> str:
        answer = self.trigger(service, **texts)
        assert not answer.success, answer.message
        return answer.message

    def send(self, **goal: object) -> object:
        client = ActionClient(self.peer, ReachGoal, "planner_node/reach_goal")
        assert client.wait_for_server(START_S), "no action server"
        sent = client.send_goal_async(ReachGoal.Goal(**goal))
        assert self.peer.spin_until(sent.done)
        return sent.result()

    def end(self, handle: object) -> object:
        future = handle.get_result_async()
        assert self.peer.spin_until(future.done), "the goal does not end"
        return future.result()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "goals"


@pytest.fixture
def node(start_node: StartNode, folder: Path) -> subprocess.Popen:
    return start_node(goal__folder=str(folder))


def test_a_node_without_a_model_or_a_frame_says_so(node: subprocess.Popen, make_peer: Callable[..., Peer]):
    peer = make_peer()
    peer.camera_on = False
    asker = Asker(peer)
    for name in ("load_goal", "save_goal", "goal_from_file"):
        message = asker.refusal(name, name="home", file="goal.png")
        assert "found no model yet, expected a node that is configured" in message
        assert "Configure the node first." in message
    assert "not configured: configure it first" in asker.refusal("capture_goal")

    assert peer.change_state(Transition.TRANSITION_CONFIGURE)
    assert peer.spin_until(lambda: "found no frame yet" in asker.trigger("capture_goal").message)
    for name in ("capture_goal", "save_goal"):
        message = asker.refusal(name)
        assert "camera: found no frame yet, expected one since" in message
        assert "Check that the camera publishes" in message


def test_names_and_files_that_cannot_be_used_are_refused_with_what_to_do(
    active: tuple[Peer, subprocess.Popen], tmp_path: Path
):
    peer, process = active
    asker = Asker(peer)
    assert 'found "../home", expected 1 to 64 letters' in asker.refusal("save_goal", name="../home")
    assert 'found "", expected 1 to 64 letters' in asker.refusal("save_goal", name="")
    assert 'found "/etc", expected 1 to 64 letters' in asker.refusal("load_goal", name="/etc")
    assert 'found "nowhere", expected' in asker.refusal("load_goal", name="nowhere")
    assert "Save it first with ~/save_goal" in asker.refusal("load_goal")

    absent, text = tmp_path / "absent.png", tmp_path / "text.png"
    text.write_text("no image")
    assert f"{absent}: found something that cannot be read" in asker.refusal("goal_from_file", file=str(absent))
    assert "Correct the path (goal.file" in asker.refusal("goal_from_file")
    assert f"goal file {text}: found" in asker.refusal("goal_from_file", file=str(text))
    assert f"{tmp_path}: found something that cannot be read" in asker.refusal("goal_from_file", file=str(tmp_path))
    for files in ("", f"{text}, {text}"):
        message = asker.refusal("goal_from_file", file=files)
        assert "parameter goal.file: found" in message
        assert "expected 1 JPEG or PNG" in message
        assert "Set goal.file" in message
    assert process.poll() is None
    assert peer.spin_until(peer.moves), "the goal from before all these is still in force"


def test_a_goal_that_is_saved_while_inactive_is_kept_for_later(
    node: subprocess.Popen, make_peer: Callable[..., Peer], folder: Path
):
    peer = make_peer()
    asker = Asker(peer)
    assert peer.change_state(Transition.TRANSITION_CONFIGURE)
    assert peer.spin_until(lambda: asker.trigger("save_goal", name="home").success)
    assert [path.name for path in folder.iterdir()] == ["home"]
    answer = asker.trigger("load_goal")
    assert answer.success
    assert "home is the goal; the robot pursues it once the node is active" in answer.message
    assert peer.spin_until(lambda: asker.states and asker.states[-1]["origin"] == "the saved goal home")
    assert peer.activate()
    assert asker.trigger("list_goals").message == "home"


def test_a_second_goal_without_a_stamp_is_another_goal_and_the_same_one_again_is_not(
    active: tuple[Peer, subprocess.Popen],
):
    peer, _ = active
    asker = Asker(peer)
    assert peer.spin_until(lambda: len(asker.states) == 1)

    def publish(shade: int) -> None:
        message = peer._image(shade)
        message.header.stamp.sec = message.header.stamp.nanosec = 0
        peer._goal.publish(message)

    publish(10)
    assert peer.spin_until(lambda: len(asker.states) == 2)
    publish(10)
    publish(250)
    assert peer.spin_until(lambda: len(asker.states) == 3)
    peer.spin_for(0.5)
    stamps = [int(state["goal_stamp_ns"]) for state in asker.states]
    assert 0 < stamps[0] < stamps[1] < stamps[2] and len(stamps) == 3


@needs_interface
def test_images_of_the_action_are_gone_for_and_saved(start_node: StartNode, make_peer: Callable, folder: Path):
    start_node(goal__folder=str(folder), autostart="true")
    peer = make_peer()
    asker = Asker(peer)
    # Moving is what an active node with a goal does.
    peer.publish_goal()
    assert peer.spin_until(peer.moves)

    handle = asker.send(goal_images=[peer._image(40)], goal_name="sent", tolerance=1e-9)
    assert peer.spin_until(lambda: asker.states[-1]["origin"] == "the action")
    assert asker.trigger("list_goals").message == "sent"
    (saved,) = (folder / "sent").iterdir()
    assert set(PIL.Image.open(saved).convert("RGB").tobytes()) == {40}

    taken_over = asker.send(goal_name="sent", tolerance=1e-9)
    assert asker.end(handle).result.outcome == ReachGoal.Result.OUTCOME_PREEMPTED
    assert peer.change_state(Transition.TRANSITION_DEACTIVATE)
    stopped = asker.end(taken_over)
    assert stopped.status == GoalStatus.STATUS_ABORTED
    assert stopped.result.outcome == ReachGoal.Result.OUTCOME_STOPPED
    assert "the node is not active: activate it" in stopped.result.reason


@needs_interface
def test_a_goal_of_the_action_that_cannot_be_gone_for_leaves_the_one_in_force(
    active: tuple[Peer, subprocess.Popen],
):
    peer, _ = active
    asker = Asker(peer)
    assert peer.spin_until(lambda: len(asker.states) == 1)

    def reason(**goal: object) -> str:
        ended = asker.end(asker.send(**goal))
        assert ended.status == GoalStatus.STATUS_ABORTED
        assert ended.result.outcome == ReachGoal.Result.OUTCOME_INVALID_GOAL
        return ended.result.reason

    assert 'goal name: found "../up", expected 1 to 64' in reason(goal_name="../up")
    assert 'goal name: found "", expected 1 to 64' in reason()
    assert "goal_images: found 2 images, expected 1" in reason(goal_images=[peer._image(1), peer._image(2)])
    assert "found 0 bytes" in reason(goal_images=[Image(height=SIZE, width=SIZE, encoding="rgb8", step=SIZE * 3)])
    assert "expected finite numbers of at least 0" in reason(goal_name="x", tolerance=float("nan"))

    assert peer.change_state(Transition.TRANSITION_DEACTIVATE)
    idle = asker.end(asker.send(goal_images=[peer._image(1)]))
    assert idle.result.outcome == ReachGoal.Result.OUTCOME_STOPPED
    assert "the node is not active: activate it, then send the goal again" in idle.result.reason
    peer.spin_for(0.3)
    assert len(asker.states) == 1, "the goal of before is the one in force"


@needs_interface
def test_clients_hear_that_the_node_goes_down(active: tuple[Peer, subprocess.Popen]):
    peer, process = active
    asker = Asker(peer)
    future = asker.send(goal_images=[peer._image(40)], tolerance=1e-9).get_result_async()
    assert peer.spin_until(lambda: asker.states and asker.states[-1]["origin"] == "the action")
    # The request for the result has to have arrived.
    peer.spin_for(0.5)
    process.send_signal(signal.SIGINT)
    assert peer.spin_until(future.done)
    assert future.result().result.outcome == ReachGoal.Result.OUTCOME_STOPPED
    assert future.result().result.reason == "the node is going down"
    assert process.wait(START_S) == 0
