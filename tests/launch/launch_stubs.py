"""Stand-ins for ROS 2's launch packages, which are not on PyPI: enough to read what a launch file describes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


class Recorded:
    """A launch action or substitution that remembers what it was made with."""

    def __init__(self, *positional: Any, **named: Any) -> None:
        self.positional = positional
        self.named = named


class Context:
    """Launch arguments with their values."""

    def __init__(self, values: dict[str, str], is_shutdown: bool = False) -> None:
        self.values = values
        self.is_shutdown = is_shutdown


class LaunchConfiguration(Recorded):
    """The value of a launch argument."""

    def perform(self, context: Context) -> str:
        return context.values[self.positional[0]]


class LaunchDescription(Recorded):
    """The actions of a launch file."""

    def of_kind(self, kind: str) -> list[Recorded]:
        return [action for action in self.positional[0] if type(action).__name__ == kind]

    def defaults(self) -> dict[str, str]:
        """Declared arguments with their default values."""
        return {action.positional[0]: action.named["default_value"] for action in self.of_kind("DeclareLaunchArgument")}


def _module(name: str, kinds: tuple[str, ...], **members: Any) -> ModuleType:
    module = ModuleType(name)
    for kind in kinds:
        setattr(module, kind, type(kind, (Recorded,), {}))
    for member, value in members.items():
        setattr(module, member, value)
    return module


@contextmanager
def stubbed_launch(share: str) -> Iterator[None]:
    """While open, `import launch` and its like find the stand-ins; `share` is the package's share directory."""
    actions = (
        "DeclareLaunchArgument",
        "ExecuteProcess",
        "IncludeLaunchDescription",
        "LogInfo",
        "OpaqueFunction",
        "RegisterEventHandler",
        "Shutdown",
    )
    stubs = {
        "launch": _module(
            "launch", (), LaunchDescription=LaunchDescription, LaunchDescriptionEntity=Recorded, LaunchContext=Context
        ),
        "launch.actions": _module("launch.actions", actions),
        "launch.event_handlers": _module("launch.event_handlers", ("OnProcessExit", "OnProcessIO")),
        "launch.events": _module("launch.events", ()),
        "launch.events.process": _module("launch.events.process", ("ProcessExited", "ProcessIO")),
        "launch.substitutions": _module("launch.substitutions", (), LaunchConfiguration=LaunchConfiguration),
        "launch.launch_description_sources": _module(
            "launch.launch_description_sources", ("PythonLaunchDescriptionSource",)
        ),
        "launch_ros": _module("launch_ros", ()),
        "launch_ros.actions": _module("launch_ros.actions", ("LifecycleNode", "Node")),
        "launch_ros.parameter_descriptions": _module("launch_ros.parameter_descriptions", ("ParameterValue",)),
        "launch_ros.event_handlers": _module("launch_ros.event_handlers", ("OnStateTransition",)),
        "ament_index_python": _module("ament_index_python", ()),
        "ament_index_python.packages": _module(
            "ament_index_python.packages", (), get_package_share_directory=lambda _package: share
        ),
    }
    saved = {name: sys.modules.get(name) for name in stubs}
    sys.modules.update(stubs)
    try:
        yield
    finally:
        for name, module in saved.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
