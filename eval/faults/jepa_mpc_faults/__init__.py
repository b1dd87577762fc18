"""Faults for the running planner node, and an independent check of its commands.

A foreign ROS 2 program: it shares no code with the node and sees nothing but its topics, services and processes.
"""
