"""The parameters of the planner node, as every ROS 2 tool sees them."""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Iterator

import pytest
import yaml
from conftest import JOINTS, ROOT, URDF, node_starter, start_moving
from lifecycle_msgs.msg import Transition
from parameter_client import ParameterClient, parameter_value
from peer import Peer
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue

NUMERIC = {ParameterType.PARAMETER_INTEGER, ParameterType.PARAMETER_DOUBLE, ParameterType.PARAMETER_DOUBLE_ARRAY}


@pytest.fixture(scope="class")
def client(tmp_path_factory) -> Iterator[ParameterClient]:
    with node_starter(tmp_path_factory.mktemp("idle")) as start:
        start()
        peer = Peer(URDF, JOINTS)
        yield ParameterClient(peer)
        peer.destroy_node()


@pytest.fixture
def idle(client) -> Iterator[ParameterClient]:
    """A node that nobody has configured, with its defaults."""
    yield from restoring(client)


@pytest.fixture(scope="class")
def moving_peer(tmp_path_factory) -> Iterator[Peer]:
    with node_starter(tmp_path_factory.mktemp("moving")) as start:
        process = start()
        peer = Peer(URDF, JOINTS)
        start_moving(peer, process)
        yield peer
        peer.destroy_node()


@pytest.fixture
def moving(moving_peer) -> Iterator[ParameterClient]:
    """A node that moves a robot, with its defaults."""
    yield from restoring(ParameterClient(moving_peer))


def restoring(client: ParameterClient) -> Iterator[ParameterClient]:
    names = client.names()
    before = client.get(names)
    yield client
    assert client.set_atomically(before).successful


class TestDescriptions:
    def test_every_parameter_says_what_it_is_and_when_it_may_change(self, idle):
        names = [name for name in idle.names() if not name.startswith("qos_overrides.")]
        assert len(names) > 50
        ranged = 0
        for descriptor in idle.describe(names):
            if descriptor.name in ("use_sim_time", "start_type_description_service"):
                continue
            assert descriptor.description.endswith((".", "]")), descriptor.name
            assert descriptor.additional_constraints, descriptor.name
            mark = descriptor.additional_constraints.split(". ")[-1] if descriptor.read_only else ""
            assert descriptor.read_only == ("Read-only:" in descriptor.additional_constraints), mark
            if descriptor.type in NUMERIC:
                (limits,) = [*descriptor.integer_range, *descriptor.floating_point_range]
                assert limits.from_value < limits.to_value, descriptor.name
                ranged += 1
        print(f"{ranged} numeric parameters, each with its range")
        assert ranged > 30

    def test_defaults_are_inside_their_ranges(self, idle):
        names = idle.names()
        values = idle.get(names)
        for descriptor in idle.describe(names):
            for limits in [*descriptor.integer_range, *descriptor.floating_point_range]:
                value = values[descriptor.name]
                for number in value if isinstance(value, list) else [value]:
                    assert limits.from_value <= number <= limits.to_value, descriptor.name

    def test_of_a_name_that_is_not_there_the_type_is_not_set(self, idle):
        (descriptor,) = idle.describe(["no_such_thing"])
        assert descriptor.type == ParameterType.PARAMETER_NOT_SET


