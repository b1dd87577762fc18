"""Gazebo Classic 11 as a simulator of a URDF robot under a camera: its process, the plant in it, and the ROS 2 node."""
