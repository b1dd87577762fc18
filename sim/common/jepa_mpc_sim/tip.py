"""The link at the end of a robot, by the rule of the planner node (`lastLink` in src/robot/tip-paths.ts).
tests/fixtures/last-links.yaml holds both to it."""

from __future__ import annotations

from collections.abc import Collection

from .names import did_you_mean
from .urdf import Robot, UrdfError, root_link

TIP = "fingertip"
"""A link of this name is the tip of its robot."""


def tip_link(robot: Robot, moved: Collection[str], chosen: str = "") -> str:
    """The link whose position counts: the chosen one, else `fingertip`, else the last link of the moved joints.

    Raises UrdfError if the chosen link does not exist.
    """
    if not chosen:
        return TIP if TIP in robot.links else last_link(robot, moved)
    if chosen not in robot.links:
        raise UrdfError(
            "--tip",
            found=f"'{chosen}'",
            expected=f"one of the links {', '.join(robot.links)}",
            remedy=did_you_mean(chosen, robot.links, "Name one of these."),
        )
    return chosen


def last_link(robot: Robot, moved: Collection[str]) -> str:
    """The child link of the moved joint farthest from the root, and on through fixed joints, along the longest branch.

    Of equals the first in the order of the URDF; without moved joints the chain begins at the root link.
    """
    above = {joint.child: joint.parent for joint in robot.joints}

    def depth(link: str) -> int:
        return 1 + depth(above[link]) if link in above else 0

    def branch(link: str) -> list[str]:
        fixed = [joint.child for joint in robot.joints if joint.parent == link and joint.type == "fixed"]
        return [link, *max(map(branch, fixed), key=len, default=[])]

    children = [joint.child for joint in robot.joints if joint.name in moved]
    return branch(max(children, key=depth, default=root_link(robot)))[-1]
