"""What the controllers and the node rely on in any simulated robot."""

from __future__ import annotations

import time

import numpy as np
import pytest

from jepa_mpc_sim.plant import Plant

POSE = np.array([0.4, -0.9])


def test_a_pose_is_taken_at_rest(plant: Plant):
    plant.reset(POSE)
    np.testing.assert_allclose(plant.position, POSE, atol=1e-12)
    np.testing.assert_array_equal(plant.velocity, [0.0, 0.0])


def test_at_rest_the_robot_stays_where_it_is(plant: Plant):
    plant.reset(POSE)
    plant.step(np.zeros(2), 1.0)
    np.testing.assert_allclose(plant.position, POSE, atol=1e-6)


def test_servos_reach_a_velocity_within_a_few_hundredths_of_a_second_and_keep_it(plant: Plant):
    plant.reset(POSE)
    plant.step(np.array([1.0, -0.5]), 0.05)
    np.testing.assert_allclose(plant.velocity, [1.0, -0.5], atol=0.05)
    before = plant.position
    plant.step(np.array([1.0, -0.5]), 0.5)
    np.testing.assert_allclose(plant.position - before, [0.5, -0.25], atol=0.01)


def test_efforts_stay_within_the_limits(plant: Plant):
    plant.reset(POSE)
    plant.step(np.array([2.0, -2.0]), 0.002)
    assert (np.abs(plant.effort) <= plant.limits.effort + 1e-9).all()
    assert plant.effort[0] == pytest.approx(plant.limits.effort[0])


def test_set_points_beyond_the_velocity_limit_are_cut(plant: Plant):
    plant.reset(np.zeros(2))
    plant.step(np.array([50.0, 0.0]), 0.3)
    assert plant.velocity[0] == pytest.approx(plant.limits.velocity[0], abs=0.05)


def test_no_time_passes_between_steps(plant: Plant):
    plant.reset(POSE)
    plant.step(np.array([1.0, 1.0]), 0.02)
    before = plant.position
    time.sleep(0.1)
    np.testing.assert_array_equal(plant.position, before)
    plant.step(np.array([1.0, 1.0]), 0.02)
    np.testing.assert_allclose(plant.position - before, [0.02, 0.02], atol=0.002)


def test_the_same_commands_from_one_pose_are_the_same_motion_to_the_last_bit(plant: Plant):
    def drive() -> np.ndarray:
        plant.reset(POSE)
        states = []
        for tick in range(30):
            plant.step(np.array([np.sin(tick), 0.3]), 0.02)
            states.append([plant.position, plant.velocity])
        return np.array(states)

    first = drive()
    plant.reset(np.array([2.0, 2.0]))
    plant.step(np.array([1.0, -1.0]), 0.3)
    np.testing.assert_array_equal(drive(), first)


def test_a_picture_shows_the_pose_of_the_moment(plant: Plant):
    plant.reset(np.array([1.5, 0.0]))
    upwards = plant.render()
    plant.reset(POSE)
    picture = plant.render()
    assert (picture.shape, picture.dtype) == ((plant.cameras[0].height, plant.cameras[0].width, 3), np.uint8)
    assert (picture != upwards).any()
    np.testing.assert_array_equal(plant.render(), picture)


def test_a_picture_of_another_pose_disturbs_nothing(plant: Plant):
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


def test_the_parts_have_the_colours_of_the_urdf(plant: Plant):
    pixels = plant.render_at(np.zeros(2)).reshape(-1, 3).astype(int)
    coloured = np.ptp(pixels, axis=1) > 80
    red, green, blue = ((coloured & (pixels.argmax(axis=1) == channel)).sum() for channel in range(3))
    # The distal link, the fingertip and the upper link.
    assert red > 100 and green > 50 and blue > 100


@pytest.mark.parametrize("bad", [[0.0], [0.0, float("nan")], [0.0, 0.0, 0.0]])
def test_vectors_of_a_wrong_size_or_not_finite_are_refused(plant: Plant, bad: list[float]):
    with pytest.raises(ValueError, match=r"velocity_setpoint: found .* for each of shoulder, elbow"):
        plant.step(np.array(bad), 0.02)
    with pytest.raises(ValueError, match=r"position: found .* for each of shoulder, elbow"):
        plant.reset(np.array(bad))


@pytest.mark.parametrize("duration_s", [0.0, -0.02, 0.0035])
def test_a_duration_that_is_no_multiple_of_the_timestep_is_refused(plant: Plant, duration_s: float):
    with pytest.raises(ValueError, match="multiple"):
        plant.step(np.zeros(2), duration_s)
