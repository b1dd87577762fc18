"""Moves the tip of an arm in straight lines: joint velocities by damped least squares on its Jacobian."""

from __future__ import annotations

import numpy as np
from jepa_mpc_mujoco.plant import Plant

_SPARE_JOINTS = 5
"""Joints from which on the tool is also turned: three for the place of the tip, two for its direction."""
_DAMPING = 0.01
"""Of the least squares for the velocity of the tip, in m/rad: joints stay slow near singular poses."""
_MIDDLE_WEIGHT = 0.1
"""Weight of moving each joint to the middle of its range, relative to turning the tool downwards."""
_TURNING_RATE, _MIDDLE_RATE = 2.0, 0.5
"""Rates at which the tool turns downwards and joints go to their middle, in 1/s."""
_SEARCHING = 0.25
"""Share of what these rates would do in a second that a step of the search for a pose does."""
_MOST_BESIDES = 0.5
"""Largest share of its velocity limit that a joint uses for it."""
_DOWN = np.array([0.0, 0.0, -1.0])
_LIFTS = 0.05
"""Change of the tip's height, in m per rad or m of a joint, from which on an arm can lift its tip."""
_STEPS, _LONGEST_STEP = 15, 0.3
"""Of the search for a pose: their number, and the largest change of a joint in one of them, in rad or m."""


class TipControl:
    """Joint velocities, within their limits, for a velocity of the tip, and poses for a place of it.

    Arms with five joints or more also turn their tool downwards, as far as moving the tip leaves them free.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant, limits = plant, plant.limits
        self._lower, self._upper, self._velocity = limits.lower, limits.upper, limits.velocity
        self._middle = np.where(np.isfinite(limits.lower), (limits.lowest_drawn + limits.highest_drawn) / 2, np.nan)
        self._turns_tool = len(limits.velocity) >= _SPARE_JOINTS
        poses = np.random.default_rng(0).uniform(limits.lowest_drawn, limits.highest_drawn, (20, len(limits.velocity)))
        self.lifts = any(np.abs(plant.tip(pose).place_jacobian[2]).max() > _LIFTS for pose in poses)
        """Whether the arm can move its tip up and down."""

    def place(self, position: np.ndarray) -> np.ndarray:
        """Where the tip is with the robot at `position [J]`: `[3]`, in m."""
        return self._plant.fingertip(position)

    def velocities(self, position: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """Joint velocities `[J]` at `position [J]` that move the tip at `wanted [3]` m/s; slower, but in the same
        direction, where a joint would exceed its limit."""
        besides = self._besides(position)
        besides /= max(1.0, float((np.abs(besides) / self._velocity).max()) / _MOST_BESIDES)
        found = self._solved(position, wanted, besides)
        return found / max(1.0, float((np.abs(found) / self._velocity).max()))

    def pose_at(self, position: np.ndarray, place: np.ndarray, tolerance_m: float) -> np.ndarray | None:
        """A pose `[J]` within the joint limits whose tip is at `place [3]`, searched from `position [J]`; None if none
        is found. Where the arm cannot lift its tip, the height does not count."""
        for _ in range(_STEPS):
            away = place - self.place(position)
            if not self.lifts:
                away[2] = 0.0
            if np.linalg.norm(away) < tolerance_m:
                return position
            step = self._solved(position, away, _SEARCHING * self._besides(position))
            step /= max(1.0, float(np.abs(step).max()) / _LONGEST_STEP)
            position = np.clip(position + step, self._lower, self._upper)
        return None

    def _besides(self, position: np.ndarray) -> np.ndarray:
        """Joint velocities `[J]` that turn the tool downwards and the joints to their middle, whatever the tip does."""
        to_middle = _MIDDLE_RATE * np.nan_to_num(self._middle - position)
        if not self._turns_tool:
            return to_middle
        tip = self._plant.tip(position)
        turning = _TURNING_RATE * (_DOWN - tip.axis * (_DOWN @ tip.axis))
        squares = tip.axis_jacobian.T @ tip.axis_jacobian + _MIDDLE_WEIGHT**2 * np.eye(len(position))
        return np.linalg.solve(squares, tip.axis_jacobian.T @ turning + _MIDDLE_WEIGHT**2 * to_middle)

    def _solved(self, position: np.ndarray, wanted: np.ndarray, besides: np.ndarray) -> np.ndarray:
        """Joint velocities `[J]` for that of the tip, and otherwise near `besides [J]`, by damped least squares. Joints
        at an end of their range that would leave it are held, and the others found again."""
        rows = 3 if self.lifts else 2
        jacobian, wanted = self._plant.tip(position).place_jacobian[:rows], wanted[:rows]
        moves = np.ones(len(position), dtype=bool)
        while True:
            some, other = jacobian * moves, besides * moves
            squares = some @ some.T + _DAMPING**2 * np.eye(rows)
            found = other + some.T @ np.linalg.solve(squares, wanted - some @ other)
            leaves = moves & (((found < 0) & (position <= self._lower)) | ((found > 0) & (position >= self._upper)))
            if not leaves.any():
                return found
            moves &= ~leaves
