"""Reads mesh files for MuJoCo: STL, OBJ and COLLADA, in parts of one colour each, simplified for fast rendering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np

MAX_FACES = 2000
"""A mesh with more faces is simplified to about this many."""
_MIN_FACES = 40
"""Of each part."""
_CELLS = (96, 64, 48, 32)
"""Cells along the longest side of a mesh, from fine to coarse, within which vertices become one."""
_TOLERATED = 1.25
FORMATS = (".stl", ".obj", ".dae")

Rgba = tuple[float, float, float, float]


class MeshUnreadable(ValueError):
    """A mesh file cannot be used. The message says why, in a few words."""


@dataclass(frozen=True)
class MeshPart:
    """Triangles of one colour. `stl`: a binary STL file, in m; `rgba`: the file's own colour, or None."""

    stl: bytes
    rgba: Rgba | None


def read_parts(path: Path) -> list[MeshPart]:
    """The parts of a mesh file, one a colour, at least one. Raises MeshUnreadable."""
    if not path.is_absolute() or not path.is_file():
        raise MeshUnreadable("not found")
    if path.suffix.lower() not in FORMATS:
        raise MeshUnreadable(f"a {path.suffix or 'nameless'} file, not STL, OBJ or DAE")
    try:
        import trimesh

        scene = trimesh.load_scene(path, process=False)
        by_colour: dict[Rgba | None, list[trimesh.Trimesh]] = {}
        for geometry in scene.dump():
            if isinstance(geometry, trimesh.Trimesh) and len(geometry.faces):
                geometry.apply_scale(trimesh.units.unit_conversion(geometry.units or "meters", "meters"))
                by_colour.setdefault(_colour(geometry), []).append(geometry)
        merged = {colour: _merged(meshes) for colour, meshes in by_colour.items()}
    # Parsers of three formats raise whatever they stumble over.
    except Exception as error:
        raise MeshUnreadable(f"unreadable: {type(error).__name__} {error}"[:120]) from error
    faces = sum(len(mesh.faces) for mesh in merged.values())
    if not faces:
        raise MeshUnreadable("no triangles")
    return [MeshPart(_stl(mesh, MAX_FACES / faces), colour) for colour, mesh in merged.items()]


def check_part(part: MeshPart, scale: Sequence[float], collides: bool) -> None:
    """Raises MeshUnreadable if MuJoCo does not take the part, with factors `[3]` on its size."""
    spec = mujoco.MjSpec()
    spec.assets = {"part.stl": part.stl}
    spec.add_mesh(name="part", file="part.stl", scale=list(scale), inertia=inertia_of(collides))
    contacts = int(collides)
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname="part", contype=contacts, conaffinity=contacts)
    try:
        spec.compile()
    except ValueError as error:
        raise MeshUnreadable(f"unusable: {' '.join(str(error).split())}"[:120]) from error


def inertia_of(collides: bool) -> mujoco.mjtMeshInertia:
    """How MuJoCo computes the inertia of a mesh. What is drawn need not be closed; what collides is its hull."""
    return mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX if collides else mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL


def _merged(meshes: list) -> object:
    """One mesh of several, with each vertex once: simplification moves faces apart that only touch."""
    import trimesh

    whole = trimesh.util.concatenate(meshes)
    return trimesh.Trimesh(whole.vertices, whole.faces, process=True)


def _stl(mesh: object, share: float) -> bytes:
    """Binary STL of a mesh, with about `share` of its faces if that is less than 1."""
    if share < 1:
        mesh = _simplified(mesh, max(_MIN_FACES, round(share * len(mesh.faces))))
    return mesh.export(file_type="stl")


def _simplified(mesh: object, faces: int) -> object:
    """The mesh with about so many faces."""
    for cells in _CELLS:
        # Quadric decimation alone is slow on the fine, thin triangles of CAD files, and stops early.
        simple = _clustered(mesh, mesh.extents.max() / cells)
        if len(simple.faces) > faces:
            simple = simple.simplify_quadric_decimation(face_count=faces)
        if len(simple.faces) <= _TOLERATED * faces:
            break
    return simple if len(simple.faces) else mesh


def _clustered(mesh: object, size: float) -> object:
    """The mesh with one vertex, their mean, for all in a cell of `size`, and without the triangles that then vanish."""
    import trimesh

    cells = np.round(mesh.vertices / size).astype(np.int64)
    _, cell, count = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    cell = cell.ravel()
    vertices = np.stack([np.bincount(cell, weights=axis) / count for axis in mesh.vertices.T], axis=1)
    faces = cell[mesh.faces]
    first = faces.argmin(axis=1)[:, None]
    # Each triangle from its lowest vertex on: equal ones are equal, and those of opposite sides are not.
    faces = np.take_along_axis(faces, (first + np.arange(3)) % 3, axis=1)
    distinct = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    return trimesh.Trimesh(vertices, np.unique(faces[distinct], axis=0), process=False)


def _colour(mesh: object) -> Rgba | None:
    """The colour of a mesh's material, or the mean of its texture or of its own colours; opaque."""
    visual = mesh.visual
    if not visual.defined:
        return None
    material = getattr(visual, "material", None)
    if material is None:
        mean = np.asarray(visual.face_colors, dtype=float).mean(axis=0)
    else:
        texture = getattr(material, "baseColorTexture", None) or getattr(material, "image", None)
        colour = material.main_color if texture is None else np.asarray(texture.convert("RGB")).mean(axis=(0, 1))
        mean = np.asarray(colour, dtype=float)
    red, green, blue = (round(float(value) / 255, 3) for value in mean[:3])
    return red, green, blue, 1.0
