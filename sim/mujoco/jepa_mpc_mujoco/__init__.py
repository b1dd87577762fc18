"""MuJoCo simulator of a URDF robot with a camera: the plant, its rendering and the command line."""
