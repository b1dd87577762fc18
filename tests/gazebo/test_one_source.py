"""URDF, the SDF that Gazebo has and MuJoCo's model are one robot: its motion, its limits, its camera, its colours."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np
import pytest
from kinematics import sdf_link, sdf_pose, urdf_frame
from libsdformat import Libsdformat

POSES = 200
TIP_TOLERANCE_M = 1e-6
# libsdformat writes the pose of a camera on a link that it merges into another with six digits.
CAMERA_TOLERANCE_M = 1e-6
CAMERA_TOLERANCE_RAD = 1e-5
# x forward, y left, z up, in the frame of a MuJoCo camera: x right, y up, -z forward.
FROM_MUJOCO_CAMERA = np.array([[0, -1, 0], [0, 0, 1], [-1, 0, 0]])


@pytest.fixture(scope="module")
def robot(urdf: str) -> Element:
    return ElementTree.fromstring(urdf)


@pytest.fixture(scope="module")
def plant(urdf: str) -> Iterator:
    from jepa_mpc_mujoco.plant import Plant

    plant = Plant(urdf)
    yield plant
    plant.close()


def limits(robot: Element) -> dict[str, dict[str, float]]:
    """By joint and attribute."""
    return {
        joint.get("name"): {name: float(value) for name, value in joint.find("limit").items()}
        for joint in robot.findall("joint")
        if joint.get("type") != "fixed"
    }


def poses(robot: Element) -> list[dict[str, float]]:
    """Random joint positions within the limits."""
    random = np.random.default_rng(2026)
    joints = limits(robot)
    return [{name: random.uniform(at["lower"], at["upper"]) for name, at in joints.items()} for _ in range(POSES)]


def visual(model: Element, name: str) -> tuple[str, Element]:
    """The visual that came from the URDF's of this name, and its link; libsdformat puts something before and behind."""
    pattern = re.compile(rf"(.*__)?{name}(_visual)?(_\d+)?")
    found = [
        (link.get("name"), visual)
        for link in model.findall("link")
        for visual in link.findall("visual")
        if pattern.fullmatch(visual.get("name"))
    ]
    assert len(found) == 1, [visual.get("name") for visual in model.iter("visual")]
    return found[0]


def camera(model: Element) -> tuple[str, Element]:
    ((link, sensor),) = (
        (link.get("name"), sensor)
        for link in model.findall("link")
        for sensor in link.findall("sensor")
        if sensor.get("type") == "camera"
    )
    return link, sensor


def angle_between(first: np.ndarray, second: np.ndarray) -> float:
    """In rad, of two rotations `[3, 3]`."""
    # Accurate for small angles, as the arc cosine of the trace is not.
    return 2 * math.asin(min(1.0, float(np.linalg.norm(first - second)) / math.sqrt(8)))


class TestInGazebo:
    def test_the_fingertip_is_where_the_urdf_has_it(self, robot: Element, model: Element) -> None:
        link, tip = visual(model, "tip")
        worst = max(
            np.abs(
                (sdf_link(model, link, pose) @ sdf_pose(tip))[:3, 3] - urdf_frame(robot, "fingertip", pose)[:3, 3]
            ).max()
            for pose in poses(robot)
        )
        assert worst < TIP_TOLERANCE_M

    def test_the_joints_have_the_limits_of_the_urdf(self, robot: Element, model: Element) -> None:
        movable = [joint for joint in model.findall("joint") if joint.get("type") != "fixed"]
        found = {
            joint.get("name"): {entry.tag: float(entry.text) for entry in joint.find("axis/limit")} for joint in movable
        }
        named = ("lower", "upper", "velocity", "effort")
        expected = {name: {key: at[key] for key in named} for name, at in limits(robot).items()}
        assert {name: {key: at[key] for key in named} for name, at in found.items()} == expected

    def test_the_camera_sees_what_the_urdfs_sees(self, robot: Element, model: Element) -> None:
        expected = robot.find("gazebo/sensor")
        link, sensor = camera(model)
        for path in ("update_rate", "camera/horizontal_fov", "camera/image/width", "camera/image/height"):
            assert float(sensor.findtext(path)) == float(expected.findtext(path)), path
        resting = dict.fromkeys(limits(robot), 0.0)
        found = sdf_link(model, link, resting) @ sdf_pose(sensor)
        at = urdf_frame(robot, robot.find("gazebo").get("reference"), resting)
        assert np.abs(found[:3, 3] - at[:3, 3]).max() < CAMERA_TOLERANCE_M
        assert angle_between(found[:3, :3], at[:3, :3]) < CAMERA_TOLERANCE_RAD

    def test_images_are_in_the_optical_frame(self, robot: Element, model: Element) -> None:
        _, sensor = camera(model)
        assert sensor.findtext("gz_frame_id") == robot.findtext("gazebo/sensor/gz_frame_id")

    def test_links_weigh_what_the_urdfs_weigh(self, robot: Element, model: Element) -> None:
        found = sum(float(mass.text) for mass in model.iterfind("link/inertial/mass"))
        assert found == pytest.approx(sum(float(mass.get("value")) for mass in robot.iter("mass")))

    def test_colours_arrive_as_they_are(self, libsdformat: Libsdformat, robot: Element, gazebo_urdf: str) -> None:
        model = libsdformat.convert(gazebo_urdf, ".urdf")
        colours = {entry.get("name"): entry.find("color").get("rgba") for entry in robot.findall("material")}
        visuals = robot.findall("link/visual")
        assert len(visuals) == len(list(model.iter("visual"))) == 6
        for entry in visuals:
            expected = [float(part) for part in colours[entry.find("material").get("name")].split()]
            _, converted = visual(model, entry.get("name"))
            for light in ("ambient", "diffuse"):
                found = [float(part) for part in converted.findtext(f"material/{light}").split()]
                assert found == expected, entry.get("name")


