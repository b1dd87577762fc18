"""The planner node as a lifecycle manager sees it."""

from __future__ import annotations

import re
import shutil
import signal
import time
from pathlib import Path

import pytest
from conftest import ROOT, URDF
from lifecycle_msgs.msg import State, Transition, TransitionEvent
from lifecycle_msgs.srv import ChangeState, GetAvailableTransitions, GetState
from spinning import TIMEOUT_S
from test_foreign_peer import parameter

#: What a transition may take, whatever goes on beside it, ms.
TRANSITION_LIMIT_MS = 100
#: Other programs on the machine may keep either process from running for longer than that.
ROUNDS = 10

CONFIGURE = Transition.TRANSITION_CONFIGURE
CLEANUP = Transition.TRANSITION_CLEANUP
ACTIVATE = Transition.TRANSITION_ACTIVATE
DEACTIVATE = Transition.TRANSITION_DEACTIVATE


class Manager:
    """Takes the node through its states over the services that every lifecycle manager uses."""

    def __init__(self, peer) -> None:
        self._peer = peer
        self._get_state = peer.create_client(GetState, "planner_node/get_state")
        self._available = peer.create_client(GetAvailableTransitions, "planner_node/get_available_transitions")
        self._change_state = peer.create_client(ChangeState, "planner_node/change_state")
        self.events: list[TransitionEvent] = []
        peer.create_subscription(TransitionEvent, "planner_node/transition_event", self.events.append, 50)
        for client in (self._get_state, self._available, self._change_state):
            assert client.wait_for_service(timeout_sec=TIMEOUT_S)
        peer._wait_until_known()
        peer.spin_for(0.5)

    def call(self, client, request, timeout_s: float = TIMEOUT_S):
        future = client.call_async(request)
        assert self._peer.spin_until(future.done, timeout_s), f"no answer from {client.srv_name}"
        return future.result()

    def state(self) -> int:
        return self.call(self._get_state, GetState.Request()).current_state.id

    def available(self) -> set[str]:
        answer = self.call(self._available, GetAvailableTransitions.Request())
        return {description.transition.label for description in answer.available_transitions}

    def request(self, transition: int = 0, label: str = "") -> ChangeState.Request:
        return ChangeState.Request(transition=Transition(id=transition, label=label))

    def change(self, transition: int = 0, label: str = "", timeout_s: float = TIMEOUT_S) -> tuple[bool, float]:
        """Whether it succeeded, and how long the answer took, ms."""
        start = time.monotonic()
        success = self.call(self._change_state, self.request(transition, label), timeout_s).success
        return success, (time.monotonic() - start) * 1000

    def begin(self, transition: int):
        """Asks without waiting for the answer."""
        return self._change_state.call_async(self.request(transition))

    def went_through(self, *labels: str) -> bool:
        states = iter(event.goal_state.label for event in self.events)
        return all(label in states for label in labels)


@pytest.fixture
def managed(start_node, make_peer):
    process = start_node()
    peer = make_peer()
    return peer, Manager(peer), process


def until_ready(peer, process) -> None:
    assert peer.spin_until(lambda: "model reacher runs on" in process.log_path.read_text())
    peer.spin_for(0.5)


def test_no_transition_is_held_up_by_what_goes_on_beside_it(managed):
    peer, manager, process = managed
    took: dict[str, list[float]] = {}

    def change(name: str, transition: int) -> bool:
        success, ms = manager.change(transition)
        took.setdefault(name, []).append(ms)
        return success

    def fastest() -> dict[str, float]:
        return {name: min(times) for name, times in took.items()}

    for _ in range(ROUNDS):
        process.log_path.write_text("")
        assert change("configure", CONFIGURE)
        # While the model is being loaded and warmed up.
        assert not change("refused", ACTIVATE)
        until_ready(peer, process)
        assert change("activate", ACTIVATE)
        peer.publish_goal()
        assert peer.spin_until(peer.moves)
        # While a plan is being made.
        assert change("deactivate", DEACTIVATE)
        assert change("cleanup", CLEANUP)
        # While a model is being loaded that is not wanted any more.
        assert change("configure", CONFIGURE)
        assert change("cleanup", CLEANUP)
        if max(fastest().values()) <= TRANSITION_LIMIT_MS:
            break
    print({name: [round(ms, 1) for ms in times] for name, times in took.items()})
    assert max(fastest().values()) <= TRANSITION_LIMIT_MS, fastest()


