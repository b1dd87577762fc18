"""Sends one ReachGoal goal and checks what comes back; prints the result's reason."""

from __future__ import annotations

import rclpy
from action_msgs.msg import GoalStatus
from jepa_mpc_msgs.action import ReachGoal
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.task import Future
from sensor_msgs.msg import Image

TIMEOUT_S = 90.0

rclpy.init()
node = Node("reach_goal_client")
client = ActionClient(node, ReachGoal, "reach_goal")
assert client.wait_for_server(TIMEOUT_S), "no server"


def result_of(future: Future) -> object:
    rclpy.spin_until_future_complete(node, future, timeout_sec=TIMEOUT_S)
    assert future.done(), "no answer"
    return future.result()


feedback: list[ReachGoal.Feedback] = []
image = Image(width=2, height=1, encoding="rgb8", step=6, data=bytes([1, 2, 3, 4, 5, 6]))
goal = ReachGoal.Goal(goal_images=[image], goal_name="home", tolerance=float(ReachGoal.Result.OUTCOME_TIMED_OUT))
handle = result_of(client.send_goal_async(goal, feedback_callback=lambda message: feedback.append(message.feedback)))
assert handle.accepted
response = result_of(handle.get_result_async())
assert response.status == GoalStatus.STATUS_SUCCEEDED, response.status
assert response.result.outcome == ReachGoal.Result.OUTCOME_TIMED_OUT, response.result
assert response.result.final_distance == 0.25, response.result
numbers = [(one.distance, one.plan_cost, one.plan_ms, one.frame_age_ms) for one in feedback]
assert numbers == [(2.5, 3.5, 4.5, 5.5)], numbers
assert response.result.reason == "home: 1 images, bytes 1 2 3 4 5 6", response.result.reason
print(response.result.reason)
rclpy.shutdown()