class TestSetting:
    @pytest.mark.parametrize(
        ("name", "value", "reason"),
        [
            ("sampling.samples", -5, "found -5, expected a whole number from 0 to 100000"),
            ("sampling.samples", 1.5, "found 1.5"),
            ("sampling.samples", "64", 'found "64" (text)'),
            ("planning.time_budget_ms", "40 ms", "text with a unit is for parameter files"),
            ("mppi.temperature", math.nan, "found NaN"),
            ("mppi.temperature", math.inf, "found Infinity"),
            ("mppi.temperature", True, "found true"),
            ("planner", "cemm", "Did you mean cem?"),
            ("sampling.sampels", 64, "Did you mean sampling.samples?"),
            ("sampling.samples", None, "found nothing"),
            ("sampling.joint_min_std", [0.1, math.nan], "found [0.1, NaN]"),
            ("sampling.joint_min_std", ["a"], 'found ["a"]'),
            ("autostart", True, "read when the node starts"),
            ("use_sim_time", "yes", "expected true or false"),
            ("use_sim_time", True, "start it with -p use_sim_time:=true"),
            ("qos_overrides./image.subscription.depht", 3, "unknown name"),
        ],
    )
    def test_what_does_not_fit_is_refused_with_a_reason(self, idle, name, value, reason):
        before = idle.get([name])
        (result,) = idle.set({name: value})
        assert not result.successful
        assert reason in result.reason
        assert name in result.reason
        assert idle.get([name]) == before

    @pytest.mark.parametrize(
        ("name", "value", "kept"),
        [
            ("mppi.temperature", 1, 1.0),
            ("sampling.joint_min_std", [1, 2], [1.0, 2.0]),
            ("sampling.joint_min_std", [0.25], [0.25]),
            ("sampling.joint_min_std", [], []),
            ("seed", 7, 7),
            ("autostart", False, False),
        ],
    )
    def test_what_fits_is_kept_in_its_own_type(self, idle, name, value, kept):
        (result,) = idle.set({name: value})
        assert result.successful, result.reason
        found = idle.get([name])[name]
        assert found == kept
        assert type(found) is type(kept)

    def test_a_list_is_answered_one_by_one(self, idle):
        results = idle.set({"sampling.samples": 64, "sampling.iterations": -1, "nonsense": 1, "sampling.elites": 8})
        assert [result.successful for result in results] == [True, False, False, True]
        assert idle.get(["sampling.samples", "sampling.iterations", "sampling.elites"]) == {
            "sampling.samples": 64,
            "sampling.iterations": 0,
            "sampling.elites": 8,
        }

    def test_a_set_is_taken_as_a_whole_or_not_at_all(self, idle):
        refused = idle.set_atomically({"sampling.samples": 64, "sampling.iterations": -1})
        assert not refused.successful
        assert "sampling.iterations" in refused.reason
        assert idle.get(["sampling.samples"]) == {"sampling.samples": 0}
        assert idle.set_atomically({"sampling.samples": 64, "sampling.iterations": 4}).successful
        assert idle.get(["sampling.samples", "sampling.iterations"]) == {
            "sampling.samples": 64,
            "sampling.iterations": 4,
        }

    def test_a_request_that_ros_itself_could_not_make_does_no_harm(self, idle):
        broken = Parameter(name="sampling.samples", value=ParameterValue(type=200))
        nameless = Parameter(name="", value=parameter_value(1))
        results = idle.set_messages([broken, nameless])
        assert [result.successful for result in results] == [False, False]
        assert idle.set({"sampling.samples": 64})[0].successful


def fastest(peer: Peer) -> float:
    """The largest joint speed of the next commands of a second."""
    peer.commands.clear()
    assert peer.spin_until(lambda: len(peer.commands) >= 50)
    return max(abs(velocity) for _, command in peer.commands for velocity in command.points[0].velocities)


class TestWhileTheRobotMoves:
    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            (
                {"sampling.elites": 100000 // 11},
                "sampling.elites 9090, expected sampling.elites a whole number from 1 to sampling.samples",
            ),
            ({"sampling.samples": 8, "sampling.elites": 9}, "from 1 to sampling.samples (8)"),
            ({"sampling.min_std": 0.5, "sampling.initial_std": 0.4}, "sampling.min_std"),
            ({"sampling.joint_initial_std": [0.1, 0.2, 0.3]}, "one, or 2 (shoulder, elbow)"),
            ({"actions.lower": [0.5, 0.5], "actions.upper": [0.5, 1.0]}, "actions.upper, shoulder: found 0.5 and 0.5"),
            ({"actions.upper": [999.0]}, "inside the bounds of the model"),
            ({"actions.frozen": "knee=0"}, "one of shoulder, elbow"),
            ({"sampling.horizon": -1}, "from 0 to 100"),
        ],
    )
    def test_settings_that_do_not_go_together_are_refused(self, moving, values, reason):
        result = moving.set_atomically(values)
        assert not result.successful
        assert reason in result.reason

    def test_all_values_can_be_read_and_set_again(self, moving):
        names = moving.names()
        values = moving.get(names)
        for name, result in zip(names, moving.set(values), strict=True):
            assert result.successful, f"{name}: {result.reason}"
        assert moving.set_atomically(values).successful
        assert moving.get(names) == values

    def test_settings_take_effect_with_a_coming_plan(self, moving, moving_peer):
        peer = moving_peer
        result = moving.set_atomically(
            {
                "actions.upper": [0.25],
                "actions.lower": [-0.25],
                "sampling.joint_initial_std": [0.5, 0.1],
                "sampling.keep": "mean",
            }
        )
        assert result.successful, result.reason
        peer.publish_goal(30)
        assert any(fastest(peer) <= 0.25 + 1e-6 for _ in range(20))
        # And stays so.
        assert fastest(peer) <= 0.25 + 1e-6


