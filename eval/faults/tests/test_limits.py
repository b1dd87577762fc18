"""Limits of a URDF."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jepa_mpc_faults.limits import JERK_TIME_S, UrdfLimitError, read_limits


def urdf(limit: str, kind: str = "revolute", more: str = "") -> str:
    return f'<robot name="r"><joint name="j" type="{kind}"><limit {limit}/>{more}</joint></robot>'


FULL = 'lower="-1" upper="2" velocity="3" acceleration="8" effort="5"'


def test_limits_are_read_and_the_jerk_defaults() -> None:
    limits = read_limits(urdf(FULL))
    assert (limits.names, limits.lower[0], limits.upper[0]) == (("j",), -1, 2)
    assert (limits.velocity[0], limits.acceleration[0], limits.effort[0]) == (3, 8, 5)
    assert limits.jerk[0] == 8 / JERK_TIME_S
    assert limits.braking_s() == pytest.approx(3 / 8 + JERK_TIME_S)
    assert limits.without_jerk().braking_s(np.array([1.5])) == pytest.approx(1.5 / 8)


def test_a_jerk_attribute_and_soft_limits_count() -> None:
    soft = '<safety_controller soft_lower_limit="-0.5" soft_upper_limit="9" k_velocity="1"/>'
    limits = read_limits(urdf(FULL + ' jerk="40"', more=soft))
    assert (limits.jerk[0], limits.lower[0], limits.upper[0]) == (40, -0.5, 2)


def test_joints_that_turn_forever_have_no_range_and_mimics_and_fixed_joints_none_at_all() -> None:
    assert math.isinf(read_limits(urdf(FULL, "continuous")).upper[0])
    for text in (urdf(FULL, "fixed"), urdf(FULL, more='<mimic joint="k"/>')):
        with pytest.raises(UrdfLimitError, match="no movable joint"):
            read_limits(text)


@pytest.mark.parametrize("attribute", ["velocity", "acceleration"])
@pytest.mark.parametrize("value", ["", '="0"', '="-1"', '="fast"'])
def test_a_missing_or_wrong_limit_is_named(attribute: str, value: str) -> None:
    text = FULL.replace(f'{attribute}="{3 if attribute == "velocity" else 8}"', f"{attribute}{value}" if value else "")
    with pytest.raises(UrdfLimitError, match=f"'j'.*{attribute}"):
        read_limits(urdf(text))


def test_another_order_and_an_unknown_joint() -> None:
    two = urdf(FULL).replace("</robot>", f'<joint name="k" type="prismatic"><limit {FULL} jerk="9"/></joint></robot>')
    assert read_limits(two).of(["k", "j"]).jerk.tolist() == [9, 8 / JERK_TIME_S]
    with pytest.raises(UrdfLimitError, match="'x', expected one of j, k"):
        read_limits(two).of(["x"])
