"""Robots with meshes in MuJoCo: what is drawn, what is simplified, and what happens to files that cannot be used."""

from __future__ import annotations

import os
import re
from pathlib import Path

os.environ.setdefault("MUJOCO_GL", "osmesa")

import numpy as np
import pytest
import trimesh

from jepa_mpc_mujoco.mesh_parts import MAX_FACES, MeshUnreadable, read_parts
from jepa_mpc_mujoco.plant import Plant

# Looks down from 2 m; x is up in the image, y is left. 128 pixels are 2 m at the height of the origin.
_ROBOT = """<robot name="r"><link name="world"/>
  <joint name="turn" type="revolute"><parent link="world"/><child link="arm"/><axis xyz="0 0 1"/>
    <limit lower="-2" upper="2" velocity="1" acceleration="5"/></joint>
  <link name="arm"><inertial><mass value="1"/>
    <inertia ixx="0.1" ixy="0" ixz="0" iyy="0.1" iyz="0" izz="0.1"/></inertial>{shapes}</link>
  <link name="eye"/><joint name="mount" type="fixed"><parent link="world"/><child link="eye"/>
    <origin xyz="0 0 2" rpy="0 1.5707963 0"/></joint>
  <gazebo reference="eye"><sensor type="camera" name="camera"><update_rate>30</update_rate><camera>
    <horizontal_fov>0.9272952</horizontal_fov><image><width>128</width><height>128</height></image>
  </camera></sensor></gazebo></robot>"""
_BOX = '<collision><geometry><box size="0.6 0.2 0.1"/></geometry></collision>'


def visual(path: Path | str, scale: str = "", more: str = "", name: str = "") -> str:
    named = f' name="{name}"' if name else ""
    factors = f' scale="{scale}"' if scale else ""
    return f'<visual{named}><geometry><mesh filename="{path}"{factors}/></geometry>{more}</visual>'


def colour(rgba: str) -> str:
    return f'<material name="{rgba}"><color rgba="{rgba}"/></material>'


def image_of(shapes: str) -> tuple[np.ndarray, list[str]]:
    """The image at rest, `[128, 128, 3]`, and the notes."""
    plant = Plant(_ROBOT.format(shapes=shapes))
    try:
        return plant.render().astype(int), plant.notes
    finally:
        plant.close()


def size_of(image: np.ndarray) -> tuple[int, int]:
    """Height and width in pixels of what is not black."""
    rows, columns = np.nonzero(image.sum(axis=2) > 60)
    return (0, 0) if not len(rows) else (int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1)


def written(mesh: object, path: Path) -> Path:
    mesh.export(path)
    return path


_EFFECT = """<effect id="{name}-effect"><profile_COMMON><technique sid="common"><lambert><diffuse>
  <color>{rgba}</color></diffuse></lambert></technique></profile_COMMON></effect>"""
_MATERIAL = '<material id="{name}"><instance_effect url="#{name}-effect"/></material>'
_GEOMETRY = """<geometry id="{name}-mesh"><mesh>
  <source id="{name}-points"><float_array id="{name}-array" count="12">{points}</float_array><technique_common>
    <accessor source="#{name}-array" count="4" stride="3"><param name="X" type="float"/><param name="Y" type="float"/>
    <param name="Z" type="float"/></accessor></technique_common></source>
  <vertices id="{name}-vertices"><input semantic="POSITION" source="#{name}-points"/></vertices>
  <triangles material="{name}" count="2"><input semantic="VERTEX" source="#{name}-vertices" offset="0"/>
    <p>0 1 2 0 2 3</p></triangles></mesh></geometry>"""
_NODE = """<node id="{name}-node"><matrix>1 0 0 {x} 0 1 0 0 0 0 1 0 0 0 0 1</matrix>
  <instance_geometry url="#{name}-mesh"><bind_material><technique_common>
    <instance_material symbol="{name}" target="#{name}"/></technique_common></bind_material></instance_geometry>
  </node>"""