class TestExpressions:
    @pytest.mark.parametrize(
        ("expression", "place"),
        [
            ("goal_distnce + 1", "Did you mean goal_distance"),
            ("q[3]", "from 1 to 2"),
            ("action[1, 1] / (2 - 2)", "^"),
            ("goal_distance +", "^"),
            ("sqrt(-1)", "^"),
        ],
    )
    def test_a_bad_one_is_answered_with_a_caret_under_what_is_wrong(self, moving, expression, place):
        (result,) = moving.set({"objective.expression": expression})
        assert not result.successful
        lines = result.reason.splitlines()
        caret = next(index for index, line in enumerate(lines) if line.strip() == "^")
        assert expression in lines[caret - 1]
        assert place in result.reason
        assert moving.get(["objective.expression"]) == {"objective.expression": ""}

    def test_one_without_a_finite_value_for_any_candidate_is_reported_and_the_robot_holds(self, moving, moving_peer):
        peer = moving_peer
        (result,) = moving.set({"objective.expression": "1 / (goal_distance - goal_distance)"})
        assert result.successful, result.reason
        assert peer.spin_until(lambda: peer.reported("planner.not-finite"))
        assert peer.rests_within(5.0)
        (result,) = moving.set({"objective.expression": ""})
        assert result.successful, result.reason
        peer.statistics.clear()
        assert peer.spin_until(lambda: len(peer.statistics) > 3)


PROFILE = """
/**:
  ros__parameters:
    mppi.temperature: 1
    command:
      period_ms: "0.04 s"
    limits:
      default_acceleration: "180 deg/s^2"
    sampling.joint_initial_std: [1, 2]
    actions.upper: ["45 deg/s", 1]
"""


class TestProfiles:
    def test_units_whole_numbers_and_nesting(self, start_node, make_peer, tmp_path):
        path = tmp_path / "profile.yaml"
        path.write_text(PROFILE)
        start_node(profiles=[path])
        values = ParameterClient(make_peer()).get(
            [
                "mppi.temperature",
                "command.period_ms",
                "limits.default_acceleration",
                "sampling.joint_initial_std",
                "actions.upper",
            ]
        )
        assert values["mppi.temperature"] == 1.0
        assert values["command.period_ms"] == 40
        assert values["limits.default_acceleration"] == pytest.approx(math.pi)
        assert values["sampling.joint_initial_std"] == [1.0, 2.0]
        assert values["actions.upper"] == pytest.approx([math.pi / 4, 1.0])

    @pytest.mark.parametrize("key", ["/robot1/planner_node", "/*/planner_node"])
    def test_namespaces_and_wildcards_reach_a_node_in_a_namespace(self, start_node, make_peer, tmp_path, key):
        path = tmp_path / "profile.yaml"
        path.write_text(yaml.dump({key: {"ros__parameters": {"seed": 3}}}))
        start_node(profiles=[path], remaps=["__ns:=/robot1"])
        assert ParameterClient(make_peer(), "robot1/planner_node").get(["seed"]) == {"seed": 3}

    def test_one_for_other_nodes_alone_is_pointed_out(self, start_node, make_peer, tmp_path):
        path = tmp_path / "profile.yaml"
        path.write_text(yaml.dump({"planer_node": {"ros__parameters": {"seed": 3}}}))
        process = start_node(profiles=[path])
        assert ParameterClient(make_peer()).get(["seed"]) == {"seed": 1}
        assert "nothing for this node, /planner_node" in process.log_path.read_text()

    def test_one_for_all_nodes_may_have_names_of_others(self, start_node, make_peer, tmp_path):
        path = tmp_path / "shared.yaml"
        path.write_text(
            yaml.dump({"/**": {"ros__parameters": {"update_rate": 100, "sampling.sampels": 64, "seed": 3}}})
        )
        process = start_node(profiles=[path])
        assert ParameterClient(make_peer()).get(["seed"]) == {"seed": 3}
        (warning,) = [line for line in process.log_path.read_text().splitlines() if "update_rate" in line]
        assert "WARN" in warning
        assert str(path) in warning
        assert "sampling.sampels (nearest name of this node: sampling.samples)" in warning

    @pytest.mark.parametrize(
        ("text", "reasons"),
        [
            ("planner_node:\n  ros__parameters:\n    sampling.sampels: 64\n", ["Did you mean sampling.samples?"]),
            ("/**:\n  ros__parameters:\n    command.period_ms: '30 deg/s'\n", ["command.period_ms", "30 deg/s", "ms"]),
            ("/**:\n  ros__parameters:\n    seed: 3\n   bad: [\n", ["profile.yaml", "line 4, column 1"]),
            ("/**:\n  seed: 3\n", ["profile.yaml", "ros__parameters"]),
            ("/**:\n  ros__parameters:\n    use_sim_time: maybe\n", ["use_sim_time", "true or false"]),
            ("/**:\n  ros__parameters:\n    sampling.samples: [1, 2]\n", ["sampling.samples", "[1, 2]"]),
        ],
    )
    def test_a_wrong_one_ends_the_node_with_the_reason(self, start_node, tmp_path, text, reasons):
        path = tmp_path / "profile.yaml"
        path.write_text(text)
        process = start_node(profiles=[path])
        assert process.wait(60) == 2
        log = process.log_path.read_text()
        assert all(reason in log for reason in reasons), log

    def test_settings_that_the_model_cannot_plan_with_end_it_too(self, start_node, tmp_path):
        path = tmp_path / "profile.yaml"
        path.write_text(yaml.dump({"/**": {"ros__parameters": {"sampling.samples": 8, "sampling.elites": 9}}}))
        process = start_node(profiles=[path], autostart="true")
        assert process.wait(60) == 2
        assert "from 1 to sampling.samples (8)" in process.log_path.read_text()

    def test_the_shipped_one_is_taken(self, start_node, make_peer):
        start_node(profiles=[ROOT / "config" / "reacher.yaml"])
        assert ParameterClient(make_peer()).get(["planner"])["planner"]


