"""Where the meshes of a URDF are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from jepa_mpc_sim.mesh_files import find_mesh, with_mesh_paths
from jepa_mpc_sim.urdf import parse_urdf


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Packages in every place: each has the file meshes/a.stl; `urdf` is the folder of the URDF."""
    named = tmp_path / "src" / "my_arm_description"
    (named / "urdf").mkdir(parents=True)
    (named / "package.xml").write_text("<package><name>my_arm</name></package>")
    for folder in ("src/my_arm_description", "src/sibling", "ros/on_path", "ament/share/installed", "elsewhere", "odd"):
        (tmp_path / folder / "meshes").mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "meshes" / "a.stl").write_text("")
    (tmp_path / "odd" / "package.xml").write_text("<package><name>renamed</name></package>")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("package://my_arm/meshes/a.stl", "src/my_arm_description/meshes/a.stl"),
        ("package://my_arm_description/meshes/a.stl", "src/my_arm_description/meshes/a.stl"),
        ("package://sibling/meshes/a.stl", "src/sibling/meshes/a.stl"),
        ("package://on_path/meshes/a.stl", "ros/on_path/meshes/a.stl"),
        ("package://renamed/meshes/a.stl", "odd/meshes/a.stl"),
        ("package://installed/meshes/a.stl", "ament/share/installed/meshes/a.stl"),
        ("package://given/meshes/a.stl", "elsewhere/meshes/a.stl"),
        ("model://sibling/meshes/a.stl", "src/sibling/meshes/a.stl"),
        ("../meshes/a.stl", "src/my_arm_description/meshes/a.stl"),
        ("file://../meshes/a.stl", "src/my_arm_description/meshes/a.stl"),
        ("package://my_arm/meshes/b.stl", None),
        ("package://nobody/meshes/a.stl", None),
        ("package://my_arm", None),
        ("meshes", None),
        ("", None),
    ],
)
def test_a_mesh_is_found_by_the_name_that_the_urdf_has_for_it(tree: Path, name: str, found: str | None):
    environ = {"ROS_PACKAGE_PATH": f"{tree}/ros:{tree}/odd", "AMENT_PREFIX_PATH": f"{tree}/nowhere:{tree}/ament"}
    packages = {"given": tree / "elsewhere"}
    path = find_mesh(name, tree / "src" / "my_arm_description" / "urdf", packages, environ)
    assert path == (None if found is None else (tree / found).resolve())


def test_absolute_paths_and_urls_with_encoded_blanks(tmp_path: Path):
    file = tmp_path / "with blank.obj"
    file.write_text("")
    for name in (str(file), f"file://{file}", f"file://{file}".replace(" ", "%20")):
        assert find_mesh(name, Path("/nowhere"), {}, {}) == file.resolve()


def test_a_package_that_is_given_is_taken_before_all_others(tree: Path):
    packages = {"my_arm": tree / "elsewhere"}
    path = find_mesh("package://my_arm/meshes/a.stl", tree / "src" / "my_arm_description" / "urdf", packages, {})
    assert path == (tree / "elsewhere/meshes/a.stl").resolve()


def test_the_urdf_gets_the_paths_of_those_that_are_found(tree: Path):
    folder = tree / "src" / "my_arm_description" / "urdf"
    names = ("package://my_arm/meshes/a.stl", "package://my_arm/meshes/b.stl")
    shapes = "".join(f'<visual><geometry><mesh filename="{name}"/></geometry></visual>' for name in names)
    root = parse_urdf(with_mesh_paths(f'<robot name="r"><link name="l">{shapes}</link></robot>', folder, environ={}))
    paths = [mesh.get("filename") for mesh in root.iter("mesh")]
    assert paths == [str((folder.parent / "meshes/a.stl").resolve()), names[1]]


def test_a_urdf_without_meshes_stays_as_it_is(tmp_path: Path):
    text = '<robot name="r">  <!-- kept --><link name="l"/></robot>'
    assert with_mesh_paths(text, tmp_path) == text
