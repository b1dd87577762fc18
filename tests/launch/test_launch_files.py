"""The launch files describe the right processes; with a full ROS 2 installed, `ros2 launch` accepts them."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from launch_stubs import Context, LaunchDescription, stubbed_launch

ROOT = Path(__file__).resolve().parents[2]
LAUNCH_FILES = sorted((ROOT / "launch").glob("*.launch.py"))


def describe(name: str) -> LaunchDescription:
    with stubbed_launch(str(ROOT)):
        return runpy.run_path(str(ROOT / "launch" / name))["generate_launch_description"]()


def planner(**given: str) -> dict[str, Any]:
    """What the node is started with, for launch arguments given on the command line."""
    description = describe("planner.launch.py")
    (opaque,) = description.of_kind("OpaqueFunction")
    (node,) = opaque.named["function"](Context({**description.defaults(), **given}))
    return node.named


def merged_parameters(node: dict[str, Any]) -> dict[str, Any]:
    return {name: value for entry in node["parameters"] if isinstance(entry, dict) for name, value in entry.items()}


def test_the_planner_starts_by_itself_with_its_defaults() -> None:
    node = planner()
    assert (node["package"], node["executable"], node["name"], node["namespace"]) == (
        "jepa_mpc",
        "planner_node",
        "planner_node",
        "",
    )
    assert node["parameters"] == [{"use_sim_time": False, "autostart": True}]
    assert node["remappings"] == []


def test_arguments_win_over_the_parameter_file() -> None:
    node = planner(params_file="/p.yaml", model="/m", use_sim_time="true", autostart="false")
    assert node["parameters"] == ["/p.yaml", {"use_sim_time": True, "autostart": False, "model": "/m"}]


def test_an_empty_model_leaves_the_parameter_files() -> None:
    assert "model" not in merged_parameters(planner(params_file="/p.yaml"))


def test_topics_are_remapped_where_they_differ() -> None:
    node = planner(image="/wrist/image_raw", joint_trajectory="/arm/joint_trajectory")
    assert node["remappings"] == [("image", "/wrist/image_raw"), ("joint_trajectory", "/arm/joint_trajectory")]


def test_a_truth_value_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="use_sim_time: found 'maybe', expected true or false"):
        planner(use_sim_time="maybe")


def test_parameters_set_by_the_launch_file_exist() -> None:
    schema = (ROOT / "src" / "params" / "schema.ts").read_text(encoding="utf-8")
    for name in set(merged_parameters(planner(model="/m"))) - {"use_sim_time"}:
        assert re.search(rf"^\s*'?{re.escape(name)}'?: (fixed|dynamic)\(", schema, re.MULTILINE), name


def test_the_demo_runs_the_simulator_and_the_planner_on_its_images() -> None:
    description = describe("demo.launch.py")
    defaults = description.defaults()
    assert Path(defaults["urdf"]).is_file()
    assert (Path(defaults["model"]) / "manifest.json").is_file()
    (simulator,) = description.of_kind("ExecuteProcess")
    assert simulator.named["cmd"][1:3] == ["-m", "jepa_mpc_mujoco"]
    (search_path, *_) = simulator.named["additional_env"]["PYTHONPATH"].split(":")
    assert (Path(search_path) / "jepa_mpc_mujoco" / "__main__.py").is_file()
    (include,) = description.of_kind("IncludeLaunchDescription")
    (source,) = include.positional
    assert Path(source.positional[0]).is_file()
    arguments = dict(include.named["launch_arguments"])
    assert arguments["image"] == "image_raw"
    assert set(arguments) <= set(describe("planner.launch.py").defaults())


def test_the_ros_packages_and_the_npm_package_have_one_version() -> None:
    for manifest in (ROOT / "package.xml", ROOT / "interfaces" / "jepa_mpc_msgs" / "package.xml"):
        version = ElementTree.parse(manifest).getroot().findtext("version")
        assert f'"version": "{version}"' in (ROOT / "package.json").read_text(encoding="utf-8"), manifest


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_ros2_launch_reads_the_file(path: Path) -> None:
    ros2 = shutil.which("ros2")
    if ros2 is None or subprocess.run([ros2, "launch", "--help"], capture_output=True, check=False).returncode != 0:
        pytest.skip("`ros2 launch` is not installed here (it is not on PyPI): source a full ROS 2 to run this")
    # The demo finds its files through the installed package.
    if subprocess.run([ros2, "pkg", "prefix", "jepa_mpc"], capture_output=True, check=False).returncode != 0:
        pytest.skip("jepa_mpc is not in a sourced workspace: colcon build and source it to run this")
    shown = subprocess.run(
        [ros2, "launch", str(path), "--show-args"], capture_output=True, text=True, check=False, timeout=60
    )
    assert shown.returncode == 0, shown.stderr
    assert "'model'" in shown.stdout
