"""The dashboard and the real node: what a page asks for happens, and what happens is shown."""

from __future__ import annotations

import re
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from pages import MAIN, Dashboard, Message, Page, dashboard
from parameter_client import ParameterClient
from peer import Peer


@pytest.fixture
def board(moving: tuple[Peer, subprocess.Popen], tmp_path) -> Iterator[Dashboard]:
    with dashboard(tmp_path) as running:
        yield running


@pytest.fixture
def page(board: Dashboard) -> Page:
    """A page that knows the node."""
    page = board.open()
    page.message("node", present=True, state="active")
    page.message("parameters")
    return page


@pytest.fixture
def peer(moving: tuple[Peer, subprocess.Popen]) -> Peer:
    return moving[0]


def spin_until(peer: Peer, page: Page, start: int = 0, **fields: object) -> dict:
    """Lets the robot move until an event of the page has these fields."""

    def matches(event: dict) -> bool:
        found = event.get("message") or event
        return all(found.get(key) == value for key, value in fields.items())

    assert peer.spin_until(lambda: page.find(matches, start) is not None), fields
    return page.find(matches, start)


class TestParameters:
    def test_a_slider_sets_the_parameter_of_the_node(self, page, peer):
        start = page.now
        assert page.request("set_parameters", values={"mppi.temperature": 2, "sampling.samples": 48})["ok"]
        assert ParameterClient(peer).get(["mppi.temperature", "sampling.samples"]) == {
            "mppi.temperature": 2.0,
            "sampling.samples": 48,
        }
        page.message("parameters", start=start)

    def test_a_refused_value_comes_back_with_the_reason_and_its_parameter(self, page, peer):
        reply = page.request("set_parameters", values={"sampling.samples": -4})
        assert not reply["ok"]
        assert reply["refusal"]["parameter"] == "sampling.samples"
        assert "found -4, expected a whole number from 0" in reply["refusal"]["message"]
        assert ParameterClient(peer).get(["sampling.samples"]) == {"sampling.samples": 0}

    def test_of_several_all_or_none_are_set(self, page, peer):
        reply = page.request("set_parameters", values={"mppi.temperature": 3, "planner": "mpi"})
        assert reply["refusal"]["parameter"] == "planner"
        assert "Did you mean mppi" in reply["refusal"]["message"]
        assert ParameterClient(peer).get(["mppi.temperature"]) == {"mppi.temperature": 0.1}

    def test_what_is_wrong_in_an_expression_is_pointed_at(self, page):
        text = "goal_distance +\n  0.1 * nrm(action)"
        refusal = page.request("set_parameters", values={"objective.expression": text})["refusal"]
        assert refusal["parameter"] == "objective.expression"
        assert text[refusal["place"]["start"] : refusal["place"]["end"]] == "nrm"

    def test_a_change_made_elsewhere_is_shown(self, page, peer):
        (result,) = ParameterClient(peer).set({"mppi.temperature": 0.5})
        assert result.successful
        assert peer.spin_until(lambda: page.value("mppi.temperature") == 0.5)

    def test_a_static_one_is_refused_with_what_to_do(self, page):
        refusal = page.request("set_parameters", values={"seed": 9})["refusal"]
        assert "clean the node up" in refusal["message"]

    def test_every_parameter_is_described_as_the_page_needs_it(self, page):
        parameters = {info["name"]: info for info in page.message("schema")["parameters"]}
        assert parameters["watchdog.image_timeout_s"] | {"description": ""} == {
            "name": "watchdog.image_timeout_s",
            "type": "double",
            "range": [0.01, 60],
            "step": None,
            "unit": "s",
            "defaultValue": 0.5,
            "description": "",
            "change": "dynamic",
            "choices": None,
            "maxLength": None,
        }
        assert "mppi" in parameters["planner"]["choices"]
        assert parameters["command.period_ms"]["change"] == "static"
        assert parameters["autostart"]["change"] == "read-only"
        assert parameters["actions.upper"]["maxLength"] == 64
        assert page.value("seed") == 1


def cameras_in(event: Message) -> list[str]:
    """The channels of cameras that a message names, if it is the list of streams."""
    message = event.get("message") or {}
    streams = message["streams"] if message.get("type") == "streams" else []
    return [stream["channel"] for stream in streams if stream["channel"].startswith("camera/")]


