"""Commands are forwarded for 0.2 s each."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jepa_mpc_sim.command_controller import TIMEOUT_NS, CommandController, CommandsMode
from jepa_mpc_sim.errors import RejectedMessage

NOW = 7_000_000_000
POSITION = np.array([0.1, 0.2])


def controller(mode: CommandsMode) -> CommandController:
    return CommandController(("shoulder", "elbow"), mode, position_gain=10.0)


def test_velocities_are_forwarded():
    commands = controller("velocity")
    commands.command([0.5, -0.5], NOW)
    np.testing.assert_array_equal(commands.velocity_setpoint(NOW, POSITION), [0.5, -0.5])


def test_positions_become_velocities_towards_them():
    commands = controller("position")
    commands.command([0.3, 0.1], NOW)
    np.testing.assert_allclose(commands.velocity_setpoint(NOW, POSITION), [2.0, -1.0])


def test_a_command_times_out_after_200_ms():
    commands = controller("velocity")
    commands.command([1.0, 1.0], NOW)
    assert commands.velocity_setpoint(NOW + TIMEOUT_NS - 1, POSITION) is not None
    assert commands.velocity_setpoint(NOW + TIMEOUT_NS, POSITION) is None
    assert TIMEOUT_NS == 200_000_000


def test_there_is_none_before_the_first_and_after_a_drop():
    commands = controller("velocity")
    assert commands.velocity_setpoint(NOW, POSITION) is None
    commands.command([1.0, 1.0], NOW)
    commands.drop()
    assert commands.velocity_setpoint(NOW, POSITION) is None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [([1.0], r"found 1 numbers, expected 2 \(shoulder, elbow\)"), ([1.0, math.nan], "finite"), ([], "found 0 numbers")],
)
def test_a_wrong_command_is_rejected_and_the_one_before_kept(wrong: list[float], message: str):
    commands = controller("velocity")
    commands.command([0.5, 0.5], NOW)
    with pytest.raises(RejectedMessage, match=message):
        commands.command(wrong, NOW)
    np.testing.assert_array_equal(commands.velocity_setpoint(NOW, POSITION), [0.5, 0.5])
