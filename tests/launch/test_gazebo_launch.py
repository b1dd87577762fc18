"""gazebo.launch.py starts Gazebo, the robot, its controllers and the planner in order, and ends them together.

Gazebo itself cannot be installed where these tests run; in tests/colcon `ros2 launch` reads the file, where there is
one.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from launch_files import ROOT, describe, handlers, of_kind, opened
from launch_stubs import Context, Recorded

FILE = "gazebo.launch.py"


def gazebo(**given: str) -> list[Recorded]:
    """What is started at once, on a machine with or without a display, under any ROS."""
    return opened(FILE, **{"gui": "false", "fortress": "false", **given})


def nodes(actions: list[Recorded]) -> dict[str, dict[str, Any]]:
    return {node.named["executable"]: node.named for node in of_kind(actions, "Node")}


def server(actions: list[Recorded]) -> list[str]:
    return of_kind(actions, "ExecuteProcess")[0].named["cmd"]


def after(actions: list[Recorded], step: Recorded, returncode: int = 0, is_shutdown: bool = False) -> list[Recorded]:
    """What is started when a step has ended."""
    ended = SimpleNamespace(action=step, returncode=returncode, process_name="step-1")
    context = Context({}, is_shutdown=is_shutdown)
    started: list[Recorded] = []
    for handler in handlers(actions, "OnProcessExit"):
        if handler.named.get("target_action") in (None, step):
            started += handler.named["on_exit"](ended, context) or []
    return started


def order(**given: str) -> list[Recorded]:
    """Every step after the other, the planner last."""
    actions = gazebo(**given)
    (spawn,) = (node for node in of_kind(actions, "Node") if node.named["executable"] == "create")
    steps = [spawn]
    while type(steps[-1]).__name__ == "Node":
        (following,) = after(actions, steps[-1])
        steps.append(following)
    return steps


def planner_arguments(**given: str) -> dict[str, str]:
    return dict(order(**given)[-1].named["launch_arguments"])


def described(**given: str) -> ElementTree.Element:
    """The robot description that is published."""
    (parameters,) = nodes(gazebo(**given))["robot_state_publisher"]["parameters"]
    return ElementTree.fromstring(parameters["robot_description"].positional[0])


def test_the_robot_its_joint_states_its_controller_and_the_planner_come_one_after_the_other() -> None:
    *steps, planner = order()
    assert [step.named["executable"] for step in steps] == ["create", "spawner", "spawner"]
    assert [step.named["arguments"][0] for step in steps[1:]] == [
        "joint_state_broadcaster",
        "joint_trajectory_controller",
    ]
    assert planner.positional[0].positional[0] == str(ROOT / "launch" / "planner.launch.py")


def test_gazebos_own_controller_needs_no_spawner() -> None:
    spawn, planner = order(driver="native")
    assert spawn.named["executable"] == "create"
    assert type(planner).__name__ == "IncludeLaunchDescription"


def test_a_step_that_fails_ends_everything_instead_of_going_on() -> None:
    actions = gazebo()
    (spawn,) = (node for node in of_kind(actions, "Node") if node.named["executable"] == "create")
    (action,) = after(actions, spawn, returncode=1)
    assert type(action).__name__ == "Shutdown"


def test_when_one_process_ends_so_do_the_others_but_a_window_may_be_closed() -> None:
    (together,) = [
        handler for handler in handlers(gazebo(gui="true"), "OnProcessExit") if "target_action" not in handler.named
    ]

    def ended(name: str, is_shutdown: bool = False) -> list[Recorded] | None:
        event = SimpleNamespace(action=None, returncode=0, process_name=name)
        return together.named["on_exit"](event, Context({}, is_shutdown=is_shutdown))

    for name in ("gazebo-1", "planner_node-9", "parameter_bridge-3", "robot_state_publisher-2"):
        (action,) = ended(name)
        assert type(action).__name__ == "Shutdown"
        assert ended(name, is_shutdown=True) is None
    assert ended("rviz2-8") is None
    assert ended("gazebo_window-2") is None


def test_a_process_is_called_after_what_it_runs() -> None:
    for node in of_kind(gazebo(), "Node"):
        assert node.named["exec_name"] == node.named["executable"]


def test_nothing_is_started_while_a_launch_shuts_down() -> None:
    actions = gazebo()
    for step in of_kind(actions, "Node"):
        assert after(actions, step, is_shutdown=True) == []


def test_without_a_window_cameras_render_without_a_display() -> None:
    assert "--headless-rendering" in server(gazebo())
    server_process, window = of_kind(gazebo(gui="true"), "ExecuteProcess")
    assert "--headless-rendering" not in server_process.named["cmd"]
    assert window.named["cmd"][:3] == ["gz", "sim", "-g"]


@pytest.mark.parametrize(("rtf", "rate"), [("1.0", "1000"), ("0.5", "500"), ("3", "3000")])
def test_the_real_time_factor_sets_the_rate_of_physics_steps(rtf: str, rate: str) -> None:
    command = server(gazebo(rtf=rtf))
    assert command[command.index("-z") + 1] == rate


def test_the_rate_is_for_the_steps_of_the_world_that_is_given(tmp_path: Path) -> None:
    world = tmp_path / "own.sdf"
    physics = '<physics type="ode"><max_step_size>0.002</max_step_size></physics>'
    world.write_text(f'<sdf version="1.7"><world name="w">{physics}</world></sdf>')
    command = server(gazebo(world=str(world)))
    assert command[command.index("-z") + 1] == "500"
    assert command[-1] == str(world)


@pytest.mark.parametrize("rtf", ["0", "-1", "fast", "nan", "inf"])
def test_a_real_time_factor_that_is_none_is_refused(rtf: str) -> None:
    with pytest.raises(RuntimeError, match=f"rtf: found '{rtf}', expected a number above 0"):
        gazebo(rtf=rtf)


def test_a_world_that_is_not_there_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"world: found no file '/nowhere\.sdf'"):
        gazebo(world="/nowhere.sdf")


def test_fortress_has_other_names_and_no_seed() -> None:
    command = server(gazebo(fortress="true", seed="7"))
    assert command[:2] == ["ign", "gazebo"]
    assert "--seed" not in command
    (hardware,) = described(fortress="true").iterfind("ros2_control/hardware/plugin")
    assert hardware.text == "ign_ros2_control/IgnitionSystem"


def test_the_seed_is_gazebos() -> None:
    command = server(gazebo(seed="7"))
    assert command[command.index("--seed") + 1] == "7"
    assert "--seed" not in server(gazebo())


def test_everything_follows_the_clock_of_the_simulation() -> None:
    assert planner_arguments()["use_sim_time"] == "true"
    (parameters,) = nodes(gazebo())["robot_state_publisher"]["parameters"]
    assert parameters["use_sim_time"] is True
    controllers = yaml.safe_load((ROOT / "sim" / "gazebo" / "controllers.yaml").read_text())
    assert all(entry["ros__parameters"]["use_sim_time"] for entry in controllers.values())


def test_the_planner_gets_the_arguments_that_its_launch_file_knows() -> None:
    arguments = planner_arguments(model="/m", params_file="/p.yaml", device="cpu", autostart="false", rviz="true")
    assert set(arguments) <= set(describe("planner.launch.py").defaults())
    assert (arguments["model"], arguments["params_file"], arguments["device"]) == ("/m", "/p.yaml", "cpu")
    assert (arguments["autostart"], arguments["rviz"]) == ("false", "true")


def test_commands_go_to_what_drives_the_joints() -> None:
    assert planner_arguments()["joint_trajectory_topic"] == "joint_trajectory_controller/joint_trajectory"
    native = planner_arguments(driver="native")["joint_trajectory_topic"]
    entries = yaml.safe_load((ROOT / "sim" / "gazebo" / "bridge-native.yaml").read_text())
    (entry,) = (entry for entry in entries if entry["direction"] == "ROS_TO_GZ")
    assert native == entry["ros_topic_name"]


def test_gazebos_own_joint_states_are_bridged_only_where_ros2_control_publishes_none() -> None:
    def files(driver: str) -> list[str]:
        bridges = (node for node in of_kind(gazebo(driver=driver), "Node") if node.named["package"] == "ros_gz_bridge")
        return [Path(bridge.named["parameters"][0]["config_file"]).name for bridge in bridges]

    assert files("ros2_control") == ["bridge.yaml"]
    assert files("native") == ["bridge.yaml", "bridge-native.yaml"]


def test_the_optical_frame_of_the_camera_is_published() -> None:
    robot = described()
    frame = robot.findtext("gazebo/sensor/gz_frame_id")
    assert frame == "camera_optical_frame"
    assert frame in [joint.find("child").get("link") for joint in robot.findall("joint")]


def test_a_namespace_is_that_of_every_node() -> None:
    actions = gazebo(namespace="/left")
    assert {node.named["namespace"] for node in of_kind(actions, "Node")} == {"left"}
    assert described(namespace="/left").findtext("gazebo/plugin/ros/namespace") == "/left"
    assert all(key.startswith("/**/") for key in yaml.safe_load((ROOT / "sim/gazebo/controllers.yaml").read_text()))


def test_the_page_about_gazebo_explains_every_argument() -> None:
    page = (ROOT / "docs" / "gazebo.md").read_text(encoding="utf-8")
    assert [name for name in describe(FILE).defaults() if f"`{name}`" not in page] == []
