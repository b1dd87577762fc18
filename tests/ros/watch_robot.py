"""On the robot's host: shows goals to the planner of the other host and prints, as JSON, how it did."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import JointState
from spinning import spin_until
from trajectory_msgs.msg import JointTrajectory

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
# Shoulder and elbow, in rad; far from each other.
GOALS = ([0.8, 0.6], [-0.9, 1.2], [0.3, -1.0])
REACHED_RAD = 0.15
REACHED_WITHIN_S = 90.0
START_S = 90.0


class Watcher(Node):
    """Follows the robot's pose, its goal, the commands and the planner's statistics."""

    def __init__(self) -> None:
        super().__init__("watcher")
        self.goal: dict[str, float] = {}
        self.pose: dict[str, float] = {}
        self.command_s: list[float] = []
        self.plan_s: list[float] = []
        self.ages_ms: list[float] = []
        self.create_subscription(JointState, "mujoco_sim/goal_state", self._on_goal, LATCHED)
        self.create_subscription(JointState, "joint_states", self._on_pose, 10)
        self.create_subscription(JointTrajectory, "joint_trajectory", self._on_command, 10)
        self.create_subscription(DiagnosticArray, "planner_node/statistics", self._on_statistics, 10)
        self._goals = self.create_publisher(JointState, "mujoco_sim/set_goal", 1)

    def _on_goal(self, message: JointState) -> None:
        self.goal = dict(zip(message.name, message.position, strict=True))

    def _on_pose(self, message: JointState) -> None:
        self.pose = dict(zip(message.name, message.position, strict=True))

    def _on_command(self, _message: JointTrajectory) -> None:
        self.command_s.append(time.monotonic())

    def _on_statistics(self, message: DiagnosticArray) -> None:
        self.plan_s.append(time.monotonic())
        for value in message.status[0].values:
            if value.key == "frame_to_command_ms" and value.value not in ("", "NaN"):
                self.ages_ms.append(float(value.value))

    def show_goal(self, position: list[float]) -> None:
        """Has the simulator show the robot in this pose as the goal image, without moving the robot."""
        self._goals.publish(JointState(name=list(self.pose), position=position))
        assert self.spin_until(lambda: list(self.goal.values()) == position, 60.0), "the simulator took no goal"

    @property
    def error_rad(self) -> float:
        return max((abs(self.pose.get(joint, 9.0) - position) for joint, position in self.goal.items()), default=9.0)

    def spin_until(self, condition: Callable[[], object], timeout_s: float) -> bool:
        return spin_until(self, condition, timeout_s)


def main() -> None:
    rclpy.init()
    watcher = Watcher()
    received = watcher.spin_until(lambda: watcher.ages_ms and watcher.command_s and watcher.pose, START_S)
    reached_s = []
    for position in GOALS:
        watcher.show_goal(position)
        start = time.monotonic()
        if watcher.spin_until(lambda: watcher.error_rad < REACHED_RAD, REACHED_WITHIN_S):
            reached_s.append(round(time.monotonic() - start, 2))
    gaps = sorted(after - before for before, after in zip(watcher.command_s, watcher.command_s[1:], strict=False))
    ages = sorted(watcher.ages_ms)
    result = {
        "received": received,
        "goals": len(GOALS),
        "reached_s": reached_s,
        "commands": len(gaps),
        "median_gap_ms": gaps[len(gaps) // 2] * 1000 if gaps else None,
        "plans_per_s": round(len(watcher.plan_s) / (watcher.plan_s[-1] - watcher.plan_s[0]), 1) if received else 0.0,
        "median_age_ms": ages[len(ages) // 2] if ages else None,
    }
    print(json.dumps(result), flush=True)
    rclpy.shutdown()


main()
