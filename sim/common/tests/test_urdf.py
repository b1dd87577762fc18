"""What comes before the XML declaration of a robot description."""

from __future__ import annotations

import pytest

from jepa_mpc_sim.urdf import UrdfError, parse_urdf

URDF = '<?xml version="1.0"?>\n<robot name="r"><link name="a"/></robot>'


@pytest.mark.parametrize("before", ["\n", "\ufeff", "\ufeff\r\n  "])
def test_a_line_break_or_a_byte_order_mark_does_no_harm(before: str) -> None:
    assert parse_urdf(before + URDF).get("name") == "r"


@pytest.mark.parametrize("text", ["", "/opt/arm/arm.urdf"])
def test_what_is_no_xml_is_refused(text: str) -> None:
    with pytest.raises(UrdfError, match="not XML"):
        parse_urdf(text)
