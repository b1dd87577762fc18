"""What the launch files describe, read with the stand-ins of launch_stubs."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from launch_stubs import Context, LaunchDescription, Recorded, stubbed_launch

ROOT = Path(__file__).resolve().parents[2]


def describe(name: str) -> LaunchDescription:
    with stubbed_launch(str(ROOT)):
        return runpy.run_path(str(ROOT / "launch" / name))["generate_launch_description"]()


def constant(name: str, constant: str) -> Any:
    with stubbed_launch(str(ROOT)):
        return runpy.run_path(str(ROOT / "launch" / name))[constant]


def opened(name: str, **given: str) -> list[Recorded]:
    """What a launch file starts, for arguments given on the command line."""
    description = describe(name)
    (opaque,) = description.of_kind("OpaqueFunction")
    return opaque.named["function"](Context({**description.defaults(), **given}))


def of_kind(actions: list[Recorded], kind: str) -> list[Recorded]:
    return [action for action in actions if type(action).__name__ == kind]


def handlers(actions: list[Recorded], kind: str) -> list[Recorded]:
    """Event handlers of a kind among the actions."""
    return [
        event.positional[0]
        for event in of_kind(actions, "RegisterEventHandler")
        if type(event.positional[0]).__name__ == kind
    ]
