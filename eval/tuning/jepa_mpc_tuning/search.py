"""A study with several objectives, common episodes and a number of trials that all its processes share."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import URL, make_url
from sqlalchemy.exc import IntegrityError, ProgrammingError

from .claims import DROPPED, PURPOSE, Claims, is_dropped, is_lost, used
from .errors import TuningError

SETTING = "setting"
"""User attribute of the study: what its trials have in common, such as the hash of the model."""
EPISODES = "episodes"
"""User attribute of a trial: how many episodes its values are means over."""
STOPPED = "stopped"
"""User attribute of a trial: whether it ended early."""

STARTUP_TRIALS = 10
"""Trials drawn at random before the sampler models them."""
JOURNAL_START = b'{"op_code":'
OPEN_ATTEMPTS = 10
OPEN_AGAIN_S = 0.2
"""How often a database is opened whose tables other processes make at the same moment, and how long after each try."""
SURE_EPISODES = 5
"""No trial is stopped before it has this many episodes."""
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Objective:
    name: str
    maximize: bool

    @property
    def direction(self) -> str:
        return "maximize" if self.maximize else "minimize"


@dataclass(frozen=True)
class Asked:
    """A trial to run, or why there is none: `wait` while other processes run the last ones."""

    trial: int | None
    parameters: Mapping[str, Any]
    wait: bool
    finished: int


def open_storage(address: str) -> optuna.storages.BaseStorage:
    """A journal file, or an SQL database by its URL."""
    if not is_database(address):
        return _open_journal(address)
    try:
        return _open_database(database_url(address).render_as_string(hide_password=False))
    except Exception as error:
        raise TuningError(
            "--storage",
            f"no database at the URL: {str(error).splitlines()[0]}",
            "a journal file, or the URL of a database such as postgresql://user@host/name",
            "Correct the URL, or start the database.",
        ) from error


def is_database(address: str) -> bool:
    """Whether an address is the URL of a database; else it is a journal file."""
    return "://" in address


def database_url(address: str) -> URL:
    """The URL with the driver that requirements.txt installs."""
    url = make_url(address)
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _open_journal(path: str) -> optuna.storages.JournalStorage:
    try:
        # Optuna would append to any file of one line: it takes the line for one that was cut off.
        if Path(path).exists() and not JOURNAL_START.startswith(_first_bytes(path, len(JOURNAL_START))):
            raise ValueError(path)
        return optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(path))
    except (OSError, ValueError, KeyError, TypeError, AssertionError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds something else"
        raise TuningError(
            "--storage",
            f"no journal of a study at {path} ({reason})",
            "a journal of jepa-mpc tune, or a new file in a folder that is there",
            "Correct the path. Without --storage it is journal.log in --out.",
        ) from error


def _first_bytes(path: str, count: int) -> bytes:
    with open(path, "rb") as file:
        return file.read(count)


def _open_database(url: str) -> optuna.storages.RDBStorage:
    attempt = 1
    while True:
        try:
            # pool_pre_ping: a connection that was lost meanwhile is made anew.
            return optuna.storages.RDBStorage(url, engine_kwargs={"pool_pre_ping": True})
        except (IntegrityError, ProgrammingError):
            # Other processes make the tables of an empty database at the same moment.
            if attempt == OPEN_ATTEMPTS:
                raise
            attempt += 1
            time.sleep(OPEN_AGAIN_S)


def distribution_of(entry: Mapping[str, Any]) -> BaseDistribution:
    """What Optuna calls an entry of a space file."""
    if entry["kind"] == "choices":
        return CategoricalDistribution(entry["choices"])
    low, high, step, log = entry["low"], entry["high"], entry["step"], entry["log"]
    if entry["isInteger"]:
        return IntDistribution(int(low), int(high), log=log, step=int(step or 1))
    return FloatDistribution(low, high, log=log, step=step)


def wilson(successes: float, count: int) -> tuple[float, float]:
    """Wilson interval (95 %) of a rate."""
    rate, z2 = successes / count, Z95 * Z95
    centre = rate + z2 / (2 * count)
    half = Z95 * sqrt(rate * (1 - rate) / count + z2 / (4 * count * count))
    return (centre - half) / (1 + z2 / count), (centre + half) / (1 + z2 / count)


class Search:
    """One process's part in a study."""

    def __init__(
        self,
        storage: optuna.storages.BaseStorage,
        name: str,
        objectives: Sequence[Objective],
        space: Mapping[str, Mapping[str, Any]],
        setting: Mapping[str, Any],
        trials: int,
        episodes: int,
        seed: int,
        beat_s: float,
    ) -> None:
        """
        Opens a study, or makes it.

        setting: what all its trials have in common. Raises TuningError if the study was made with something else.
        """
        self.objectives = list(objectives)
        self._space = {parameter: distribution_of(entry) for parameter, entry in space.items()}
        self._trials_wanted = trials
        self._episodes = episodes
        self._seed = seed
        self.study = self._open(storage, name)
        self._check_setting(name, {**setting, "space": space, "episodes": episodes})
        self.claims = Claims(self.study, beat_s)
        self._asked: dict[int, optuna.Trial] = {}
        self._successes: dict[int, list[bool]] = {}

    def _open(self, storage: optuna.storages.BaseStorage, name: str) -> optuna.Study:
        directions = [objective.direction for objective in self.objectives]
        single = len(directions) == 1
        # Meant for trials that are compared on the same instances, as here on the same episodes.
        pruner = optuna.pruners.WilcoxonPruner(n_startup_steps=SURE_EPISODES) if single else optuna.pruners.NopPruner()
        study = optuna.create_study(
            storage=storage, study_name=name, directions=directions, pruner=pruner, load_if_exists=True
        )
        found = [direction.name.lower() for direction in study.directions]
        if found != directions:
            raise self._differs(name, "objectives", found, directions)
        study.set_metric_names([objective.name for objective in self.objectives])
        return study

    def _check_setting(self, name: str, setting: Mapping[str, Any]) -> None:
        setting = {**setting, "objectives": [objective.name for objective in self.objectives]}
        if SETTING not in self.study.user_attrs:
            self.study.set_user_attr(SETTING, setting)
        found = self.study.user_attrs[SETTING]
        for key, value in setting.items():
            if found.get(key) != value:
                raise self._differs(name, key, found.get(key), value)

    @staticmethod
    def _differs(name: str, what: str, found: object, expected: object) -> TuningError:
        return TuningError(
            f"study {name}",
            f"trials with another {what}: {found}",
            f"{expected}, as now: other values cannot be compared",
            "Give a new study a name of its own with --study, or go on with what the study was made with.",
        )

    def enqueue_start(self, parameters: Mapping[str, Any]) -> None:
        """Makes the profile that the search begins with its first trial."""
        if not self.study.get_trials(deepcopy=False):
            self.study.enqueue_trial(dict(parameters), user_attrs={PURPOSE: "start"})

    @property
    def finished(self) -> int:
        """How many of the trials wanted are done."""
        trials = self.study.get_trials(deepcopy=False)
        return sum(trial.state.is_finished() and not is_dropped(trial) and not is_lost(trial) for trial in trials)

    def ask(self) -> Asked:
        """The next trial of this process."""
        while True:
            self.claims.rescue()
            trials = self.study.get_trials(deepcopy=False)
            waiting = any(trial.state == TrialState.WAITING for trial in trials)
            if not waiting and used(trials) >= self._trials_wanted:
                running = any(trial.state == TrialState.RUNNING for trial in trials)
                return Asked(None, {}, wait=running, finished=self.finished)
            trial = self.study.ask()
            try:
                self.claims.take(trial)
                if self._is_superfluous(trial.number):
                    trial.set_user_attr(DROPPED, True)
                    self._finish(trial.number, TrialState.FAIL)
                    continue
                parameters = self._suggest(trial)
            except UpdateFinishedTrialError:
                # This process was stopped for so long that another one took the trial for lost.
                self.claims.release(trial.number)
                continue
            self._asked[trial.number] = trial
            self._successes[trial.number] = []
            return Asked(trial.number, parameters, wait=False, finished=self.finished)

    def _is_superfluous(self, number: int) -> bool:
        """Whether other processes have taken the last trials meanwhile, or run the same one."""
        trials = self.study.get_trials(deepcopy=False)
        if PURPOSE in trials[number].user_attrs:
            return self.claims.is_duplicate(number)
        return used(trials[:number]) >= self._trials_wanted

    def _suggest(self, trial: optuna.Trial) -> dict[str, Any]:
        # A generator for each trial: processes that share a study do not draw the same values, and one process alone
        # always draws the same.
        self.study.sampler = optuna.samplers.TPESampler(
            seed=(self._seed * 1_000_003 + trial.number) % 2**32,
            n_startup_trials=STARTUP_TRIALS,
            multivariate=False,
            constant_liar=True,
        )
        return {name: self._suggested(trial, name, what) for name, what in self._space.items()}

    @staticmethod
    def _suggested(trial: optuna.Trial, name: str, what: BaseDistribution) -> Any:
        if isinstance(what, CategoricalDistribution):
            return trial.suggest_categorical(name, what.choices)
        if isinstance(what, IntDistribution):
            return trial.suggest_int(name, what.low, what.high, step=what.step, log=what.log)
        assert isinstance(what, FloatDistribution)
        return trial.suggest_float(name, what.low, what.high, step=what.step, log=what.log)

    def report(self, number: int, episodes: Sequence[Mapping[str, Any]]) -> bool:
        """
        Takes episodes of a trial, each with its index, whether it succeeded and its value of each objective.

        Returns whether the trial is so much worse than the best one that the rest of it is not worth its time.
        """
        successes = self._successes[number]
        successes.extend(bool(episode["success"]) for episode in episodes)
        if len(self.objectives) == 1:
            trial = self._asked[number]
            try:
                for episode in episodes:
                    trial.report(episode["values"][0], step=episode["episode"])
            except UpdateFinishedTrialError:
                # Another process repeats it.
                return True
            return trial.should_prune()
        return self._is_hopeless(successes)

    def _is_hopeless(self, successes: Sequence[bool]) -> bool:
        """With several objectives: whether the interval of its success lies below that of the best trial."""
        names = [objective.name for objective in self.objectives]
        if "success" not in names or len(successes) < SURE_EPISODES:
            return False
        best = max((trial.values[names.index("success")] for trial in self.complete()), default=None)
        if best is None:
            return False
        highest = wilson(sum(successes), len(successes))[1]
        return highest < wilson(best * self._episodes, self._episodes)[0]

    def tell(
        self, number: int, values: Sequence[float], episodes: int, stopped: bool, facts: Mapping[str, Any]
    ) -> bool:
        """
        Finishes a trial. A stopped one has the means over fewer episodes, by which the sampler knows it to be bad.

        Returns False if another process took it for lost and repeats it.
        """
        trial = self._asked[number]
        try:
            trial.set_user_attr(EPISODES, episodes)
            trial.set_user_attr(STOPPED, stopped)
            for name, value in facts.items():
                trial.set_user_attr(name, value)
        except UpdateFinishedTrialError:
            self.claims.release(number)
            return False
        return self._finish(number, TrialState.COMPLETE, list(values))

    def fail(self, number: int, reason: str) -> bool:
        """Finishes a trial whose parameters the node refuses, or whose simulation died."""
        try:
            self._asked[number].set_user_attr("reason", reason)
        except UpdateFinishedTrialError:
            self.claims.release(number)
            return False
        return self._finish(number, TrialState.FAIL)

    def _finish(self, number: int, state: TrialState, values: list[float] | None = None) -> bool:
        self.claims.release(number)
        try:
            self.study.tell(number, values, state=state)
        except (UpdateFinishedTrialError, ValueError):
            # Optuna has an exception for either moment at which another process finished the trial.
            if self.study.get_trials(deepcopy=False)[number].state.is_finished():
                return False
            raise
        return True

    def complete(self) -> list[FrozenTrial]:
        """Trials with all episodes: only those are candidates for the result."""
        return [
            trial
            for trial in self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
            if trial.user_attrs.get(EPISODES) == self._episodes
        ]

    def front(self) -> list[FrozenTrial]:
        """
        The complete trials that no other one beats in every objective, best first: by the first objective, and among
        equals by the sum of their ranks in the others.
        """
        trials = self.complete()
        costs = {trial.number: self._costs(trial) for trial in trials}
        front = [
            trial
            for trial in trials
            if not any(_dominates(costs[other.number], costs[trial.number]) for other in trials)
        ]

        def ranks(trial: FrozenTrial) -> int:
            return sum(
                sum(costs[other.number][index] < costs[trial.number][index] for other in front)
                for index in range(1, len(self.objectives))
            )

        return sorted(front, key=lambda trial: (costs[trial.number][0], ranks(trial), trial.number))

    def _costs(self, trial: FrozenTrial) -> list[float]:
        return [
            -value if objective.maximize else value
            for objective, value in zip(self.objectives, trial.values, strict=True)
        ]


def _dominates(a: Sequence[float], b: Sequence[float]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True)) and list(a) != list(b)
