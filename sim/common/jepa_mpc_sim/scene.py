"""What is around a robot: boxes, cylinders and spheres, fixed or free, from a YAML file. Independent of the physics."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from .names import did_you_mean
from .urdf import Vector3

Shape = Literal["box", "cylinder", "sphere"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
_SIZES: dict[Shape, tuple[str, ...]] = {"box": ("size",), "cylinder": ("radius", "length"), "sphere": ("radius",)}
_COMMON = ("name", "shape", "position", "rpy", "free", "mass", "friction", "colour")
_NO_NUMBER = "Write it as a plain decimal, such as 0.05."
MAX_DISTANCE_M = 1000.0
"""Of objects from the root link along each axis, and of their sizes. MuJoCo resets the robot, too, if an object is out
of its range of numbers."""
_MIN_SIZE_M = 0.001
_MASSES_KG = (1e-6, 1e6)
_MAX_FRICTION = 100.0


class SceneError(ValueError):
    """The scene cannot be used. The message says what was found where, what was expected, and what to do."""

    def __init__(self, subject: str, *, found: str, expected: str, remedy: str) -> None:
        super().__init__(f"{subject}: found {found}, expected {expected}. {remedy}")


@dataclass(frozen=True)
class Pose:
    """A pose in the frame of the robot's root link: position in m, and unit quaternion (x, y, z, w)."""

    position: Vector3
    quaternion: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class SceneObject:
    """An object. `size`: edges of a box, radius and length of a cylinder (along z), radius of a sphere, in m."""

    name: str
    shape: Shape
    size: tuple[float, ...]
    pose: Pose
    free: bool
    """Whether it can be moved: it falls, and robots push it."""
    mass: float
    """kg; 0 for a fixed object."""
    friction: float
    """Coefficient of sliding friction."""
    rgba: tuple[float, float, float, float]


Scene = tuple[SceneObject, ...]


