"""Prepares the meshes of a URDF for MuJoCo, without ever failing because of one."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from .mesh_parts import MeshPart, MeshUnreadable, check_part, read_parts

_SHOWN = 12
"""Files that the note names."""


@dataclass
class Meshes:
    """What became of the meshes of a URDF.

    `assets`: files by the name that the URDF now has for them; `colliding`: those of collision shapes; `undrawn`: links
    of which a visual is missing, or that have none: their collision shapes are drawn instead.
    """

    assets: dict[str, bytes] = field(default_factory=dict)
    colliding: set[str] = field(default_factory=set)
    undrawn: set[str] = field(default_factory=set)
    lost: dict[str, str] = field(default_factory=dict)
    """Why a mesh cannot be used, by its name in the URDF."""

    @property
    def note(self) -> str:
        """One line for the log, or ''."""
        if not self.lost:
            return ""
        shown = [f"{name} ({reason})" for name, reason in list(self.lost.items())[:_SHOWN]]
        more = [f"and {len(self.lost) - _SHOWN} more"] if len(self.lost) > _SHOWN else []
        return (
            f"Meshes that cannot be used: {', '.join([*shown, *more])}. Their links are drawn by their collision "
            "shapes, or not at all. Name the folder of a package that is not found, --package NAME=FOLDER, or add it "
            "to ROS_PACKAGE_PATH; convert others to STL, OBJ or DAE (docs/simulators.md)."
        )


def prepare_meshes(root: ElementTree.Element, collisions: bool) -> Meshes:
    """Replaces the meshes of a URDF by assets that MuJoCo can use, and drops those that cannot be.

    `collisions`: whether collision shapes are needed though their link is drawn.
    """
    made = _Preparation()
    names: set[str] = set()
    for link in root.findall("link"):
        visuals = [one for visual in link.findall("visual") for one in made.prepared(link, visual, collides=False)]
        for visual in visuals:
            _give_unique_name(visual, names)
        name = link.get("name", "")
        if not visuals or any(mesh in made.meshes.lost for mesh in made.named.get(name, ())):
            made.meshes.undrawn.add(name)
        for collision in link.findall("collision"):
            collision.attrib.pop("name", None)
            # A link without <inertial> has the mass of its collision shapes.
            if collisions or name in made.meshes.undrawn or link.find("inertial") is None:
                made.prepared(link, collision, collides=True)
            elif collision.find("geometry/mesh") is not None:
                link.remove(collision)
    return made.meshes


class _Preparation:
    """Meshes as they are read: each file once."""

    def __init__(self) -> None:
        self.meshes = Meshes()
        self.named: dict[str, list[str]] = {}
        """Meshes of the visuals of each link, by their names in the URDF."""
        self._parts: dict[str, list[MeshPart] | MeshUnreadable] = {}

    def prepared(
        self, link: ElementTree.Element, shape: ElementTree.Element, collides: bool
    ) -> list[ElementTree.Element]:
        """The shapes that stand for a `<visual>` or `<collision>` of the link: itself, one for each part, or none."""
        mesh = shape.find("geometry/mesh")
        if mesh is None:
            return [shape]
        name = mesh.get("filename", "")
        if not collides:
            self.named.setdefault(link.get("name", ""), []).append(name)
        place = list(link).index(shape)
        link.remove(shape)
        try:
            scale = _scale(mesh)
            parts = self._read(name)
            for part in parts:
                check_part(part, scale, collides)
        except MeshUnreadable as error:
            self.meshes.lost.setdefault(name, str(error))
            return []
        shapes = []
        for part in parts:
            one = copy.deepcopy(shape)
            file = one.find("geometry/mesh")
            assert file is not None
            file.set("filename", self._asset(part, collides))
            file.set("scale", " ".join(map(repr, scale)))
            if part.rgba is not None and one.find("material") is None and not collides:
                material = ElementTree.SubElement(one, "material", {"name": ""})
                ElementTree.SubElement(material, "color", {"rgba": " ".join(map(repr, part.rgba))})
            link.insert(place + len(shapes), one)
            shapes.append(one)
        return shapes

    def _read(self, name: str) -> list[MeshPart]:
        if name not in self._parts:
            try:
                self._parts[name] = read_parts(Path(name.removeprefix("file://")))
            except MeshUnreadable as error:
                self._parts[name] = error
        parts = self._parts[name]
        if isinstance(parts, MeshUnreadable):
            raise parts
        return parts

    def _asset(self, part: MeshPart, collides: bool) -> str:
        """One for each use: a mesh has one scale in MuJoCo."""
        name = f"mesh_{len(self.meshes.assets)}.stl"
        self.meshes.assets[name] = part.stl
        if collides:
            self.meshes.colliding.add(name)
        return name


def _scale(mesh: ElementTree.Element) -> list[float]:
    """Factors `[3]`. Raises MeshUnreadable."""
    text = mesh.get("scale", "1 1 1")
    try:
        factors = [float(part) for part in text.split()]
    except ValueError:
        factors = []
    factors = factors * 3 if len(factors) == 1 else factors
    if len(factors) != 3 or not all(abs(factor) < 1e6 and factor != 0 for factor in factors):
        raise MeshUnreadable(f"scale '{text}'")
    return factors


def _give_unique_name(visual: ElementTree.Element, names: set[str]) -> None:
    """MuJoCo refuses two visuals of one name, which URDF allows."""
    name = visual.get("name", "")
    if not name:
        return
    unique, count = name, 1
    while unique in names:
        count += 1
        unique = f"{name}_{count}"
    names.add(unique)
    visual.set("name", unique)
