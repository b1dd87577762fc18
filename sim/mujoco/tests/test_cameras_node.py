"""Robots with no camera and with several, as another process, over real ROS topics."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs a sourced ROS 2")

from ros_client import RosClient, stamp_ns
from sensor_msgs.msg import CameraInfo, Image
from simulator_process import NODE, URDF, SimulatorProcess
from std_msgs.msg import Float64MultiArray

WRIST = """<gazebo reference="distal_link"><sensor type="camera" name="wrist-cam"><update_rate>15</update_rate><camera>
  <horizontal_fov>1.2</horizontal_fov><image><width>64</width><height>48</height></image></camera></sensor></gazebo>"""
LATE = ("--camera-delay-ms", "60", "--camera-jitter-ms", "40")


def received(client: RosClient, kind: type, topics: Sequence[str]) -> dict[str, list[Any]]:
    """Fills with the messages of each topic."""
    seen: dict[str, list[Any]] = {topic: [] for topic in topics}
    for topic, messages in seen.items():
        client.node.create_subscription(kind, topic, messages.append, 50)
    client.wait(lambda: all(client.node.count_publishers(topic) for topic in topics), "the cameras")
    return seen


def placed(client: RosClient) -> int:
    """Places the robot; the stamp of it. The simulator begins with a teleport, whose clock may still be on its way."""
    client.set_state(0.125, 0.25)
    states = client.seen[f"{NODE}/true_joint_states"]

    def there() -> list[int]:
        return [stamp_ns(state) for state in states if list(state.position) == [0.125, 0.25]]

    client.wait(lambda: bool(there()), "the pose")
    return there()[0]


@pytest.fixture
def two_cameras(tmp_path: Path) -> Path:
    path = tmp_path / "two-cameras.urdf"
    path.write_text(URDF.read_text(encoding="utf-8").replace("</robot>", WRIST + "</robot>"), encoding="utf-8")
    return path


def test_each_camera_has_its_topics_and_the_main_one_keeps_its_own_as_well(two_cameras: Path):
    topics = ("camera/image_raw", "wrist_cam/image_raw", "wrist_cam/goal_image")
    with SimulatorProcess("--lockstep", "--urdf", str(two_cameras)), RosClient(lockstep=True) as client:
        images = received(client, Image, topics)
        infos = received(client, CameraInfo, ("wrist_cam/camera_info",))
        client.set_goal(0.3, 0.3)
        start_ns = placed(client)
        for _ in range(10):
            client.step()
        client.publish("commands", Float64MultiArray(data=[0.0, 0.0]))
        main, wrist = (images[topic] for topic in topics[:2])
        due = [start_ns + period * 20_000_000 for period in (0, 5, 10)]
        client.wait(lambda: [stamp_ns(one) for one in wrist if stamp_ns(one) >= start_ns] == due, "the images")
        client.wait(lambda: main and stamp_ns(main[-1]) == due[-1], "the images of the main camera")
        client.wait(lambda: stamp_ns(client.seen["image_raw"][-1]) == due[-1], "the same on image_raw")
        assert main[-1].data == client.seen["image_raw"][-1].data
        assert (wrist[-1].width, wrist[-1].height, wrist[-1].header.frame_id) == (64, 48, "distal_link")
        assert client.seen[f"{NODE}/period"][-1].data[1] == due[-1]
        client.wait(lambda: bool(images["wrist_cam/goal_image"]), "its goal image")
        assert infos["wrist_cam/camera_info"][-1].width == 64


def test_a_period_names_the_newest_image_that_all_cameras_have(two_cameras: Path):
    def run() -> list[int]:
        with SimulatorProcess("--lockstep", "--urdf", str(two_cameras), *LATE), RosClient(lockstep=True) as client:
            start_ns = placed(client)
            for _ in range(30):
                client.step()
            client.wait(lambda: len(periods_since(client, start_ns)) == 31, "all periods")
            return [(image - start_ns) // 20_000_000 for _, image in periods_since(client, start_ns)]

    first = run()
    assert set(first) >= {0, 5, 10, 15, 20}
    assert first == sorted(first)
    assert run() == first


def periods_since(client: RosClient, start_ns: int) -> list[Sequence[int]]:
    return [message.data for message in client.seen[f"{NODE}/period"] if message.data[0] >= start_ns]


def test_another_camera_can_be_the_main_one(two_cameras: Path):
    arguments = ("--urdf", str(two_cameras), "--camera", "wrist-cam")
    with SimulatorProcess(*arguments), RosClient(lockstep=False) as client:
        client.wait(lambda: bool(client.seen["image_raw"]), "an image")
        assert (client.seen["image_raw"][-1].width, client.seen["goal_image"][-1].width) == (64, 64)


def test_a_robot_without_a_camera_has_one_in_its_images_and_its_description(tmp_path: Path):
    bare = tmp_path / "bare.urdf"
    bare.write_text(URDF.read_text(encoding="utf-8").replace('type="camera"', 'type="imu"'), encoding="utf-8")
    with SimulatorProcess("--urdf", str(bare), "--camera-shift-m", "0.1") as simulator:
        with RosClient(lockstep=False) as client:
            client.wait(lambda: bool(client.seen["image_raw"]), "an image")
            image = client.seen["image_raw"][-1]
            assert (image.width, image.height) == (256, 256)
            assert f'name="{image.header.frame_id}"' in client.seen["robot_description"][-1].data
        _, errors = simulator.stop()
    assert errors.count("The URDF has no camera sensor") == 1
