"""What simulators and training make of each URDF: `python -m jepa_mpc_sim.read_urdfs [options]`.

Reads the paths of files on the standard input, one a line, and writes a JSON value a line: `error`, which is null
where every joint that moves independently can be moved, and `moves`, the joints that can be moved while the others are
held."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from .joint_limits import RobotOptions, add_options, joint_limits, moved_joints, options_from
from .urdf import Robot, UrdfError, read_robot


def verdict(urdf_xml: str, options: RobotOptions) -> dict[str, object]:
    """The verdict on one URDF. `moves` is null where it cannot be read, or has no joint that moves independently."""
    try:
        robot = read_robot(urdf_xml)
        names = moved_joints(robot, options)
    except UrdfError as error:
        return {"error": str(error), "moves": None}
    moves = [name for name in names if _error_of(robot, [name], options) is None]
    return {"error": _error_of(robot, names, options), "moves": moves}


def _error_of(robot: Robot, names: Sequence[str], options: RobotOptions) -> str | None:
    try:
        joint_limits(robot, names, options)
    except UrdfError as error:
        return str(error)
    return None


def main() -> None:
    """Answers until the input ends."""
    parser = argparse.ArgumentParser(prog="jepa_mpc_sim.read_urdfs", description=__doc__)
    add_options(parser)
    options = options_from(parser.parse_args())
    for line in sys.stdin:
        text = Path(line.rstrip("\n")).read_text(encoding="utf-8", errors="replace")
        print(json.dumps(verdict(text, options)), flush=True)


if __name__ == "__main__":
    main()
