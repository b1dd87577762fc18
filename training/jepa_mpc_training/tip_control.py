"""Moves the tip of an arm in straight lines: joint velocities by damped least squares on its Jacobian."""

from __future__ import annotations

import numpy as np
from jepa_mpc_mujoco.plant import Plant

_SPARE_JOINTS = 5
"""Joints from which on the tool is also turned: three for the place of the tip, two for its direction."""
_AXIS_WEIGHT = 0.15
"""Weight of turning the tool downwards, in m/rad, relative to moving the tip."""
_AXIS_RATE = 2.0
_MIDDLE_WEIGHT = 0.03
"""Weight of each joint's velocity towards the middle of its range, in m/rad. It also damps near singular poses."""
_MIDDLE_RATE = 0.5
"""Rates at which the tool turns downwards and joints go to their middle, in 1/s."""
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
        found = self._solved(position, wanted)
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
            step = self._solved(position, away)
            step /= max(1.0, float(np.abs(step).max()) / _LONGEST_STEP)
            position = np.clip(position + step, self._lower, self._upper)
        return None

    def _solved(self, position: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """The weighted least squares. Joints at an end of their range that would leave it are held, and the others
        found again."""
        tip, joints = self._plant.tip(position), len(position)
        rows = 3 if self.lifts else 2
        equations, wanted = [tip.place_jacobian[:rows]], [wanted[:rows]]
        if self._turns_tool:
            equations.append(_AXIS_WEIGHT * tip.axis_jacobian)
            wanted.append(_AXIS_WEIGHT * _AXIS_RATE * (_DOWN - tip.axis * (_DOWN @ tip.axis)))
        equations.append(_MIDDLE_WEIGHT * np.eye(joints))
        wanted.append(_MIDDLE_WEIGHT * _MIDDLE_RATE * np.nan_to_num(self._middle - position))
        left, right = np.concatenate(equations), np.concatenate(wanted)
        found, moves = np.zeros(joints), np.ones(joints, dtype=bool)
        for _ in range(joints):
            some = left[:, moves]
            found = np.zeros(joints)
            found[moves] = np.linalg.solve(some.T @ some, some.T @ right)
            leaves = moves & (((found < 0) & (position <= self._lower)) | ((found > 0) & (position >= self._upper)))
            if not leaves.any():
                break
            moves &= ~leaves
        return found
