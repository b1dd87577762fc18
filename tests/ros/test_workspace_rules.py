"""The robot stays in its work space: every point that is commanded is checked with kinematics of this test's own."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from conftest import PATIENT, start_moving
from peer import Peer
from trajectory_msgs.msg import JointTrajectory

UPPER_M, FOREARM_M = 0.38, 0.32
START = (0.3, 0.3)
"""Where the peer's robot begins, rad."""


def quoted(text: str) -> str:
    """For a value on the command line, which is YAML: a colon has a meaning there."""
    return f'"{text}"'


def tip(position) -> tuple[float, float]:
    shoulder, elbow = position
    return (
        UPPER_M * math.cos(shoulder) + FOREARM_M * math.cos(shoulder + elbow),
        UPPER_M * math.sin(shoulder) + FOREARM_M * math.sin(shoulder + elbow),
    )


def tip_speed(position, velocity) -> float:
    shoulder, elbow = position
    turning = velocity[0] + velocity[1]
    x = -UPPER_M * math.sin(shoulder) * velocity[0] - FOREARM_M * math.sin(shoulder + elbow) * turning
    y = UPPER_M * math.cos(shoulder) * velocity[0] + FOREARM_M * math.cos(shoulder + elbow) * turning
    return math.hypot(x, y)


def points(peer: Peer) -> list:
    """Every point of every command: the robot follows them if no other command comes."""
    messages: list[JointTrajectory] = [message for _, message in peer.commands]
    return [point for message in messages for point in message.points]


def test_a_plan_that_would_leave_the_work_space_is_cut_and_named(start_node, make_peer: Callable[..., Peer]):
    x, y = tip(START)
    room = 0.06
    walls = [
        f"fingertip: {axis} {side}"
        for axis, at in (("x", x), ("y", y))
        for side in (f">= {at - room}", f"<= {at + room}")
    ]
    process = start_node(workspace__half_spaces=quoted("; ".join(walls)), command__soft_start_s="0.0", **PATIENT)
    peer = make_peer()
    start_moving(peer, process)
    assert peer.spin_until(lambda: peer.reported("workspace: ")), process.log_path.read_text()
    assert peer.spin_until(lambda: len(peer.commands) > 150)
    inside = [tip(point.positions) for point in points(peer)]
    assert len(inside) > 100
    assert max(abs(px - x) for px, _ in inside) <= room + 1e-6
    assert max(abs(py - y) for _, py in inside) <= room + 1e-6
    log = process.log_path.read_text()
    assert "workspace: " in log
    assert "fingertip" in log
    # Cut, not refused: the robot moved towards its goal as far as it may.
    assert max(math.hypot(px - x, py - y) for px, py in inside) > 0.01


def test_the_tool_keeps_its_speed_limit(start_node, make_peer: Callable[..., Peer]):
    limit = 0.2
    process = start_node(workspace__max_tcp_speed=str(limit), command__soft_start_s="0.0", **PATIENT)
    peer = make_peer()
    start_moving(peer, process)
    assert peer.spin_until(lambda: len(peer.commands) > 150)
    speeds = [tip_speed(point.positions, point.velocities) for point in points(peer)]
    assert max(speeds) <= limit + 1e-6
    assert max(speeds) > limit / 2, "it would also keep the limit at rest"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"workspace__half_spaces": quoted("z >= 0.1")}, "workspace.half_spaces"),
        ({"workspace__half_spaces": quoted("gripper: z >= 0.1")}, "gripper"),
        ({"workspace__srdf": "/nowhere/arm.srdf"}, "/nowhere/arm.srdf"),
    ],
)
def test_rules_that_do_not_fit_the_robot_keep_it_from_moving(start_node, make_peer, parameters, words):
    process = start_node(**parameters)
    peer = make_peer()
    if process.poll() is None and peer.change_state(1):
        assert peer.spin_until(lambda: words in process.log_path.read_text()), process.log_path.read_text()
        assert not peer.activate(2.0)
    else:
        assert words in process.log_path.read_text()
    assert peer.commands == []
