"""Exploration by travels: motions to random poses, as fast as the robot can and slower, with a rest at each pose."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jepa_mpc_sim.joint_limits import JointLimits

from .explore import exploration, periods_in
from .limiter import braking_velocity

_MOVED_SHARES = (0.35, 0.7, 1.0)
"""Probability that a joint takes part in a travel; each travel draws one of them."""
_FULL_SPEED_SHARE = 0.5
"""Share of the travels at full speed."""
_SLOWEST = 0.2
"""Speed of the slowest travel, as a fraction of the velocity limits."""
_STRAIGHT_SHARE = 0.5
"""Share of the travels in which all joints arrive together, as far as their accelerations allow."""
_NOISE = 0.2
"""Maximum standard deviation of the noise on a travel, as a fraction of the velocity limits."""
_ARRIVED_PERIODS = 0.1
"""A joint has arrived when at its velocity limit it would be there in this many periods."""
_LONGEST_S = 2.6
_LONGEST_REST_S = 0.4
_WANDERING_SHARE = 0.3
"""Share of the travels that `exploration` follows."""
_WANDERING_S = (0.4, 0.9)


class Traveller:
    """Drives a robot from pose to pose: the direct ways, with a rest at their end, that a planner looks for.

    `exploration` rarely takes a direct way, and a joint that is slow to brake hardly ever rests between its limits.
    """

    def __init__(self, rng: np.random.Generator, limits: JointLimits, period_s: float) -> None:
        """`period_s`: how long each target velocity is held."""
        self._rng, self._limits, self._period_s = rng, limits, period_s
        self._position = np.zeros_like(limits.velocity)
        self._targets = self._drive()

    def target(self, position: np.ndarray) -> np.ndarray:
        """Target velocities `[J]` in rad/s for the next period, at the desired `position [J]`."""
        self._position = position
        return next(self._targets)

    def _drive(self) -> Iterator[np.ndarray]:
        rng, velocity, period_s = self._rng, self._limits.velocity, self._period_s
        longest_rest = periods_in(_LONGEST_REST_S, period_s)
        wandering = [periods_in(duration_s, period_s) for duration_s in _WANDERING_S]
        while True:
            yield from self._travel()
            for _ in range(rng.integers(0, longest_rest, endpoint=True)):
                yield np.zeros_like(velocity)
            if rng.random() < _WANDERING_SHARE:
                yield from exploration(rng, int(rng.integers(*wandering, endpoint=True)), velocity, period_s)

    def _travel(self) -> Iterator[np.ndarray]:
        rng, limits = self._rng, self._limits
        start = self._position
        moves = rng.random(len(start)) < rng.choice(_MOVED_SHARES)
        moves[rng.integers(len(start))] = True
        goal = np.where(moves, rng.uniform(limits.lowest_drawn, limits.highest_drawn), start)
        fastest = limits.velocity * (1.0 if rng.random() < _FULL_SPEED_SHARE else rng.uniform(_SLOWEST, 1.0))
        if rng.random() < _STRAIGHT_SHARE:
            durations_s = np.abs(goal - start) / limits.velocity
            fastest = fastest * durations_s / durations_s.max()
        # The square makes small noise frequent.
        noise = _NOISE * rng.random() ** 2 * limits.velocity
        for _ in range(periods_in(_LONGEST_S, self._period_s)):
            displacement = goal - self._position
            if (np.abs(displacement) < _ARRIVED_PERIODS * limits.velocity * self._period_s).all():
                return
            stopping = braking_velocity(np.abs(displacement), limits.acceleration, self._period_s)
            target = np.sign(displacement) * np.minimum(stopping, fastest)
            yield np.clip(target + noise * rng.normal(size=len(target)), -limits.velocity, limits.velocity)
