"""An arm with a finger that travels 4 cm, beside a joint that turns: margins and limits are in each joint's unit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import JOINTS, PATIENT, URDF, StartNode
from peer import Peer

RANGE_M = 0.04
"""Travel of the finger."""


def with_finger() -> str:
    """The demo's arm with a prismatic elbow, as published: without an acceleration limit."""
    start = URDF.index('<joint name="elbow"')
    end = URDF.index("</joint>", start)
    finger = f"""<joint name="elbow" type="prismatic"><parent link="upper_link"/><child link="distal_link"/>
      <axis xyz="0 1 0"/><limit lower="0" upper="{RANGE_M}" velocity="0.2" effort="20"/>"""
    return URDF[:start] + finger + URDF[end:]


@pytest.mark.parametrize(
    ("margins", "margin_m"),
    [("", 0.001), ("elbow=0.015", 0.015)],
    ids=["of a millimetre by default", "as large as asked for by name"],
)
def test_a_finger_keeps_a_margin(
    start_node: StartNode, make_peer: Callable[..., Peer], margins: str, margin_m: float
) -> None:
    process = start_node(limits__default_acceleration_m="1.0", limits__joint_margins=f"'{margins}'", **PATIENT)
    peer = make_peer(with_finger())
    finger = JOINTS.index("elbow")
    # Closed, at its stop: outside the margin, and inside the limits.
    peer.position = [0.3, 0.0]
    assert peer.change_state(1), process.log_path.read_text()
    assert peer.activate(), process.log_path.read_text()
    peer.publish_goal()
    assert peer.spin_until(peer.moves), process.log_path.read_text()

    def places() -> list[float]:
        return [message.points[0].positions[finger] for _, message in peer.commands]

    assert peer.spin_until(lambda: any(place > margin_m for place in places())), process.log_path.read_text()
    opened = next(index for index, place in enumerate(places()) if place > margin_m)
    assert peer.spin_until(lambda: len(peer.commands) > opened + 150)
    assert all(margin_m - 1e-6 <= place <= RANGE_M - margin_m + 1e-6 for place in places()[opened:])
    assert all(place >= 0 for place in places())
