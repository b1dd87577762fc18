"""Recordings of real or simulated robots, rosbag2 and LeRobot, as the episodes that the stages after `collect` take."""
