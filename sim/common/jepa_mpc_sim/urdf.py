"""Reads URDFs by the rules of the planner node (src/robot). tests/fixtures/urdf-rules.yaml holds both to them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.parsers import expat

AXIAL_TYPES = ("revolute", "prismatic", "continuous")
"""Joint types with one axis."""
_JOINT_TYPES = (*AXIAL_TYPES, "fixed", "floating", "planar")
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_EXPAND = "Expand it first: xacro arm.urdf.xacro > arm.urdf."
_SHOWN = 80
"""Characters of a value that an error shows."""

Vector3 = tuple[float, float, float]


class UrdfError(ValueError):
    """The URDF cannot be used. The message says what was found where, what was expected, and what to do."""

    def __init__(self, subject: str, *, found: str, expected: str, remedy: str, code: str = "urdf.invalid") -> None:
        """`code`: that of the planner node for the same error."""
        super().__init__(f"{subject}: found {found}, expected {expected}. {remedy}")
        self.subject, self.found, self.expected, self.remedy = subject, found, expected, remedy
        self.code = code


@dataclass(frozen=True)
class Limit:
    """The `<limit>` element as written, in SI units; None where the attribute is missing."""

    lower: float | None
    upper: float | None
    velocity: float | None
    effort: float | None
    acceleration: float | None
    """Attribute of URDF 1.2; parsers of 1.0 ignore it."""


@dataclass(frozen=True)
class Mimic:
    """The position of this joint is `multiplier * (position of the other joint) + offset`."""

    joint: str
    multiplier: float
    offset: float


@dataclass(frozen=True)
class Joint:
    """A joint as written. `axis` is a unit vector; soft limits are those of `<safety_controller>`."""

    name: str
    type: str
    parent: str
    child: str
    axis: Vector3
    xyz: Vector3
    rpy: Vector3
    limit: Limit | None
    soft_lower: float | None
    soft_upper: float | None
    mimic: Mimic | None

    @property
    def unit(self) -> str:
        """Unit of its position: rad or m."""
        return "m" if self.type == "prismatic" else "rad"

    @property
    def moves_independently(self) -> bool:
        """Whether a model can act on it: one with one axis that does not follow another joint."""
        return self.type in AXIAL_TYPES and self.mimic is None


@dataclass(frozen=True)
class Robot:
    """A URDF whose joints make one tree of its links. `root`: its XML."""

    root: ElementTree.Element
    links: tuple[str, ...]
    joints: tuple[Joint, ...]

    @property
    def name(self) -> str:
        """Its name; empty if the URDF has none."""
        return self.root.get("name", "")

    @property
    def independent(self) -> list[str]:
        """Names of the joints that move independently, in the order of the URDF."""
        return [joint.name for joint in self.joints if joint.moves_independently]

    def joint(self, name: str) -> Joint | None:
        """The joint of that name, or None."""
        return next((joint for joint in self.joints if joint.name == name), None)

    def driven_by(self, joint: Joint) -> Mimic:
        """The independent joint that drives a joint through any chain of `<mimic>`, with multiplier and offset of the
        whole chain; the joint itself if it mimics none. Raises UrdfError."""
        driver, multiplier, offset = joint, 1.0, 0.0
        for step in range(len(self.joints) + 1):
            mimic = driver.mimic
            if mimic is None:
                break
            offset += multiplier * mimic.offset
            multiplier *= mimic.multiplier
            following = self.joint(mimic.joint)
            if following is None or step == len(self.joints):
                raise _invalid(
                    f"joint '{joint.name}', <mimic>",
                    f"a joint '{mimic.joint}' that does not exist"
                    if following is None
                    else "joints that mimic each other",
                    "a movable joint that mimics none",
                    "Correct the attribute joint.",
                )
            driver = following
        return Mimic(driver.name, multiplier, offset)


def parse_urdf(urdf_xml: str) -> ElementTree.Element:
    """The `<robot>` element of a URDF. Raises UrdfError if the text is not one.

    A byte order mark or blank lines before it are skipped. Prefixes need no `xmlns`: many published files have none.
    """
    xml = urdf_xml.lstrip("\ufeff \t\r\n\f\v")
    if not xml.startswith("<"):
        found = f"text that is no XML: '{xml[:_SHOWN]}'" if xml else "nothing"
        raise _invalid("document", found, "a URDF", "Give the text of the URDF, not the path of its file.")
    root = _parsed(xml, urdf_xml[: len(urdf_xml) - len(xml)].count("\n"))
    if root.tag != "robot":
        raise _invalid("document", f"no <robot> element but <{root.tag}>", '<robot name="…">', "Give a URDF.")
    xacro = next((child.tag for child in root if child.tag.startswith("xacro:")), None)
    if xacro is not None:
        raise _invalid("document", f"<{xacro}>", "plain URDF", _EXPAND)
    return root


def _parsed(xml: str, skipped_lines: int) -> ElementTree.Element:
    builder = ElementTree.TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = _refuse_entities
    try:
        parser.Parse(xml, True)
        return builder.close()
    except expat.ExpatError as error:
        where = f"line {error.lineno + skipped_lines}, column {error.offset + 1}"
        what = expat.ErrorString(error.code)
        raise _invalid(where, what, "well-formed XML", "Correct it there.") from error


def _refuse_entities(*_declaration: object) -> None:
    """A malicious document could expand an entity without end."""
    raise _invalid("document", "an entity", "plain XML", "Write it without a document type declaration.")


def read_robot(urdf_xml: str) -> Robot:
    """Reads links and joints. Raises UrdfError that names the joint, the element and the attribute."""
    root = parse_urdf(urdf_xml)
    links = tuple(_name(link, "name", "<link>") for link in root.findall("link"))
    joints = tuple(_joint(joint) for joint in root.findall("joint"))
    _check_unique(links, "link")
    _check_unique([joint.name for joint in joints], "joint")
    _check_tree(links, joints)
    return Robot(root, links, joints)


def root_link(robot: Robot) -> str:
    """The link that is no child."""
    children = {joint.child for joint in robot.joints}
    return next(link for link in robot.links if link not in children)


def _joint(element: ElementTree.Element) -> Joint:
    name = _name(element, "name", "<joint>")
    where = f"joint '{name}'"
    kind = _name(element, "type", where)
    if kind not in _JOINT_TYPES:
        raise _invalid(f"{where}, attribute type", f"'{kind}'", ", ".join(_JOINT_TYPES), "Correct the joint type.")
    origin = _only(element, "origin", where)
    axis = _vector(_only(element, "axis", where), "xyz", (1.0, 0.0, 0.0), f"{where}, <axis>")
    soft, at_soft = _only(element, "safety_controller", where), f"{where}, <safety_controller>"
    mimic = _only(element, "mimic", where)
    return Joint(
        name=name,
        type=kind,
        parent=_name(_only(element, "parent", where), "link", f"{where}, <parent>"),
        child=_name(_only(element, "child", where), "link", f"{where}, <child>"),
        # The axis of a fixed joint is not used, and many files have "0 0 0" there.
        axis=(1.0, 0.0, 0.0) if kind == "fixed" else _direction(axis, f"{where}, <axis>"),
        xyz=_vector(origin, "xyz", (0.0, 0.0, 0.0), f"{where}, <origin>"),
        rpy=_vector(origin, "rpy", (0.0, 0.0, 0.0), f"{where}, <origin>"),
        limit=_limit(_only(element, "limit", where), f"{where}, <limit>"),
        soft_lower=_number(soft, "soft_lower_limit", at_soft),
        soft_upper=_number(soft, "soft_upper_limit", at_soft),
        mimic=None if mimic is None or kind == "fixed" else _mimic(mimic, f"{where}, <mimic>"),
    )


def _limit(element: ElementTree.Element | None, where: str) -> Limit | None:
    if element is None:
        return None
    return Limit(*(_number(element, name, where) for name in ("lower", "upper", "velocity", "effort", "acceleration")))


def _mimic(element: ElementTree.Element, where: str) -> Mimic:
    multiplier, offset = _number(element, "multiplier", where), _number(element, "offset", where)
    return Mimic(_name(element, "joint", where), 1.0 if multiplier is None else multiplier, offset or 0.0)


def _direction(axis: Vector3, where: str) -> Vector3:
    length = math.hypot(*axis)
    if not (1e-9 < length < math.inf):
        found = " ".join(f"{part:g}" for part in axis)
        raise _invalid(where, f"'{found}'", "a direction of non-zero length", 'Write for example xyz="0 0 1".')
    return axis[0] / length, axis[1] / length, axis[2] / length


def _check_unique(names: Iterable[str], element: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise _invalid(f"<{element}>", f"two named '{name}'", "unique names", f"Rename one of the {element}s.")
        seen.add(name)


def _check_tree(links: tuple[str, ...], joints: tuple[Joint, ...]) -> None:
    """Raises UrdfError unless the joints make one tree of all links."""
    above: dict[str, Joint] = {}
    for joint in joints:
        for link in (joint.parent, joint.child):
            if link not in links:
                expected = f"one of the links {', '.join(links)}"
                raise _invalid(f"joint '{joint.name}'", f"link '{link}'", expected, "Correct the name.")
        other = above.setdefault(joint.child, joint)
        if other is not joint:
            found = f"two parents, joints '{other.name}' and '{joint.name}'"
            raise _invalid(f"link '{joint.child}'", found, "one", "Make it a tree.")
    roots = [link for link in links if link not in above]
    if len(roots) != 1:
        raise _invalid(
            "tree of links",
            f"root links {', '.join(roots)}" if roots else "a loop of joints and no root link",
            "exactly one root link",
            "Connect every link but one as the child of a joint.",
        )
    children: dict[str, list[str]] = {}
    for joint in joints:
        children.setdefault(joint.parent, []).append(joint.child)
    reached = [roots[0]]
    for link in reached:
        reached.extend(children.get(link, ()))
    lost = [link for link in links if link not in set(reached)]
    if lost:
        found = f"a loop through {', '.join(lost)}"
        raise _invalid("tree of links", found, f"all links below '{roots[0]}'", "Make it a tree.")


def _only(parent: ElementTree.Element, name: str, where: str) -> ElementTree.Element | None:
    """The child element of that name, or None. Raises UrdfError for more than one."""
    found = parent.findall(name)
    if len(found) > 1:
        raise _invalid(where, f"{len(found)} <{name}> elements", "at most one", f"Keep one <{name}>.")
    return found[0] if found else None


def _name(element: ElementTree.Element | None, attribute: str, where: str) -> str:
    value = "" if element is None else element.get(attribute, "").strip()
    if not value:
        raise _invalid(where, f"no attribute {attribute}", f"a non-empty {attribute}", "Add the attribute.")
    if _is_xacro(value):
        raise _invalid(f"{where}, attribute {attribute}", f"'{value}'", "a name", _EXPAND)
    return value


def _number(element: ElementTree.Element | None, attribute: str, where: str) -> float | None:
    text = None if element is None else element.get(attribute)
    return None if text is None else _finite(text.strip(), f"{where}, attribute {attribute}")


def _vector(element: ElementTree.Element | None, attribute: str, fallback: Vector3, where: str) -> Vector3:
    text = None if element is None else element.get(attribute)
    if text is None:
        return fallback
    at = f"{where}, attribute {attribute}"
    numbers = [_finite(part, at) for part in text.split()]
    if len(numbers) != 3:
        raise _invalid(at, f"'{text}'", "three numbers separated by spaces", "Write all three components.")
    return numbers[0], numbers[1], numbers[2]


def _finite(text: str, where: str) -> float:
    value = float(text) if _DECIMAL.fullmatch(text) else math.nan
    if not math.isfinite(value):
        remedy = _EXPAND if _is_xacro(text) else "Write a plain decimal number in SI units."
        shown = f"{text[:_SHOWN]}…" if len(text) > _SHOWN else text
        raise _invalid(where, f"'{shown}'", "a finite number", remedy)
    return value


def _is_xacro(text: str) -> bool:
    return "${" in text or "$(" in text


def _invalid(where: str, found: str, expected: str, remedy: str) -> UrdfError:
    return UrdfError(f"robot description, {where}", found=found, expected=expected, remedy=remedy)
