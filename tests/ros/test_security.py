"""What the planner node has in the ROS graph, and what its security policy lets it have."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from conftest import ROOT

POLICY = ROOT / "config" / "security" / "policy.xml"
NODE = "planner_node"


def full(name: str) -> str:
    """A name of the policy as ROS has it, for a node outside of any namespace."""
    if name.startswith("~"):
        return f"/{NODE}{name[1:]}"
    return name if name.startswith("/") else f"/{name}"


def granted() -> dict[str, set[str]]:
    """The names that the policy allows, by permission. Read without any code of the node."""
    root = ElementTree.parse(POLICY).getroot()
    assert root.get("version") == "0.2.0"
    (profile,) = root.iterfind(f"./enclaves/enclave/profiles/profile[@node='{NODE}']")
    found: dict[str, set[str]] = {"publish": set(), "subscribe": set(), "reply": set(), "execute": set()}
    for rules in profile:
        for permission, qualifier in rules.items():
            assert qualifier == "ALLOW"
            found[permission] |= {full(entry.text) for entry in rules}
    return found


def present(peer) -> dict[str, set[str]]:
    """The names that the running node has now."""
    topics = {
        "publish": peer.get_publisher_names_and_types_by_node(NODE, "/", no_demangle=True),
        "subscribe": peer.get_subscriber_names_and_types_by_node(NODE, "/", no_demangle=True),
    }
    found = {
        permission: {
            name.removeprefix("rt")
            for name, _ in names
            # Without the topics of services and of actions, which are compared as such.
            if name.startswith("rt/") and "/_action/" not in name
        }
        for permission, names in topics.items()
    }
    services = {name for name, _ in peer.get_service_names_and_types_by_node(NODE, "/")}
    found["reply"] = {name for name in services if "/_action/" not in name}
    found["execute"] = {name.split("/_action/")[0] for name in services if "/_action/" in name}
    return found


def merged(*parts: dict[str, set[str]]) -> dict[str, set[str]]:
    return {key: set().union(*(part[key] for part in parts)) for key in parts[0]}


def seen_while_active(peer, process: subprocess.Popen) -> dict[str, set[str]]:
    """All names that the node has had until it moves the robot: camera_info is subscribed to for a moment."""
    assert peer.change_state(1), "configure was refused"
    seen = present(peer)

    def look() -> bool:
        nonlocal seen
        seen = merged(seen, present(peer))
        return "/camera_info" in seen["subscribe"]

    assert peer.activate(), process.log_path.read_text()
    assert peer.spin_until(look), sorted(seen["subscribe"])
    return merged(seen, present(peer))


def test_the_policy_has_every_name_of_the_node_and_no_other(start_node, make_peer):
    process = start_node()
    peer = make_peer()
    raw = seen_while_active(peer, process)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    # The other choices that parameters leave: no robot is needed to see them.
    process = start_node(camera__transport="compressed", use_sim_time="true")
    assert peer.spin_until(lambda: NODE in peer.get_node_names())
    assert peer.change_state(1), "configure was refused"
    assert peer.spin_until(lambda: "/image/compressed" in present(peer)["subscribe"])
    assert peer.spin_until(lambda: "/clock" in present(peer)["subscribe"])
    names = merged(raw, present(peer))
    policy = granted()
    lacking = {key: sorted(names[key] - policy[key]) for key in names}
    unused = {key: sorted(policy[key] - names[key]) for key in names}
    assert not any(lacking.values()), f"config/security/policy.xml lacks {lacking}"
    assert not any(unused.values()), f"config/security/policy.xml grants what the node does not have: {unused}"


def policy_check(path: Path) -> subprocess.CompletedProcess:
    main = ROOT / "dist" / "src" / "cli" / "main.js"
    return subprocess.run(
        ["node", str(main), "policy", str(path), "--model", str(ROOT / "models" / "reacher")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class TestCommand:
    def test_holds_for_the_shipped_policy(self):
        outcome = policy_check(POLICY)
        assert outcome.returncode == 0, outcome.stderr
        assert "more than it needs" not in outcome.stdout

    def test_names_what_a_policy_lacks(self, tmp_path):
        lacking = tmp_path / "policy.xml"
        lacking.write_text(POLICY.read_text().replace("<topic>joint_states</topic>", "", 1))
        outcome = policy_check(lacking)
        assert outcome.returncode == 1
        assert re.search(r"subscribe /joint_states.*security\.policy", outcome.stderr), outcome.stderr

    def test_names_a_file_that_is_not_there(self, tmp_path):
        outcome = policy_check(tmp_path / "none.xml")
        assert outcome.returncode == 1
        assert "none.xml" in outcome.stderr
        assert "security.policy" in outcome.stderr


class TestSecurityOn:
    """The node never runs unsecured where security is enforced, and it says why it does not start."""

    @pytest.fixture
    def secured(self, tmp_path, monkeypatch):
        (tmp_path / "keys" / "enclaves" / NODE).mkdir(parents=True)
        monkeypatch.setenv("ROS_SECURITY_ENABLE", "true")
        monkeypatch.setenv("ROS_SECURITY_STRATEGY", "Enforce")
        monkeypatch.setenv("ROS_SECURITY_KEYSTORE", str(tmp_path / "keys"))
        return monkeypatch

    def ends_with(self, process: subprocess.Popen) -> str:
        assert process.wait(60) == 2
        return process.log_path.read_text()

    def test_without_an_enclave_it_ends_and_names_the_folder(self, start_node, secured):
        secured.setenv("ROS_SECURITY_ENCLAVE_OVERRIDE", "/nowhere")
        log = self.ends_with(start_node())
        assert re.search(r"enclaves/nowhere' does not exist.*jepa-mpc policy FILE.*\[security\.policy\]", log), log

    def test_that_is_not_enforced_is_warned_of(self, start_node, make_peer, secured):
        peer = make_peer()
        secured.setenv("ROS_SECURITY_ENCLAVE_OVERRIDE", "/nowhere")
        secured.setenv("ROS_SECURITY_STRATEGY", "Permissive")
        process = start_node()
        assert peer.spin_until(lambda: "runs unsecured" in process.log_path.read_text())

    def test_with_an_enclave_that_lacks_its_files_it_ends_and_says_why(self, start_node, secured):
        secured.setenv("ROS_SECURITY_ENCLAVE_OVERRIDE", f"/{NODE}")
        log = self.ends_with(start_node())
        # Which of the two depends on whether the middleware was built with DDS security.
        assert re.search(r"\[security\.(policy|unavailable)\]", log), log
        assert os.environ["ROS_SECURITY_KEYSTORE"] in log or "-DSECURITY=ON" in log, log
