"""What is wrong with the robot and its camera is wrong by as much as was asked, and by nothing else."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import pytest

from jepa_mpc_sim.cameras import read_cameras
from jepa_mpc_sim.errors import StartupError
from jepa_mpc_sim.held_joints import moved_robot
from jepa_mpc_sim.imperfections import Imperfections, add_options, chosen, develop
from jepa_mpc_sim.joint_limits import AS_DESCRIBED
from jepa_mpc_sim.simulation import UPDATE_PERIOD_NS, Simulation
from jepa_mpc_sim.trajectory_controller import Trajectory, TrajectoryPoint
from jepa_mpc_sim.urdf import parse_urdf

URDF = (Path(__file__).resolve().parents[3] / "urdf" / "reacher.urdf").read_text(encoding="utf-8")
GREY = np.full((64, 64, 3), 100, dtype=np.uint8)


def test_nothing_is_changed_unless_it_is_asked_for():
    perfect = Imperfections()
    assert perfect.seen(GREY, np.random.default_rng(0)) is GREY
    assert perfect.built(URDF) == URDF


def test_brightness_is_a_factor_on_grey_levels_within_their_range():
    np.testing.assert_array_equal(develop(GREY, 1.5, 0.0, np.random.default_rng(0)), np.full_like(GREY, 150))
    np.testing.assert_array_equal(develop(GREY, 9.0, 0.0, np.random.default_rng(0)), np.full_like(GREY, 255))


def test_noise_has_the_deviation_that_was_asked_for_and_comes_from_the_seed():
    noisy = develop(GREY, 1.0, 10.0, np.random.default_rng(3))
    assert noisy.astype(float).std() == pytest.approx(10, rel=0.05)
    assert noisy.astype(float).mean() == pytest.approx(100, abs=0.5)
    np.testing.assert_array_equal(noisy, develop(GREY, 1.0, 10.0, np.random.default_rng(3)))


SECOND = """<gazebo reference="distal_link"><sensor type="camera" name="wrist"><update_rate>15</update_rate><camera>
  <horizontal_fov>1</horizontal_fov><image><width>64</width><height>48</height></image></camera></sensor></gazebo>"""


def test_each_camera_sits_on_a_mount_of_its_own_that_is_off_and_its_link_stays():
    several = URDF.replace("</robot>", SECOND + "</robot>")
    root = parse_urdf(Imperfections(camera_shift_m=0.03, camera_tilt_deg=4).built(several))
    before, after = read_cameras(parse_urdf(several)), read_cameras(root)
    assert [camera.name for camera in after] == ["camera", "wrist"]
    assert [camera.frame_id for camera in after] == [camera.frame_id for camera in before]
    for named, camera in zip(before, after, strict=True):
        mount = next(joint for joint in root.findall("joint") if joint.find("child").get("link") == camera.link)
        assert mount.find("parent").get("link") == named.link
        assert [float(part) for part in mount.find("origin").get("xyz").split()] == [0, 0.03, 0]
        turn = [float(part) for part in mount.find("origin").get("rpy").split()]
        assert turn == pytest.approx([0, 0, math.radians(4)])
    assert root.find("joint[@name='base_to_camera']/origin").get("xyz") == "0 0 1.6"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"brightness": 0.0}, "--brightness: found 0, expected a number above 0"),
        ({"noise": -1.0}, "--noise: found -1, expected 0 or more"),
        ({"delay_ms": math.inf}, "--delay-ms: found inf"),
        ({"camera_shift_m": math.nan}, "--camera-shift-m: found nan, expected a finite number"),
        ({"camera_delay_ms": -1.0}, "--camera-delay-ms: found -1, expected 0 or more"),
        ({"camera_jitter_ms": -1.0}, "--camera-jitter-ms: found -1, expected 0 or more"),
        ({"joint_delay_ms": math.inf}, "--joint-delay-ms: found inf"),
        ({"joint_jitter_ms": -0.5}, "--joint-jitter-ms: found -0.5, expected 0 or more"),
    ],
)
def test_values_out_of_range_are_refused_by_their_option(wrong: dict[str, float], message: str):
    with pytest.raises(StartupError, match=message):
        Imperfections(**wrong)


def test_options_are_the_fields():
    parser = argparse.ArgumentParser()
    add_options(parser)
    assert chosen(parser.parse_args(["--noise", "3", "--camera-tilt-deg", "-2"])) == Imperfections(
        noise=3.0, camera_tilt_deg=-2.0
    )


class IdealPlant:
    """Joints that have any velocity at once."""

    joint_names = ("shoulder", "elbow")
    limits = moved_robot(URDF, AS_DESCRIBED).limits

    def __init__(self) -> None:
        self.position = np.zeros(2)
        self.velocity = np.zeros(2)

    def reset(self, position: np.ndarray) -> None:
        self.position, self.velocity = position.copy(), np.zeros(2)

    def step(self, velocity: np.ndarray, duration_s: float) -> None:
        self.velocity = velocity
        self.position = self.position + duration_s * velocity


def ramp() -> Trajectory:
    points = [TrajectoryPoint(10**9, [1.0, -1.0], [0.0, 0.0])]
    return Trajectory(["shoulder", "elbow"], points, None)


def test_a_late_robot_makes_the_same_motion_that_much_later():
    on_time, late = (Simulation(IdealPlant(), "velocity", 0, delay_ms) for delay_ms in (0, 100))
    paths = []
    for simulation in (on_time, late):
        simulation.follow(ramp())
        path = []
        for _ in range(120):
            simulation.advance(UPDATE_PERIOD_NS)
            path.append(simulation.plant.position)
        paths.append(np.array(path))
    assert np.abs(paths[1][:10]).max() < 1e-12
    np.testing.assert_allclose(paths[1][10:], paths[0][:-10], atol=1e-9)


def test_what_was_on_its_way_is_dropped_when_the_robot_is_put_elsewhere():
    simulation = Simulation(IdealPlant(), "velocity", 0, 100)
    simulation.follow(ramp())
    simulation.advance(20 * UPDATE_PERIOD_NS)
    simulation.teleport(np.array([0.5, 0.5]), simulation.time_ns)
    simulation.advance(30 * UPDATE_PERIOD_NS)
    np.testing.assert_allclose(simulation.plant.position, [0.5, 0.5], atol=1e-12)
