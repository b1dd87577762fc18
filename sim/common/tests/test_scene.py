"""Scenes are read strictly: every error names the object, the key, and what to write."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import yaml

from jepa_mpc_sim.kinematics import rotation
from jepa_mpc_sim.scene import Pose, SceneError, parse_scene, quaternion_of, read_scene

ROOT = Path(__file__).resolve().parents[3]
CUBE = {"name": "cube", "shape": "box", "size": [0.1, 0.2, 0.3], "position": [1, 2, 3]}


def scene_of(*objects: dict) -> str:
    return yaml.safe_dump({"objects": list(objects)})


def test_an_object_has_what_the_file_says_and_defaults_for_the_rest():
    (cube,) = parse_scene(scene_of(CUBE))
    assert (cube.name, cube.shape, cube.size, cube.pose) == ("cube", "box", (0.1, 0.2, 0.3), Pose((1.0, 2.0, 3.0)))
    assert (cube.free, cube.mass, cube.friction, cube.rgba) == (False, 0.0, 1.0, (0.6, 0.6, 0.6, 1.0))


def test_every_shape_and_every_key():
    can = {
        **{"name": "can", "shape": "cylinder", "radius": 0.03, "length": 0.1, "position": [0, 0, 0.05]},
        **{"rpy": [0, 0, 1.5707963267948966], "free": True, "mass": 0.2, "friction": 0.4, "colour": [1, 0, 0, 0.5]},
    }
    ball = {"name": "ball", "shape": "sphere", "radius": 0.05, "position": [0, 0, 1], "colour": [0, 1, 0]}
    first, second = parse_scene(scene_of(can, ball))
    assert (first.size, first.free, first.mass, first.friction) == ((0.03, 0.1), True, 0.2, 0.4)
    assert first.pose.quaternion == pytest.approx((0, 0, 0.5**0.5, 0.5**0.5))
    assert (first.rgba, second.rgba, second.size) == ((1, 0, 0, 0.5), (0, 1, 0, 1), (0.05,))


def test_the_example_is_a_scene():
    table, cube = read_scene(ROOT / "examples" / "scenes" / "table-and-cube.yaml")
    assert (table.name, table.free, cube.name, cube.free) == ("table", False, "cube", True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "scene: found nothing, expected a mapping"),
        ("[]", r"scene: found \[\], expected a mapping"),
        ("objects: []", "scene, objects: found .*, expected a list of objects"),
        ("things: []", "scene: found key 'things', expected objects"),
        ("objects: [1]", "scene, object 1: found 1, expected a mapping"),
        ("objects: [", "scene: found .*line 1.*, expected YAML"),
        (scene_of(CUBE, CUBE), "found two objects 'cube'"),
        (scene_of(CUBE).replace("shape: box", "shape: box\n  shape: box"), "key 'shape' twice"),
        (scene_of(CUBE | {"color": [0, 0, 0]}), "object 1: found key 'color'.* Did you mean 'colour'"),
        (scene_of(CUBE | {"radius": 1}), "object 1: found key 'radius', expected .*size"),
        (scene_of(CUBE | {"name": ""}), "object 1, name: found ''"),
        (scene_of(CUBE | {"shape": "cone"}), "object 'cube', shape: found 'cone', expected box or cylinder or sphere"),
        (scene_of({key: CUBE[key] for key in ("name", "shape", "size")}), "object 'cube': found no position"),
        (
            scene_of(CUBE | {"size": [1, 2]}),
            r"object 'cube', size: found \[1, 2\], expected 3 numbers in \[0.001, 1000\]",
        ),
        (scene_of(CUBE | {"size": [1, 2, 0]}), "object 'cube', size: .* Lengths are in m"),
        (scene_of(CUBE | {"size": [1, 2, "1e-3"]}), "object 'cube', size: .* plain decimal"),
        (scene_of(CUBE | {"size": [1, 2, True]}), "object 'cube', size"),
        (scene_of(CUBE | {"position": [0, 0, float("nan")]}), "object 'cube', position"),
        (scene_of(CUBE | {"free": 1}), "object 'cube', free: found 1, expected true or false"),
        (
            scene_of(CUBE | {"free": True}),
            r"object 'cube': found no mass, expected a number in \[1e-06, .*\]. Add 'mass",
        ),
        (scene_of(CUBE | {"free": True, "mass": 0}), "object 'cube', mass: found 0"),
        (scene_of(CUBE | {"friction": -1}), r"object 'cube', friction: found -1, expected a number in \[0, 100\]"),
        (scene_of(CUBE | {"colour": [0, 0]}), r"object 'cube', colour: found \[0, 0\], expected 3 numbers in \[0, 1\]"),
        (scene_of(CUBE | {"colour": [255, 0, 0]}), "object 'cube', colour"),
        (scene_of(CUBE | {"position": [0, 0, 1e11]}), "object 'cube', position: .* Lengths are in m"),
        (scene_of(CUBE | {"position": [0, 0, 10**400]}), "object 'cube', position: .* Lengths are in m"),
        (scene_of(CUBE | {"size": [1, 1, 1e-12]}), "object 'cube', size: .* Lengths are in m"),
        (scene_of(CUBE | {"name": "a\0b"}), "object 1, name: found"),
        ("? [a, b]\n: 1", "found a key that is not text .*line 1"),
        (scene_of(CUBE).replace("cube", "2001-99-99"), "found month must be"),
        (scene_of(CUBE).replace("cube", "9" * 5000), "found .*digits.*, expected YAML"),
        ("[" * 5000, "found .*recursion.*, expected YAML"),
    ],
)
def test_what_makes_no_sense_is_refused_by_object_and_key(text: str, message: str):
    with pytest.raises(SceneError, match=message):
        parse_scene(text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(SceneError, match=r"nothing\.yaml: found No such file"):
        read_scene(tmp_path / "nothing.yaml")


def test_a_damaged_scene_is_read_or_refused():
    whole = (ROOT / "examples" / "scenes" / "table-and-cube.yaml").read_text(encoding="utf-8")
    for seed in range(100):
        rng, text = random.Random(seed), whole
        for _ in range(rng.randint(1, 3)):
            start = rng.randrange(len(text))
            text = text[:start] + rng.choice(["", ":", "[", "- ", "{", "é", "\n"]) + text[start + rng.randint(0, 4) :]
        try:
            assert parse_scene(text)
        except SceneError as error:
            assert "expected" in str(error), text


def test_a_quaternion_turns_as_roll_pitch_and_yaw_do():
    rng = np.random.default_rng(0)
    for rpy in rng.uniform(-3, 3, (50, 3)):
        x, y, z, w = quaternion_of(rpy.tolist())
        turned = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )
        np.testing.assert_allclose(turned, rotation(rpy), atol=1e-12)
