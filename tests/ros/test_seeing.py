"""What a person can see of the planner node with the tools of ROS: markers, plans, figures, diagnostics."""

from __future__ import annotations

import itertools
import json
import math
import re
import statistics
import time
from array import array

import pytest
import yaml
from conftest import JOINTS, ROOT
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from peer import LATCHED, SIZE
from rcl_interfaces.msg import Log
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Float32MultiArray
from test_foreign_peer import parameter
from trajectory_msgs.msg import JointTrajectory
from visualization_msgs.msg import Marker, MarkerArray

OK, WARN, ERROR, STALE = range(4)
# `Log.ERROR` is a number or a byte, by distribution.
ERROR_LEVEL = 40


def listen(peer: Node, message_type: type, topic: str) -> list:
    """What is received on a topic from now on."""
    received: list = []
    peer.create_subscription(message_type, topic, received.append, 10)
    return received


def values_of(message: DiagnosticArray) -> dict[str, str]:
    return {entry.key: entry.value for entry in message.status[0].values}


class TestCandidates:
    def test_are_paths_of_the_fingertip_from_the_cheapest_to_the_dearest(self, moving):
        peer, _ = moving
        received = listen(peer, MarkerArray, "planner_node/candidates")
        assert peer.spin_until(lambda: len(received) > 2)
        markers = received[-1].markers
        candidates = [marker for marker in markers if marker.ns == "candidates"]
        plans = [marker for marker in markers if marker.ns == "plan"]
        assert len(candidates) == 40
        assert len(plans) == 1
        assert [marker.id for marker in candidates] == list(range(40))
        start = candidates[0].points[0]
        for marker in markers:
            assert (marker.type, marker.action) == (Marker.LINE_STRIP, Marker.ADD)
            assert marker.header.frame_id == "world"
            assert marker.header.stamp.sec > 0
            assert 0 < marker.lifetime.sec + marker.lifetime.nanosec * 1e-9 <= 1
            assert marker.pose.orientation.w == 1
            assert len(marker.points) > 5
            # All from where the fingertip was, and none beyond the arm's reach.
            assert math.dist((marker.points[0].x, marker.points[0].y), (start.x, start.y)) < 1e-9
            for point in marker.points:
                assert math.hypot(point.x, point.y) <= 0.7001
                assert point.z == pytest.approx(0.095)
        lightness = [sum((marker.color.r, marker.color.g, marker.color.b)) for marker in candidates]
        assert lightness[0] == pytest.approx(2.05, abs=0.01)
        assert lightness[-1] == pytest.approx(0.6, abs=0.01)
        assert lightness == sorted(lightness, reverse=True)

    def test_come_no_more_often_than_asked_for_and_as_many(self, moving):
        peer, _ = moving
        changes = [parameter("candidates.count", 7), parameter("candidates.rate", 2.0)]
        assert all(result.successful for result in peer.set_parameters(changes).results)
        received = listen(peer, MarkerArray, "planner_node/candidates")
        assert peer.spin_until(lambda: len(received) > 0)
        received.clear()
        start = time.monotonic()
        assert peer.spin_until(lambda: len(received) >= 6)
        assert len(received) <= 2.0 * (time.monotonic() - start) + 2
        assert len(received[-1].markers) == 8

    def test_are_published_as_numbers_the_plan_first(self, moving):
        peer, _ = moving
        costs = listen(peer, Float32MultiArray, "planner_node/candidate_costs")
        actions = listen(peer, Float32MultiArray, "planner_node/candidate_actions")
        assert peer.spin_until(lambda: len(costs) > 2 and len(actions) > 2)
        layout = {dim.label: dim.size for dim in actions[-1].layout.dim}
        assert list(layout) == ["candidate", "step", "joint"]
        assert (layout["candidate"], layout["joint"]) == (41, len(JOINTS))
        assert [dim.stride for dim in actions[-1].layout.dim] == [
            len(actions[-1].data),
            layout["step"] * len(JOINTS),
            len(JOINTS),
        ]
        assert all(abs(action) <= 2.5 for action in actions[-1].data)
        assert [(dim.label, dim.size, dim.stride) for dim in costs[-1].layout.dim] == [("candidate", 41, 41)]
        plan_cost, *others = costs[-1].data
        assert others == sorted(others)
        # A plan is refined from these candidates, and costs less than most of them.
        assert plan_cost < others[len(others) // 2]
        shown = [values_of(message) for message in peer.statistics]
        elites = [int(values["shown_elites"]) for values in shown if "shown_elites" in values]
        assert elites
        assert all(1 < count < 40 for count in elites)

    def test_of_a_link_that_the_robot_does_not_have_are_refused_with_a_reason(self, moving):
        peer, _ = moving
        (result,) = peer.set_parameters([parameter("candidates.link", "gripper")]).results
        assert result.successful
        received = listen(peer, MarkerArray, "planner_node/candidates")
        assert peer.spin_until(lambda: peer.reported("gripper"))
        assert not received


POSITION_LIMIT = 2.6 - 0.02


def test_the_plan_is_the_motion_that_it_foresees(moving):
    peer, _ = moving
    received: list[JointTrajectory] = listen(peer, JointTrajectory, "planner_node/plan")
    assert peer.spin_until(lambda: len(received) > 2)
    plan = received[-1]
    assert list(plan.joint_names) == JOINTS
    assert plan.header.stamp.sec > 0
    period = plan.points[0].time_from_start.nanosec * 1e-9
    assert period == pytest.approx(0.1)
    for before, after in zip(plan.points, plan.points[1:], strict=False):
        for joint in range(len(JOINTS)):
            moved = before.positions[joint] + period * after.velocities[joint]
            # A joint stops at its position limit: that of urdf/reacher.urdf, less limits.position_margin.
            stopped = min(max(moved, -POSITION_LIMIT), POSITION_LIMIT)
            assert after.positions[joint] == pytest.approx(stopped)


class TestStatistics:
    def test_tell_what_the_cost_is_made_of_and_where_the_time_goes(self, moving):
        peer, _ = moving
        peer.statistics.clear()
        assert peer.spin_until(lambda: len(peer.statistics) > 20)
        texts = values_of(peer.statistics[-1])
        not_one_number = ("rollout", "device", "fallbacks", "elites_std_by_iteration")
        values = {key: float(value) for key, value in texts.items() if key not in not_one_number}
        terms = sum(values[f"cost_{term}"] for term in ("distance", "action", "smoothness", "limit"))
        assert terms == pytest.approx(values["cost_total"], abs=1e-6)
        assert 0 < values["encode_ms"] + values["search_ms"] <= values["plan_ms"]
        assert values["frame_age_ms"] >= values["plan_ms"]
        assert values["frame_to_command_p95_ms"] >= 100
        assert values["iterations"] >= 1
        assert 0 <= values["elites_std"] < 10
        spread = [float(std) for std in texts["elites_std_by_iteration"].split()]
        assert len(spread) == values["iterations"]
        assert spread[-1] == pytest.approx(values["elites_std"], abs=6e-4)
        assert values["cost_cv"] > 0
        assert 0 <= values["actions_at_bounds"] <= 1
        assert values["command_period_error_p99_ms"] >= 0
        assert peer.statistics[-1].status[0].hardware_id == "reacher"

    def test_leave_the_terms_out_when_told_to(self, moving):
        peer, _ = moving
        (result,) = peer.set_parameters([parameter("statistics.cost_terms", False)]).results
        assert result.successful
        peer.statistics.clear()
        assert peer.spin_until(lambda: peer.statistics and "cost_total" not in values_of(peer.statistics[-1]))


class TestGoalImage:
    def test_is_the_goal_in_force_also_for_those_who_come_later(self, moving):
        peer, _ = moving
        peer.publish_goal(shade=70)
        shown: list[Image] = []
        peer.create_subscription(Image, "planner_node/goal_image", shown.append, LATCHED)
        assert peer.spin_until(lambda: bool(shown) and shown[-1].data[-1] == 70)
        assert (shown[-1].width, shown[-1].height, shown[-1].encoding) == (SIZE, SIZE, "rgb8")
        assert len(shown[-1].data) == SIZE * SIZE * 3
        assert peer.capture_goal().success
        assert peer.spin_until(lambda: shown[-1].data[-1] != 70)
        late: list[Image] = []
        peer.create_subscription(Image, "planner_node/goal_image", late.append, LATCHED)
        assert peer.spin_until(lambda: bool(late))
        assert late[0] == shown[-1]


class TestDistanceMap:
    def test_is_as_large_as_the_picture_and_costs_no_plan(self, moving):
        peer, _ = moving
        maps: list[Image] = []
        peer.create_subscription(Image, "planner_node/distance_map", maps.append, LATCHED)
        peer.statistics.clear()
        answer = peer.explain_distance()
        assert answer.success, answer.message
        assert re.search(r"is [\d.]+ from the goal; the largest contribution", answer.message)
        assert peer.spin_until(lambda: bool(maps))
        assert (maps[0].width, maps[0].height, maps[0].encoding, maps[0].step) == (SIZE, SIZE, "32FC1", 4 * SIZE)
        contributions = array("f", bytes(maps[0].data))
        assert len(contributions) == SIZE * SIZE
        assert all(math.isfinite(contribution) for contribution in contributions)
        # Plans were made meanwhile: the map is made between them.
        assert peer.spin_until(lambda: len(peer.statistics) > 2)

    def test_is_refused_without_a_goal(self, start_node, make_peer):
        start_node()
        peer = make_peer()

        def refusal() -> str:
            answer = peer.explain_distance()
            assert not answer.success
            return answer.message

        assert "not configured" in refusal()
        assert peer.change_state(Transition.TRANSITION_CONFIGURE)
        assert peer.spin_until(lambda: "goal: found none" in refusal())


class TestDiagnostics:
    PARTS = (
        "model",
        "planner",
        "camera image",
        "joint states",
        "commands",
        "motion",
        "goal",
        "qos",
        "recording",
        "parameters",
        "problems",
    )

    def level(self, peer, part: str) -> int | None:
        return peer.diagnostics.get(f"planner_node: {part}", (None, ""))[0]

    def test_are_of_every_part_once_a_second(self, moving):
        peer, _ = moving
        received = listen(peer, DiagnosticArray, "/diagnostics")
        ours: list[DiagnosticArray] = []

        def come_once_a_second() -> bool:
            """The last five; on a busy machine some come late."""
            ours[:] = [message for message in received if message.status[0].name.startswith("planner_node: ")][-5:]
            stamps_s = [message.header.stamp.sec + message.header.stamp.nanosec * 1e-9 for message in ours]
            gaps_s = [later - earlier for earlier, later in itertools.pairwise(stamps_s)]
            return len(ours) == 5 and 0.8 <= statistics.median(gaps_s) <= 1.2

        assert peer.spin_until(come_once_a_second)
        assert {status.name for status in ours[-1].status} == {f"planner_node: {part}" for part in self.PARTS}
        assert all(status.hardware_id == "reacher" for status in ours[-1].status)

        def rate_hz() -> float:
            camera = next(one for one in received[-1].status if one.name == "planner_node: camera image")
            return float(next(entry.value for entry in camera.values if entry.key == "rate_hz"))

        received[:] = ours
        assert peer.spin_until(lambda: 10 < rate_hz() < 45), rate_hz()

    def test_are_ok_while_the_robot_follows_plans(self, moving):
        peer, _ = moving
        for part in ("model", "camera image", "joint states", "motion", "goal", "parameters"):
            assert peer.spin_until(lambda part=part: self.level(peer, part) == OK), (part, peer.diagnostics)

    def test_say_which_input_went_quiet(self, moving):
        peer, _ = moving
        peer.camera_on = False
        assert peer.spin_until(
            lambda: self.level(peer, "camera image") == ERROR and self.level(peer, "joint states") == OK
        )

    def test_are_stale_where_nothing_has_happened_yet(self, start_node, make_peer):
        start_node()
        peer = make_peer()
        assert peer.spin_until(lambda: self.level(peer, "model") == STALE)
        assert self.level(peer, "commands") == STALE
        assert self.level(peer, "goal") == WARN
        assert peer.change_state(Transition.TRANSITION_CONFIGURE)
        assert peer.spin_until(lambda: self.level(peer, "model") == OK)
        assert peer.spin_until(lambda: self.level(peer, "joint states") == OK)
        assert self.level(peer, "commands") == STALE


class TestLog:
    def test_says_on_rosout_what_is_wrong_of_images_once_a_second_and_of_a_missing_joint_once(self, moving):
        peer, _ = moving
        received = listen(peer, Log, "/rosout")
        peer.encoding = "nv12"
        peer.joint_names = ["shoulder", "elbo"]

        def said(code: str) -> list[Log]:
            return [entry for entry in received if code in entry.msg]

        assert peer.spin_until(lambda: len(said("joint-states.unknown-joint")) == 1)
        images = len(said("image.encoding"))
        assert peer.spin_until(lambda: len(said("image.encoding")) > images + 2)
        assert len(said("joint-states.unknown-joint")) == 1
        for code in ("image.encoding", "joint-states.unknown-joint"):
            assert {(entry.name, entry.level) for entry in said(code)} == {("planner_node", ERROR_LEVEL)}
        stamps_s = [entry.stamp.sec + entry.stamp.nanosec * 1e-9 for entry in said("image.encoding")]
        gaps_s = [later - earlier for earlier, later in itertools.pairwise(stamps_s)]
        # A machine that is busy for a moment delays one of them, which shortens the next gap.
        assert statistics.median(gaps_s) > 0.95, gaps_s


class TestDisplays:
    """The configurations for rviz and Foxglove show topics that there are."""

    def topics(self, peer: Node) -> dict[str, list[str]]:
        return dict(peer.get_publisher_names_and_types_by_node("planner_node", "/"))

    def test_of_rviz(self, moving):
        peer, _ = moving
        config = yaml.safe_load((ROOT / "rviz" / "planner.rviz").read_text())
        shown = {}
        for display in config["Visualization Manager"]["Displays"]:
            topic = display.get("Topic", display.get("Description Topic"))
            if topic:
                shown[topic["Value"]] = display["Class"]
        assert shown.pop("/planner_node/candidates") == "rviz_default_plugins/MarkerArray"
        assert self.topics(peer)["/planner_node/candidates"] == ["visualization_msgs/msg/MarkerArray"]
        assert set(shown) == {"/image", "/goal_image", "/robot_description"}

    def test_of_foxglove(self, moving):
        peer, _ = moving
        layout = json.loads((ROOT / "foxglove" / "planner.json").read_text())
        panels = layout["configById"]
        text = json.dumps(layout)
        named = set(re.findall(r"/planner_node/(\w+)", text))
        services = {panel["serviceName"] for panel in panels.values() if "serviceName" in panel}
        published = self.topics(peer)
        offered = dict(peer.get_service_names_and_types_by_node("planner_node", "/"))
        assert services <= set(offered)
        for name in named - {service.rsplit("/", 1)[1] for service in services}:
            assert f"/planner_node/{name}" in published
        assert "/diagnostics" in published
        # Every panel that is laid out is configured, and the other way round.
        assert set(re.findall(r'"(\w+!\w+)"', json.dumps(layout["layout"]))) == set(panels)
        peer.statistics.clear()
        assert peer.spin_until(lambda: len(peer.statistics) > 0)
        keys = set(values_of(peer.statistics[-1]))
        assert set(re.findall(r'key==\\"(\w+)\\"', text)) <= keys
        assert re.search(r'key==\\"cost_total\\"', text)
