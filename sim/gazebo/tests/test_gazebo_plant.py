"""What only the robot in Gazebo Classic does; what every simulated robot does is in sim/common/contract."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from camera_rate import assert_rate_holds
from jepa_mpc_mujoco.plant import Plant
from simulator_process import URDF

from jepa_mpc_gazebo.errors import GazeboError
from jepa_mpc_gazebo.plant import GazeboPlant
from jepa_mpc_gazebo.server import Installation
from jepa_mpc_gazebo.wire import Event, Image, State

POSE = np.array([0.4, -0.9])


def test_steps_take_simulated_time_exactly(plant: GazeboPlant):
    plant.reset(POSE)
    before_ns = plant.state.time_ns
    for _ in range(7):
        plant.step(np.zeros(2), 0.01)
    assert plant.state.time_ns - before_ns == 70_000_000


def test_an_arm_that_gravity_pulls_at_stays_where_it_is_put(installation: Installation):
    pose = np.array([0.5, -1.5, 1.5, -1.5, -1.5, 0.0])
    plant = GazeboPlant((URDF.parent / "ur5e.urdf").read_text(encoding="utf-8"), installation)
    try:
        plant.reset(pose)
        plant.step(np.zeros(6), 1.0)
        np.testing.assert_allclose(plant.position, pose, atol=1e-3)
        target = np.array([0.5, 0.3, -0.4, 0.5, 0.6, -0.5])
        plant.step(target, 0.5)
        np.testing.assert_allclose(plant.velocity, target, atol=0.02)
    finally:
        plant.close()


def test_a_folded_arm_rests_although_its_servos_are_made_for_a_stretched_one(installation: Installation):
    pose = np.array([-0.05, -1.79, 2.1, -2.32, -1.46, -0.05])
    plant = GazeboPlant((URDF.parent / "ur5e.urdf").read_text(encoding="utf-8"), installation)
    try:
        plant.reset(pose)
        plant.step(np.full(6, 0.3), 0.3)
        plant.step(np.zeros(6), 0.3)
        for _ in range(20):
            plant.step(np.zeros(6), 0.01)
            assert np.abs(plant.velocity).max() < 0.01
    finally:
        plant.close()


def test_a_picture_is_that_of_mujoco_also_beyond_the_edge_of_the_table(installation: Installation):
    urdf = (URDF.parent / "ur5e.urdf").read_text(encoding="utf-8")
    pose = np.array([0.5, -1.2, 1.5, -1.5, -1.5, 0.0])
    gazebo = GazeboPlant(urdf, installation)
    try:
        seen = gazebo.render_at(pose).astype(int)
    finally:
        gazebo.close()
    mujoco = Plant(urdf)
    try:
        expected = mujoco.render_at(pose)
    finally:
        mujoco.close()
    assert seen.shape == expected.shape
    # Edges are smooth in Gazebo. A ground beyond the table would make 25 grey levels.
    assert np.abs(seen - expected).mean() < 3


def wait_until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)  # Gazebo's events come in another thread


def newest_state(events: Sequence[Event]) -> State:
    return next(event for event in reversed(events) if isinstance(event, State))


def test_by_its_own_clock_states_and_images_come_at_their_rates(installation: Installation):
    events: list[Event] = []
    plant = GazeboPlant(URDF.read_text(encoding="utf-8"), installation)
    try:
        plant.reset(POSE)
        plant.on_event = events.append
        plant.run()
        wait_until(lambda: sum(isinstance(event, State) for event in events) >= 150)
        plant.follow(np.array([0.5, 0.0]))
        wait_until(lambda: newest_state(events).velocity[0] == pytest.approx(0.5, abs=0.05))
    finally:
        plant.close()
    states = [event for event in events if isinstance(event, State)]
    images = [event for event in events if isinstance(event, Image)]
    assert set(np.diff([state.time_ns for state in states])) == {10_000_000}
    assert_rate_holds([image.time_ns for image in images], plant.cameras[0].rate_hz)


def test_without_an_installation_the_variable_is_named():
    with pytest.raises(GazeboError, match="JEPA_MPC_GAZEBO_PLUGIN: found nothing"):
        Installation.of_environment({"JEPA_MPC_GAZEBO_ROOT": "/somewhere"})


def test_a_gazebo_that_does_not_start_says_why(installation: Installation):
    broken = Installation(installation.root, "/nowhere/libnothing.so")

    def error(timeout_s: float) -> str:
        with pytest.raises(GazeboError) as found:
            GazeboPlant(URDF.read_text(encoding="utf-8"), broken, start_timeout_s=timeout_s)
        return str(found.value)

    # A Gazebo that starts slowly has said nothing about it when the first time-out ends.
    errors = (error(timeout_s) for timeout_s in (5, 20, 60))
    assert any(re.search(r"gzserver: found it .*libnothing\.so", text) for text in errors)


def test_nothing_is_left_behind_nor_what_a_killed_program_left(installation: Installation):
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = installation.root / "tmp" / f"jepa-mpc-{ended.pid}-left"
    left.mkdir()
    before = set(os.listdir(installation.root / "tmp"))
    GazeboPlant(URDF.read_text(encoding="utf-8"), installation).close()
    assert set(os.listdir(installation.root / "tmp")) <= before - {left.name}


def test_several_run_at_once_each_with_a_display_of_its_own(installation: Installation):
    urdf = URDF.read_text(encoding="utf-8")
    with ThreadPoolExecutor(3) as pool:
        plants = list(pool.map(lambda _: GazeboPlant(urdf, installation), range(3)))
        try:
            for plant in plants:
                plant.reset(POSE)
            images = [plant.render() for plant in plants]
            plants.pop().close()
            np.testing.assert_array_equal(plants[0].render(), images[0])
            np.testing.assert_array_equal(images[1], images[0])
        finally:
            for plant in plants:
                plant.close()
