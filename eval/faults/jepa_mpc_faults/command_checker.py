"""Checks every command of a stream against the limits: trajectories, and set-points of positions and velocities."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from .limits import Limits
from .start import START_TOLERANCE, start_findings
from .steps import Finding, State, Violation, advanced, distinct, step_findings
from .timing import LATE_PERIODS, Step, Timing
from .trajectory import Trajectory, followed

_CONTEXT = 8
"""Commands that are kept before a violation."""

_RESTART_S = 10.0
"""How long after `restart` the motion may begin anew: a moving robot brakes first."""

_FIRST_S = 1e-6
"""How far the time of a first point may be from the command period, s: rounding."""


class CommandChecker:
    """Follows one stream of commands.

    A sender that misses periods lets the robot follow the ramp of its last message meanwhile: the next command has to
    continue from there. Time is counted in command periods, so that jitter does not count as acceleration.
    """

    def __init__(
        self,
        limits: Limits,
        period_s: float,
        *,
        is_paced: bool = True,
        pose: Callable[[], np.ndarray | None] = lambda: None,
        start_tolerance: float = START_TOLERANCE,
        counts_steps: bool = True,
    ) -> None:
        """`is_paced`: the sender's ticks are those of the wall clock. Otherwise they may come in bursts.

        `pose`: the newest measured pose `[J]`, which a motion has to begin at; None if it is not known.
        `counts_steps`: false where senders share a topic, so that a message may be taken for one of another sender.
        """
        self.violations: list[Violation] = []
        self.checked = 0
        # Commands that continue from where the robot was some periods before they were sent.
        self.late = 0
        self._limits = limits
        self._period_s = period_s
        self._pose = pose
        self._start_tolerance = start_tolerance
        self._last: tuple[float, list[State], Trajectory] | None = None
        self._recent: deque[tuple[float, Trajectory]] = deque(maxlen=_CONTEXT)
        self.context: list[str] = []
        self._restart_until_s = -math.inf
        self._restarts_anywhere = False
        self._value: tuple[float, np.ndarray] | None = None
        self._mean: State | None = None
        self._timing = Timing(limits, period_s, is_paced=is_paced, counts_steps=counts_steps)

    def restart(self, now_s: float, *, anywhere: bool = False) -> None:
        """From now on the motion may begin anew once, from rest where the robot is measured: a reset or an activation.

        `anywhere`: wherever it is, because commands were not watched meanwhile.
        """
        self._restart_until_s = now_s + _RESTART_S
        self._restarts_anywhere = anywhere

    def reject(self, time_s: float, kind: str, found: float, limit: float) -> list[Violation]:
        """Notes a message that cannot be checked."""
        self.checked += 1
        return self._report(time_s, "message", [(kind, 0, found, limit)])

    def check_trajectory(self, time_s: float, trajectory: Trajectory) -> list[Violation]:
        """Checks a message sent at `time_s`: its first point against the last message, then its points in turn."""
        self.checked += 1
        malformed = self._malformed(trajectory)
        if malformed is not None:
            return self._report(time_s, "trajectory", [malformed])
        if self._last is not None and time_s < self._last[0]:
            # The sender's clock began anew, as with another system: so does the motion, from rest where the robot is.
            self._last = None
            self._timing.restart(time_s)
        gap_ms = math.nan if self._last is None else 1000 * (time_s - self._last[0])
        first = f"first point, {gap_ms:.1f} ms after the last command"
        outcomes = [
            ([(first, one) for one in step.findings] + self._ramp_findings(step.state, trajectory), step)
            for step in _best(self._succession(time_s, trajectory))
        ]
        best, chosen = min(outcomes, key=lambda one: len(one[0]))
        # How many periods the sender missed is not always clear: every explanation that fits is kept.
        fitting = [step for findings, step in outcomes if not findings] or [chosen]
        timing = self._timing.findings(time_s, trajectory.velocities[0], [*fitting, *self._earlier(time_s, trajectory)])
        best += [(first, one) for one in timing]
        found = [one for where, finding in best for one in self._report(time_s, where, [finding])]
        self._note_context(time_s, trajectory, bool(found))
        self._last = (time_s, distinct([step.state for step in fitting]), trajectory)
        return found

    def _ramp_findings(self, state: State, trajectory: Trajectory) -> list[tuple[str, Finding]]:
        """What the points after the first violate, if this is the state at the first."""
        found: list[tuple[str, Finding]] = []
        for index in range(1, len(trajectory.times_s)):
            dt_s = float(trajectory.times_s[index] - trajectory.times_s[index - 1])
            position, velocity = trajectory.positions[index], trajectory.velocities[index]
            findings = step_findings(state, position, velocity, dt_s, self._limits)
            found += [(f"point {index}", one) for one in findings]
            state = advanced(state, position, velocity, dt_s)
        final = np.abs(trajectory.velocities[-1])
        if np.any(final != 0):
            joint = int(np.argmax(final))
            found.append(("last point", ("final velocity", joint, float(final[joint]), 0.0)))
        return found

    def check_velocities(self, time_s: float, velocities: np.ndarray) -> list[Violation]:
        """Checks set-points of velocities `[J]`, reached at the end of their period."""
        self.checked += 1
        malformed = self._malformed_values(time_s, "velocities", velocities)
        if malformed:
            return malformed
        before = self._mean or State.at_rest(np.zeros_like(velocities), self._period_s)

        def after(count: int) -> Step:
            dt_s = count * self._period_s
            # The position is not known: one that fits both velocities.
            position = before.position + (velocities + before.velocity) * (dt_s / 2)
            findings = step_findings(before, position, velocities, dt_s, self._unplaced())
            moves = bool(np.any(velocities != 0) or np.any(before.velocity != 0))
            return Step(findings, advanced(before, position, velocities, dt_s), count, moves)

        possible = self._timing.possible_steps(time_s, 0.0)
        chosen = min(map(after, possible), key=lambda one: len(one.findings))
        self._mean = chosen.state
        timing = self._timing.findings(time_s, velocities, self._with_fewer(chosen, possible[0], after))
        return self._report(time_s, "velocities", [*chosen.findings, *timing])

    def check_positions(self, time_s: float, positions: np.ndarray) -> list[Violation]:
        """Checks set-points of positions `[J]`: their differences are velocities, and so on."""
        self.checked += 1
        malformed = self._malformed_values(time_s, "positions", positions)
        if malformed:
            return malformed
        last = self._value
        if last is None:
            self._begin_positions(time_s, positions)
            return self._report(time_s, "positions", self._start_findings(positions))
        before = self._mean or State.at_rest(last[1], self._period_s)

        def after(count: int) -> Step:
            dt_s = count * self._period_s
            velocity = (positions - last[1]) / dt_s
            # Mean velocities of adjacent intervals: the time between their middles.
            between_s = (dt_s + before.interval_s) / 2
            acceleration = (velocity - before.velocity) / between_s
            findings = [
                one
                for one in step_findings(before, positions, velocity, between_s, self._limits)
                if one[0] not in ("displacement", "mean velocity")
            ]
            moves = bool(np.any(velocity != 0) or np.any(before.velocity != 0))
            return Step(findings, State(positions, velocity, acceleration, dt_s), count, moves)

        possible = self._timing.possible_steps(time_s, 0.0)
        chosen = min(map(after, possible), key=lambda one: len(one.findings))
        # A controller of positions stays at the last one, so after a silence the robot rests.
        rested = time_s - last[0] > LATE_PERIODS * self._period_s or self._is_slow(before.velocity)
        if chosen.findings and rested and self._may_restart(time_s):
            self._restart_until_s = -math.inf
            found = self._start_findings(positions)
            self._begin_positions(time_s, positions)
            return self._report(time_s, "positions", found)
        timing = self._timing.findings(time_s, chosen.state.velocity, self._with_fewer(chosen, possible[0], after))
        self._mean = chosen.state
        self._value = (time_s, positions)
        return self._report(time_s, "positions", [*chosen.findings, *timing])

    def _begin_positions(self, time_s: float, positions: np.ndarray) -> None:
        self._value = (time_s, positions)
        self._mean = State.at_rest(positions, self._period_s)
        self._timing.restart(time_s)

    def _is_slow(self, velocity: np.ndarray) -> bool:
        """Whether every joint comes to rest within a period."""
        return bool(np.all(np.abs(velocity) <= self._limits.acceleration * self._period_s))

    def _with_fewer(self, chosen: Step, least: int, after: Callable[[int], Step]) -> list[Step]:
        """This step, and those over fewer periods that fit too: the command may have been sent late."""
        fewer = map(after, range(1, least)) if least <= LATE_PERIODS else ()
        return [chosen, *(one for one in fewer if not one.findings)]

    def check_efforts(self, time_s: float, efforts: np.ndarray) -> list[Violation]:
        """Checks set-points of efforts `[J]`: finite, and within the effort limits."""
        self.checked += 1
        malformed = self._malformed_values(time_s, "efforts", efforts)
        if malformed:
            return malformed
        beyond = ~(np.abs(efforts) <= self._limits.effort * (1 + 1e-9))
        return self._report(
            time_s,
            "efforts",
            [
                ("effort", int(joint), float(efforts[joint]), float(self._limits.effort[joint]))
                for joint in np.flatnonzero(beyond)
            ],
        )

    def fits(self, time_s: float, trajectory: Trajectory) -> bool:
        """Whether this message continues this stream, for two senders on one topic. It is not checked any further."""
        if self._malformed(trajectory) is not None:
            return False
        return any(not step.findings for step in self._succession(time_s, trajectory, commit=False))

    def _succession(self, time_s: float, trajectory: Trajectory, *, commit: bool = True) -> list[Step]:
        """Checks the first point against every state that the robot may be in."""
        position, velocity = trajectory.positions[0], trajectory.velocities[0]
        dt_s = float(trajectory.times_s[0])
        if self._last is None:
            return [self._anew(position, velocity, dt_s, anywhere=False)]
        _, states, last = self._last
        possible = self._timing.possible_steps(time_s, float(last.times_s[-1]))

        def after(count: int) -> list[Step]:
            followed_s = (count - 1) * self._period_s
            before = states if count == 1 else [followed(states[0], last, followed_s, self._period_s)]
            return [self._step(state, position, velocity, dt_s, count) for state in before]

        candidates = [one for count in possible for one in after(count)]
        if any(not one.findings for one in candidates):
            return candidates
        # On a busy machine a command may be sent long after it was made: it then continues from an earlier point.
        for count in range(possible[0] - 1, 0, -1):
            earlier = [one for one in after(count) if not one.findings]
            if earlier:
                self.late += commit
                return earlier
        if commit and self._may_restart(time_s) and self._has_rested(time_s):
            anew = self._anew(position, velocity, dt_s, anywhere=self._restarts_anywhere)
            if len(anew.findings) < min(len(one.findings) for one in candidates):
                self._restart_until_s = -math.inf
                self._timing.restart(time_s)
                return [anew]
        return candidates

    def _earlier(self, time_s: float, trajectory: Trajectory) -> list[Step]:
        """The steps over fewer periods than passed that fit too: the command may have been sent late."""
        if self._last is None:
            return []
        _, states, last = self._last
        least = self._timing.possible_steps(time_s, 0.0)[0]
        position, velocity, dt_s = trajectory.positions[0], trajectory.velocities[0], float(trajectory.times_s[0])
        found = []
        for count in range(1, least if least <= LATE_PERIODS else 1):
            before = followed(states[0], last, (count - 1) * self._period_s, self._period_s)
            step = self._step(before, position, velocity, dt_s, count)
            found += [] if step.findings else [step]
        return found

    def _step(self, before: State, position: np.ndarray, velocity: np.ndarray, dt_s: float, count: int) -> Step:
        findings = step_findings(before, position, velocity, dt_s, self._limits)
        moves = bool(np.any(velocity != 0) or np.any(before.velocity != 0) or np.any(position != before.position))
        return Step(findings, advanced(before, position, velocity, dt_s), count, moves)

    def _anew(self, position: np.ndarray, velocity: np.ndarray, dt_s: float, *, anywhere: bool) -> Step:
        """A first step, from rest."""
        step = self._step(State.at_rest(position - velocity * (dt_s / 2), dt_s), position, velocity, dt_s, 1)
        return step._replace(findings=[*step.findings, *self._start_findings(position, anywhere=anywhere)])

    def _start_findings(self, position: np.ndarray, *, anywhere: bool = False) -> list[Finding]:
        pose = self._pose()
        return start_findings(position, pose, self._limits, math.inf if anywhere else self._start_tolerance)

    def _has_rested(self, time_s: float) -> bool:
        """Whether the last command was one of rest, or the robot has come to the end of its ramp."""
        if self._last is None:
            return True
        last_s, _, last = self._last
        return not np.any(last.velocities[0]) or time_s - last_s >= float(last.times_s[-1]) - self._period_s

    def _may_restart(self, time_s: float) -> bool:
        return time_s <= self._restart_until_s

    def _note_context(self, time_s: float, trajectory: Trajectory, violates: bool) -> None:
        """Keeps the commands up to the first violation, for whoever has to explain it."""
        self._recent.append((time_s, trajectory))
        if violates and not self.context:
            self.context = [_in_words(sent_s, kept) for sent_s, kept in self._recent]

    def _unplaced(self) -> Limits:
        unlimited = np.full_like(self._limits.upper, np.inf)
        return replace(self._limits, lower=-unlimited, upper=unlimited)

    def _malformed_values(self, time_s: float, where: str, values: np.ndarray) -> list[Violation]:
        if values.shape == (len(self._limits.names),):
            return []
        return self._report(time_s, where, [("size", 0, float(values.size), float(len(self._limits.names)))])

    def _malformed(self, trajectory: Trajectory) -> Finding | None:
        joints = len(self._limits.names)
        shape = (len(trajectory.times_s), joints)
        if len(trajectory.times_s) == 0 or trajectory.positions.shape != shape or trajectory.velocities.shape != shape:
            return ("size", 0, float(trajectory.positions.size), float(math.prod(shape)))
        gaps = np.diff(trajectory.times_s, prepend=0.0)
        if np.any(gaps <= 0):
            return ("time", 0, float(np.min(gaps)), 0.0)
        # A first point far ahead would be taken for a step of one period.
        if abs(trajectory.times_s[0] - self._period_s) > _FIRST_S:
            return ("time of the first point", 0, float(trajectory.times_s[0]), self._period_s)
        return None

    def _report(self, time_s: float, where: str, findings: Sequence[Finding]) -> list[Violation]:
        found = [
            Violation(time_s, where, self._limits.names[joint], kind, value, limit)
            for kind, joint, value, limit in findings
        ]
        self.violations += found
        return found


def _best(steps: Sequence[Step]) -> list[Step]:
    """The explanations that fit; if none does, the one with the fewest findings."""
    return [one for one in steps if not one.findings] or [min(steps, key=lambda one: len(one.findings))]


def _in_words(time_s: float, trajectory: Trajectory) -> str:
    joints = range(trajectory.positions.shape[1])
    shown = [
        f"q {trajectory.positions[:4, joint].round(6).tolist()} v {trajectory.velocities[:4, joint].round(5).tolist()}"
        for joint in joints
    ]
    return f"{time_s:.4f} s: {'; '.join(shown)}"
