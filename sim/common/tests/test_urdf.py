"""What is read of a URDF: which joints count, how far they may go, and what may come before it."""

import pytest

from jepa_mpc_sim.urdf import UrdfError, parse_urdf, read_joint_names, read_limits

_LIMIT = '<limit lower="{}" upper="{}" velocity="2" effort="20" acceleration="10"/>'


def _arm(soft: str = "") -> str:
    return f"""<robot name="arm">
      <joint name="shoulder" type="revolute">{_LIMIT.format(-2, 2)}{soft}</joint>
      <joint name="finger" type="prismatic">{_LIMIT.format(0, 0.04)}</joint>
      <joint name="mirror" type="prismatic"><mimic joint="finger" multiplier="-1"/></joint>
      <joint name="mount" type="fixed"/>
    </robot>"""


def test_joints_that_mimic_another_are_left_out():
    robot = parse_urdf(_arm())
    assert read_joint_names(robot) == ["shoulder", "finger"]
    assert read_limits(robot).upper.tolist() == [2, 0.04]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('soft_lower_limit="-1" soft_upper_limit="1.5"', (-1, 1.5)),
        ('soft_lower_limit="-3" soft_upper_limit="3"', (-2, 2)),
        ('soft_upper_limit="1" k_velocity="10"', (-2, 1)),
        ('k_velocity="10"', (-2, 2)),
    ],
)
def test_soft_limits_narrow_the_range(attributes, expected):
    limits = read_limits(parse_urdf(_arm(f"<safety_controller {attributes}/>")))
    assert (limits.lower[0], limits.upper[0]) == expected


@pytest.mark.parametrize("attributes", ['soft_lower_limit="0" soft_upper_limit="0"', 'soft_lower_limit="low"'])
def test_soft_limits_that_are_wrong_are_refused_by_joint(attributes):
    with pytest.raises(UrdfError, match=r"joint 'shoulder'.*<safety_controller>"):
        read_limits(parse_urdf(_arm(f"<safety_controller {attributes}/>")))


URDF = '<?xml version="1.0"?>\n<robot name="r"><link name="a"/></robot>'


@pytest.mark.parametrize("before", ["\n", "\ufeff", "\ufeff\r\n  "])
def test_a_line_break_or_a_byte_order_mark_does_no_harm(before: str) -> None:
    assert parse_urdf(before + URDF).get("name") == "r"


@pytest.mark.parametrize("text", ["", "/opt/arm/arm.urdf"])
def test_what_is_no_xml_is_refused(text: str) -> None:
    with pytest.raises(UrdfError, match="not XML"):
        parse_urdf(text)
