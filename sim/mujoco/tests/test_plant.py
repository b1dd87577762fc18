"""The plant by itself: kinematics and limits from the URDF, servos, camera. No ROS."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("MUJOCO_GL", "osmesa")

import numpy as np
import pytest
from jepa_mpc_sim.joint_limits import RobotOptions
from jepa_mpc_sim.urdf import UrdfError

from jepa_mpc_mujoco.appearance import Appearance
from jepa_mpc_mujoco.plant import Plant

URDF = (Path(__file__).resolve().parents[3] / "urdf" / "reacher.urdf").read_text()
TICK_S = 0.02


@pytest.fixture
def plant():
    plant = Plant(URDF)
    yield plant
    plant.close()


def test_reads_joints_limits_and_camera_from_the_urdf(plant: Plant) -> None:
    assert plant.joint_names == ["shoulder", "elbow"]
    assert plant.limits.lower.tolist() == [-2.6, -2.6]
    assert plant.limits.upper.tolist() == [2.6, 2.6]
    assert plant.limits.velocity.tolist() == [2.0, 2.0]
    assert plant.limits.acceleration.tolist() == [10.0, 10.0]
    assert plant.limits.effort.tolist() == [20.0, 10.0]
    assert (plant.cameras[0].width, plant.cameras[0].height, plant.cameras[0].rate_hz) == (128, 128, 30.0)


@pytest.mark.parametrize("attribute", ["lower", "upper", "velocity", "acceleration"])
def test_a_missing_limit_is_refused_by_joint_and_attribute(attribute: str) -> None:
    head, elbow = URDF.split('<joint name="elbow"')
    limit = elbow[elbow.index("<limit") : elbow.index("/>", elbow.index("<limit"))]
    kept = " ".join(word for word in limit.split() if not word.startswith(f"{attribute}="))
    with pytest.raises(UrdfError, match=rf"'elbow'.*{attribute}"):
        Plant(f'{head}<joint name="elbow"{elbow.replace(limit, kept, 1)}')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not xml", "no XML"),
        ("<sdf/>", "<sdf>"),
        (URDF.replace("<width>128</width>", "<width>wide</width>"), "width"),
        (URDF.replace('velocity="2.0"', 'velocity="-1"'), "velocity"),
        (URDF.replace('lower="-2.6"', 'lower="3"'), "lower below upper"),
    ],
)
def test_a_urdf_that_lacks_something_is_refused_in_words(text: str, message: str) -> None:
    with pytest.raises(UrdfError, match=message):
        Plant(text)


def test_fingertip_is_that_of_a_planar_arm_with_the_links_of_the_urdf(plant: Plant) -> None:
    rng = np.random.default_rng(0)
    for shoulder, elbow in rng.uniform(-2.6, 2.6, (20, 2)):
        x, y, z = plant.fingertip(np.array([shoulder, elbow]))
        assert x == pytest.approx(0.38 * np.cos(shoulder) + 0.32 * np.cos(shoulder + elbow), abs=1e-9)
        assert y == pytest.approx(0.38 * np.sin(shoulder) + 0.32 * np.sin(shoulder + elbow), abs=1e-9)
        assert z == pytest.approx(0.095, abs=1e-9)


def test_joints_track_velocities_that_keep_the_acceleration_limit(plant: Plant) -> None:
    rng = np.random.default_rng(1)
    setpoint, errors = np.zeros(2), []
    for tick in range(200):
        if tick % 5 == 0:
            target = rng.uniform(-2, 2, 2) - 0.5 * plant.position
        setpoint = setpoint + np.clip(target.clip(-2, 2) - setpoint, -0.2, 0.2)
        plant.step(setpoint, TICK_S)
        errors.append(np.abs(plant.velocity - setpoint))
        assert (np.abs(plant.effort) <= plant.limits.effort + 1e-9).all()
    assert np.max(errors) < 0.06
    assert np.mean(errors) < 0.02


def test_an_abrupt_setpoint_saturates_the_effort(plant: Plant) -> None:
    plant.step(np.array([0.0, 2.0]), 0.002)
    assert plant.effort[1] == pytest.approx(plant.limits.effort[1])


def test_the_position_limit_stops_a_joint(plant: Plant) -> None:
    plant.reset(np.array([2.5, 0.0]))
    for _ in range(50):
        plant.step(np.array([2.0, 0.0]), TICK_S)
    assert plant.position[0] == pytest.approx(2.6, abs=0.02)
    assert plant.velocity[0] == pytest.approx(0.0, abs=1e-3)


def test_reset_teleports_and_time_goes_on(plant: Plant) -> None:
    plant.step(np.array([1.0, -1.0]), 0.1)
    assert plant.time_s == pytest.approx(0.1, abs=1e-12)
    plant.reset(np.array([0.4, -1.1]))
    assert plant.time_s == pytest.approx(0.1, abs=1e-12)
    assert plant.position.tolist() == [0.4, -1.1]
    assert plant.velocity.tolist() == [0.0, 0.0]
    plant.reset(np.array([0.4, -1.1]), np.array([0.5, 0.0]))
    assert plant.velocity.tolist() == [0.5, 0.0]


def test_the_same_commands_give_the_same_motion() -> None:
    def run() -> np.ndarray:
        plant = Plant(URDF)
        plant.reset(np.array([0.3, 0.9]))
        for tick in range(50):
            plant.step(np.array([np.sin(tick / 5), np.cos(tick / 7)]), TICK_S)
        return np.concatenate((plant.position, plant.velocity))

    assert (run() == run()).all()


@pytest.mark.parametrize("bad", [[0.0], [0.0, float("nan")], [0.0, 0.0, 0.0]])
def test_vectors_of_a_wrong_size_or_not_finite_are_refused(plant: Plant, bad: list[float]) -> None:
    with pytest.raises(ValueError, match="shoulder, elbow"):
        plant.step(np.array(bad), TICK_S)
    with pytest.raises(ValueError, match="shoulder, elbow"):
        plant.reset(np.array(bad))


@pytest.mark.parametrize("duration_s", [0.0, -0.02, 0.003])
def test_a_duration_that_is_no_multiple_of_the_timestep_is_refused(plant: Plant, duration_s: float) -> None:
    with pytest.raises(ValueError, match="multiple"):
        plant.step(np.zeros(2), duration_s)


def test_the_camera_sees_every_link_up_to_full_reach(plant: Plant) -> None:
    for angle in np.linspace(-2.6, 2.6, 9):
        image = plant.render_at(np.array([angle, 0.0])).astype(int)
        assert image.shape == (128, 128, 3)
        red = (image[..., 0] > image[..., 1] + 80) & (image[..., 0] > image[..., 2] + 80)
        green = (image[..., 1] > image[..., 0] + 50) & (image[..., 1] > image[..., 2] + 50)
        blue = (image[..., 2] > image[..., 0] + 80) & (image[..., 2] > image[..., 1] + 80)
        assert min(red.sum(), blue.sum()) > 100
        assert green.sum() > 30


def test_the_image_shows_the_base_frame_with_x_up_and_y_left(plant: Plant) -> None:
    def tip(position: list[float]) -> np.ndarray:
        image = plant.render_at(np.array(position)).astype(int)
        green = (image[..., 1] > image[..., 0] + 50) & (image[..., 1] > image[..., 2] + 50)
        return np.argwhere(green).mean(axis=0)

    assert tip([0.0, 0.0])[0] < 20
    assert tip([np.pi / 2, 0.0])[1] < 20
    assert tip([-np.pi / 2, 0.0])[1] > 108


def test_rendering_elsewhere_does_not_disturb_the_simulation(plant: Plant) -> None:
    plant.reset(np.array([0.3, 0.9]))
    plant.step(np.array([1.0, 1.0]), 0.1)
    before, image = (plant.position, plant.velocity, plant.time_s), plant.render()
    other = plant.render_at(np.array([-1.0, 2.0]))
    plant.fingertip(np.array([2.0, 2.0]))
    assert (other != image).any()
    assert (plant.render() == image).all()
    assert (plant.position == before[0]).all()
    assert (plant.velocity == before[1]).all()
    assert plant.time_s == before[2]


def test_a_third_joint_needs_no_code() -> None:
    third = """
  <link name="wrist_link"><inertial><mass value="0.1"/>
    <inertia ixx="0.001" ixy="0" ixz="0" iyy="0.001" iyz="0" izz="0.001"/></inertial></link>
  <joint name="wrist" type="revolute"><parent link="fingertip"/><child link="wrist_link"/><axis xyz="0 0 1"/>
    <limit lower="-1" upper="1" velocity="3" acceleration="5" effort="2"/></joint>
