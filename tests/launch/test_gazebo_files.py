"""World, bridge and controllers of Gazebo agree with the robot, with each other and with the project's simulators."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xacro
import yaml

ROOT = Path(__file__).resolve().parents[2]
GAZEBO = ROOT / "sim" / "gazebo"
# What ros_gz_bridge of ROS 2 Humble reads; a later one reads more.
BRIDGE_KEYS = {
    *("ros_topic_name", "gz_topic_name", "ros_type_name", "gz_type_name", "direction", "lazy"),
    *("publisher_queue", "subscriber_queue"),
}
# Message types that ros_gz_bridge translates into each other, in every release from Humble on.
BRIDGED_TYPES = {
    "rosgraph_msgs/msg/Clock": "gz.msgs.Clock",
    "sensor_msgs/msg/CameraInfo": "gz.msgs.CameraInfo",
    "sensor_msgs/msg/Image": "gz.msgs.Image",
    "sensor_msgs/msg/JointState": "gz.msgs.Model",
    "trajectory_msgs/msg/JointTrajectory": "gz.msgs.JointTrajectory",
}


def robot(driver: str) -> ElementTree.Element:
    path = ROOT / "urdf" / "reacher.urdf.xacro"
    return ElementTree.fromstring(xacro.process_file(str(path), mappings={"sim": "gazebo", "driver": driver}).toxml())


def bridged(name: str) -> dict[str, dict[str, str]]:
    """Entries of a bridge, by the ROS topic."""
    entries = yaml.safe_load((GAZEBO / name).read_text(encoding="utf-8"))
    return {entry["ros_topic_name"]: entry for entry in entries}


def controller() -> dict:
    parameters = yaml.safe_load((GAZEBO / "controllers.yaml").read_text(encoding="utf-8"))
    return parameters["/**/joint_trajectory_controller"]["ros__parameters"]


class TestWorld:
    @pytest.fixture
    def world(self) -> ElementTree.Element:
        return ElementTree.parse(GAZEBO / "worlds" / "reacher.sdf").getroot().find("world")

    def test_nothing_is_fetched(self, world: ElementTree.Element) -> None:
        assert {"include", "uri", "mesh", "script"}.isdisjoint(element.tag for element in world.iter())

    def test_gazebo_moves_shows_and_renders(self, world: ElementTree.Element) -> None:
        systems = {plugin.get("name"): plugin.get("filename") for plugin in world.findall("plugin")}
        assert systems == {
            "gz::sim::systems::Physics": "gz-sim-physics-system",
            "gz::sim::systems::UserCommands": "gz-sim-user-commands-system",
            "gz::sim::systems::SceneBroadcaster": "gz-sim-scene-broadcaster-system",
            "gz::sim::systems::Sensors": "gz-sim-sensors-system",
        }
        assert world.findtext("plugin/render_engine") == "ogre2"

    def test_shadows_would_be_new_to_the_model(self, world: ElementTree.Element) -> None:
        assert (world.findtext("scene/shadows"), world.findtext("light/cast_shadows")) == ("false", "false")
        assert len(world.findall("light")) == 1


class TestBridge:
    @pytest.mark.parametrize("name", ["bridge.yaml", "bridge-native.yaml"])
    def test_every_release_reads_it(self, name: str) -> None:
        for entry in bridged(name).values():
            assert set(entry) <= BRIDGE_KEYS
            assert BRIDGED_TYPES[entry["ros_type_name"]] == entry["gz_type_name"]
            assert entry["direction"] in ("GZ_TO_ROS", "ROS_TO_GZ")

    def test_the_topics_are_those_of_the_camera(self) -> None:
        topic = robot("none").findtext("gazebo/sensor/topic")
        entries = bridged("bridge.yaml")
        assert entries["image_raw"]["gz_topic_name"] == f"/{topic}"
        # Gazebo puts camera_info beside the image.
        assert entries["camera_info"]["gz_topic_name"] == "/camera_info"
        assert entries["/clock"]["gz_topic_name"] == "/clock"

    def test_the_topics_are_those_of_gazebos_own_controller(self) -> None:
        topics = {f"/{plugin.findtext('topic')}" for plugin in robot("native").findall("gazebo/plugin")}
        assert {entry["gz_topic_name"] for entry in bridged("bridge-native.yaml").values()} == topics


class TestControllers:
    def test_they_move_the_joints_of_the_robot(self) -> None:
        movable = [joint.get("name") for joint in robot("none").findall("joint") if joint.get("type") != "fixed"]
        assert controller()["joints"] == list(controller()["gains"]) == movable
        hardware = robot("ros2_control").find("ros2_control/joint")
        offered = {interface.get("name") for interface in hardware.findall("command_interface")}
        assert set(controller()["command_interfaces"]) <= offered

    def test_they_follow_a_trajectory_as_the_projects_simulators_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "path", [str(ROOT / "sim" / "common"), *sys.path])
        from jepa_mpc_sim.simulation import POSITION_GAIN, UPDATE_PERIOD_NS

        # Other command interfaces have other gains.
        assert controller()["command_interfaces"] == ["velocity"]
        for gains in controller()["gains"].values():
            assert gains == {"p": POSITION_GAIN, "i": 0.0, "d": 0.0, "ff_velocity_scale": 1.0}
        parameters = yaml.safe_load((GAZEBO / "controllers.yaml").read_text(encoding="utf-8"))
        manager = parameters["/**/controller_manager"]["ros__parameters"]
        assert manager["update_rate"] == 1e9 / UPDATE_PERIOD_NS

    def test_a_stream_of_trajectories_goes_on_from_what_was_wanted(self) -> None:
        assert controller()["interpolate_from_desired_state"] is True

    def test_without_a_new_trajectory_the_robot_is_held(self) -> None:
        # ros2_control takes no notice of a time that is not above goal_time.
        assert controller()["cmd_timeout"] > controller()["constraints"]["goal_time"]
        assert controller()["allow_nonzero_velocity_at_trajectory_end"] is False
