"""Thousands of parameter sets, good and bad, on a node that plans."""

from __future__ import annotations

import json
import math
import random
import time

from conftest import ROOT
from parameter_client import ParameterClient, Value
from parameter_oracle import BAD_EXPRESSIONS, BAD_FROZEN, GOOD_EXPRESSIONS, GOOD_FROZEN, Oracle, Rule
from rcl_interfaces.msg import ParameterType

SETS = 2000
SETS_AT_MOST = 10 * SETS
ENOUGH_PAIRS = 6

# Where the whole range would make plans last for minutes, or the robot hold: what fits is drawn from these alone. What
# does not fit is drawn from all that there is.
CALM: dict[str, tuple[float, float]] = {
    "sampling.elites": (0, 40),
    "sampling.horizon": (1, 3),
    "actions.repeat": (0, 4),
    "planning.timeout_s": (30.0, 120.0),
    "planning.time_budget_ms": (9000.0, 10000.0),
    # Elites agree at once where every joint is held at one action.
    "sampling.early_stop_std": (0.0, 0.0),
    "command.tracking_tolerance": (5.0, 10.0),
    "watchdog.image_timeout_s": (20.0, 60.0),
    "watchdog.joint_states_timeout_s": (20.0, 60.0),
    "actions.lower": (-1.0, -0.2),
    "actions.upper": (0.2, 1.0),
}
CHOICES: dict[str, tuple[str, ...]] = {
    # Planners that do the iterations that they are told to, so that the figures of a plan show its settings.
    "planner": ("cem", "icem", "cma", "mppi"),
    "rollout.precision": ("float32",),
    "rollout.graph": ("iteration", "host"),
    "objective.expression": GOOD_EXPRESSIONS,
    "actions.frozen": GOOD_FROZEN,
}
# These have something built; were they set all the time, nothing would ever be ready.
BUILDS = {"sampling.horizon", "objective.metric", "objective.steps", "objective.expression", "rollout.graph"}
# Only ever set together: a plan in which they do not belong together has seen half of a set.
PAIR = ("sampling.samples", "sampling.iterations")


def iterations_with(samples: int) -> int:
    return 1 + samples % 3


class Fuzz:
    """Draws sets of parameters: fitting, out of range, of the wrong type, not finite, unknown, static."""

    def __init__(self, oracle: Oracle, seed: int) -> None:
        self._oracle = oracle
        self._random = random.Random(seed)
        self._names = sorted(set(oracle.rules) - set(PAIR))

    def changes(self) -> tuple[dict[str, Value], bool]:
        """What to set, and whether as a whole."""
        if self._random.random() < 0.4:
            return self._pair() | self._some(self._random.randint(0, 2)), True
        return self._some(self._random.randint(1, 4)), self._random.random() < 0.5

    def _pair(self) -> dict[str, Value]:
        samples = self._random.randint(40, 80)
        iterations = iterations_with(samples)
        spoil = self._random.random()
        if spoil < 0.15:
            return {PAIR[0]: samples, PAIR[1]: self._random.choice([-1, 1001, 2.0, "2", math.nan, None])}
        if spoil < 0.3:
            return {PAIR[0]: self._random.choice([-1, 100001, 64.0, True, [64]]), PAIR[1]: iterations}
        return {PAIR[0]: samples, PAIR[1]: iterations}

    def _some(self, count: int) -> dict[str, Value]:
        names = self._random.sample(self._names, count)
        return dict(self._one(name) for name in names)

    def _one(self, name: str) -> tuple[str, Value]:
        rule = self._oracle.rules[name]
        kind = self._random.random()
        if kind < 0.05:
            return self._misspelt(name), self._fitting(rule)
        if kind < 0.20:
            return name, self._of_another_type(rule)
        if kind < 0.40:
            return name, self._outside(rule)
        if name in BUILDS and kind < 0.95:
            return name, self._oracle.values[name]
        return name, self._fitting(rule)

    def _misspelt(self, name: str) -> str:
        at = self._random.randrange(len(name))
        return name[:at] + self._random.choice("xyz_") + name[at:]

    def _fitting(self, rule: Rule) -> Value:
        pick = self._random
        if not rule.may_change and pick.random() < 0.5:
            return self._oracle.values[rule.name]
        match rule.type:
            case ParameterType.PARAMETER_BOOL:
                return pick.random() < 0.5
            case ParameterType.PARAMETER_STRING:
                known = CHOICES.get(rule.name, rule.choices)
                return pick.choice(known) if known else self._oracle.values[rule.name]
            case ParameterType.PARAMETER_INTEGER:
                low, high = self._calm(rule)
                return pick.choice([int(low), int(high), pick.randint(int(low), int(high))])
            case ParameterType.PARAMETER_DOUBLE:
                return self._number(rule)
        count = pick.choice([0, 1, 2, 2, 2, 3])
        numbers = [self._number(rule) for _ in range(count)]
        return [float(number) for number in numbers]

    def _number(self, rule: Rule) -> float | int:
        low, high = self._calm(rule)
        whole = math.ceil(low)
        if whole <= high and self._random.random() < 0.2:
            return whole
        return self._random.choice([low, high, self._random.uniform(low, high)])

    def _calm(self, rule: Rule) -> tuple[float, float]:
        return CALM.get(rule.name, rule.limits)

    def _outside(self, rule: Rule) -> Value:
        pick = self._random
        if rule.name == "objective.expression":
            return pick.choice(BAD_EXPRESSIONS)
        if rule.name == "actions.frozen":
            return pick.choice(BAD_FROZEN)
        match rule.type:
            case ParameterType.PARAMETER_STRING:
                return "no such choice" if rule.choices else pick.randint(0, 9)
            case ParameterType.PARAMETER_BOOL:
                return pick.choice(["true", 1])
            case ParameterType.PARAMETER_INTEGER:
                low, high = rule.limits
                return pick.choice([low - 1, high + 1, -(2**63), 2**63 - 1])
        low, high = rule.limits
        below, above = math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
        number = pick.choice([below, above, low - 1.0, high * 10 + 1.0, math.nan, math.inf, -math.inf])
        return number if rule.type == ParameterType.PARAMETER_DOUBLE else pick.choice([[number], [0.5, number]])

    def _of_another_type(self, rule: Rule) -> Value:
        others: dict[int, list[Value]] = {
            ParameterType.PARAMETER_BOOL: [1, 0.0, "true", [True], None],
            ParameterType.PARAMETER_STRING: [1, 1.5, True, ["cem"], None],
            ParameterType.PARAMETER_INTEGER: [1.0, "1", "50 ms", True, [1], None],
            ParameterType.PARAMETER_DOUBLE: ["1.0", "50 ms", "30 deg/s", True, [1.0], None],
            ParameterType.PARAMETER_DOUBLE_ARRAY: [1.0, "1.0", True, [True], ["30 deg/s"], None],
        }
        return self._random.choice(others[rule.type])


