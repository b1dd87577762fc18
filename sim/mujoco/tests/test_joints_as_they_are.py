"""Robots as they are published, in MuJoCo: joints that are held, that follow another one, and that have no end."""

from __future__ import annotations

import os

os.environ.setdefault("MUJOCO_GL", "osmesa")

import mujoco
import numpy as np
import pytest
from jepa_mpc_sim.held_joints import moved_robot
from jepa_mpc_sim.joint_limits import RobotOptions
from jepa_mpc_sim.urdf import UrdfError

from jepa_mpc_mujoco.plant import Plant

_INERTIA = """<inertial><origin xyz="0.05 0 0"/><mass value="0.3"/>
  <inertia ixx="0.001" ixy="0" ixz="0" iyy="0.001" iyz="0" izz="0.001"/></inertial>"""
_CAMERA = """<gazebo reference="link_0"><sensor type="camera" name="camera"><update_rate>30</update_rate><camera>
  <horizontal_fov>1</horizontal_fov><image><width>32</width><height>32</height></image></camera></sensor></gazebo>"""
_TURNS = '<axis xyz="0 0.6 0.8"/><limit lower="-2" upper="2" velocity="2" effort="0"/>'
_FINGER = '<axis xyz="0 1 0"/><limit lower="0" upper="0.04" velocity="0.2" effort="20"/>'
_DEFAULTS = {"default_acceleration": 10.0, "default_acceleration_m": 1.0}


def _arm(*joints: tuple[str, str, str]) -> str:
    """A chain of joints (name, type, content), each at a displaced and turned origin."""
    links = "".join(f'<link name="link_{index}">{_INERTIA}</link>' for index in range(len(joints) + 1))
    elements = "".join(
        f'<joint name="{name}" type="{kind}"><origin xyz="0.1 0.02 0.03" rpy="0.3 -0.5 0.7"/>'
        f'<parent link="link_{index}"/><child link="link_{index + 1}"/>{xml}</joint>'
        for index, (name, kind, xml) in enumerate(joints)
    )
    return f'<robot name="arm">{links}{elements}{_CAMERA}</robot>'


def _plant(urdf: str, tip: int, **options) -> Plant:
    return Plant(urdf, options=RobotOptions(**_DEFAULTS | {"tip": f"link_{tip}"} | options))


def test_a_joint_that_mimics_another_one_follows_it() -> None:
    mirror = (
        '<axis xyz="0 -1 0"/><mimic joint="finger" multiplier="-0.5" offset="0.01"/><limit velocity="1" effort="9"/>'
    )
    plant = _plant(
        _arm(("turn", "revolute", _TURNS), ("finger", "prismatic", _FINGER), ("mirror", "revolute", mirror)), 3
    )
    assert plant.joint_names == ["turn", "finger"]
    follower = plant._model.joint("mirror").qposadr[0]
    plant.reset(np.array([0.0, 0.02]))
    assert plant._data.qpos[follower] == pytest.approx(0.0, abs=1e-12)
    for _ in range(10):
        plant.step(np.array([0.5, 0.1]), 0.02)
    assert plant.position[1] == pytest.approx(0.04, abs=2e-3)
    assert plant._data.qpos[follower] == pytest.approx(0.01 - 0.5 * plant.position[1], abs=2e-3)
    plant.fingertip(np.array([0.0, 0.03]))
    assert plant._scratch.qpos[follower] == pytest.approx(-0.005, abs=1e-12)


@pytest.mark.parametrize(
    ("kind", "limits", "held_at"),
    [
        ("revolute", 'lower="-2" upper="2"', 0.0),
        ("revolute", 'lower="0.4" upper="2"', 0.4),
        ("revolute", 'lower="-2" upper="-1.1"', -1.1),
        ("prismatic", 'lower="0.2" upper="0.3"', 0.2),
        ("continuous", 'lower="1" upper="2"', 0.0),
    ],
)
def test_a_joint_that_is_not_chosen_is_held_inside_its_range(kind: str, limits: str, held_at: float) -> None:
    held = f'<axis xyz="0.6 0 0.8"/><limit {limits} velocity="1" effort="5"/>'
    urdf = _arm(("turn", "revolute", _TURNS), ("held", kind, held), ("tool", "fixed", ""))
    some, whole = _plant(urdf, 3, joints=("turn",)), _plant(urdf, 3)
    assert some.joint_names == ["turn"]
    for turn in (-1.3, 0.0, 0.8):
        expected = whole.fingertip(np.array([turn, held_at]))
        np.testing.assert_allclose(some.fingertip(np.array([turn])), expected, atol=1e-9)
    for _ in range(10):
        some.step(np.array([1.0]), 0.02)
    expected = whole.fingertip(np.array([some.position[0], held_at]))
    np.testing.assert_allclose(some.fingertip(some.position), expected, atol=1e-9)


