"""Finds the mesh files that a URDF names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

from .urdf import parse_urdf

_PACKAGE_SCHEMES = ("package://", "model://")


def with_mesh_paths(
    urdf_xml: str,
    folder: Path,
    packages: Mapping[str, Path] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> str:
    """The URDF with the absolute path of each mesh that is found; the others keep their names.

    `folder`: that of the URDF; `packages`: folders of packages, by their names. The text stays as it is if no mesh is
    found. Raises UrdfError if it is no URDF.
    """
    root = parse_urdf(urdf_xml)
    found = False
    for mesh in root.iter("mesh"):
        path = find_mesh(mesh.get("filename", ""), folder, packages or {}, environ)
        if path is not None:
            mesh.set("filename", str(path))
            found = True
    return ElementTree.tostring(root, encoding="unicode") if found else urdf_xml


def find_mesh(name: str, folder: Path, packages: Mapping[str, Path], environ: Mapping[str, str]) -> Path | None:
    """The absolute path of a mesh named as in a URDF, or None if there is no such file.

    `package://NAME/...` is looked for in the package's folder; `file://` and plain paths are relative to `folder`.
    """
    scheme = next((scheme for scheme in _PACKAGE_SCHEMES if name.startswith(scheme)), None)
    if scheme is not None:
        package, _, rest = name.removeprefix(scheme).partition("/")
        candidates = (place / rest for place in _places(package, folder, packages, environ))
    else:
        path = name.removeprefix("file://")
        candidates = iter((folder / path, folder / unquote(path)))
    return next((candidate.resolve() for candidate in candidates if name and candidate.is_file()), None)


def _places(package: str, folder: Path, packages: Mapping[str, Path], environ: Mapping[str, str]) -> Iterator[Path]:
    """Folders that may be that of a package, the likeliest first."""
    if package in packages:
        yield packages[package]
    for entry in filter(None, environ.get("ROS_PACKAGE_PATH", "").split(os.pathsep)):
        yield Path(entry) / package
        if _is_package(Path(entry), package):
            yield Path(entry)
    for prefix in filter(None, environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)):
        yield Path(prefix) / "share" / package
    for parent in (folder.resolve(), *folder.resolve().parents):
        if _is_package(parent, package):
            yield parent
        yield parent / package


def _is_package(folder: Path, name: str) -> bool:
    """Whether the folder has the name of the package, or its package.xml has."""
    if folder.name == name:
        return True
    try:
        root = ElementTree.parse(folder / "package.xml").getroot()
    except (OSError, ElementTree.ParseError):
        return False
    return (root.findtext("name") or "").strip() == name