class TestRefusals:
    def test_are_answered_for_transitions_that_there_are_not(self, managed):
        _, manager, process = managed
        assert manager.available() == {"configure", "shutdown"}
        for transition in (ACTIVATE, DEACTIVATE, CLEANUP, 250):
            success, _ = manager.change(transition)
            assert not success
        assert not manager.change(label="make_coffee")[0]
        assert manager.state() == State.PRIMARY_STATE_UNCONFIGURED
        assert "expected one of configure, shutdown" in process.log_path.read_text()
        assert manager.change(label="configure")[0]
        assert manager.state() == State.PRIMARY_STATE_INACTIVE
        assert not manager.change(CONFIGURE)[0]

    @pytest.mark.parametrize(("quiet", "reason"), [("camera_on", "image: "), ("joint_states_on", "joint_states: ")])
    def test_activation_needs_fresh_inputs(self, managed, quiet, reason):
        peer, manager, process = managed
        assert manager.change(CONFIGURE)[0]
        until_ready(peer, process)
        setattr(peer, quiet, False)
        peer.spin_for(1.0)
        assert not manager.change(ACTIVATE)[0]
        assert f"not activated: {reason}" in process.log_path.read_text()
        setattr(peer, quiet, True)
        assert peer.activate()


class TestWaitingActivation:
    """`activation.wait_s` lets a request to activate wait for the model: nav2's manager asks only once."""

    def test_is_done_when_the_node_is_ready_which_answers_others_meanwhile(self, start_node, make_peer):
        start_node(activation__wait_s="60.0")
        peer = make_peer()
        manager = Manager(peer)
        assert manager.change(CONFIGURE)[0]
        future = manager.begin(ACTIVATE)
        assert manager.state() == State.PRIMARY_STATE_INACTIVE
        assert peer.spin_until(future.done, 2 * TIMEOUT_S)
        assert future.result().success
        assert manager.state() == State.PRIMARY_STATE_ACTIVE

    def test_is_refused_after_that_time(self, start_node, make_peer):
        process = start_node(activation__wait_s="0.5")
        peer = make_peer()
        peer.camera_on = False
        manager = Manager(peer)
        assert manager.change(CONFIGURE)[0]
        until_ready(peer, process)
        success, ms = manager.change(ACTIVATE)
        assert not success
        assert ms >= 450
        assert "not activated: image: none received" in process.log_path.read_text()

    def test_ends_with_a_transition_that_overtakes_it(self, start_node, make_peer):
        start_node(activation__wait_s="60.0")
        peer = make_peer()
        peer.camera_on = False
        manager = Manager(peer)
        assert manager.change(CONFIGURE)[0]
        future = manager.begin(ACTIVATE)
        peer.spin_for(0.5)
        assert not future.done()
        assert manager.change(CLEANUP)[0]
        assert peer.spin_until(future.done)
        assert not future.result().success
        assert manager.state() == State.PRIMARY_STATE_UNCONFIGURED

    def test_is_refused_at_once_where_waiting_does_not_help(self, start_node, make_peer):
        process = start_node(activation__wait_s="60.0")
        peer = make_peer(URDF.replace(' acceleration="', ' unused="'))
        manager = Manager(peer)
        assert manager.change(CONFIGURE)[0]
        assert peer.spin_until(lambda: "urdf.no-limits" in process.log_path.read_text())
        assert not manager.change(ACTIVATE, timeout_s=30.0)[0]


def test_nav2s_manager_starts_stops_resets_and_shuts_it_down(start_node, make_peer):
    """The calls of nav2_lifecycle_manager, each followed by get_state: with `bond_timeout: 0.0` that is all."""
    start_node(activation__wait_s="60.0")
    peer = make_peer()
    manager = Manager(peer)

    def change(transition: int, expected: int) -> None:
        assert manager.change(transition, timeout_s=2 * TIMEOUT_S)[0]
        assert manager.state() == expected

    assert manager.state() == State.PRIMARY_STATE_UNCONFIGURED
    # STARTUP
    change(CONFIGURE, State.PRIMARY_STATE_INACTIVE)
    change(ACTIVATE, State.PRIMARY_STATE_ACTIVE)
    # PAUSE, RESUME
    change(DEACTIVATE, State.PRIMARY_STATE_INACTIVE)
    change(ACTIVATE, State.PRIMARY_STATE_ACTIVE)
    # RESET, STARTUP
    change(DEACTIVATE, State.PRIMARY_STATE_INACTIVE)
    change(CLEANUP, State.PRIMARY_STATE_UNCONFIGURED)
    change(CONFIGURE, State.PRIMARY_STATE_INACTIVE)
    change(ACTIVATE, State.PRIMARY_STATE_ACTIVE)
    peer.publish_goal()
    assert peer.spin_until(peer.moves)
    # SHUTDOWN
    change(DEACTIVATE, State.PRIMARY_STATE_INACTIVE)
    change(CLEANUP, State.PRIMARY_STATE_UNCONFIGURED)
    change(Transition.TRANSITION_UNCONFIGURED_SHUTDOWN, State.PRIMARY_STATE_FINALIZED)


