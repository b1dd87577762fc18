"""The command limiter keeps every limit, whatever it is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jepa_mpc_sim.joint_limits import JointLimits

from jepa_mpc_training.limiter import CommandLimiter

TICK_S = 0.02
LIMITS = JointLimits(
    units=("rad", "rad"),
    lower=np.array([-2.6, -0.3]),
    upper=np.array([2.6, 1.0]),
    velocity=np.array([2.0, 1.0]),
    effort=np.array([1.0, 1.0]),
    acceleration=np.array([10.0, 4.0]),
)
targets = st.lists(st.tuples(st.tuples(*[st.floats(-100, 100)] * 2), st.integers(1, 30)), min_size=1, max_size=12)
starts = st.tuples(st.floats(-2.6, 2.6), st.floats(-0.3, 1.0))


@settings(max_examples=150, deadline=None)
@given(start=starts, plan=targets)
def test_position_velocity_and_acceleration_stay_inside_their_limits(start, plan) -> None:
    limiter = CommandLimiter(LIMITS, TICK_S)
    limiter.reset(np.array(start))
    for target, ticks in plan:
        for _ in range(ticks):
            before = limiter.velocity
            limiter.tick(np.array(target))
            assert (np.abs(limiter.velocity - before) <= LIMITS.acceleration * TICK_S + 1e-9).all()
            assert (np.abs(limiter.velocity) <= LIMITS.velocity + 1e-9).all()
            assert (limiter.position <= LIMITS.upper + 1e-9).all()
            assert (limiter.position >= LIMITS.lower - 1e-9).all()


@settings(max_examples=50, deadline=None)
@given(start=starts, plan=targets)
def test_it_can_come_to_rest_from_anywhere_at_the_acceleration_limit(start, plan) -> None:
    limiter = CommandLimiter(LIMITS, TICK_S)
    limiter.reset(np.array(start))
    for target, ticks in plan:
        for _ in range(ticks):
            limiter.tick(np.array(target))
    for _ in range(int(np.ceil((LIMITS.velocity / LIMITS.acceleration).max() / TICK_S)) + 1):
        limiter.tick(np.zeros(2))
    assert limiter.velocity == pytest.approx([0, 0], abs=1e-9)


def test_a_reachable_target_velocity_is_reached_and_kept() -> None:
    limiter = CommandLimiter(LIMITS, TICK_S)
    limiter.reset(np.array([-1.0, 0.0]))
    for _ in range(10):
        limiter.tick(np.array([1.5, 0.2]))
    assert limiter.velocity == pytest.approx([1.5, 0.2])