def test_the_follower_of_a_joint_that_is_held_is_held_where_that_one_puts_it() -> None:
    mirror = '<axis xyz="0 0 1"/><mimic joint="held" multiplier="2" offset="0.1"/>'
    held = '<axis xyz="0 1 0"/><limit lower="0.2" upper="1" velocity="1" effort="5"/>'
    urdf = _arm(("turn", "revolute", _TURNS), ("held", "revolute", held), ("mirror", "revolute", mirror))
    some, whole = _plant(urdf, 3, joints=("turn",)), _plant(urdf, 3)
    assert mujoco.mj_name2id(some._model, mujoco.mjtObj.mjOBJ_JOINT, "mirror") < 0
    np.testing.assert_allclose(some.fingertip(np.array([0.7])), whole.fingertip(np.array([0.7, 0.2])), atol=1e-9)
    assert not moved_robot(urdf, RobotOptions(joints=("turn",), **_DEFAULTS)).followers


def test_a_floating_base_is_held() -> None:
    plant = _plant(_arm(("base", "floating", ""), ("turn", "revolute", _TURNS)), 2)
    before = plant.fingertip(np.array([0.0]))
    plant.step(np.array([0.0]), 0.5)
    np.testing.assert_allclose(plant.fingertip(plant.position), before, atol=1e-6)


def test_an_effort_of_0_moves_and_a_continuous_joint_goes_round() -> None:
    wheel = '<axis xyz="0 0 1"/><limit velocity="6" effort="0"/>'
    plant = _plant(_arm(("wheel", "continuous", wheel)), 1)
    for _ in range(100):
        plant.step(np.array([5.0]), 0.02)
    assert plant.position[0] == pytest.approx(10.0, abs=0.2)
    assert plant.limits.acceleration.tolist() == [10.0]


def test_a_joint_that_follows_another_one_cannot_be_moved() -> None:
    urdf = _arm(("finger", "prismatic", _FINGER), ("mirror", "prismatic", '<mimic joint="finger"/>'))
    with pytest.raises(UrdfError, match=r"joint 'mirror'.*Move joint 'finger' instead"):
        _plant(urdf, 2, joints=("mirror",))


def test_friction_of_joints_does_not_hold_them_back() -> None:
    rough = _TURNS + '<dynamics damping="10" friction="1"/>'
    plant = _plant(_arm(("turn", "revolute", rough)), 1)
    plant.step(np.array([0.5]), 0.2)
    assert plant.velocity[0] == pytest.approx(0.5, abs=0.01)


def test_a_joint_that_has_little_inertia_at_the_zero_pose_keeps_its_velocity_at_others() -> None:
    # The forearm is on the axis of the first joint at zero, and far off it when the second one is bent.
    turn = '<origin xyz="0 0 0.1"/><axis xyz="0 0 1"/><limit lower="-3" upper="3" velocity="2" effort="50"/>'
    bend = '<origin xyz="0 0 0.1"/><axis xyz="0 1 0"/><limit lower="-3" upper="3" velocity="2" effort="50"/>'
    heavy = """<inertial><origin xyz="0 0 0.6"/><mass value="4"/>
      <inertia ixx="0.01" ixy="0" ixz="0" iyy="0.01" iyz="0" izz="0.001"/></inertial>"""
    urdf = f"""<robot name="r"><link name="base"/><link name="column">{_INERTIA}</link><link name="arm">{heavy}</link>
      <joint name="turn" type="revolute"><parent link="base"/><child link="column"/>{turn}</joint>
      <joint name="bend" type="revolute"><parent link="column"/><child link="arm"/>{bend}</joint></robot>"""
    plant = Plant(urdf, RobotOptions(**_DEFAULTS))
    for position in ([0.0, 0.0], [0.0, 1.5], [1.0, -0.8]):
        plant.reset(np.array(position))
        for tick in range(15):
            plant.step(np.array([min(0.1 * tick, 1.0), 0.0]), 0.02)
        assert plant.velocity == pytest.approx([1.0, 0.0], abs=0.03), position


@pytest.mark.parametrize("terms", ["0 0 0 0 0 0", "1e-20 0 0 1e-20 0 1e-20", "0.1 0.5 0 0.1 0 0.1"])
def test_a_link_whose_inertia_no_body_has_moves_and_is_named(terms: str) -> None:
    names = ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")
    wrong = " ".join(f'{name}="{value}"' for name, value in zip(names, terms.split(), strict=True))
    urdf = _arm(("turn", "revolute", _TURNS))
    head, tail = urdf.rsplit("<inertia ", 1)
    plant = _plant(f"{head}<inertia {wrong}{tail[tail.index('/>') :]}", 1)
    (note,) = plant.notes
    assert "link_1" in note and "link_0" not in note
    plant.step(np.array([0.5]), 0.2)
    assert plant.velocity[0] == pytest.approx(0.5, abs=0.01)


def test_a_link_without_mass_between_two_joints_is_no_error() -> None:
    urdf = _arm(("turn", "revolute", _TURNS), ("wheel", "continuous", '<axis xyz="0 0 1"/><limit velocity="6"/>'))
    plant = _plant(urdf.replace(f'<link name="link_1">{_INERTIA}</link>', '<link name="link_1"/>'), 2)
    plant.step(np.array([0.5, 0.5]), 0.2)
    np.testing.assert_allclose(plant.velocity, [0.5, 0.5], atol=0.02)
