"""The tasks of the closed-loop evaluation, on the planar arm in MuJoCo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from jepa_mpc_mujoco.plant import Plant
from jepa_mpc_mujoco.world import World
from jepa_mpc_sim.scene import Scene, SceneError, read_scene
from tiny_run import URDF

from jepa_mpc_training.objects import Surroundings
from jepa_mpc_training.robot import Robot
from jepa_mpc_training.tasks import PUSH_M, PUSHED_DISTANCE_M, Push, Reach

CUBE = """
objects:
  - {name: cube, shape: box, size: [0.06, 0.06, 0.1], position: [0.25, 0.2, 0.05], free: true, mass: 0.1,
     friction: 0.5, colour: [1, 0.6, 0]}
"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    file = tmp_path_factory.mktemp("scene") / "cube.yaml"
    file.write_text(CUBE)
    return read_scene(file)


@pytest.fixture(scope="module")
def pushing(scene: Scene) -> Iterator[tuple[Robot, Surroundings]]:
    with closing(Plant(URDF.read_text(), world=World(scene))) as plant:
        yield Robot(plant, 10.0, frame_size=32), Surroundings(plant, scene)


def _place(around: Surroundings) -> np.ndarray:
    return around.poses()[0, :3]


def _ticks(robot: Robot, count: int) -> None:
    for _ in range(count):
        robot.tick(np.zeros(len(robot.plant.joint_names)))


def test_an_object_starts_a_push_away_from_its_goal_which_the_picture_shows(pushing) -> None:
    robot, around = pushing
    task = Push(around)
    starts = []
    for seed in range(8):
        goal = task.begin(robot, np.random.default_rng(seed), 0)
        assert PUSH_M[0] <= task.distance_m(robot) <= PUSH_M[1]
        here = around.poses()
        starts.append(_place(around).copy())
        around.put(np.concatenate(([task._goal], here[:, 3:]), axis=1))
        # As rendered there and not as rendered here, but for the cube's angle about the vertical.
        there = np.abs(goal.frame.astype(int) - robot.see_at(goal.position)).mean()
        around.put(here)
        assert there < np.abs(goal.frame.astype(int) - robot.see_at(goal.position)).mean()
        np.testing.assert_allclose(goal.position, robot.plant.position)
    assert np.std(starts, axis=0)[:2].min() > 0.02
    again = Push(around)
    again.begin(robot, np.random.default_rng(7), 0)
    np.testing.assert_array_equal(_place(around), starts[-1])


def test_a_push_is_over_where_the_object_and_the_robot_rest_near_the_goal(pushing) -> None:
    robot, around = pushing
    task = Push(around)
    task.begin(robot, np.random.default_rng(1), 0)
    start, goal = around.poses(), task._goal
    for away, expected in ((PUSHED_DISTANCE_M + 0.005, False), (PUSHED_DISTANCE_M - 0.005, True)):
        start[0, :2] = goal[0] + away, goal[1]
        around.put(start)
        assert not task.observe(robot, 20), "it has just moved there"
        assert task.observe(robot, 40) == expected
        assert task.distance_m(robot) == pytest.approx(away, abs=1e-3)
    # A robot that moves is not done.
    for _ in range(5):
        robot.tick(robot.plant.limits.velocity)
    around.put(start)
    task.observe(robot, 140)
    assert not task.observe(robot, 160)


def test_an_object_is_elsewhere_once_while_the_robot_stands_still(pushing) -> None:
    robot, around = pushing
    task = Push(around, moves_at_first=True)
    task.begin(robot, np.random.default_rng(2), 0)
    before = _place(around).copy()
    assert not task.observe(robot, 980)
    np.testing.assert_array_equal(_place(around), before)
    assert [task.is_held(time) for time in (0, 980, 1000, 5000)] == [True, True, False, False]
    task.observe(robot, 1000)
    after = _place(around).copy()
    assert np.linalg.norm(after - before) > 0.01
    assert PUSH_M[0] <= task.distance_m(robot) <= PUSH_M[1]
    task.observe(robot, 1020)
    np.testing.assert_array_equal(_place(around), after)
    assert not Push(around).is_held(0)


def test_where_there_is_no_room_it_says_so(pushing) -> None:
    _, around = pushing
    position = around.arrange(np.random.default_rng(0))
    refused = r"^scene, object 'cube': found no place 5 to 6 m from its goal in \d+ tries"
    with pytest.raises(SceneError, match=refused):
        around.pushed(np.random.default_rng(0), position, around.poses(), (5.0, 6.0))


def test_a_reach_is_over_where_the_tip_rests_at_its_goal() -> None:
    with closing(Plant(URDF.read_text())) as plant:
        robot, task = Robot(plant, 10.0, frame_size=16), Reach(plant.fingertip)
        goal = task.begin(robot, np.random.default_rng(0), 0)
        assert task.distance_m(robot) >= 0.2
        assert not task.observe(robot, 20)
        robot.reset(goal.position)
        assert task.distance_m(robot) < 1e-6
        assert task.observe(robot, 40)
        assert not task.is_held(0)
        plant.reset(goal.position, np.full(2, 0.5))
        assert not task.observe(robot, 60)