class TestDumpAndLoad:
    def test_what_was_dumped_starts_another_node_alike(self, start_node, make_peer, tmp_path):
        first = start_node()
        client = ParameterClient(make_peer())
        assert client.set_atomically(
            {"sampling.samples": 64, "sampling.elites": 8, "actions.lower": [-0.5, -1.0]}
        ).successful
        names = client.names()
        values = client.get(names)
        first.terminate()
        assert first.wait(60) == 0
        path = tmp_path / "dump.yaml"
        path.write_text(yaml.dump({"/planner_node": {"ros__parameters": nested(values)}}))
        start_node(profiles=[path])
        client = ParameterClient(make_peer())
        assert client.get(names) == values
        # As `ros2 param load` does it.
        assert all(result.successful for result in client.set(values))

    @pytest.mark.skipif(shutil.which("ros2") is None, reason="there is no ros2 command here")
    def test_with_the_ros2_command(self, active, tmp_path):
        peer, _ = active
        client = ParameterClient(peer)
        assert client.set({"sampling.samples": 64})[0].successful
        values = client.get(client.names())
        dump = subprocess.run(["ros2", "param", "dump", "/planner_node"], capture_output=True, text=True, check=True)
        path = tmp_path / "dump.yaml"
        path.write_text(dump.stdout)
        assert client.set({"sampling.samples": 32})[0].successful
        loaded = subprocess.run(
            ["ros2", "param", "load", "/planner_node", str(path)], capture_output=True, text=True, check=True
        )
        assert "failed" not in loaded.stdout + loaded.stderr
        assert client.get(client.names()) == values


def nested(values: dict) -> dict:
    """Names with dots as the nested keys that `ros2 param dump` writes."""
    root: dict = {}
    for name, value in values.items():
        *path, last = name.split(".")
        here = root
        for part in path:
            here = here.setdefault(part, {})
        here[last] = value
    return root


def test_static_ones_may_be_set_between_a_clean_up_and_the_next_configuration(active):
    peer, _ = active
    client = ParameterClient(peer)
    (refused,) = client.set({"seed": 7})
    assert not refused.successful
    assert "clean the node up" in refused.reason
    assert peer.change_state(Transition.TRANSITION_DEACTIVATE)
    assert peer.change_state(Transition.TRANSITION_CLEANUP)
    (result,) = client.set({"seed": 7})
    assert result.successful, result.reason
    assert peer.change_state(Transition.TRANSITION_CONFIGURE)
    (refused,) = client.set({"seed": 8})
    assert not refused.successful
