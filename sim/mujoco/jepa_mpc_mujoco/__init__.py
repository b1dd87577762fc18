"""MuJoCo simulator of a URDF robot under a camera: the plant (no ROS), its rendering and the command line."""