class TestErrors:
    def test_a_model_that_does_not_load_leads_to_the_error_state_with_the_reason(self, start_node, make_peer):
        process = start_node(model="/nowhere")
        peer = make_peer()
        manager = Manager(peer)
        assert manager.change(CONFIGURE)[0]
        assert peer.spin_until(lambda: manager.went_through("errorprocessing", "unconfigured"))
        assert manager.state() == State.PRIMARY_STATE_UNCONFIGURED
        assert process.poll() is None
        assert "model.missing-file" in process.log_path.read_text()
        assert peer.spin_until(lambda: "model.missing-file" in peer.diagnostics["planner_node: model"][1])
        # It is as if it had never been configured: put right, it starts.
        fixed = peer.set_parameters([parameter("model", str(ROOT / "models" / "reacher"))])
        assert fixed.results[0].successful
        assert manager.change(CONFIGURE)[0]
        assert peer.activate()

    def test_a_planner_that_cannot_be_started_again_does_so_too_after_the_brake(self, start_node, make_peer, tmp_path):
        model = tmp_path / "model"
        shutil.copytree(ROOT / "models" / "reacher", model)
        process = start_node(model=str(model), planning__timeout_s="0.05")
        peer = make_peer()
        manager = Manager(peer)
        assert manager.change(CONFIGURE)[0]
        assert peer.activate()
        # From now on no planner can be loaded; one plan that takes too long is enough for it to be tried.
        shutil.rmtree(model)
        (slow,) = peer.set_parameters([parameter("sampling.samples", 8000)]).results
        assert slow.successful
        peer.publish_goal()
        assert peer.spin_until(lambda: manager.went_through("errorprocessing", "unconfigured"), 60.0)
        assert manager.state() == State.PRIMARY_STATE_UNCONFIGURED
        assert peer.rests() or all(v == 0 for v in peer.commands[-1][1].points[-1].velocities)
        assert "model.missing-file" in process.log_path.read_text()


def test_only_diagnostics_are_published_while_it_is_inactive(active):
    peer, _ = active
    assert peer.change_state(DEACTIVATE)
    assert peer.falls_silent()
    peer.commands.clear()
    peer.statistics.clear()
    peer.diagnostics.clear()
    peer.spin_for(1.5)
    assert peer.spin_until(lambda: "planner_node: motion" in peer.diagnostics)
    assert not peer.commands
    assert not peer.statistics
    assert peer.diagnostics["planner_node: motion"][0] == 3


def test_with_autostart_it_needs_nobody(start_node, make_peer):
    start_node(autostart="true")
    peer = make_peer()
    manager = Manager(peer)
    assert peer.spin_until(lambda: manager.state() == State.PRIMARY_STATE_ACTIVE)
    # Once: who deactivates it wants it so.
    assert manager.change(DEACTIVATE)[0]
    peer.spin_for(1.0)
    assert manager.state() == State.PRIMARY_STATE_INACTIVE


def test_with_autostart_it_says_what_it_waits_for(start_node, make_peer):
    process = start_node(autostart="true")
    peer = make_peer(urdf="")
    peer.camera_on = False
    assert peer.spin_until(lambda: "not activated yet" in process.log_path.read_text(), 60.0)
    log = process.log_path.read_text()
    assert "robot_description: none received on /robot_description, published by /peer" in log
    assert "image: none received on /image, published by /peer" in log
    assert "joint_states: " not in log
    peer.camera_on = True
    peer.describe(URDF)
    assert peer.spin_until(lambda: "all inputs are there" in process.log_path.read_text())
    manager = Manager(peer)
    assert peer.spin_until(lambda: manager.state() == State.PRIMARY_STATE_ACTIVE)


def test_with_simulated_time_it_is_not_activated_without_a_clock(start_node, make_peer):
    process = start_node(autostart="true", use_sim_time="true")
    peer = make_peer()
    # After 5 s, or as soon as the clock is all that is missing: on a busy machine the model takes longer.
    missing = re.escape("clock: none received on /clock, which nobody publishes (use_sim_time is true)")
    text = rf"not activated yet, after \d+ s: {missing}"
    assert peer.spin_until(lambda: re.search(text, process.log_path.read_text()) is not None, 60.0)
    assert Manager(peer).state() == State.PRIMARY_STATE_INACTIVE


@pytest.mark.parametrize("later_s", [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5])
def test_a_signal_while_ros_starts_ends_the_process(start_node, later_s):
    process = start_node()
    memory = Path(f"/proc/{process.pid}/maps")
    deadline = time.monotonic() + TIMEOUT_S
    while "rclnodejs" not in memory.read_text() and time.monotonic() < deadline:
        time.sleep(0.002)
    assert "rclnodejs" in memory.read_text()
    time.sleep(later_s)
    process.send_signal(signal.SIGINT)
    # Right after the library is loaded nobody answers signals yet, and the process ends by it.
    assert process.wait(TIMEOUT_S) in (0, -signal.SIGINT)