def two_colours(path: Path, unit_m: float = 1.0) -> Path:
    """A COLLADA file with a red square of 0.3 m and, moved along x by its node, a blue one."""
    side, step = 0.15 / unit_m, 0.5 / unit_m
    points = f"{-side} {-side} 0 {side} {-side} 0 {side} {side} 0 {-side} {side} 0"
    parts = [
        {"name": "red", "rgba": "1 0 0 1", "x": 0.0, "points": points},
        {"name": "blue", "rgba": "0 0 1 1", "x": step, "points": points},
    ]
    effects, materials, geometries, nodes = (
        "".join(text.format(**part) for part in parts) for text in (_EFFECT, _MATERIAL, _GEOMETRY, _NODE)
    )
    path.write_text(
        '<?xml version="1.0"?><COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">'
        f'<asset><unit meter="{unit_m}"/><up_axis>Y_UP</up_axis></asset><library_effects>{effects}</library_effects>'
        f"<library_materials>{materials}</library_materials><library_geometries>{geometries}</library_geometries>"
        f'<library_visual_scenes><visual_scene id="scene">{nodes}</visual_scene></library_visual_scenes>'
        '<scene><instance_visual_scene url="#scene"/></scene></COLLADA>'
    )
    return path


@pytest.mark.parametrize("suffix", ["stl", "obj", "dae", "STL"])
def test_a_mesh_is_drawn_in_its_size_where_the_link_is(tmp_path: Path, suffix: str) -> None:
    path = written(trimesh.creation.box((0.8, 0.4, 0.02)), tmp_path / f"plate.{suffix.lower()}")
    renamed = path.rename(tmp_path / f"mesh.{suffix}")
    image, notes = image_of(visual(renamed, more=colour("0.9 0.9 0.9 1")))
    assert size_of(image) == pytest.approx((51, 26), abs=2)
    assert notes == []


@pytest.mark.parametrize(
    ("scale", "size"), [("2 1 1", (102, 26)), ("0.5 0.5 0.5", (26, 13)), ("0.5", (26, 13)), ("-1 1 1", (51, 26))]
)
def test_a_scale_applies_along_each_axis(tmp_path: Path, scale: str, size: tuple[int, int]) -> None:
    path = written(trimesh.creation.box((0.8, 0.4, 0.02)), tmp_path / "plate.stl")
    image, notes = image_of(visual(path, scale, colour("0.9 0.9 0.9 1")))
    assert size_of(image) == pytest.approx(size, abs=3)
    assert notes == []


def test_one_file_may_be_used_at_several_scales(tmp_path: Path) -> None:
    path = written(trimesh.creation.box((0.8, 0.4, 0.02)), tmp_path / "plate.stl")
    image, _ = image_of(visual(path, "1 1 1") + visual(path, "0.5 3 1"))
    assert size_of(image) == pytest.approx((51, 77), abs=3)


@pytest.mark.parametrize("unit_m", [1.0, 0.001])
def test_a_collada_file_keeps_its_colours_its_places_and_its_unit(tmp_path: Path, unit_m: float) -> None:
    image, notes = image_of(visual(two_colours(tmp_path / "squares.dae", unit_m)))
    red = np.argwhere(image[..., 0] > image[..., 2] + 60).mean(axis=0)
    blue = np.argwhere(image[..., 2] > image[..., 0] + 60).mean(axis=0)
    assert red - blue == pytest.approx((32, 0), abs=1)
    # Z stays up, whatever <up_axis> says, as in RViz.
    assert size_of(image) == pytest.approx((51, 19), abs=1)
    assert notes == []


def test_the_material_of_the_urdf_overrides_the_colours_of_the_file(tmp_path: Path) -> None:
    path = two_colours(tmp_path / "squares.dae")
    image, _ = image_of(visual(path, more=colour("0 0.9 0 1")))
    shown = image[image.sum(axis=2) > 60]
    assert (shown[:, 1] > shown[:, 0] + 60).all() and (shown[:, 1] > shown[:, 2] + 60).all()


