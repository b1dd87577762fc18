"""Gazebo Classic 11 as the simulator of a URDF robot with a camera: its process, the plant in it, and the ROS 2
node."""
