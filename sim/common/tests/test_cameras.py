"""The cameras of a URDF, and the one that a robot without any gets."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jepa_mpc_sim.cameras import read_cameras
from jepa_mpc_sim.default_camera import FIELD_OF_VIEW
from jepa_mpc_sim.held_joints import moved_robot, with_camera
from jepa_mpc_sim.joint_limits import RobotOptions
from jepa_mpc_sim.kinematics import link_positions, rotation
from jepa_mpc_sim.urdf import Robot, UrdfError, parse_urdf, read_robot


def sensor(name: str, link: str = "eye", more: str = "", size: str = "200", height: str = "100") -> str:
    return f"""<gazebo reference="{link}"><sensor type="camera" name="{name}"><update_rate>15</update_rate>{more}
      <camera><horizontal_fov>1.5707963267948966</horizontal_fov><image><width>{size}</width><height>{height}</height></image>
      </camera></sensor></gazebo>"""


def robot(*sensors: str) -> str:
    return f'<robot name="r"><link name="eye"/>{"".join(sensors)}</robot>'


def test_a_camera_has_its_size_and_its_vertical_field_of_view() -> None:
    (camera,) = read_cameras(parse_urdf(robot(sensor("front"))))
    assert (camera.name, camera.link, camera.width, camera.height, camera.rate_hz) == ("front", "eye", 200, 100, 15)
    assert np.tan(np.radians(camera.fovy) / 2) == pytest.approx(0.5)


def test_the_frame_of_its_images_is_its_own_or_else_its_link() -> None:
    optical = sensor("a", more="<gz_frame_id> optical </gz_frame_id>")
    assert [camera.frame_id for camera in read_cameras(parse_urdf(robot(optical, sensor("b"))))] == ["optical", "eye"]


def test_the_first_camera_is_the_main_one_or_the_one_that_is_named() -> None:
    root = parse_urdf(robot(sensor("a"), sensor("b"), sensor("c")))
    assert [camera.name for camera in read_cameras(root)] == ["a", "b", "c"]
    assert [camera.name for camera in read_cameras(root, "b")] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("urdf", "main", "message"),
    [
        (robot(sensor("a"), sensor("a")), "", "camera 'a': found two of that name"),
        (robot(sensor("front"), sensor("wrist")), "rist", "--camera: found cameras front, wrist.* mean 'wrist'"),
        (robot(), "front", "--camera: found no camera"),
        (robot(sensor("a", link="ey")), "", "camera 'a': found a reference to 'ey'"),
        (robot(sensor("front"), sensor("wrist")), "overhead", "Name one that is there"),
        *(
            (robot(sensor("a", size=size)), "", f"camera 'a': found '{size}' in <camera/image/width>, expected a whole")
            for size in ("wide", "inf", "0.5", "1e9")
        ),
        (robot(sensor("a").replace("1.5707963267948966", "3.2")), "", "found '3.2' in <camera/horizontal_fov>"),
        (robot(sensor("a").replace(">15<", ">1e-300<")), "", "found '1e-300' in <update_rate>, expected a rate from"),
    ],
)
def test_cameras_that_cannot_be_used_are_refused(urdf: str, main: str, message: str) -> None:
    with pytest.raises(UrdfError, match=message):
        read_cameras(parse_urdf(urdf), main)


def _arm(rng: np.random.Generator) -> str:
    """A random chain of joints of every kind, some held, one that follows another, with a branch at its base."""
    count = int(rng.integers(1, 8))
    kinds = rng.choice(["revolute", "prismatic", "continuous", "fixed", "floating"], count)
    kinds[0] = "revolute"

    def numbers(scale: float) -> str:
        return " ".join(f"{value:.3f}" for value in rng.uniform(-scale, scale, 3))

    joints = "".join(
        f'<joint name="j{index}" type="{kind}"><origin xyz="{numbers(0.5)}" rpy="{numbers(3)}"/><axis xyz="1 2 3"/>'
        f'<parent link="l{index}"/><child link="l{index + 1}"/>'
        '<limit lower="-2" upper="1" velocity="1" acceleration="1"/></joint>'
        for index, kind in enumerate(kinds)
    )
    follower = (
        '<joint name="m" type="prismatic"><parent link="l0"/><child link="side"/><axis xyz="0 1 0"/>'
        '<mimic joint="j0" multiplier="0.5" offset="0.2"/></joint>'
    )
    links = "".join(f'<link name="l{index}"/>' for index in range(count + 1))
    return f'<robot name="arm">{links}<link name="side"/>{joints}{follower}</robot>'


def _moving(arm: Robot, moved: set[str]) -> list[bool]:
    """Whether each link moves: whether a joint that does is on its way to the root."""
    above = {joint.child: joint for joint in arm.joints}

    def moves(link: str) -> bool:
        return link in above and (above[link].name in moved or moves(above[link].parent))

    return [moves(link) for link in arm.links]


def test_the_added_camera_sees_every_moving_link_at_any_pose_of_any_robot() -> None:
    for seed in range(40):
        rng = np.random.default_rng(seed)
        urdf = _arm(rng)
        made = moved_robot(urdf, RobotOptions())
        camera = made.added_camera
        assert camera is not None
        drawn = rng.uniform(made.limits.lowest_drawn, made.limits.highest_drawn, (200, len(made.joint_names)))
        positions = dict(zip(made.joint_names, drawn.T, strict=True))
        positions["m"] = 0.5 * drawn[:, 0] + 0.2
        moving = _moving(read_robot(urdf), set(positions))
        origins = link_positions(read_robot(urdf), positions)[moving].reshape(-1, 3)
        seen = (origins - camera.xyz) @ rotation(camera.rpy)
        # x is forward: both angles from the axis are within half the field of view.
        assert (seen[:, 0] > 0).all(), seed
        tangents = np.abs(seen[:, 1:]) / seen[:, :1]
        assert tangents.max() < math.tan(FIELD_OF_VIEW / 2), seed
        assert tangents.max() > 0.3 * math.tan(FIELD_OF_VIEW / 2), f"{seed}: the robot is small in the image"
        assert camera.xyz[2] > camera.target[2], "it looks down"


def test_the_added_camera_is_in_the_description_and_a_camera_that_is_there_is_kept() -> None:
    urdf = _arm(np.random.default_rng(1))
    described, note = with_camera(urdf, RobotOptions())
    assert "no camera sensor" in note and "256x256 at 30 Hz" in note
    (camera,) = read_cameras(parse_urdf(described))
    assert (camera.width, camera.height, camera.rate_hz) == (256, 256, 30)
    assert camera.frame_id in read_robot(described).links
    assert with_camera(described, RobotOptions()) == (described, "")
    assert moved_robot(described, RobotOptions()).cameras == moved_robot(urdf, RobotOptions()).cameras