class TestInMujoco:
    def test_the_fingertip_is_where_the_urdf_has_it(self, robot: Element, plant) -> None:
        worst = max(
            np.abs(
                plant.fingertip(np.array([pose[name] for name in plant.joint_names]))
                - urdf_frame(robot, "fingertip", pose)[:3, 3]
            ).max()
            for pose in poses(robot)
        )
        assert worst < TIP_TOLERANCE_M

    def test_the_compiled_joints_have_the_ranges_and_efforts_of_the_urdf(self, robot: Element, plant) -> None:
        compiled = plant._model
        for name, at in limits(robot).items():
            assert compiled.joint(name).range.tolist() == [at["lower"], at["upper"]]
            assert compiled.actuator(name).forcerange.tolist() == [-at["effort"], at["effort"]]

    def test_no_joint_is_faster_than_in_the_urdf(self, robot: Element, plant) -> None:
        fastest = np.array([limits(robot)[name]["velocity"] for name in plant.joint_names])
        plant.reset(np.zeros(len(fastest)))
        plant.step(10 * fastest, 0.5)
        # The joints disturb each other.
        assert plant.velocity == pytest.approx(fastest, rel=0.02)

    def test_the_compiled_camera_sees_what_the_urdfs_sees(self, robot: Element, plant) -> None:
        sensor = robot.find("gazebo/sensor")
        fov_rad = float(sensor.findtext("camera/horizontal_fov"))
        width, height = (int(sensor.findtext(f"camera/image/{side}")) for side in ("width", "height"))
        compiled = plant._model.camera(sensor.get("name"))
        assert math.radians(compiled.fovy[0]) == pytest.approx(2 * math.atan(math.tan(fov_rad / 2) * height / width))
        assert plant.render().shape == (height, width, 3)
        assert plant.cameras[0].rate_hz == float(sensor.findtext("update_rate"))

    def test_the_compiled_camera_is_where_the_urdfs_is(self, robot: Element, plant) -> None:
        import mujoco

        data = mujoco.MjData(plant._model)
        mujoco.mj_forward(plant._model, data)
        name = robot.find("gazebo/sensor").get("name")
        at = urdf_frame(robot, robot.find("gazebo").get("reference"), dict.fromkeys(plant.joint_names, 0.0))
        assert np.abs(data.camera(name).xpos - at[:3, 3]).max() < CAMERA_TOLERANCE_M
        found = data.camera(name).xmat.reshape(3, 3) @ FROM_MUJOCO_CAMERA
        assert angle_between(found, at[:3, :3]) < CAMERA_TOLERANCE_RAD

    def test_the_light_is_that_of_gazebos_world(self, world: str, plant) -> None:
        def numbers(path: str) -> list[float]:
            return [float(part) for part in ElementTree.fromstring(world).findtext(f"world/{path}").split()]

        compiled = plant._model
        assert compiled.nlight == 1
        assert compiled.light(0).diffuse == pytest.approx(numbers("light/diffuse")[:3])
        assert compiled.vis.headlight.ambient == pytest.approx(numbers("scene/ambient")[:3])
        direction = np.array(numbers("light/direction"))
        assert compiled.light(0).dir == pytest.approx(direction / np.linalg.norm(direction))

    def test_gazebos_world_draws_nothing_around_the_robot_but_has_a_ground(self, world: str) -> None:
        inside = ElementTree.fromstring(world).find("world")
        # Models learn from MuJoCo's images, which are black beyond the robot and have no shadows.
        assert [*inside.iter("visual"), *inside.iter("include"), *inside.iter("sky")] == []
        assert inside.findtext("scene/background") == "0 0 0 1"
        assert inside.findtext("scene/shadows") == "false"
        assert inside.find("model[@name='ground']/link/collision/geometry/plane") is not None
