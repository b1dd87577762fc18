"""ROS gives the controllers of Gazebo their parameters, in every namespace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rclpy
from rclpy.context import Context

CONTROLLERS = Path(__file__).resolve().parents[2] / "sim" / "gazebo" / "controllers.yaml"


@pytest.fixture(params=["/", "/left", "/left/arm"])
def namespace(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def context() -> Iterator[Context]:
    context = Context()
    rclpy.init(args=["--ros-args", "--params-file", str(CONTROLLERS)], context=context)
    yield context
    context.try_shutdown()


def parameters(context: Context, namespace: str, name: str) -> dict[str, Any]:
    node = rclpy.create_node(
        name, context=context, namespace=namespace, automatically_declare_parameters_from_overrides=True
    )
    values = {name: value.value for name, value in node.get_parameters_by_prefix("").items()}
    node.destroy_node()
    return values


def test_the_controller_manager_knows_the_controllers(context: Context, namespace: str) -> None:
    values = parameters(context, namespace, "controller_manager")
    assert values["update_rate"] == 100
    assert values["joint_trajectory_controller.type"] == "joint_trajectory_controller/JointTrajectoryController"
    assert values["joint_state_broadcaster.type"] == "joint_state_broadcaster/JointStateBroadcaster"


def test_the_controller_has_its_joints_and_gains(context: Context, namespace: str) -> None:
    values = parameters(context, namespace, "joint_trajectory_controller")
    assert list(values["joints"]) == ["shoulder", "elbow"]
    assert values["gains.shoulder.p"] == 20.0
    assert values["constraints.elbow.goal"] == 0.05
    assert values["use_sim_time"] is True


def test_no_other_node_gets_them(context: Context, namespace: str) -> None:
    assert set(parameters(context, namespace, "planner_node")) <= {"use_sim_time", "start_type_description_service"}
