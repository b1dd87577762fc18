"""The recordings of a data set, and how to read them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from ..camera_choice import OTHER_TENSORS

CommandKind = Literal["velocity", "position"]


@dataclass(frozen=True)
class BagSource:
    """rosbag2 recordings of one robot."""

    paths: tuple[str, ...]
    image_topic: str = "/image_raw"
    joint_states_topic: str = "/joint_states"
    command_topic: str = "/joint_trajectory"
    command_kind: CommandKind = "velocity"
    """Kind of the numbers of a Float64MultiArray."""
    command_joints: tuple[str, ...] = ()
    """The joints that they are for, by their recorded names; empty: those that are moved, in their order."""
    stamps: Literal["header", "bag"] = "header"
    """Time of a message: its own stamp, or when it was recorded."""
    joint_names: tuple[tuple[str, str], ...] = ()
    """Joints whose recorded name is not that of the URDF: (URDF's, recorded)."""
    camera_names: ClassVar[tuple[str, ...]] = ()
    """Names of several cameras; there is one."""

    def names(self, joints: Sequence[str]) -> list[str]:
        """Recorded names of the URDF's joints."""
        return _renamed(joints, self.joint_names)


@dataclass(frozen=True)
class LerobotSource:
    """A LeRobot data set in format v3."""

    paths: tuple[str, ...]
    camera: str = ""
    """Feature of the images, or those of several cameras, with commas between them; empty: the only one."""
    command_kind: CommandKind | Literal[""] = ""
    """Kind of the actions; empty: by their names (`….pos`, `….vel`)."""
    degrees: bool = False
    """Positions and actions of the arm are in degrees or degrees per second. Grippers have a scale of their own."""
    normalised: bool = False
    """They are from -100 to 100, the ends of the range of each joint."""
    scales: tuple[tuple[str, str], ...] = ()
    """Scales of single joints: (URDF's name, `rad`, `m`, `degrees` or `A..B`, the numbers at the ends of its range)."""
    joint_names: tuple[tuple[str, str], ...] = ()

    @property
    def camera_names(self) -> tuple[str, ...]:
        """Names of several cameras, empty for one: the last part of `observation.images.front`, where that is
        unambiguous, or else all of it."""
        features = self.camera.split(",")
        if len(features) == 1:
            return ()
        short = [feature.rpartition(".")[2] for feature in features]
        taken = {*OTHER_TENSORS, *(name for name in short if short.count(name) > 1)}
        return tuple(feature if name in taken else name for feature, name in zip(features, short, strict=True))

    def names(self, joints: Sequence[str]) -> list[str]:
        """Recorded names of the URDF's joints."""
        return _renamed(joints, self.joint_names)


Source = BagSource | LerobotSource


def _renamed(joints: Sequence[str], names: tuple[tuple[str, str], ...]) -> list[str]:
    recorded = dict(names)
    return [recorded.get(joint, joint) for joint in joints]


def identity(source: Source) -> dict[str, Any]:
    """The source with the sizes and times of its files. Equal identities mean unchanged recordings."""
    files = [
        [str(file), file.stat().st_size, file.stat().st_mtime_ns]
        for path in source.paths
        for file in (sorted(Path(path).rglob("*")) if Path(path).is_dir() else [Path(path)])
        if file.is_file()
    ]
    return {"kind": type(source).__name__, "source": asdict(source), "files": files}


def remember(folder: Path, known: dict[str, Any]) -> None:
    """Writes the identity of the recordings to a run's folder, for later stages."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "source.json").write_text(json.dumps(known, indent=2) + "\n")


def remembered(folder: Path) -> dict[str, Any] | None:
    """The identity that `remember` wrote; None if the run was not made from recordings."""
    file = folder / "source.json"
    return json.loads(file.read_text()) if file.exists() else None


def source_of(known: dict[str, Any]) -> Source:
    """The source in an `identity`."""
    kind = {"BagSource": BagSource, "LerobotSource": LerobotSource}[known["kind"]]
    fields = {name: _tuples(value) if isinstance(value, list) else value for name, value in known["source"].items()}
    return kind(**fields)


def _tuples(values: list[Any]) -> tuple[Any, ...]:
    return tuple(_tuples(value) if isinstance(value, list) else value for value in values)
