"""The robot in Gazebo Classic: what the controllers and the ROS 2 node rely on."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest
from conftest import URDF

from jepa_mpc_gazebo.errors import GazeboError
from jepa_mpc_gazebo.plant import GazeboPlant
from jepa_mpc_gazebo.server import Installation
from jepa_mpc_gazebo.wire import Picture, State, Unasked

POSE = np.array([0.4, -0.9])


def test_a_pose_is_taken_at_rest(plant: GazeboPlant):
    plant.reset(POSE)
    np.testing.assert_allclose(plant.position, POSE, atol=1e-9)
    np.testing.assert_array_equal(plant.velocity, [0.0, 0.0])


def test_at_rest_the_robot_stays_where_it_is(plant: GazeboPlant):
    plant.reset(POSE)
    plant.step(np.zeros(2), 1.0)
    np.testing.assert_allclose(plant.position, POSE, atol=1e-4)


def test_servos_reach_a_velocity_within_a_few_hundredths_of_a_second_and_keep_it(plant: GazeboPlant):
    plant.reset(POSE)
    plant.step(np.array([1.0, -0.5]), 0.05)
    np.testing.assert_allclose(plant.velocity, [1.0, -0.5], atol=0.05)
    before = plant.position
    plant.step(np.array([1.0, -0.5]), 0.5)
    np.testing.assert_allclose(plant.position - before, [0.5, -0.25], atol=0.01)


def test_efforts_stay_within_the_limits(plant: GazeboPlant):
    plant.reset(POSE)
    plant.step(np.array([2.0, -2.0]), 0.001)
    np.testing.assert_allclose(np.abs(plant.effort), plant.limits.effort)


def test_set_points_beyond_the_velocity_limit_are_cut(plant: GazeboPlant):
    plant.reset(np.zeros(2))
    plant.step(np.array([50.0, 0.0]), 0.3)
    assert plant.velocity[0] == pytest.approx(plant.limits.velocity[0], abs=0.05)


def test_steps_take_simulated_time_exactly(plant: GazeboPlant):
    plant.reset(POSE)
    before_ns = plant.state.time_ns
    for _ in range(7):
        plant.step(np.zeros(2), 0.01)
    assert plant.state.time_ns - before_ns == 70_000_000


def test_no_time_passes_between_steps(plant: GazeboPlant):
    plant.reset(POSE)
    before_ns = plant.state.time_ns
    time.sleep(0.2)
    plant.reset(POSE)
    assert plant.state.time_ns == before_ns


def test_the_same_commands_move_it_the_same_way(plant: GazeboPlant):
    def drive() -> np.ndarray:
        plant.reset(POSE)
        return np.array([(plant.step(np.array([np.sin(k), 0.3]), 0.02), plant.position)[1] for k in range(30)])

    np.testing.assert_allclose(drive(), drive(), atol=1e-9)


def test_a_picture_shows_the_pose_of_the_moment(plant: GazeboPlant):
    plant.reset(np.array([1.5, 0.0]))
    upwards = plant.render()
    plant.reset(POSE)
    picture = plant.render()
    assert (picture.shape, picture.dtype) == ((plant.camera.height, plant.camera.width, 3), np.uint8)
    assert (picture != upwards).any()
    # A second one of the same moment is the same one.
    np.testing.assert_array_equal(plant.render(), picture)


def test_a_picture_of_another_pose_disturbs_nothing(plant: GazeboPlant):
    other = np.array([-1.2, 2.0])
    plant.reset(other)
    expected = plant.render()
    plant.reset(POSE)
    plant.step(np.array([0.8, 0.8]), 0.1)
    here, position, velocity = plant.render(), plant.position, plant.velocity
    np.testing.assert_array_equal(plant.render_at(other), expected)
    np.testing.assert_array_equal(plant.render(), here)
    np.testing.assert_array_equal(plant.position, position)
    np.testing.assert_array_equal(plant.velocity, velocity)
    plant.step(np.array([0.8, 0.8]), 0.1)
    np.testing.assert_allclose(plant.position - position, [0.08, 0.08], atol=0.005)


def test_the_parts_have_the_colours_of_the_urdf(plant: GazeboPlant):
    pixels = plant.render_at(np.zeros(2)).reshape(-1, 3).astype(int)
    strongest = [pixels[(pixels.argmax(axis=1) == channel) & (np.ptp(pixels, axis=1) > 80)] for channel in range(3)]
    red, green, blue = (len(those) for those in strongest)
    # The distal link, the fingertip and the upper link.
    assert red > 100 and green > 50 and blue > 100


def test_a_set_point_of_the_wrong_size_is_refused(plant: GazeboPlant):
    with pytest.raises(ValueError, match=r"velocity_setpoint: found .* for each of shoulder, elbow"):
        plant.step(np.zeros(3), 0.01)


def test_by_its_own_clock_states_and_pictures_come_at_their_rates(installation: Installation):
    heard: list[Unasked] = []
    plant = GazeboPlant(URDF.read_text(encoding="utf-8"), installation)
    try:
        plant.reset(POSE)
        plant.on_unasked = heard.append
        plant.run()
        deadline = time.monotonic() + 20
        while sum(isinstance(what, State) for what in heard) < 150 and time.monotonic() < deadline:
            time.sleep(0.05)
        plant.follow(np.array([0.5, 0.0]))
        time.sleep(0.5)
    finally:
        plant.close()
    states = [what for what in heard if isinstance(what, State)]
    pictures = [what for what in heard if isinstance(what, Picture)]
    assert set(np.diff([state.time_ns for state in states])) == {10_000_000}
    # By simulated time, whatever the machine's speed: 30 a second.
    span_s = (pictures[-1].time_ns - pictures[0].time_ns) / 1e9
    assert (len(pictures) - 1) / span_s == pytest.approx(plant.camera.rate_hz, rel=0.1)
    assert states[-1].velocity[0] == pytest.approx(0.5, abs=0.05)


def test_without_an_installation_the_variable_is_named():
    with pytest.raises(GazeboError, match="JEPA_MPC_GAZEBO_PLUGIN: found nothing"):
        Installation.of_environment({"JEPA_MPC_GAZEBO_ROOT": "/somewhere"})


def test_a_gazebo_that_does_not_start_says_why(installation: Installation):
    broken = Installation(installation.root, "/nowhere/libnothing.so")
    with pytest.raises(GazeboError, match=r"gzserver: found it .*libnothing\.so"):
        GazeboPlant(URDF.read_text(encoding="utf-8"), broken, start_timeout_s=10)


def test_nothing_is_left_behind(installation: Installation):
    before = set(os.listdir(installation.root / "tmp"))
    GazeboPlant(URDF.read_text(encoding="utf-8"), installation).close()
    assert {name for name in os.listdir(installation.root / "tmp") if name.startswith("jepa-mpc-")} <= before
