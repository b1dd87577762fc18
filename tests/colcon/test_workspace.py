"""`colcon build` in a clean workspace, and the node from what it installed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from workspace import ROOT, Workspace, copy_checkout, development_packages, files_below, say, underlay

HERE = Path(__file__).resolve().parent
FOLDERS = ("config", "foxglove", "launch", "models", "rviz", "urdf")
GAZEBO = tuple(f"sim/gazebo/{name}" for name in ("bridge.yaml", "bridge-native.yaml", "controllers.yaml", "worlds"))
# Nothing is there to shrink for: the libraries of ONNX Runtime and libvips alone are 60 MB.
LARGEST_MB = 200
END_S = 2.0
# Other programs on the machine may hold up an end.
TRIES = 3


def size_mb(folder: Path) -> float:
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6


def test_everything_is_where_ros_looks_for_it(workspace: Workspace) -> None:
    prefix = workspace.install / "jepa_mpc"
    for name in ("planner_node", "demo", "dashboard"):
        assert os.access(prefix / "lib" / "jepa_mpc" / name, os.X_OK), name
    assert (prefix / "share" / "ament_index" / "resource_index" / "packages" / "jepa_mpc").is_file()
    for name in ("package.xml", "LICENSE", *GAZEBO, *(folder for folder in FOLDERS if (ROOT / folder).exists())):
        assert (workspace.share / name).exists(), name


def test_the_bundle_has_the_packages_of_the_product_alone(workspace: Workspace) -> None:
    modules = workspace.bundle / "node_modules"
    bundled = {path.name for path in modules.iterdir() if not path.name.startswith("@")}
    bundled |= {f"{scope.name}/{path.name}" for scope in modules.glob("@*") for path in scope.iterdir()}
    assert bundled & development_packages() == set()
    assert {"rclnodejs", "onnxruntime-node", "rxjs"} <= bundled
    size = size_mb(workspace.install)
    say(f"the install space has {size:.0f} MB, {size_mb(modules):.0f} MB of it npm packages")
    assert size < LARGEST_MB


def test_the_bundle_finds_the_libraries_for_a_gpu_that_the_checkout_has(workspace: Workspace) -> None:
    libraries = workspace.bundle / ".prefix" / "gpu" / "lib"
    assert (libraries / "libcudart.so.13").read_text(encoding="utf-8") == "a library"
    runtime = (libraries / "libonnxruntime.so.1").resolve(strict=True)
    assert runtime.is_relative_to(workspace.bundle.resolve())
    assert (libraries.parent / "libraries.json").is_file()


def test_one_lockstep_episode_runs_from_the_install_space_and_writes_nothing_into_it(
    workspace: Workspace, tmp_path: Path
) -> None:
    report = tmp_path / "demo.json"
    before = files_below(workspace.install)
    # The permissions hold back everybody but root; the comparison below holds for root too.
    subprocess.run(["chmod", "-R", "a-w", str(workspace.install)], check=True)
    try:
        ages = ("--imperfect", "camera-delay-ms=60", "--imperfect", "joint-delay-ms=10")
        arguments = ("--lockstep", "--headless", "--no-baselines", "--episodes", "1", "--json", str(report), *ages)
        demo = str(workspace.install / "jepa_mpc" / "lib" / "jepa_mpc" / "demo")
        say(f"running lib/jepa_mpc/demo {' '.join(arguments)}")
        run = workspace.run(demo, *arguments)
    finally:
        subprocess.run(["chmod", "-R", "u+w", str(workspace.install)], check=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert files_below(workspace.install) == before
    (episode,) = json.loads(report.read_text(encoding="utf-8"))["episodes"]
    say(f"one lockstep episode from the install space: success {episode['success']}, {episode['timeS']:.2f} s")
    assert episode["success"]


def test_the_node_is_found_by_package_and_executable_and_ends_within_two_seconds(workspace: Workspace) -> None:
    find = "from ament_index_python.packages import get_package_prefix as p; print(p('jepa_mpc'))"
    prefix = workspace.run(sys.executable, "-c", find).stdout.strip()
    assert prefix == str(workspace.install / "jepa_mpc")
    for _ in range(TRIES):
        node = workspace.popen(
            f"{prefix}/lib/jepa_mpc/planner_node",
            *("--ros-args", "-r", "__ns:=/arm", "-r", "__node:=planner"),
            *("-p", f"model:={workspace.share}/models/reacher"),
        )
        try:
            answer = workspace.run(sys.executable, str(HERE / "ask_lifecycle.py"), "/arm/planner")
            assert answer.stdout.strip() == "unconfigured", answer.stdout + answer.stderr
            start = time.monotonic()
            node.send_signal(signal.SIGINT)
            output, _ = node.communicate(timeout=60)
            seconds = time.monotonic() - start
            assert node.returncode == 0, output
            say(f"planner_node answered as /arm/planner; after SIGINT it ended with 0 in {seconds:.1f} s")
        finally:
            node.kill()
        if seconds < END_S:
            return
    pytest.fail(f"in each of {TRIES} tries it took more than {END_S} s")


def test_reach_goal_goes_from_rclpy_to_rclnodejs_and_back(workspace: Workspace) -> None:
    """Both use what colcon built: the bundle's JavaScript, and the C and Python of jepa_mpc_msgs."""
    server = workspace.popen("node", str(HERE / "reach_goal_server.mjs"), str(workspace.bundle))
    try:
        client = workspace.run(sys.executable, str(HERE / "reach_goal_client.py"))
        assert client.returncode == 0, client.stdout + client.stderr
        say(f"ReachGoal: {client.stdout.strip()}")
    finally:
        server.terminate()
        output, _ = server.communicate(timeout=60)
    assert server.returncode == 0, output


def bundle(checkout: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["node", str(checkout / "scripts" / "bootstrap.mjs"), "bundle", str(checkout / "bundle")],
        env=underlay() | settings,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_a_build_that_cannot_reach_the_npm_registry_says_so(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    copy_checkout(checkout)
    nowhere = {"npm_config_registry": "http://127.0.0.1:9", "npm_config_cache": str(tmp_path / "cache")}
    failed = bundle(checkout, **nowhere, npm_config_fetch_retries="0")
    assert failed.returncode == 1
    assert "npm ci did not work" in failed.stderr
    assert "check that the npm registry can be reached" in failed.stderr


def test_a_build_without_a_sourced_ros_says_so(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    copy_checkout(checkout)
    failed = bundle(checkout, AMENT_PREFIX_PATH="", ROS_DISTRO="")
    assert failed.returncode == 1
    assert "a ROS 2 to build against is missing" in failed.stderr
    assert "source /opt/ros/<distribution>/setup.bash" in failed.stderr
