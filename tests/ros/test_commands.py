"""Every form of command moves a foreign robot: trajectories, positions, velocities and efforts."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from conftest import JOINTS, PATIENT, URDF
from lifecycle_msgs.msg import Transition
from peer import COMMANDS_KEPT, QUIET_S, START_S, Peer
from std_msgs.msg import Float64MultiArray

PERIOD_S = 0.02
# Of the robot that efforts move: each joint turns this much mass, kg m².
INERTIA = 0.4
EFFORT = {
    "command.effort_kp": "[20.0]",
    "command.effort_kd": "[6.0, 6.0]",
    "command.effort_timeout_ms": "1000",
    "command.tracking_tolerance": "1.0",
}


class SetPointPeer(Peer):
    """A robot behind a forward_command_controller, which knows its joints by their place alone: elbow first."""

    order = ("elbow", "shoulder")

    def __init__(self, kind: str, urdf: str = URDF) -> None:
        super().__init__(urdf, JOINTS)
        self.kind = kind
        self.position = [0.3, -0.4]
        self.start = list(self.position)
        # (time of arrival, numbers, label)
        self.set_points: list[tuple[float, list[float], str]] = []
        self.create_subscription(Float64MultiArray, "commands", self._on_set_point, COMMANDS_KEPT)

    def _on_set_point(self, message: Float64MultiArray) -> None:
        values = list(message.data)
        self.set_points.append((time.monotonic(), values, message.layout.dim[0].label))
        for name, value in zip(self.order, values, strict=True):
            joint = JOINTS.index(name)
            if self.kind == "position":
                self.velocity[joint] = (value - self.position[joint]) / PERIOD_S
                self.position[joint] = value
                continue
            if self.kind == "velocity":
                self.velocity[joint] = value
            else:
                self.velocity[joint] += value / INERTIA * PERIOD_S
            self.position[joint] += self.velocity[joint] * PERIOD_S

    def has_moved(self) -> bool:
        return max(abs(now - then) for now, then in zip(self.position, self.start, strict=True)) > 0.1

    def falls_silent(self) -> bool:
        """Whether the node stops sending set points."""
        for _ in range(20):
            before = len(self.set_points)
            self.spin_for(QUIET_S)
            if len(self.set_points) == before:
                return True
        return False

    def newest(self) -> list[float]:
        return self.set_points[-1][1]


def start(start_node, peer: Peer, **parameters: str):
    process = start_node(**PATIENT | {name.replace(".", "__"): value for name, value in parameters.items()})
    assert peer.change_state(Transition.TRANSITION_CONFIGURE), process.log_path.read_text()
    assert peer.activate(), process.log_path.read_text()
    return process


@pytest.fixture
def set_point_peer():
    peers: list[SetPointPeer] = []

    def make(kind: str, urdf: str = URDF) -> SetPointPeer:
        peers.append(SetPointPeer(kind, urdf))
        return peers[-1]

    yield make
    for peer in peers:
        peer.destroy_node()


def set_points_of(kind: str, **more: str) -> dict[str, str]:
    return {"command.interface": "commands", "command.kind": kind, "command.joints": "elbow, shoulder"} | more


class TestSetPoints:
    def test_of_position_begin_where_the_robot_is_and_move_it(self, start_node, set_point_peer):
        peer = set_point_peer("position")
        process = start(start_node, peer, **set_points_of("position"))
        assert peer.spin_until(lambda: peer.set_points)
        # Elbow first: the order that the controller was said to have, also told with each message.
        assert peer.set_points[0][1:] == (pytest.approx([-0.4, 0.3]), "elbow, shoulder")
        assert "position of elbow, shoulder" in process.log_path.read_text()
        peer.publish_goal()
        assert peer.spin_until(peer.has_moved)
        for (_, before, _), (_, after, _) in pairwise(peer.set_points):
            # 2 rad/s; a late command may make up for the ramp of two periods.
            assert all(abs(new - old) <= 3 * 2 * PERIOD_S for old, new in zip(before, after, strict=True))

    def test_of_velocity_move_it_and_end_with_rest(self, start_node, set_point_peer):
        peer = set_point_peer("velocity")
        start(start_node, peer, **set_points_of("velocity"))
        peer.publish_goal()
        assert peer.spin_until(peer.has_moved)
        assert peer.change_state(Transition.TRANSITION_DEACTIVATE)
        assert peer.falls_silent()
        assert peer.newest() == [0.0, 0.0]

    def test_of_effort_move_it_within_the_limits_and_let_go_in_the_end(self, start_node, set_point_peer):
        peer = set_point_peer("effort")
        start(start_node, peer, **set_points_of("effort", **EFFORT))
        peer.publish_goal()
        assert peer.spin_until(peer.has_moved)
        assert all(abs(elbow) <= 10 and abs(shoulder) <= 20 for _, (elbow, shoulder), _ in peer.set_points)
        assert peer.change_state(Transition.TRANSITION_DEACTIVATE)
        assert peer.falls_silent()
        assert peer.newest() == [0.0, 0.0]

    def test_of_effort_go_on_regulating_while_the_robot_is_to_hold(self, start_node, set_point_peer):
        peer = set_point_peer("effort")
        start(start_node, peer, **set_points_of("effort", **EFFORT))
        assert peer.spin_until(lambda: len(peer.set_points) > 50)
        held = list(peer.position)
        # Somebody pushes.
        peer.velocity = [0.4, 0.4]
        peer.spin_for(0.1)
        assert peer.spin_until(lambda: any(abs(effort) > 0.1 for effort in peer.newest()))
        near = pytest.approx(held, abs=0.02)
        assert peer.spin_until(lambda: peer.position == near and max(map(abs, peer.velocity)) < 0.01), peer.position
        peer.spin_for(0.5)
        assert peer.position == near

    def test_of_effort_are_none_as_soon_as_joint_states_stop(self, start_node, set_point_peer):
        peer = set_point_peer("effort")
        start(start_node, peer, **set_points_of("effort", **EFFORT | {"command.effort_timeout_ms": "100"}))
        # Somebody leans on it, so that there is an effort to let go of.
        peer.spin_for(0.5)
        peer.position = [0.5, -0.2]
        peer.spin_for(0.1)
        peer.joint_states_on = False
        count = len(peer.set_points)
        peer.spin_until(lambda: len(peer.set_points) > count and peer.newest() == [0.0, 0.0])
        # Counted in set points, since a machine on which the node stands still for a while sends none.
        waited_s = (len(peer.set_points) - count) * PERIOD_S
        print(f"no effort {waited_s:.2f} s after the last joint state")
        assert peer.newest() == [0.0, 0.0] and waited_s <= 3.0
        assert peer.spin_until(lambda: peer.reported("joint_states"))
        peer.velocity = [0.0, 0.0]
        peer.joint_states_on = True
        assert peer.spin_until(lambda: peer.newest() != [0.0, 0.0])


class TestTrajectories:
    def test_of_positions_alone_move_the_robot(self, start_node, make_peer):
        peer = make_peer()
        start(start_node, peer, **{"command.trajectory_fields": "positions"})
        peer.publish_goal()
        assert peer.spin_until(lambda: abs(peer.position[0] - 0.3) + abs(peer.position[1] - 0.3) > 0.1)
        assert all(len(point.velocities) == 0 for _, message in peer.commands for point in message.points)
        assert max(len(message.points) for _, message in peer.commands) > 1

    def test_end_moving_where_that_is_asked_for_and_with_a_ramp_to_rest_when_it_holds(self, start_node, make_peer):
        peer = make_peer()
        start(start_node, peer, **{"command.trajectory_end": "moving"})
        peer.publish_goal()
        # From this speed braking takes three periods.
        assert peer.spin_until(lambda: peer.commands and peer.speed() > 0.5 and len(peer.commands[-1][1].points) == 1)
        peer.commands.clear()
        assert peer.pause(True).success
        assert peer.spin_until(peer.rests)
        messages = [message for _, message in peer.commands]
        # Some of before the pause may have been on their way.
        ramps = messages[next(index for index, message in enumerate(messages) if len(message.points) > 1) :]
        assert all(velocity == 0 for message in ramps for velocity in message.points[-1].velocities)


class TestRefusals:
    def ends(self, process) -> str:
        assert process.wait(START_S) == 2, process.log_path.read_text()
        return process.log_path.read_text()

    def test_of_efforts_without_gains(self, start_node):
        log = self.ends(start_node(command__interface="commands", command__kind="effort"))
        assert "command.effort_kp" in log
        assert "params.invalid" in log

    def test_of_joints_that_the_model_does_not_have(self, start_node):
        parameters = {"command__interface": "commands", "command__joints": "elbow, sholder", "autostart": "true"}
        assert "did you mean shoulder?" in self.ends(start_node(**parameters))

    def test_of_a_velocity_at_the_end_of_positions(self, start_node):
        parameters = {"command__trajectory_fields": "positions", "command__trajectory_end": "moving"}
        assert "positions_and_velocities" in self.ends(start_node(**parameters))

    def test_of_efforts_without_effort_limits(self, start_node, set_point_peer):
        urdf = URDF.replace(' effort="', ' unused="')
        assert urdf != URDF
        self.never_activates(start_node, set_point_peer("effort", urdf), "urdf.no-limits", "effort")

    def test_of_efforts_without_measured_velocities(self, start_node, set_point_peer):
        peer = set_point_peer("effort")
        peer.velocity = []
        self.never_activates(start_node, peer, "joint-states.no-velocity", "command.effort_kd")

    def never_activates(self, start_node, peer: SetPointPeer, *said: str) -> None:
        parameters = set_points_of("effort", **EFFORT)
        process = start_node(**{name.replace(".", "__"): value for name, value in parameters.items()})
        assert peer.change_state(Transition.TRANSITION_CONFIGURE)
        assert peer.spin_until(lambda: all(text in process.log_path.read_text() for text in said))
        assert not peer.change_state(Transition.TRANSITION_ACTIVATE)
        assert not peer.set_points
