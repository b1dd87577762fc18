"""Command-line options that choose the recordings that a model is trained on."""

from __future__ import annotations

import argparse

from .lerobot_scales import checked_scale
from .source import BagSource, LerobotSource, Source


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options to the parser of `python -m jepa_mpc_training`."""
    group = parser.add_argument_group("recordings", "a robot of your own instead of a simulator")
    group.add_argument(
        "--bag", action="append", default=[], metavar="PATH", help="a rosbag2 recording; may be repeated"
    )
    group.add_argument("--lerobot", action="append", default=[], metavar="PATH", help="a LeRobot data set, format v3")
    group.add_argument(
        "--image-topic", default=BagSource.image_topic, help="topic of Image or CompressedImage (default /image_raw)"
    )
    group.add_argument(
        "--joint-states-topic", default=BagSource.joint_states_topic, help="topic of JointState (default /joint_states)"
    )
    group.add_argument(
        "--command-topic",
        default=BagSource.command_topic,
        help="topic of the commands: JointTrajectory or Float64MultiArray (default /joint_trajectory)",
    )
    group.add_argument(
        "--command-kind",
        choices=("velocity", "position"),
        help="content of a Float64MultiArray or of LeRobot's action (default: velocity; for LeRobot, by its names)",
    )
    group.add_argument("--command-joints", metavar="A,B", help="joints of a Float64MultiArray (default: --joints)")
    group.add_argument(
        "--stamps",
        choices=("header", "bag"),
        default=BagSource.stamps,
        help="time of a message: its own stamp, or when it was recorded",
    )
    group.add_argument(
        "--joint",
        action="append",
        default=[],
        metavar="URDF_NAME=RECORDED_NAME",
        help="name of a joint in the recording, if it is another one; may be repeated",
    )
    group.add_argument(
        "--lerobot-camera",
        default="",
        metavar="FEATURE[,FEATURE]",
        help="the camera, if there are several, or those that the model sees through",
    )
    group.add_argument("--degrees", action="store_true", help="LeRobot's arm is in degrees; a gripper never is")
    group.add_argument("--normalised", action="store_true", help="LeRobot's arm is from -100 to 100")
    group.add_argument(
        "--scale",
        action="append",
        default=[],
        metavar="JOINT=SCALE",
        help="scale of one joint in LeRobot's numbers: A..B (its numbers at the ends of its range in the URDF, such as "
        "gripper=0..100), degrees, rad or m; may be repeated (default: inferred from the data set)",
    )


def source_from(options: argparse.Namespace) -> Source | None:
    """The source that the options choose; None without recordings. Raises ValueError if options contradict each
    other."""
    if options.bag and options.lerobot:
        raise ValueError("--bag and --lerobot: found both, expected recordings of one kind for one run.")
    if (options.bag or options.lerobot) and options.simulator is not None:
        raise ValueError("--simulator: found it together with recordings, expected one or the other.")
    names = tuple(_renaming(text) for text in options.joint)
    if options.degrees and options.normalised:
        raise ValueError("--degrees and --normalised: found both, expected one scale for the arm.")
    scales = tuple(checked_scale(text) for text in options.scale)
    if options.bag:
        return BagSource(
            paths=tuple(options.bag),
            image_topic=options.image_topic,
            joint_states_topic=options.joint_states_topic,
            command_topic=options.command_topic,
            command_kind=options.command_kind or BagSource.command_kind,
            command_joints=tuple(options.command_joints.split(",")) if options.command_joints else (),
            stamps=options.stamps,
            joint_names=names,
        )
    if options.lerobot:
        return LerobotSource(
            paths=tuple(options.lerobot),
            camera=options.lerobot_camera,
            command_kind=options.command_kind or "",
            degrees=options.degrees,
            normalised=options.normalised,
            scales=scales,
            joint_names=names,
        )
    return None


def _renaming(text: str) -> tuple[str, str]:
    ours, separator, theirs = text.partition("=")
    if not (separator and ours and theirs):
        raise ValueError(f"--joint: found '{text}', expected URDF_NAME=RECORDED_NAME.")
    return ours, theirs
