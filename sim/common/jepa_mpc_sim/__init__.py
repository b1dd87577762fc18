"""What every simulator of this repository shares: the robot's controllers, lockstep, messages and the ROS 2 node."""
