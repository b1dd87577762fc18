"""Shared by all simulators of this repository: the robot's controllers, lockstep, messages and the ROS 2 node."""
