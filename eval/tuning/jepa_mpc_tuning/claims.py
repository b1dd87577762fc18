"""Who runs which trial, when several processes share a study and any of them may be killed.

A running trial has two marks (user attributes): its owner, and a beat that the owner changes every few seconds. A trial
whose beat has stood still for several periods, by the clock of the process that looks, belongs to nobody any more: it
is lost. It is failed, and its parameters are enqueued again. Clocks of different machines are not compared.

Storages order what happens to one trial, but not a trial's failure and the next trial's creation. So two processes may
enqueue the same repetition. That is settled when it is about to run: of several trials with the same purpose the one
with the lowest number runs, the others are dropped.
"""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import optuna
from optuna.exceptions import OptunaError
from optuna.trial import FrozenTrial, TrialState

OWNER = "owner"
BEAT = "beat"
LOST = "lost"
DROPPED = "dropped"
PURPOSE = "purpose"
"""What an enqueued trial is for: "start" is the profile that the search begins with, "repeat N" the lost trial N."""

MISSED_BEATS = 5
"""Periods without a beat after which a trial is lost."""


def purpose_of(trial: FrozenTrial) -> str | None:
    return trial.user_attrs.get(PURPOSE)


def is_dropped(trial: FrozenTrial) -> bool:
    return DROPPED in trial.user_attrs


def is_lost(trial: FrozenTrial) -> bool:
    return trial.state == TrialState.FAIL and LOST in trial.user_attrs


def unrepeated(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Lost trials that nothing stands for yet."""
    trials = list(trials)
    purposes = {purpose_of(trial) for trial in trials if not is_dropped(trial)}
    return [trial for trial in trials if is_lost(trial) and f"repeat {trial.number}" not in purposes]


def used(trials: Iterable[FrozenTrial]) -> int:
    """How many of the study's trials are taken: done, running or waiting. A lost one and its repetition are one."""
    trials = list(trials)
    counted = [trial for trial in trials if not is_dropped(trial) and not is_lost(trial)]
    return len(counted) + len(unrepeated(trials))


@dataclass
class _Sight:
    """When the beat of a trial was first seen at its present value."""

    beat: object
    since_s: float


@dataclass
class Claims:
    """The trials that this process runs, and its view of those of others."""

    study: optuna.Study
    beat_s: float
    now_s: Callable[[], float] = time.monotonic
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    _running: dict[int, int] = field(default_factory=dict)
    _seen: dict[int, _Sight] = field(default_factory=dict)
    _beats: itertools.count = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start_beating(self) -> None:
        """Keeps the beats of this process's trials going, in a thread that ends with the process."""

        def beat() -> None:
            while True:
                time.sleep(self.beat_s)
                self.beat()

        threading.Thread(target=beat, daemon=True).start()

    def take(self, trial: optuna.Trial) -> None:
        """Marks a trial as running in this process."""
        trial.set_user_attr(OWNER, self.owner)
        with self._lock:
            self._running[trial.number] = trial._trial_id

    def release(self, number: int) -> None:
        """Call it before the trial is finished: a finished trial takes no more beats."""
        with self._lock:
            self._running.pop(number, None)

    def beat(self) -> None:
        """One beat for each trial of this process."""
        with self._lock:
            for trial_id in self._running.values():
                try:
                    self.study._storage.set_trial_user_attr(trial_id, BEAT, f"{self.owner} {next(self._beats)}")
                except OptunaError:
                    # Another process took it for lost, after this one was stopped for long: `tell` reports that.
                    continue

    def rescue(self) -> list[int]:
        """Fails the trials that are lost and enqueues their parameters again. Returns the numbers of those failed."""
        running = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        still = [trial for trial in running if trial.number not in self._running and self._is_still(trial)]
        failed = [trial.number for trial in still if self._lose(trial._trial_id)]
        self._repeat_lost()
        return failed

    def give_up(self) -> None:
        """Leaves the unfinished trials of this process to others, or to the next one. Call it at the end."""
        with self._lock:
            abandoned = list(self._running.values())
            self._running.clear()
        for trial_id in abandoned:
            self._lose(trial_id)
        self._repeat_lost()

    def _lose(self, trial_id: int) -> bool:
        """Fails a trial; False if another process was faster, or it has ended after all."""
        try:
            self.study._storage.set_trial_user_attr(trial_id, LOST, True)
            self.study._storage.set_trial_state_values(trial_id, TrialState.FAIL)
        except OptunaError:
            return False
        return True

    def _repeat_lost(self) -> None:
        for trial in unrepeated(self.study.get_trials(deepcopy=False)):
            self.study.enqueue_trial(trial.params, user_attrs={PURPOSE: f"repeat {trial.number}"})

    def is_duplicate(self, number: int) -> bool:
        """Whether a trial with a lower number has the same purpose."""
        trials = self.study.get_trials(deepcopy=False)
        purpose = purpose_of(trials[number])
        return purpose is not None and any(
            purpose_of(other) == purpose and not is_dropped(other) for other in trials[:number]
        )

    def _is_still(self, trial: FrozenTrial) -> bool:
        """Whether its beat has stood still for too long."""
        beat = (trial.user_attrs.get(OWNER), trial.user_attrs.get(BEAT))
        sight = self._seen.get(trial.number)
        if sight is None or sight.beat != beat:
            self._seen[trial.number] = _Sight(beat, self.now_s())
            return False
        return self.now_s() - sight.since_s > MISSED_BEATS * self.beat_s