def read_scene(path: Path) -> Scene:
    """The objects of a YAML file. Raises SceneError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SceneError(
            f"scene {path}", found=reason, expected="a readable YAML file", remedy="Give the path of a scene."
        ) from error
    return parse_scene(text, f"scene {path}")


def parse_scene(text: str, subject: str = "scene") -> Scene:
    """The objects of the text of a scene. `subject` names it in errors. Raises SceneError."""
    try:
        document = yaml.load(text, Loader=_StrictLoader)
    # Of PyYAML, and of what it makes dates, numbers and nested lists with.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        found = " ".join(str(error).split())
        raise SceneError(subject, found=found, expected="YAML", remedy="Correct it there.") from error
    top = _Fields(document, subject, ("objects",))
    entries = top.required("objects", "a list of objects")
    if not isinstance(entries, list) or not entries:
        raise top.error("objects", entries, "a list of objects", "Begin each with '- name: ...'.")
    scene = tuple(_object(entry, f"{subject}, object {index + 1}") for index, entry in enumerate(entries))
    names = [one.name for one in scene]
    for name in names:
        if names.count(name) > 1:
            raise SceneError(subject, found=f"two objects '{name}'", expected="one", remedy="Rename one of them.")
    return scene


def _object(entry: object, subject: str) -> SceneObject:
    shape = entry.get("shape") if isinstance(entry, dict) else None
    sizes = _SIZES.get(shape, ()) if isinstance(shape, str) else ()
    fields = _Fields(entry, subject, (*_COMMON, *(sizes or ("size", "radius", "length"))))
    name = fields.required("name", "a name")
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise fields.error("name", name, "a name", "Write text that begins with a letter.")
    fields.subject = f"{subject.rsplit(',', 1)[0]}, object '{name}'"
    if fields.required("shape", " or ".join(SHAPES)) not in SHAPES:
        raise fields.error("shape", shape, " or ".join(SHAPES), "Correct the shape.")
    size = tuple(
        value for key in sizes for value in fields.numbers(key, 3 if key == "size" else 1, _MIN_SIZE_M, MAX_DISTANCE_M)
    )
    free = fields.optional("free", False)
    if not isinstance(free, bool):
        raise fields.error("free", free, "true or false", "Write true for an object that can be moved.")
    mass = 0.0
    if free or fields.has("mass"):
        (mass,) = fields.numbers("mass", 1, *_MASSES_KG)
    (friction,) = fields.numbers("friction", 1, 0.0, _MAX_FRICTION, default=[1.0])
    x, y, z = fields.numbers("position", 3, -MAX_DISTANCE_M, MAX_DISTANCE_M)
    pose = Pose((x, y, z), quaternion_of(fields.numbers("rpy", 3, default=[0.0, 0.0, 0.0])))
    return SceneObject(name, shape, size, pose, free, mass if free else 0.0, friction, _rgba(fields))


def _rgba(fields: _Fields) -> tuple[float, float, float, float]:
    value = fields.optional("colour", [0.6, 0.6, 0.6])
    count = 4 if isinstance(value, list) and len(value) == 4 else 3
    red, green, blue, *alpha = fields.numbers("colour", count, lowest=0.0, highest=1.0, default=[0.6, 0.6, 0.6])
    return red, green, blue, alpha[0] if alpha else 1.0


class _Fields:
    """The fields of a mapping of the file, checked as they are read."""

    def __init__(self, value: object, subject: str, keys: tuple[str, ...]) -> None:
        """Raises SceneError unless the value is a mapping that has none but these keys."""
        self.subject = subject
        if not isinstance(value, dict):
            raise SceneError(subject, found=_shown(value), expected="a mapping", remedy=f"Its keys: {', '.join(keys)}.")
        for key in value:
            if key not in keys:
                hint = did_you_mean(str(key), keys, "Remove it.")
                raise SceneError(subject, found=f"key '{key}'", expected=", ".join(keys), remedy=hint)
        self._values: dict[str, Any] = value

    def has(self, key: str) -> bool:
        return key in self._values

    def optional(self, key: str, default: Any) -> Any:
        return self._values.get(key, default)

    def required(self, key: str, expected: str) -> Any:
        if key not in self._values:
            raise SceneError(self.subject, found=f"no {key}", expected=expected, remedy=f"Add '{key}: ...'.")
        return self._values[key]

    def numbers(
        self,
        key: str,
        count: int,
        lowest: float = -math.inf,
        highest: float = math.inf,
        default: list[float] | None = None,
    ) -> list[float]:
        """So many finite numbers from `lowest` to `highest`; a single one needs no list."""
        what = "a number" if count == 1 else f"{count} numbers"
        expected = f"{what} in [{lowest:g}, {highest:g}]" if highest < math.inf else what
        value = self.required(key, expected) if default is None else self.optional(key, default)
        numbers = value if isinstance(value, list) else [value]
        for number in numbers:
            # A whole number may be too large to be finite as a float.
            if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) < math.inf:
                raise self.error(key, value, expected, _NO_NUMBER)
            if not lowest <= number <= highest:
                raise self.error(key, value, expected, "Lengths are in m, masses in kg, angles in rad.")
        if len(numbers) != count:
            raise self.error(key, value, expected, "Write each of them.")
        return [float(number) for number in numbers]

    def error(self, key: str, value: object, expected: str, remedy: str) -> SceneError:
        return SceneError(f"{self.subject}, {key}", found=_shown(value), expected=expected, remedy=remedy)


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that occurs twice in one mapping, of which YAML keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key that is not text", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key '{key.value}' twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)[:80]


def quaternion_of(rpy: list[float]) -> tuple[float, float, float, float]:
    """Unit quaternion (x, y, z, w) of roll, pitch and yaw about fixed axes, in rad."""
    halves = [angle / 2 for angle in rpy]
    (cr, cp, cy), (sr, sp, sy) = [math.cos(half) for half in halves], [math.sin(half) for half in halves]
    return (
        sr * cp * cy - cr * sp * sy,
        cr * sp * cy + sr * cp * sy,
        cr * cp * sy - sr * sp * cy,
        cr * cp * cy + sr * sp * sy,
    )
