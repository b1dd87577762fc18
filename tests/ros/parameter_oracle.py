"""Says which parameters a planner node must take, from its descriptors, the manifest of its model and docs/ros.md."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from parameter_client import Value
from rcl_interfaces.msg import ParameterDescriptor, ParameterType

GOOD_EXPRESSIONS = ("", "goal_distance", "latent_distance + 0.1 * norm(action)", "square(q[1] - 30 deg)")
BAD_EXPRESSIONS = ("goal_distnce", "q[3]", "goal_distance +", "action[1, 1] / (2 - 2)", "action", "import('x')")
GOOD_FROZEN = ("", "elbow=0", "shoulder=0.1, elbow=-0.1")
BAD_FROZEN = ("knee=0", "elbow", "elbow=fast", "elbow=1e9", "elbow: 0")


@dataclass(frozen=True)
class Rule:
    """What one descriptor says of its parameter."""

    name: str
    type: int
    limits: tuple[float, float] | None
    choices: tuple[str, ...] | None
    """None: any text."""
    may_change: bool
    """Whether an active node lets it change."""

    @classmethod
    def of(cls, descriptor: ParameterDescriptor) -> Rule:
        ranges = [*descriptor.integer_range, *descriptor.floating_point_range]
        choices = re.search(r"One of (.*?)\.(?: |$)", descriptor.additional_constraints)
        return cls(
            name=descriptor.name,
            type=descriptor.type,
            limits=(ranges[0].from_value, ranges[0].to_value) if ranges else None,
            choices=tuple(choices.group(1).split(", ")) if choices else None,
            may_change=descriptor.additional_constraints.split(". ")[-1].startswith("Dynamic:"),
        )

    def fits(self, value: Value) -> bool:
        """Whether it is of this type (or whole, where any number will do) and in range."""
        match self.type:
            case ParameterType.PARAMETER_BOOL:
                return isinstance(value, bool)
            case ParameterType.PARAMETER_INTEGER:
                return type(value) is int and self.in_range(value)
            case ParameterType.PARAMETER_DOUBLE:
                return type(value) in (int, float) and self.in_range(value)
            case ParameterType.PARAMETER_STRING:
                return isinstance(value, str) and (self.choices is None or value in self.choices)
            case ParameterType.PARAMETER_DOUBLE_ARRAY:
                if not isinstance(value, list) or len({type(entry) for entry in value}) > 1:
                    return False
                return len(value) <= 64 and all(type(v) in (int, float) and self.in_range(v) for v in value)
        raise AssertionError(f"no rule for {self.name}")

    def in_range(self, number: float) -> bool:
        assert self.limits is not None
        return math.isfinite(number) and self.limits[0] <= number <= self.limits[1]


class Oracle:
    """Holds the values that must be in force."""

    def __init__(self, descriptors: list[ParameterDescriptor], values: dict[str, Value], manifest: dict) -> None:
        self.rules = {descriptor.name: Rule.of(descriptor) for descriptor in descriptors}
        self.values = dict(values)
        self._defaults = manifest["plannerDefaults"]
        self._action = manifest["action"]

    def take(self, changes: dict[str, Value]) -> bool:
        """Whether a set must be taken as a whole; if so, its values are in force from now on."""
        if not all(name in self.rules and self._may_become(self.rules[name], new) for name, new in changes.items()):
            return False
        after = self.values | {name: self._kept(self.rules[name], value) for name, value in changes.items()}
        if not self._go_together(after):
            return False
        self.values = after
        return True

    def _may_become(self, rule: Rule, value: Value) -> bool:
        return rule.fits(value) and (rule.may_change or value == self.values[rule.name])

    def _kept(self, rule: Rule, value: Value) -> Value:
        if rule.type == ParameterType.PARAMETER_DOUBLE:
            return float(value)
        if rule.type == ParameterType.PARAMETER_DOUBLE_ARRAY:
            return [float(entry) for entry in value]
        return value

    def _go_together(self, values: dict[str, Value]) -> bool:
        joints = len(self._action["joints"])

        def each(name: str, otherwise: list[float]) -> list[float]:
            """Of each joint; of the wrong number of joints if it was given so."""
            given = values[name]
            return otherwise if not given else given * joints if len(given) == 1 else given

        def planner(name: str, key: str) -> float:
            return values[name] or self._defaults[key]

        lower = each("actions.lower", self._action["lower"])
        upper = each("actions.upper", self._action["upper"])
        initial_std = each("sampling.joint_initial_std", [planner("sampling.initial_std", "initialStd")] * joints)
        min_std = each("sampling.joint_min_std", [planner("sampling.min_std", "minStd")] * joints)
        if {len(lower), len(upper), len(initial_std), len(min_std)} != {joints}:
            return False
        bounds = zip(self._action["lower"], lower, upper, self._action["upper"], strict=True)
        return (
            planner("sampling.elites", "elites") <= planner("sampling.samples", "samples")
            and all(least <= first for least, first in zip(min_std, initial_std, strict=True))
            and all(least <= low < high <= most for least, low, high, most in bounds)
            and values["objective.expression"] not in BAD_EXPRESSIONS
            and self._may_freeze(values["actions.frozen"], lower, upper)
        )

    def _may_freeze(self, text: str, lower: list[float], upper: list[float]) -> bool:
        if text in BAD_FROZEN:
            return False
        held = dict(part.strip().split("=") for part in text.split(",") if part)
        bounds = zip(self._action["joints"], lower, upper, strict=True)
        return all(low <= float(held.get(joint, low)) <= high for joint, low, high in bounds)
