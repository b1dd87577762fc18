"""Places of objects, and pushes: what is touched, and what moves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from jepa_mpc_mujoco.plant import Plant
from jepa_mpc_mujoco.world import World
from jepa_mpc_sim.scene import Scene, SceneError, parse_scene, read_scene

from jepa_mpc_training.collect import drive
from jepa_mpc_training.objects import Surroundings
from jepa_mpc_training.reach_map import is_free
from jepa_mpc_training.robot import Robot
from jepa_mpc_training.tip_control import TipControl

ROOT = Path(__file__).resolve().parents[2]
UR5E, REACHER = ((ROOT / "urdf" / name).read_text() for name in ("ur5e.urdf", "reacher.urdf"))
CUBE = read_scene(ROOT / "examples" / "scenes" / "push-cube.yaml")
# The links of the reacher are from 0.03 to 0.07 m above its table.
TWO = """
objects:
  - {name: tin, shape: cylinder, radius: 0.03, length: 0.1, position: [0.25, 0.2, 0.05], free: true, mass: 0.1}
  - {name: box, shape: box, size: [0.06, 0.04, 0.1], position: [0.25, -0.2, 0.05], rpy: [0, 0, 0.3], free: true,
     mass: 0.1}
"""


@pytest.fixture(scope="module")
def ur5e():
    plant = Plant(UR5E, world=World(CUBE))
    yield plant, Surroundings(plant, CUBE)
    plant.close()


@pytest.fixture(scope="module")
def reacher():
    scene = parse_scene(TWO)
    plant = Plant(REACHER, world=World(scene))
    yield plant, Surroundings(plant, scene)
    plant.close()


def test_objects_start_at_random_places_where_they_rest_as_in_the_scene_and_touch_nothing_else(reacher) -> None:
    plant, surroundings = reacher
    rng, places = np.random.default_rng(0), []
    for _ in range(25):
        start = surroundings.arrange(rng)
        plant.reset(start)
        poses = surroundings.poses()
        assert poses[:, 2] == pytest.approx([0.05, 0.05])
        assert np.linalg.norm(poses[:, 3:], axis=1) == pytest.approx([1, 1])
        assert is_free(plant, start)
        touched = {frozenset(touch[:2]) for touch in plant.touches(start)}
        assert not any(pair >= {"tin", "box"} or pair & {"upper_link", "forearm_link", "fingertip"} for pair in touched)
        plant.step(np.zeros(2), 0.2)
        assert surroundings.poses()[:, :3] == pytest.approx(poses[:, :3], abs=1e-3), "they rest"
        places.append(poses[:, :2])
    assert (np.std(places, axis=0) > 0.05).all()


def test_pushes_move_the_cube_and_only_the_tool_touches_it(ur5e) -> None:
    plant, surroundings = ur5e
    touched: set[frozenset[str]] = set()
    step = plant.step

    def observed(setpoint: np.ndarray, duration_s: float) -> None:
        step(setpoint, duration_s)
        touched.update(frozenset(touch[:2]) for touch in plant.touches(plant.position))

    robot, away, lowest = Robot(plant, 10.0), [], []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plant, "step", observed)
        for episode in range(4):
            rng = np.random.default_rng([1, episode])
            motion = drive(robot, rng, 50, 100, 60, seeing=False, surroundings=surroundings, pushing=True)
            away.append(np.linalg.norm(motion.objects[:, 0, :2] - motion.objects[0, 0, :2], axis=1).max())
            lowest.append(min(plant.fingertip(position)[2] for position in motion.positions))
            assert (np.abs(motion.actions) <= plant.limits.velocity + 1e-6).all()
    assert sum(distance > 0.02 for distance in away) >= 3
    assert max(away) < 0.6
    assert min(lowest) > 0
    assert touched == {frozenset(("cube", "pusher")), frozenset(("cube", "base_link"))}


def test_an_arm_that_cannot_lift_its_tip_goes_around_the_object(reacher) -> None:
    plant, surroundings = reacher
    robot, moved = Robot(plant, 10.0), 0
    for episode in range(4):
        motion = drive(
            robot, np.random.default_rng(episode), 50, 100, 0, False, surroundings=surroundings, pushing=True
        )
        moved += np.linalg.norm(motion.objects[-1, :, :2] - motion.objects[0, :, :2], axis=1).max() > 0.01
    assert moved >= 2


def test_the_tip_moves_in_a_straight_line_while_the_tool_turns_down(ur5e) -> None:
    plant, _ = ur5e
    control, position = TipControl(plant), np.array([0.3, -1.35, 1.6, -1.5, -1.4, 0.2])
    start = control.place(position)
    assert plant.tip(position).axis[2] > -0.94
    for wanted in (np.zeros(3), np.array([0.0, -0.2, 0.0])):
        for _ in range(100):
            position = position + 0.01 * control.velocities(position, wanted)
        assert control.place(position) - start == pytest.approx(wanted, abs=0.005)
        assert plant.tip(position).axis[2] < -0.96
    fast = control.velocities(position, np.array([0.0, -20.0, 0.0]))
    assert (np.abs(fast) / plant.limits.velocity).max() == pytest.approx(1)
    assert (plant.tip(position).place_jacobian @ fast)[1] < -0.5


def test_a_pose_is_found_for_a_place_within_reach_alone(ur5e) -> None:
    plant, _ = ur5e
    control, middle = TipControl(plant), (plant.limits.lower + plant.limits.upper) / 2
    place = np.array([0.5, 0.1, 0.05])
    pose = control.pose_at(middle, place, 0.005)
    assert pose is not None
    assert control.place(pose) == pytest.approx(place, abs=0.005)
    assert ((plant.limits.lower <= pose) & (pose <= plant.limits.upper)).all()
    assert control.pose_at(middle, np.array([2.0, 0.0, 0.05]), 0.005) is None


def scene_with(text: str, position: str) -> Scene:
    return parse_scene(text.replace("[0.25, 0.2, 0.05]", position))


@pytest.mark.parametrize(
    ("position", "found"),
    [
        ("[9, 9, 0.05]", "object 'tin': found nothing fixed below it"),
        ("[0.25, 0.2, 0.2]", r"object 'tin': found it 0\.150 m above what is fixed below it"),
    ],
)
def test_an_object_that_rests_on_nothing_is_refused(position: str, found: str) -> None:
    scene = scene_with(TWO, position)
    plant = Plant(REACHER, world=World(scene))
    with pytest.raises(SceneError, match=found):
        Surroundings(plant, scene)
    plant.close()


def test_an_object_that_the_tip_cannot_push_is_refused() -> None:
    # The tip of this arm is always above it.
    scene = scene_with(TWO.replace("length: 0.1,", "length: 0.02,"), "[0.25, 0.2, 0.01]")
    plant = Plant(REACHER, world=World(scene))
    with pytest.raises(SceneError, match=r"object 'tin': found a height of 0\.015 m, at which the tip .* no place"):
        Surroundings(plant, scene)
    plant.close()


def test_objects_are_placed_where_a_camera_sees_them(ur5e) -> None:
    plant, surroundings = ur5e
    for episode in range(20):
        plant.reset(surroundings.arrange(np.random.default_rng(episode)))
        assert plant.is_in_view(surroundings.poses()[0, :3])
    scene = plant.cameras[0]
    assert not plant.is_in_view(np.array([1.1, -1.2, 0.03])), f"below {scene.name}"
