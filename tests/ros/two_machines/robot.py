"""The robot's side, as a program of its own: activates the planner node, gives it goals and watches the robot.

Prints one line of JSON: joint error at the end of each goal, gaps between commands, and what `~/statistics` said.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.node import Node
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

JOINTS = ["shoulder", "elbow"]
TOLERANCE_RAD = 0.12
HELD_S = 0.4
GOAL_TIMEOUT_S = 10.0
ACTIVATE_TIMEOUT_S = 60.0


class Robot(Node):
    def __init__(self) -> None:
        super().__init__("robot")
        self.position = np.full(len(JOINTS), np.nan)
        self.command_times: list[float] = []
        self.statistics: list[dict[str, str]] = []
        self.set_goal = self.create_publisher(JointState, "mujoco_sim/set_goal", 10)
        self.create_subscription(JointState, "joint_states", self._on_joint_states, 10)
        self.create_subscription(JointTrajectory, "joint_trajectory", self._on_command, 100)
        self.create_subscription(DiagnosticArray, "planner_node/statistics", self._on_statistics, 100)
        self.change_state = self.create_client(ChangeState, "planner_node/change_state")

    def _on_joint_states(self, message: JointState) -> None:
        by_name = dict(zip(message.name, message.position, strict=True))
        self.position = np.array([by_name[joint] for joint in JOINTS])

    def _on_command(self, _message: JointTrajectory) -> None:
        self.command_times.append(time.monotonic())

    def _on_statistics(self, message: DiagnosticArray) -> None:
        self.statistics.append({entry.key: entry.value for entry in message.status[0].values})

    def until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        end = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > end:
                return False
            rclpy.spin_once(self, timeout_sec=0.01)
        return True

    def transition(self, number: int) -> bool:
        future = self.change_state.call_async(ChangeState.Request(transition=Transition(id=number)))
        # A reply that the link has lost for good must not hold this up: the caller asks again.
        return self.until(future.done, 5.0) and future.result().success

    def activate(self) -> None:
        if not self.until(self.change_state.service_is_ready, ACTIVATE_TIMEOUT_S):
            raise SystemExit("the planner node was not discovered over the link")
        if not self.transition(Transition.TRANSITION_CONFIGURE):
            raise SystemExit("configure was refused")
        end = time.monotonic() + ACTIVATE_TIMEOUT_S
        while not self.transition(Transition.TRANSITION_ACTIVATE):
            if time.monotonic() > end:
                raise SystemExit("activate was refused")
            self.until(lambda: False, 0.5)

    def reach(self, goal: np.ndarray) -> float:
        """Goes for a pose; the joint error in rad when it is held, or when time is up."""
        self.set_goal.publish(JointState(name=JOINTS, position=goal.tolist()))
        arrived_at: list[float] = []

        def holds() -> bool:
            if np.abs(self.position - goal).max() > TOLERANCE_RAD:
                arrived_at.clear()
                return False
            arrived_at.append(time.monotonic())
            return arrived_at[-1] - arrived_at[0] > HELD_S

        self.until(holds, GOAL_TIMEOUT_S)
        return float(np.abs(self.position - goal).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--goals", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    options, _ = parser.parse_known_args()
    draw = np.random.default_rng(options.seed)
    rclpy.init()
    robot = Robot()
    robot.activate()
    errors = [robot.reach(draw.uniform(-1.8, 1.8, len(JOINTS))) for _ in range(options.goals)]
    gaps_ms = 1000 * np.diff(robot.command_times)
    ages_ms = [float(figures["frame_to_command_ms"]) for figures in robot.statistics[5:]]
    print(
        json.dumps(
            {
                "errors_rad": errors,
                "tolerance_rad": TOLERANCE_RAD,
                "commands": len(robot.command_times),
                "command_gap_p50_ms": float(np.median(gaps_ms)),
                "command_gap_p99_ms": float(np.percentile(gaps_ms, 99)),
                "frame_to_command_p95_ms": float(np.nanpercentile(ages_ms, 95)),
                "plans": len(robot.statistics),
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
