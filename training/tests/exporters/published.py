"""What the tests of the exporters share: options, and whether the families' own code is there."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from jepa_mpc_training.exporters.families import FAMILIES
from jepa_mpc_training.exporters.reference_packages import REQUIREMENTS, missing_package

_MISSING = missing_package()
needs_reference = pytest.mark.skipif(_MISSING is not None, reason=f"{_MISSING} is not installed: {REQUIREMENTS}")


def skip_without(needed: Sequence[str]) -> None:
    """Skips a test if one of the packages is not installed."""
    if missing := missing_package(needed):
        pytest.skip(f"{missing} is not installed: {REQUIREMENTS}")


def needs_reference_of(kind: str) -> None:
    """Skips a test whose family's own code is not installed."""
    skip_without(FAMILIES[kind].needs)


ACTIONS = ["--joints", "shoulder,elbow", "--period-ms", "100"]
NORMALISERS = ["--action-mean=-0.1,0.2", "--action-std", "0.5,0.25"]
ARM = [
    *("--joints", "joint_1,joint_2,joint_3,joint_4,joint_5,joint_6", "--base", "base_link", "--link", "tool0"),
    *("--gripper-joint", "finger_joint", "--gripper-zero", "0", "--gripper-one", "0.8"),
]