class TestStreams:
    def test_everything_that_a_plan_shows_arrives_while_it_is_watched(self, page, peer):
        # The first list of streams may be from before the model was loaded, which has the cameras.
        streams = page.wait_for(lambda event: cameras_in(event) != [])
        camera = cameras_in(streams)[0]
        page.watch("statistics", "joints", "plan", "candidates", "plan_path", camera)
        figures = spin_until(peer, page, type="statistics")["message"]["values"]
        assert figures["plan_ms"] > 0
        assert spin_until(peer, page, channel="joints")["shape"] == [3, 2]
        rows, joints = spin_until(peer, page, channel="plan")["shape"]
        assert (rows > 1, joints) == (True, 2)
        assert spin_until(peer, page, channel="candidates")["shape"][0] > 1
        assert spin_until(peer, page, channel="plan_path")["shape"][0] == 1
        picture = spin_until(peer, page, channel=camera)
        assert picture["kind"] == "picture"
        assert picture["start"] == "ffd8ff"

    def test_the_node_computes_nothing_for_channels_that_nobody_watches(self, page, peer):
        page.watch("candidates")
        spin_until(peer, page, channel="candidates")
        assert peer.spin_until(lambda: peer.count_subscribers("/planner_node/candidates") == 1)
        page.watch()
        assert peer.spin_until(lambda: peer.count_subscribers("/planner_node/candidates") == 0)

    def test_the_robot_comes_with_its_limits_and_its_description(self, page, board):
        robot = page.message("robot", periodMs=100)
        assert [joint["name"] for joint in robot["joints"]] == ["shoulder", "elbow"]
        assert all(joint["lower"] < joint["upper"] for joint in robot["joints"])
        url = board.url.replace("/?", "/robot/description.urdf?")
        assert b"<robot" in urllib.request.urlopen(url).read()

    def test_two_pages_see_the_same(self, page, board, peer):
        other = board.open()
        for each in (page, other):
            each.watch("statistics")
        for each in (page, other):
            spin_until(peer, each, type="statistics")
        page.request("set_parameters", values={"mppi.temperature": 7})
        assert peer.spin_until(lambda: other.value("mppi.temperature") == 7)


class TestOperator:
    def test_pause_and_go_on(self, page, peer):
        start = page.now
        assert page.call("pause", paused=True)["ok"]
        page.message("operator", start=start, paused=True)
        assert peer.rests_within(5.0)
        # What the node says, once the request no longer counts for it.
        spin_until(peer, page, page.now, type="operator", paused=True, level="error")
        assert page.call("pause", paused=False)["ok"]
        assert peer.spin_until(peer.moves)

    def test_stop_and_reset(self, page, peer):
        assert page.call("emergency_stop")["ok"]
        spin_until(peer, page, type="operator", stopped=True)
        assert peer.rests_within(5.0)
        start = page.now

        def is_reset() -> bool:
            """Refused while the robot brakes, or what is known of it is old: it says nothing during a request."""
            peer.spin_for(0.3)
            return page.call("reset")["ok"]

        assert peer.spin_until(is_reset)
        spin_until(peer, page, start, type="operator", stopped=False)

    def test_the_speed(self, page, peer):
        assert page.request("speed_scale", value=0.25)["ok"]
        spin_until(peer, page, type="operator", speedScale=0.25)
        refusal = page.request("speed_scale", value=2)["refusal"]
        assert refusal["parameter"] == "command.speed_scale"

    def test_the_lifecycle(self, page, peer):
        start = page.now
        assert page.request("lifecycle", transition="deactivate")["ok"]
        page.message("node", start=start, state="inactive")
        assert not page.request("lifecycle", transition="configure")["ok"]
        start = page.now
        assert peer.activate()
        page.message("node", start=start, state="active")

    def test_goals_are_captured_saved_listed_and_loaded(self, page, peer):
        assert page.call("capture_goal")["ok"]
        spin_until(peer, page, type="goal", state="underway")
        assert page.call("save_goal", name="from-the-page")["ok"]
        assert "from-the-page" in page.call("list_goals")["data"]["names"]
        assert page.call("load_goal", name="from-the-page")["ok"]
        refusal = page.call("load_goal", name="nothing-of-this-name")["refusal"]
        assert "goal.name" in refusal["message"] or "goal.file" in refusal["message"]

    def test_what_the_node_logs_is_shown(self, page, peer):
        page.call("emergency_stop")
        page.wait_for(lambda event: "emergency stop" in (event.get("message") or {}).get("text", ""))
        page.call("reset")


