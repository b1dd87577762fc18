"""MuJoCo simulator of a URDF robot under a camera: the plant (no ROS) and the ROS 2 node around it."""
