"""The fault matrix: every row, in the order in which it runs."""

from __future__ import annotations

from .camera_faults import CAMERA_FAULTS
from .fault import Fault
from .joint_faults import JOINT_FAULTS
from .model_faults import MODEL_FAULTS
from .operator_faults import OPERATOR_FAULTS
from .process_faults import PROCESS_FAULTS
from .ros_faults import ROS_FAULTS

FAULTS: tuple[Fault, ...] = (
    *CAMERA_FAULTS,
    *JOINT_FAULTS,
    *ROS_FAULTS,
    *OPERATOR_FAULTS,
    *PROCESS_FAULTS,
    *MODEL_FAULTS,
)


def by_setting(faults: list[Fault]) -> list[list[Fault]]:
    """The faults in groups that share a system. Those that end it, or start it themselves, come last in a group."""
    groups: dict[str, list[Fault]] = {}
    for fault in faults:
        groups.setdefault(fault.setting, []).append(fault)
    return [sorted(group, key=lambda fault: fault.ends_system or fault.starts_itself) for group in groups.values()]