</robot>"""
    plant = Plant(URDF.replace("</robot>", third))
    plant.step(np.array([0.0, 0.0, 1.0]), 0.2)
    assert plant.joint_names == ["shoulder", "elbow", "wrist"]
    assert plant.velocity[2] == pytest.approx(1.0, abs=0.05)


def test_without_a_fingertip_the_tip_is_the_last_link() -> None:
    renamed = Plant(URDF.replace('"fingertip"', '"tool"'))
    np.testing.assert_array_equal(renamed.fingertip(np.zeros(2)), Plant(URDF).fingertip(np.zeros(2)))
    elbow = Plant(URDF, RobotOptions(tip="distal_link")).fingertip(np.zeros(2))
    assert elbow == pytest.approx([0.38, 0.0, 0.095])


def test_a_robot_without_a_camera_is_seen_whole_at_any_pose() -> None:
    bare = Plant(URDF.replace('type="camera"', 'type="imu"'))
    (note,) = bare.notes
    assert "no camera sensor" in note
    rng = np.random.default_rng(3)
    for position in [np.zeros(2), *rng.uniform(-2.6, 2.6, (8, 2))]:
        image = bare.render_at(position).astype(int)
        assert image.shape == (256, 256, 3)
        red = (image[..., 0] > image[..., 1] + 80) & (image[..., 0] > image[..., 2] + 80)
        green = (image[..., 1] > image[..., 0] + 50) & (image[..., 1] > image[..., 2] + 50)
        blue = (image[..., 2] > image[..., 0] + 80) & (image[..., 2] > image[..., 1] + 80)
        assert min(red.sum(), blue.sum()) > 80
        assert green.sum() > 50
    bare.close()


WRIST = """<gazebo reference="distal_link"><sensor type="camera" name="wrist"><update_rate>15</update_rate><camera>
  <horizontal_fov>1.2</horizontal_fov><image><width>64</width><height>48</height></image></camera></sensor></gazebo>"""


def test_each_camera_has_its_own_view_and_size() -> None:
    both = Plant(both_urdf())
    alone, other = Plant(URDF), np.array([0.4, 1.0])
    both.reset(np.array([1.0, -0.5]))
    assert both.render(1).shape == (48, 64, 3)
    np.testing.assert_array_equal(both.render_at(other), alone.render_at(other))
    # The camera turns with its link: it sees the table at another place.
    assert (both.render_at(other, 1) != both.render(1)).any()
    assert [camera.name for camera in Plant(both_urdf(), RobotOptions(camera="wrist")).cameras] == ["wrist", "camera"]
    both.close()
    alone.close()


def both_urdf() -> str:
    return URDF.replace("</robot>", WRIST + "</robot>")


def test_every_camera_is_moved_by_an_appearance() -> None:
    both = Plant(both_urdf())
    before = [both.render_at(np.zeros(2), camera) for camera in (0, 1)]
    both.set_appearance(Appearance(camera_tilt_rad=(0.1, 0.0, 0.1)))
    assert all((both.render_at(np.zeros(2), camera) != before[camera]).any() for camera in (0, 1))
    both.close()
