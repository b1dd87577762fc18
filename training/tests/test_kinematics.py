"""Places of links, as a function that gradients pass through."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jepa_mpc_sim.kinematics import link_positions
from jepa_mpc_sim.urdf import Robot, read_robot

from jepa_mpc_training.kinematics import LinkPlaces

_ORIGINS = ("0.1 0 0.2", "0 0.3 0.1", "0.2 0.1 0"), ("0.3 -0.2 1", "1.5 0 0.4", "0 0 0")
_AXES = ("0 0 1", "0 1 0", "0.6 0 0.8")

angles = st.floats(-3, 3, allow_nan=False, width=32)


def _robot(types: tuple[str, str, str]) -> Robot:
    """Three joints in a row, described from the tip to the root, the last two links joined by a fixed one; a finger
    that follows the third joint; a joint that is held."""

    def joint(name: str, kind: str, parent: str, child: str, index: int, more: str = "") -> str:
        return (
            f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>'
            f'<origin xyz="{_ORIGINS[0][index]}" rpy="{_ORIGINS[1][index]}"/><axis xyz="{_AXES[index]}"/>'
            f'<limit lower="-3" upper="3" velocity="1" effort="1"/>{more}</joint>'
        )

    links = "".join(f'<link name="{name}"/>' for name in ("base", "one", "two", "three", "tip", "finger", "held"))
    return read_robot(
        f'<robot name="r">{links}'
        + joint("finger", types[2], "three", "finger", 0, '<mimic joint="c" multiplier="-0.5" offset="0.1"/>')
        + joint("end", "fixed", "three", "tip", 1)
        + joint("c", types[2], "two", "three", 2)
        + joint("b", types[1], "one", "two", 1)
        + joint("a", types[0], "base", "one", 0)
        + joint("other", "revolute", "base", "held", 1)
        + "</robot>"
    )


kinds = st.tuples(*[st.sampled_from(("revolute", "prismatic", "continuous"))] * 3)


@settings(deadline=None, max_examples=30)
@given(kinds, st.lists(st.tuples(angles, angles, angles), min_size=1, max_size=4))
def test_links_are_where_the_simulators_have_them(types, drawn) -> None:
    robot = _robot(types)
    places = LinkPlaces(robot, ("c", "a", "b"))
    assert places.links == ("one", "two", "three", "tip", "finger"), "neither the root nor what is held"
    at = np.array(drawn)
    found = places(torch.tensor(at, dtype=torch.float32)).numpy()
    everywhere = link_positions(robot, dict(zip("cab", at.T, strict=True)) | {"finger": -0.5 * at[:, 0] + 0.1})
    expected = everywhere[[robot.links.index(link) for link in places.links]].swapaxes(0, 1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@settings(deadline=None, max_examples=30)
@given(kinds, st.tuples(angles, angles, angles), st.integers(0, 2))
def test_gradients_are_what_a_small_motion_changes(types, drawn, column) -> None:
    places = LinkPlaces(_robot(types), ("c", "a", "b"))
    at = torch.tensor([drawn], dtype=torch.float32, requires_grad=True)
    places(at)[0, 3].sum().backward()
    step = torch.zeros(1, 3)
    step[0, column] = 1e-2
    with torch.no_grad():
        change = (places(at + step) - places(at - step))[0, 3].sum() / 2e-2
    assert abs(float(at.grad[0, column] - change)) < 1e-2
