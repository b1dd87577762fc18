"""What the simulator says where it cannot start: one line on stderr, exit status 2."""

from __future__ import annotations

import re

import pytest
from jepa_mpc_sim.program import without_ros_arguments
from simulator_process import URDF, run_to_end


def test_ros_arguments_are_left_to_ros():
    arguments = ["--urdf", "a", "--ros-args", "-r", "x:=y", "--", "--seed", "1", "--ros-args", "-p", "z:=1"]
    assert without_ros_arguments(arguments) == ["--urdf", "a", "--seed", "1"]


def fails(arguments: list[str], message: str, **environment: str) -> None:
    status, _, errors = run_to_end(arguments, environment)
    assert status == 2, errors
    lines = [line for line in errors.splitlines() if line.startswith("jepa_mpc_mujoco: error:")]
    assert len(lines) == 1, errors
    assert re.search(message, lines[0]), errors
    assert "Traceback" not in errors


def test_missing_urdf():
    fails(["--urdf", "nowhere.urdf"], r"nowhere\.urdf \(No such file")


def test_urdf_without_an_acceleration_limit(tmp_path):
    broken = tmp_path / "broken.urdf"
    broken.write_text(URDF.read_text().replace(' acceleration="10.0"', "", 1))
    fails(["--urdf", str(broken)], "joint 'shoulder': found no attribute acceleration .* --default-acceleration")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--joints", "elbow,elbw"], "movable joints shoulder, elbow, expected a joint 'elbw'. Did you mean 'elbow'"),
        (["--joints", "elbow,elbow"], "--joints: found 'elbow' twice"),
        (["--default-acceleration", "-1"], "--default-acceleration: found -1, expected a finite number, 0 or more"),
        (["--default-acceleration-m", "inf"], "--default-acceleration-m: found inf"),
        (["--tip", "fingrtip"], "--tip: found 'fingrtip', expected .* Did you mean 'fingertip'"),
        (["--camera", "front"], "--camera: found cameras camera, expected one named 'front'"),
        (["--package", "arm=/nowhere"], "--package: found 'arm=/nowhere', expected NAME=FOLDER"),
        (["--scene", "nowhere.yaml"], r"scene nowhere\.yaml: found No such file"),
    ],
)
def test_impossible_options_of_the_robot(options: list[str], message: str):
    fails(["--urdf", str(URDF), *options], message)


def test_viewer_without_a_display():
    fails(["--urdf", str(URDF), "--viewer"], "--viewer: found no DISPLAY", DISPLAY="", WAYLAND_DISPLAY="")


@pytest.mark.parametrize("domain", ["233", "one", "-1"])
def test_impossible_domain(domain: str):
    fails(["--urdf", str(URDF)], f"ROS_DOMAIN_ID: found '{domain}', expected .* 0 to 232", ROS_DOMAIN_ID=domain)


def test_impossible_rendering_backend():
    fails(["--urdf", str(URDF)], "rendering: found .* MUJOCO_GL nonsense", MUJOCO_GL="nonsense")


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("seed:=-3", "seed: found -3"),
        ("camera_rate:=500", "camera_rate: found 500 Hz"),
        ("commands_mode:=torque", "commands_mode: found 'torque', expected one of velocity, position"),
        ("lockstep:=7", "lockstep: found 7"),
    ],
)
def test_impossible_parameter(parameter: str, message: str):
    fails(["--urdf", str(URDF), "--ros-args", "-p", parameter], message)
