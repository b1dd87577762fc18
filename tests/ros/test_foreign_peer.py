"""A foreign ROS 2 robot is moved, and left in peace, by the planner node."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import statistics
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from conftest import JOINTS, ROOT, URDF
from lifecycle_msgs.msg import Transition
from peer import START_S
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue

LIMITS = {
    joint.get("name"): {key: float(value) for key, value in joint.find("limit").attrib.items()}
    for joint in ET.fromstring(URDF).iter("joint")
    if joint.find("limit") is not None
}


def parameter(name: str, value: bool | float | int | str) -> Parameter:
    if isinstance(value, bool):
        return Parameter(name=name, value=ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=value))
    if isinstance(value, int):
        return Parameter(name=name, value=ParameterValue(type=ParameterType.PARAMETER_INTEGER, integer_value=value))
    if isinstance(value, float):
        return Parameter(name=name, value=ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value))
    return Parameter(name=name, value=ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=value))


def seconds(duration) -> float:
    return duration.sec + duration.nanosec * 1e-9


class TestCommands:
    def test_come_steadily_at_the_command_rate(self, moving):
        peer, _ = moving
        peer.commands.clear()

        def middle_half_ms() -> tuple[float, float]:
            """Lower and upper quartile of the gaps between the last 100 commands."""
            arrivals = [arrival for arrival, _ in peer.commands[-101:]]
            gaps_ms = [1000 * (later - earlier) for earlier, later in pairwise(arrivals)]
            lower, _, upper = statistics.quantiles(gaps_ms, n=4)
            return lower, upper

        def are_steady() -> bool:
            if len(peer.commands) <= 100:
                return False
            lower, upper = middle_half_ms()
            return lower >= 15 and upper <= 25

        # A machine that is busy for a while delays them.
        assert peer.spin_until(are_steady), middle_half_ms()

    def test_each_is_a_trajectory_that_ends_at_rest(self, moving):
        peer, _ = moving
        peer.spin_for(1.0)
        for _, message in peer.commands:
            assert list(message.joint_names) == JOINTS
            assert (message.header.stamp.sec, message.header.stamp.nanosec) == (0, 0)
            times = [seconds(point.time_from_start) for point in message.points]
            assert times[0] > 0
            assert all(later > earlier for earlier, later in pairwise(times))
            assert all(velocity == 0 for velocity in message.points[-1].velocities)

    def test_stay_within_the_limits_of_the_robot_description(self, moving):
        peer, _ = moving
        assert peer.spin_until(lambda: len(peer.commands) > 100)
        checked = 0
        for _, message in peer.commands:
            before = [0.0] * len(JOINTS)
            for number, point in enumerate(message.points):
                for index, joint in enumerate(JOINTS):
                    limit = LIMITS[joint]
                    assert limit["lower"] <= point.positions[index] <= limit["upper"]
                    assert abs(point.velocities[index]) <= limit["velocity"] + 1e-9
                    if number > 0:
                        change = abs(point.velocities[index] - before[index])
                        assert change / 0.02 <= limit["acceleration"] + 1e-6
                    checked += 1
                before = list(point.velocities)
        assert checked > 100

    def test_statistics_tell_of_each_plan(self, moving):
        peer, _ = moving
        peer.statistics.clear()
        assert peer.spin_until(lambda: len(peer.statistics) > 10)
        values = {entry.key: entry.value for entry in peer.statistics[-1].status[0].values}
        assert float(values["plan_ms"]) > 0
        assert math.isfinite(float(values["best_cost"]))
        assert values["device"] == "cpu"


class TestHolding:
    def test_when_the_camera_goes_quiet_and_on_again_when_it_is_back(self, moving):
        peer, _ = moving
        peer.camera_on = False
        assert peer.rests_within(2.0)
        assert peer.spin_until(lambda: peer.reported("image"))
        peer.camera_on = True
        assert peer.spin_until(peer.moves)

    def test_when_joint_states_stop(self, moving):
        peer, _ = moving
        peer.joint_states_on = False
        assert peer.rests_within(2.0)
        assert peer.spin_until(lambda: peer.reported("joint_states"))

    def test_when_joint_states_are_not_numbers(self, moving):
        peer, _ = moving
        peer.follows = False
        peer.position = [math.nan, 0.0]
        assert peer.spin_until(lambda: peer.reported("joint-states.not-finite"))
        assert peer.rests_within(2.0)

    def test_when_a_joint_of_the_model_is_missing(self, moving):
        peer, _ = moving
        peer.joint_names = ["shoulder", "elbo"]
        assert peer.spin_until(lambda: peer.reported("elbow"))
        assert peer.rests_within(2.0)

    @pytest.mark.parametrize(
        ("change", "code"),
        [({"encoding": "nv12"}, "image.encoding"), ({"image_bytes": 1000}, "image.size")],
    )
    def test_when_images_cannot_be_read(self, moving, change, code):
        peer, _ = moving
        for name, value in change.items():
            setattr(peer, name, value)
        assert peer.spin_until(lambda: peer.reported(code))
        assert peer.rests_within(3.0)

    def test_while_paused(self, moving):
        peer, _ = moving
        assert peer.pause(True).success
        assert peer.rests_within(2.0)
        peer.spin_for(0.5)
        assert peer.rests()
        assert peer.pause(False).success
        assert peer.spin_until(peer.moves)

    def test_after_deactivation_it_says_no_more(self, moving):
        peer, _ = moving
        assert peer.change_state(Transition.TRANSITION_DEACTIVATE)
        assert peer.falls_silent()
        said = len(peer.commands)
        peer.spin_for(0.5)
        assert len(peer.commands) == said
        assert all(velocity == 0 for velocity in peer.commands[-1][1].points[-1].velocities)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_after_a_signal_and_the_process_ends_well(self, moving, number):
        peer, process = moving
        process.send_signal(number)
        assert peer.spin_until(lambda: process.poll() is not None)
        assert process.returncode == 0
        peer.spin_for(0.2)
        assert all(velocity == 0 for velocity in peer.commands[-1][1].points[-1].velocities)

    @pytest.mark.parametrize("delay_s", [0.3, 0.8, 1.3, 1.8])
    def test_after_a_signal_in_the_middle_of_a_long_run_of_the_model(self, moving, delay_s):
        peer, process = moving
        peer.set_parameters([parameter("sampling.samples", 100_000), parameter("sampling.horizon", 20)])
        peer.spin_for(delay_s)
        process.send_signal(signal.SIGINT)
        assert peer.spin_until(lambda: process.poll() is not None)
        assert process.returncode == 0
        peer.spin_for(0.2)
        assert all(velocity == 0 for velocity in peer.commands[-1][1].points[-1].velocities)


class TestGoals:
    def test_without_one_the_robot_stays_where_it_is(self, start_node, make_peer):
        start_node()
        peer = make_peer()
        assert peer.change_state(Transition.TRANSITION_CONFIGURE)
        assert peer.activate()
        assert peer.spin_until(lambda: len(peer.commands) > 50)
        assert all(point.velocities[0] == 0 for _, message in peer.commands for point in message.points)

    def test_what_the_camera_sees_can_be_the_goal(self, start_node, make_peer):
        start_node()
        peer = make_peer()
        assert peer.change_state(Transition.TRANSITION_CONFIGURE)
        assert peer.activate()
        assert peer.spin_until(lambda: peer.capture_goal().success)
        assert peer.spin_until(lambda: len(peer.statistics) > 0)


class TestParameters:
    def test_ranges_reach_the_tools_that_draw_sliders(self, moving):
        peer, _ = moving
        samples, timeout = peer.describe_parameters(["sampling.samples", "watchdog.image_timeout_s"]).descriptors
        assert samples.integer_range[0].to_value == 100000
        assert timeout.floating_point_range[0].from_value == pytest.approx(0.01)
        assert "[s]" in timeout.description

    def test_a_value_that_does_not_fit_is_refused_with_a_reason(self, moving):
        peer, _ = moving
        (result,) = peer.set_parameters([parameter("sampling.samples", -5)]).results
        assert not result.successful
        assert "from 0 to 100000" in result.reason

    def test_a_dynamic_one_takes_effect(self, moving):
        peer, _ = moving
        (result,) = peer.set_parameters([parameter("planner", "random")]).results
        assert result.successful, result.reason
        peer.statistics.clear()
        assert peer.spin_until(lambda: len(peer.statistics) > 3)

    def test_a_static_one_is_refused_while_in_use(self, moving):
        peer, _ = moving
        (result,) = peer.set_parameters([parameter("seed", 7)]).results
        assert not result.successful
        assert "configured" in result.reason


class TestRefusals:
    def test_nothing_moves_without_limits(self, start_node, make_peer):
        process = start_node()
        urdf = URDF.replace(' acceleration="', ' unused="')
        assert urdf != URDF
        peer = make_peer(urdf)
        assert peer.change_state(Transition.TRANSITION_CONFIGURE)
        assert peer.spin_until(lambda: "urdf.no-limits" in process.log_path.read_text())
        assert not peer.change_state(Transition.TRANSITION_ACTIVATE)
        assert "acceleration" in process.log_path.read_text()

    def test_nothing_moves_without_a_robot_description(self, start_node, make_peer):
        process = start_node()
        peer = make_peer("")
        assert peer.change_state(Transition.TRANSITION_CONFIGURE)
        assert peer.spin_until(lambda: "model reacher runs on" in process.log_path.read_text())
        assert not peer.change_state(Transition.TRANSITION_ACTIVATE)
        assert "robot_description" in process.log_path.read_text()

    def ends(self, process) -> str:
        assert process.wait(START_S) == 2, process.log_path.read_text()
        return process.log_path.read_text()

    def test_an_unknown_parameter(self, start_node):
        assert "Did you mean seed?" in self.ends(start_node(sede="3"))

    def test_a_model_that_is_not_there(self, start_node):
        assert "model.missing-file" in self.ends(start_node(model="/nowhere", autostart="true"))

    def test_a_corrupted_model(self, start_node, tmp_path):
        model = tmp_path / "model"
        shutil.copytree(ROOT / "models" / "reacher", model)
        with (model / "predictor.onnx").open("r+b") as file:
            file.seek(2000)
            file.write(b"garbage")
        log = self.ends(start_node(model=str(model), autostart="true"))
        assert "model.hash-mismatch" in log
        assert "predictor.onnx" in log

    def test_a_manifest_that_disagrees_with_its_graphs(self, start_node, tmp_path):
        model = tmp_path / "model"
        shutil.copytree(ROOT / "models" / "reacher", model)
        manifest = json.loads((model / "manifest.json").read_text())
        manifest["latent"]["dim"] += 1
        (model / "manifest.json").write_text(json.dumps(manifest))
        assert "model.signature-mismatch" in self.ends(start_node(model=str(model), autostart="true"))

    def test_a_model_that_takes_too_long_to_load(self, start_node, tmp_path):
        model = tmp_path / "model"
        shutil.copytree(ROOT / "models" / "reacher", model)
        # Almost 2 GB of nothing, which is read and hashed before it is refused: seconds.
        os.truncate(model / "predictor.onnx", 1_900_000_000)
        log = self.ends(start_node(model=str(model), autostart="true", planning__load_timeout_s="1.0"))
        assert "no model after 1 s of loading, expected a loaded model within planning.load_timeout_s" in log
