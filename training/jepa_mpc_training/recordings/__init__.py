"""Reads recordings of robots, rosbag2 and LeRobot, as episodes for the stages after `collect`."""
