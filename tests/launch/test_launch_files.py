"""The launch files describe the right processes. In tests/colcon `ros2 launch` itself runs them, where there is one."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from launch_files import ROOT, constant, describe, handlers, of_kind, opened
from launch_stubs import Context

LAUNCH_FILES = sorted((ROOT / "launch").glob("*.launch.py"))


def planner(**given: str) -> dict[str, Any]:
    """What the node is started with."""
    (node,) = of_kind(opened("planner.launch.py", **given), "LifecycleNode")
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
    node = planner(image_topic="/wrist/image_raw", joint_trajectory_topic="/arm/joint_trajectory")
    assert node["remappings"] == [("image", "/wrist/image_raw"), ("joint_trajectory", "/arm/joint_trajectory")]


def test_the_device_is_a_parameter_where_it_is_given() -> None:
    assert merged_parameters(planner(device="webgpu"))["device"] == "webgpu"
    assert "device" not in merged_parameters(planner())


def test_a_recording_is_made_where_it_is_asked_for() -> None:
    assert merged_parameters(planner(recording="true"))["recording.enabled"] is True
    # The parameter file may say so, too.
    assert "recording.enabled" not in merged_parameters(planner())


def test_rviz_comes_where_it_is_asked_for() -> None:
    assert of_kind(opened("planner.launch.py"), "Node") == []
    (rviz,) = of_kind(opened("planner.launch.py", rviz="true"), "Node")
    assert rviz.named["executable"] == "rviz2"
    assert Path(rviz.named["arguments"][1]).is_file()


def test_the_live_page_comes_where_it_is_asked_for_and_is_of_this_node() -> None:
    (page,) = of_kind(opened("planner.launch.py", dashboard="true", dashboard_port="9000"), "Node")
    assert (page.named["package"], page.named["executable"]) == ("jepa_mpc", "dashboard")
    assert page.named["arguments"] == ["--node", "planner_node", "--port", "9000"]
    assert (ROOT / "scripts" / "dashboard").exists()


def test_a_node_that_moves_a_robot_is_not_started_again() -> None:
    assert planner()["respawn"] is False


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_every_argument_says_what_it_is_for_and_truths_have_two_values(path: Path) -> None:
    for argument in describe(path.name).of_kind("DeclareLaunchArgument"):
        assert argument.named["description"].endswith("."), argument.positional
        if argument.named["default_value"] in ("true", "false"):
            assert argument.named["choices"] == ["true", "false"], argument.positional


def test_parameters_set_by_the_launch_file_exist() -> None:
    # A unit test holds this page to the declarations.
    page = (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8")
    for name in set(merged_parameters(planner(model="/m", device="cpu", default_acceleration="5"))) - {"use_sim_time"}:
        assert f"\n| `{name}` |" in page, name


def test_the_demo_simulates_the_shipped_robot_for_the_shipped_model() -> None:
    defaults = describe("demo.launch.py").defaults()
    assert Path(defaults["urdf"]).is_file()
    assert (Path(defaults["model"]) / "manifest.json").is_file()
    (simulator,) = of_kind(opened("demo.launch.py", namespace="arm"), "Node")
    assert simulator.named["arguments"][:2] == ["-m", "jepa_mpc_mujoco"]
    assert (simulator.named["namespace"], simulator.named["respawn"]) == ("arm", False)
    common, mujoco, *_ = simulator.named["additional_env"]["PYTHONPATH"].split(":")
    assert (Path(common) / "jepa_mpc_sim" / "node.py").is_file()
    assert (Path(mujoco) / "jepa_mpc_mujoco" / "__main__.py").is_file()


def test_the_demo_passes_on_what_a_robot_of_its_own_needs() -> None:
    (usual,) = of_kind(opened("demo.launch.py"), "Node")
    for option in ("--joints", "--default-acceleration", "--scene"):
        assert option not in usual.named["arguments"]
    given = {"joints": "shoulder,elbow", "default_acceleration": "5", "scene": "/table.yaml"}
    actions = opened("demo.launch.py", urdf="/arm.urdf", **given)
    (simulator,) = of_kind(actions, "Node")
    words = simulator.named["arguments"]
    options = dict(zip(words[2::2], words[3::2], strict=False))
    assert options == {
        "--urdf": "/arm.urdf",
        "--seed": "0",
        "--joints": "shoulder,elbow",
        "--default-acceleration": "5",
        "--scene": "/table.yaml",
    }
    (on_output,) = handlers(actions, "OnProcessIO")
    (include,) = on_output.named["on_stdout"](SimpleNamespace(text=b"Simulating shoulder, elbow"))
    assert dict(include.named["launch_arguments"])["default_acceleration"] == "5"


def test_acceleration_limits_are_numbers_where_they_are_given() -> None:
    assert merged_parameters(planner(default_acceleration="5"))["limits.default_acceleration"] == 5.0
    assert not any(name.startswith("limits.") for name in merged_parameters(planner()))


def test_the_planner_starts_once_the_simulator_simulates_and_only_once() -> None:
    actions = opened("demo.launch.py", seed="7")
    (on_output,) = handlers(actions, "OnProcessIO")
    (simulator,) = of_kind(actions, "Node")
    assert on_output.named["target_action"] is simulator
    said = on_output.named["on_stderr"]
    assert said(SimpleNamespace(text=b"[INFO] something else")) is None
    (include,) = said(SimpleNamespace(text=b"[INFO] [mujoco_sim]: Simulating shoulder, elbow with seed 7"))
    (source,) = include.positional
    assert Path(source.positional[0]).is_file()
    arguments = dict(include.named["launch_arguments"])
    assert arguments["image_topic"] == "image_raw"
    assert set(arguments) <= set(describe("planner.launch.py").defaults())
    assert said(SimpleNamespace(text=b"Simulating again")) is None


def test_what_the_demo_waits_for_is_what_the_simulator_says() -> None:
    awaited = constant("demo.launch.py", "SIMULATOR_READY").decode()
    node = (ROOT / "sim" / "common" / "jepa_mpc_sim" / "node.py").read_text(encoding="utf-8")
    assert f'"{awaited}' in node


def test_when_one_process_of_the_demo_ends_the_other_is_ended_too() -> None:
    (on_exit,) = handlers(opened("demo.launch.py"), "OnProcessExit")
    ended = SimpleNamespace(process_name="planner_node-2")
    (action,) = on_exit.named["on_exit"](ended, Context({}))
    assert type(action).__name__ == "Shutdown"
    assert on_exit.named["on_exit"](ended, Context({}, is_shutdown=True)) is None
    assert on_exit.named["on_exit"](SimpleNamespace(process_name="rviz2-3"), Context({})) is None


def test_the_ros_packages_and_the_npm_package_have_one_version() -> None:
    for manifest in (ROOT / "package.xml", ROOT / "interfaces" / "jepa_mpc_msgs" / "package.xml"):
        version = ElementTree.parse(manifest).getroot().findtext("version")
        assert f'"version": "{version}"' in (ROOT / "package.json").read_text(encoding="utf-8"), manifest


def test_every_ros_package_that_the_sources_name_is_a_dependency() -> None:
    sources = [*(ROOT / "src" / "ros").glob("*.ts"), *(ROOT / "sim").rglob("*.py"), *(ROOT / "launch").glob("*.py")]
    text = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    named = set(re.findall(r"'(\w+)/(?:msg|srv|action)/", text))
    named |= set(re.findall(r"^ *from (\w+)(?:\.\w+)*\.(?:msg|srv) import", text, re.MULTILINE))
    # Optional, and without a rosdep key.
    named -= {"jepa_mpc_msgs"}
    manifest = ElementTree.parse(ROOT / "package.xml").getroot()
    declared = {entry.text for kind in ("depend", "exec_depend") for entry in manifest.iter(kind)}
    assert len(named) > 5
    assert named <= declared


def test_the_licence_is_named_alike_and_there() -> None:
    licence = ElementTree.parse(ROOT / "package.xml").getroot().find("license")
    assert f'"license": "{licence.text}"' in (ROOT / "package.json").read_text(encoding="utf-8")
    assert "Apache License" in (ROOT / licence.get("file")).read_text(encoding="utf-8")
