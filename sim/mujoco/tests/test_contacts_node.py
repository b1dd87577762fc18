"""Contacts over real ROS topics, as another process."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs a sourced ROS 2")

from diagnostic_msgs.msg import DiagnosticArray
from ros_client import RosClient, stamp_ns
from simulator_process import NODE, SimulatorProcess

SCENE = """
objects:
  - {name: wall, shape: box, size: [0.1, 0.1, 0.2], position: [0.25, 0.25, 0.05]}
"""


def test_contacts_are_published_with_the_true_joint_states(tmp_path: Path):
    scene = tmp_path / "scene.yaml"
    scene.write_text(SCENE, encoding="utf-8")
    seen: list[DiagnosticArray] = []
    with SimulatorProcess("--lockstep", "--scene", str(scene)), RosClient(lockstep=True) as client:
        client.node.create_subscription(DiagnosticArray, f"{NODE}/contacts", seen.append, 50)
        client.wait(lambda: client.node.count_publishers(f"{NODE}/contacts") > 0, "the simulator")

        def touched() -> dict[str, list[tuple[str, str]]]:
            return {one.name: [(pair.key, pair.value) for pair in one.values] for one in seen[-1].status}

        client.set_state(-1.5, 0.0)
        client.wait(lambda: bool(seen) and touched() == {"self_collisions": [], "surroundings": []}, "no contact")
        client.set_state(0.78, 0.0)
        client.wait(lambda: bool(touched()["surroundings"]), "a contact with the wall")
        assert {other for _, other in touched()["surroundings"]} == {"wall"}
        assert touched()["self_collisions"] == []
        states = client.seen[f"{NODE}/true_joint_states"]
        client.wait(lambda: stamp_ns(states[-1]) == stamp_ns(seen[-1]), "the state of the same time")
