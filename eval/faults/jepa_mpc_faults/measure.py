"""Reads a reaction from what was recorded. Pure functions of times and speeds."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from .recorder import LogLine, Sample, Status

REST_SPEED = 1e-9
MOVING_SPEED = 0.1
WARN = 30

_LEVELS = ("ok", "degrade", "hold", "stop")
_CONDITION = re.compile(r"^(degrade|hold|stop): ")


def rest_time(samples: Sequence[Sample], end_s: float, still: float = 0.0) -> float | None:
    """When the commanded motion came to the rest that it is in at `end_s`; None if it moves then.

    A speed up to `still` counts as rest. A stream that ends with a trajectory comes to rest at the end of its ramp.
    """
    if not samples:
        return None
    last = samples[-1]
    still = max(still, REST_SPEED)
    if last.speed > still:
        rest_s = last.time_s + last.ramp_s
        # While commands come, only a command at rest counts.
        return rest_s if rest_s <= end_s - 0.1 else None
    first = last
    for sample in reversed(samples):
        if sample.speed > still:
            break
        first = sample
    return first.time_s


def first_rest(samples: Sequence[Sample], since_s: float) -> float | None:
    """When the first command at rest since then was sent."""
    return next((one.time_s for one in samples if one.time_s >= since_s and one.speed <= REST_SPEED), None)


def measured_rest_time(speeds: Sequence[tuple[float, float]], still: float) -> float | None:
    """When the measured speed fell below `still` for good; None if it has not."""
    rest_s: float | None = None
    for time_s, speed in speeds:
        if speed > still:
            rest_s = None
        elif rest_s is None:
            rest_s = time_s
    return rest_s


def moved(samples: Sequence[Sample], since_s: float) -> bool:
    """Whether a command since then was one of motion."""
    return any(sample.speed > MOVING_SPEED for sample in samples if sample.time_s >= since_s)


def fastest(samples: Sequence[Sample], since_s: float) -> float:
    """The largest speed of the commands since then; 0 if there are none."""
    return max((one.speed for one in samples if one.time_s >= since_s), default=0.0)


def first_moving(samples: Sequence[Sample], since_s: float) -> float | None:
    """When the first command of motion since then was sent."""
    return next((one.time_s for one in samples if one.time_s >= since_s and one.speed > MOVING_SPEED), None)


def longest_gap(times_s: Sequence[float], start_s: float, end_s: float) -> float:
    """The longest time without an event between start and end."""
    marks = [start_s, *(time_s for time_s in times_s if start_s <= time_s <= end_s), end_s]
    return max(later - earlier for earlier, later in itertools.pairwise(marks))


def logged_level(lines: Sequence[LogLine]) -> str:
    """The worst condition that the node has logged; `ok` if none."""
    worst = 0
    for line in lines:
        match = _CONDITION.match(line.text)
        if match is not None:
            worst = max(worst, _LEVELS.index(match.group(1)))
    return _LEVELS[worst]


def reported_level(statuses: Sequence[Status]) -> str:
    """The worst condition of the part `motion` of `/diagnostics`; `ok` if none."""
    found = [status.condition for status in statuses if status.condition in _LEVELS]
    return max(found, key=_LEVELS.index, default="ok")


def worse_level(one: str, other: str) -> str:
    """The worse of two conditions."""
    return max(one, other, key=_LEVELS.index)


def condition_logged_s(lines: Sequence[LogLine], level: str) -> float | None:
    """When the node logged this condition or a worse one."""
    least = _LEVELS.index(level)
    for line in lines:
        match = _CONDITION.match(line.text)
        if match is not None and _LEVELS.index(match.group(1)) >= least:
            return line.time_s
    return None


def detection_time(
    lines: Sequence[LogLine], statuses: Sequence[Status], before: Sequence[Status], rest_s: float | None
) -> float | None:
    """The first sign that the node has noticed: a warning, a status that turned bad, or the rest itself."""
    known = {(status.name, status.message) for status in before}
    signs = [line.time_s for line in lines if line.level >= WARN][:1]
    signs += [s.time_s for s in statuses if s.level in (1, 2) and (s.name, s.message) not in known][:1]
    if rest_s is not None:
        signs.append(rest_s)
    return min(signs, default=None)