def test_a_mesh_with_many_faces_is_simplified_and_keeps_its_size(tmp_path: Path) -> None:
    ball = trimesh.creation.icosphere(subdivisions=5, radius=0.4)
    assert len(ball.faces) > 10 * MAX_FACES
    path = written(ball, tmp_path / "ball.stl")
    (part,) = read_parts(path)
    faces = int.from_bytes(part.stl[80:84], "little")
    assert 0.5 * MAX_FACES < faces <= 1.25 * MAX_FACES
    image, notes = image_of(visual(path, more=colour("0.9 0.9 0.9 1")))
    # The ball is nearer to the camera than the origin: 0.4 m at its rim appear as 0.41.
    assert size_of(image) == pytest.approx((52, 52), abs=3)
    assert notes == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("package://nobody/a.stl", None, "not found"),
        ("broken.stl", b"no mesh at all", "(unreadable|no triangles)"),
        ("broken.dae", b"<COLLADA", "unreadable"),
        ("empty.obj", b"# nothing\n", "(unreadable|no triangles)"),
        ("part.step", b"ISO-10303-21;", "not STL, OBJ or DAE"),
    ],
)
def test_collision_shapes_are_drawn_for_a_mesh_that_cannot_be_used(
    tmp_path: Path, name: str, content: bytes | None, reason: str
) -> None:
    path = name
    if content is not None:
        (tmp_path / name).write_bytes(content)
        path = str(tmp_path / name)
    image, (note,) = image_of(visual(path) + visual(path) + _BOX)
    assert size_of(image) == pytest.approx((39, 13), abs=2)
    assert note.count(path) == 1
    assert re.search(rf"{name} \(.*{reason}", note)
    assert "--package NAME=FOLDER" in note
    image, _ = image_of(visual(path))
    assert size_of(image) == (0, 0)


def test_all_meshes_that_cannot_be_used_are_in_one_line() -> None:
    shapes = "".join(visual(f"package://p/{index}.stl") for index in range(15))
    _, notes = image_of(shapes)
    assert len(notes) == 1 and "package://p/0.stl" in notes[0] and "and 3 more" in notes[0]


@pytest.mark.parametrize("scale", ["0 1 1", "1 1", "big", "nan 1 1"])
def test_a_scale_that_makes_no_sense_loses_the_mesh(tmp_path: Path, scale: str) -> None:
    path = written(trimesh.creation.box((0.8, 0.4, 0.02)), tmp_path / "plate.stl")
    _, (note,) = image_of(visual(path, scale))
    assert f"scale '{scale}'" in note


def test_flat_meshes_and_open_ones_are_drawn(tmp_path: Path) -> None:
    square = trimesh.Trimesh([[-0.4, -0.2, 0], [0.4, -0.2, 0], [0.4, 0.2, 0], [-0.4, 0.2, 0]], [[0, 1, 2], [0, 2, 3]])
    image, notes = image_of(visual(written(square, tmp_path / "square.stl")))
    assert size_of(image) == pytest.approx((51, 26), abs=2)
    assert notes == []


def test_collision_shapes_do_not_cover_what_a_link_shows(tmp_path: Path) -> None:
    path = written(trimesh.creation.box((0.2, 0.1, 0.02)), tmp_path / "plate.stl")
    image, _ = image_of(visual(path) + _BOX)
    assert size_of(image) == pytest.approx((13, 7), abs=2)
    image, _ = image_of(_BOX)
    assert size_of(image) == pytest.approx((39, 13), abs=2)


def test_visuals_of_one_name_are_parts_of_different_names(tmp_path: Path) -> None:
    path = two_colours(tmp_path / "squares.dae")
    plant = Plant(_ROBOT.format(shapes=visual(path, name="body") + visual(path, name="body")))
    assert plant.part_names == ["body", "body_2", "body_3", "body_4"]
    plant.close()


def test_a_file_that_is_not_there_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(MeshUnreadable, match="not found"):
        read_parts(tmp_path / "nothing.stl")
