"""`jepa-mpc guide` beside a running node. Every rule is provoked in the simulator by `npm run guide-check`."""

from __future__ import annotations

import json
import subprocess

import pytest
from conftest import ROOT
from lifecycle_msgs.msg import Transition
from test_foreign_peer import parameter

MAIN = ROOT / "dist" / "src" / "cli" / "main.js"
# Its seconds, and what a busy machine takes to start it.
END_S = 90.0
# Enough for ten plans on a busy machine.
WINDOW_S = "8"


def start_guide(*options: str) -> subprocess.Popen:
    return subprocess.Popen(
        ["node", str(MAIN), "guide", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(peer, process: subprocess.Popen) -> tuple[int, str, str]:
    """Lets the robot go on until the guide has ended; its status, and what it printed."""
    assert peer.spin_until(lambda: process.poll() is not None, END_S)
    output, errors = process.communicate()
    return process.returncode, output, errors


def wait_for_plans(peer) -> None:
    peer.statistics.clear()
    assert peer.spin_until(lambda: len(peer.statistics) > 3)


class TestGuide:
    def test_names_what_is_wrong_with_the_value_in_force_and_one_to_try(self, moving):
        peer, _ = moving
        changes = [parameter("planner", "icem"), parameter("rollout.graph", "plan")]
        assert all(result.successful for result in peer.set_parameters(changes).results)
        # A plan that was under way is still made as before.
        wait_for_plans(peer)
        status, output, errors = ended(peer, start_guide("--seconds", WINDOW_S, "--json"))
        assert status == 0, errors
        advice = {each["id"]: each for each in json.loads(output)}
        assert "fallbacks" in advice, (output, len(peer.statistics))
        assert "iteration by iteration" in advice["fallbacks"]["says"]
        turn = {"parameter": "rollout.graph", "direction": "set", "present": "plan", "suggested": "auto"}
        assert turn in advice["fallbacks"]["turns"]
        # The advice, followed.
        (result,) = peer.set_parameters([parameter("rollout.graph", "auto")]).results
        assert result.successful
        wait_for_plans(peer)
        status, output, errors = ended(peer, start_guide("--seconds", WINDOW_S))
        assert status == 0, errors
        assert output.startswith("/planner_node: ")
        assert "fallbacks" not in output

    def test_says_why_a_node_makes_no_plans(self, start_node, make_peer):
        start_node()
        peer = make_peer()
        assert peer.change_state(Transition.TRANSITION_CONFIGURE)
        status, _, errors = ended(peer, start_guide("--seconds", "2"))
        assert status == 2
        assert "/planner_node/statistics: found no plan within 2 s" in errors
        assert "planner.not-ready" in errors

    @pytest.mark.parametrize(
        ("options", "found"),
        [
            (("--node", "/nobody", "--seconds", "1"), "node /nobody: found no answer from its parameters"),
            (("--node", "planner"), "expected a full name such as /planner_node"),
            (("--seconds", "0"), "expected a number of seconds above 0"),
        ],
    )
    def test_names_what_it_cannot_use(self, make_peer, options, found):
        status, _, errors = ended(make_peer(), start_guide(*options))
        assert status != 0
        assert found in errors