def test_every_set_is_answered_rightly_and_no_plan_sees_half_of_one(active):
    peer, process = active
    client = ParameterClient(peer)
    ros_own = ("use_sim_time", "start_type_description_service", "qos_overrides.")
    names = [name for name in client.names() if not name.startswith(ros_own)]
    defaults = client.get(names)
    manifest = json.loads((ROOT / "models" / "reacher" / "manifest.json").read_text())
    oracle = Oracle(client.describe(names), defaults, manifest)
    # The node is busy with answers, and shall plan all the same.
    first = {PAIR[0]: 64, PAIR[1]: iterations_with(64)} | {
        name: low for name, (low, _) in CALM.items() if name.startswith(("planning.timeout", "watchdog.", "command."))
    }
    assert client.set_atomically(first).successful and oracle.take(first)
    peer.statistics.clear()
    assert peer.spin_until(lambda: len(peer.statistics) > 3)
    peer.statistics.clear()

    fuzz = Fuzz(oracle, seed=20261125)
    taken = refused = 0
    start = time.monotonic()

    def pairs() -> list[tuple[int, int]]:
        """Samples and iterations of each plan so far."""
        figures = [{entry.key: entry.value for entry in message.status[0].values} for message in peer.statistics]
        return [(int(values["samples"]), int(values["iterations"])) for values in figures]

    number = 0
    # On a busy machine, more requests until there are enough plans to tell.
    while number < SETS or (number < SETS_AT_MOST and len(set(pairs())) < ENOUGH_PAIRS):
        changes, as_a_whole = fuzz.changes()
        sets = [changes] if as_a_whole else [{name: value} for name, value in changes.items()]
        results = [client.set_atomically(changes)] if as_a_whole else client.set(changes)
        for some, result in zip(sets, results, strict=True):
            expected = oracle.take(some)
            assert result.successful == expected, f"set {number}, {some}: {result.reason}"
            taken, refused = taken + expected, refused + (not expected)
            assert expected or any(name in result.reason for name in some), f"{some}: {result.reason}"
        if number % 100 == 0:
            assert client.get(names) == oracle.values
        number += 1
    elapsed_s = time.monotonic() - start
    assert elapsed_s / number < 0.1
    assert client.get(names) == oracle.values
    assert process.poll() is None

    print(
        f"{number} requests in {elapsed_s:.1f} s: {taken} sets taken, {refused} refused; "
        f"{len(pairs())} plans meanwhile with {len(set(pairs()))} pairs of samples and iterations"
    )
    halves = [pair for pair in pairs() if pair[1] != iterations_with(pair[0])]
    assert not halves
    assert len(set(pairs())) >= ENOUGH_PAIRS, "too few plans to tell"

    assert client.set_atomically(defaults).successful
    peer.publish_goal(30)
    peer.statistics.clear()
    assert peer.spin_until(lambda: len(peer.statistics) > 3), process.log_path.read_text()
