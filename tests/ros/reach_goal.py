"""The action of jepa_mpc_msgs, where that package is built."""

from __future__ import annotations

import pytest

try:
    from jepa_mpc_msgs.action import ReachGoal
except ImportError:
    ReachGoal = None

needs_interface = pytest.mark.skipif(
    ReachGoal is None, reason="jepa_mpc_msgs is not built: the ROS 2 here has no interface generators"
)
