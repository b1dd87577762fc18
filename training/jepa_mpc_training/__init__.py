"""Trains the JEPA that jepa_mpc plans with, from camera frames and joint velocities to ONNX graphs."""