class TestProfiles:
    def test_what_was_saved_is_loaded_again(self, page, peer):
        page.request("set_parameters", values={"sampling.samples": 48, "planner": "mppi"})
        assert page.request("save_profile", name="good")["ok"]
        page.message("profiles", names=["good"])
        page.request("set_parameters", values={"sampling.samples": 0, "mppi.temperature": 3})
        compared = page.request(
            "compare_profiles", left={"kind": "profile", "name": "good"}, right={"kind": "present"}
        )["data"]["differences"]
        assert [difference["name"] for difference in compared] == ["mppi.temperature", "sampling.samples"]
        loaded = page.request("load_profile", name="good")
        assert loaded["ok"], loaded
        assert ParameterClient(peer).get(["sampling.samples", "planner", "mppi.temperature"]) == {
            "sampling.samples": 48,
            "planner": "mppi",
            "mppi.temperature": 0.1,
        }

    def test_a_bad_one_is_refused_and_nothing_is_set(self, page, peer, tmp_path):
        (tmp_path / "profiles").mkdir(exist_ok=True)
        text = "/**:\n  ros__parameters:\n    mppi.temperature: 5.0\n    cem.samples: 3\n"
        (tmp_path / "profiles" / "old.yaml").write_text(text)
        refusal = page.request("load_profile", name="old")["refusal"]
        assert "cem.samples" in refusal["message"]
        assert "sampling.samples" in refusal["message"]
        # Each value is allowed, but not both: the node refuses, and takes neither.
        text = "/**:\n  ros__parameters:\n    sampling.samples: 8\n    sampling.elites: 9\n"
        (tmp_path / "profiles" / "contradiction.yaml").write_text(text)
        refusal = page.request("load_profile", name="contradiction")["refusal"]
        assert "sampling.elites" in refusal["message"]
        assert ParameterClient(peer).get(["mppi.temperature", "sampling.samples"]) == {
            "mppi.temperature": 0.1,
            "sampling.samples": 0,
        }


class TestAccess:
    @pytest.mark.parametrize("query", ["", "?token=a-wrong-token-of-some-length"])
    def test_without_the_token_nothing_is_shown(self, board, query):
        url = re.sub(r"\?.*", query, board.url)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url)
        assert refused.value.code == 401
        page = board.open(url)
        assert page.wait_for(lambda event: event["event"] == "refused")["status"] == 401
        assert "401" in board.log
        assert "a-wrong-token" not in board.log

    def test_a_message_that_is_not_understood_is_answered_and_nothing_is_lost(self, page):
        for line in ({"raw": "{"}, {"send": {"type": "format_disk", "id": 1}}, {"fill": 100_000}):
            start = page.now
            page.write(**line)
            assert "expected" in page.message("problem", start=start)["message"]
        assert page.request("list_profiles")["ok"]

    def test_a_page_that_floods_is_disconnected_and_the_others_go_on(self, page, board, peer):
        flooding = board.open()
        flooding.message("node")
        flooding.write(flood=5000)
        closed = flooding.wait_for(lambda event: event["event"] == "close")
        assert closed["code"] == 4008
        assert "messages a second" in closed["reason"]
        page.watch("statistics")
        spin_until(peer, page, type="statistics")


def start_badly(*arguments: str) -> subprocess.CompletedProcess:
    """Starts one that is to end by itself, because of its arguments."""
    command = ["node", str(MAIN), "dashboard", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


class TestStart:
    def test_a_port_in_use_ends_it_with_the_option_for_another(self, tmp_path):
        with dashboard(tmp_path) as first:
            port = re.search(r":(\d+)/", first.url)[1]
            second = start_badly("--port", port)
        assert second.returncode == 2
        assert f"port {port}" in second.stderr
        assert "--port" in second.stderr

    def test_it_ends_at_once_with_pages_open_and_says_so_to_them(self, tmp_path):
        with dashboard(tmp_path) as board:
            page = board.open()
            page.message("hello")
            board.process.send_signal(signal.SIGINT)
            assert page.wait_for(lambda event: event["event"] == "close")["code"] == 1001
            assert board.process.wait(20) == 0

    def test_a_token_that_could_be_guessed_is_refused(self):
        ended = start_badly("--token", "robot")
        assert ended.returncode == 2
        assert "dashboard.token" in ended.stderr

    def test_the_token_is_not_in_the_log_that_everyone_in_the_domain_receives(self, board, page, peer):
        token = re.search(r"token=(\S+)", board.url)[1]
        assert board.log.count(token) == 1

    def test_it_waits_for_a_node_and_follows_one_that_is_started_again(self, start_node, make_peer, tmp_path):
        with dashboard(tmp_path) as board:
            page = board.open()
            page.message("node", present=False)
            process = start_node()
            page.message("node", present=True, state="unconfigured")
            page.message("schema")
            process.kill()
            start = page.now
            page.message("node", start=start, present=False)
            start = page.now
            start_node(sampling__samples="77")
            page.message("node", start=start, present=True, state="unconfigured")
            page.message("schema", start=start)
            page.wait_for(lambda _: page.value("sampling.samples") == 77, start)
