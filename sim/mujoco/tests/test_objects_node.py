"""Objects over real ROS topics, as another process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs a sourced ROS 2")

from geometry_msgs.msg import Quaternion, Transform, Vector3
from ros_client import RosClient, stamp_ns
from sensor_msgs.msg import MultiDOFJointState
from simulator_process import NODE, SimulatorProcess

SCENE = """
objects:
  - {name: cube, shape: box, size: [0.06, 0.06, 0.1], position: [0.25, 0.4, 0.05], free: true, mass: 0.1}
  - {name: post, shape: cylinder, radius: 0.02, length: 0.2, position: [-0.5, 0, 0.1]}
"""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[RosClient]:
    scene = tmp_path / "scene.yaml"
    scene.write_text(SCENE, encoding="utf-8")
    with SimulatorProcess("--lockstep", "--scene", str(scene)), RosClient(lockstep=True) as client:
        yield client


def pose(x: float, y: float, z: float, w: float = 1.0) -> Transform:
    return Transform(translation=Vector3(x=x, y=y, z=z), rotation=Quaternion(w=w))


def test_objects_are_published_placed_and_put_back_by_a_teleport(client: RosClient):
    poses: list[MultiDOFJointState] = []
    client.node.create_subscription(MultiDOFJointState, f"{NODE}/true_object_poses", poses.append, 50)
    out = client.node.create_publisher(MultiDOFJointState, f"{NODE}/set_objects", 10)
    client.wait(lambda: out.get_subscription_count() > 0, "the simulator")

    def at() -> list[float]:
        (transform,) = poses[-1].transforms
        return [transform.translation.x, transform.translation.y, transform.translation.z]

    def place(*transforms: Transform, names: tuple[str, ...] = ("cube",)) -> None:
        out.publish(MultiDOFJointState(joint_names=list(names), transforms=list(transforms)))

    client.set_state(-1.5, 0.25)
    client.wait(lambda: bool(poses) and at() == [0.25, 0.4, 0.05], "where the cube starts")
    assert (poses[-1].joint_names, poses[-1].header.frame_id) == (["cube"], "world")

    place(pose(0.4, -0.3, 0.05))
    client.wait(lambda: at() == [0.4, -0.3, 0.05], "the cube at its new place")
    placed_ns = stamp_ns(poses[-1])
    states = client.seen[f"{NODE}/true_joint_states"]
    client.wait(lambda: stamp_ns(states[-1]) == placed_ns, "the state of the same time")
    assert list(states[-1].position) == [-1.5, 0.25]

    client.set_state(-1.0, 0.25)
    client.wait(lambda: stamp_ns(poses[-1]) > placed_ns, "the next pose")
    assert at() == [0.4, -0.3, 0.05], "it starts there from now on"

    for transforms, names, message in (
        ([pose(0, 0, 1)], ("post",), "found post, expected free objects, of cube"),
        ([pose(0, 0, 1)] * 2, ("cube", "cube"), "each once"),
        ([], ("cube",), "found 0 transforms"),
        ([pose(0, 0, 1, w=0.0)], ("cube",), "a unit quaternion"),
        ([pose(0, 0, float("nan"))], ("cube",), "a unit quaternion"),
        ([pose(0, 0, 1e11)], ("cube",), "expected a position within 1000 m"),
    ):
        place(*transforms, names=names)
        client.wait(lambda message=message: any(message in line for line in client.errors()), message)
    assert at() == [0.4, -0.3, 0.05]
