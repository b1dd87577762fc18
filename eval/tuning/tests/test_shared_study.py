"""Processes that share a study through a journal file or a PostgreSQL, and may be killed at any moment."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState
from postgres import Postgres
from processes import BEAT_S, Refused, StudyProcess

from jepa_mpc_tuning.claims import MISSED_BEATS, PURPOSE
from jepa_mpc_tuning.search import open_storage

DATABASE_BEAT_S = 0.6
"""Each beat is a transaction: on a busy machine it takes a while."""


@dataclass(frozen=True)
class Storage:
    address: str
    beat_s: float


@contextmanager
def processes(storage: Storage, count: int, **changes: object) -> Iterator[list[StudyProcess]]:
    changes = {"beatS": storage.beat_s, **changes}
    started = [StudyProcess(storage.address, **changes) for _ in range(count)]
    try:
        yield started
    finally:
        for each in started:
            each.kill()


def trials_of(storage: Storage) -> list[FrozenTrial]:
    return optuna.load_study(study_name="test", storage=open_storage(storage.address)).get_trials()


def complete(trials: list[FrozenTrial]) -> list[FrozenTrial]:
    return [trial for trial in trials if trial.state == TrialState.COMPLETE]


@pytest.fixture(params=["journal", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "journal":
        return Storage(str(tmp_path / "journal.log"), BEAT_S)
    server: Postgres = request.getfixturevalue("server")
    return Storage(server.new_database(), DATABASE_BEAT_S)


def test_a_trial_whose_process_is_killed_is_run_again_once(storage: Storage) -> None:
    with processes(storage, 2) as (killed, survivor):
        lost = killed.ask()
        killed.kill()
        counted = survivor.run_to_the_end()
    trials = trials_of(storage)
    assert len(counted) == len(set(counted)) == len(complete(trials)) == 6
    assert trials[lost["trial"]].state == TrialState.FAIL
    repeated = [trial for trial in complete(trials) if trial.params == lost["parameters"]]
    assert [trial.user_attrs[PURPOSE] for trial in repeated] == [f"repeat {lost['trial']}"]


def test_several_survivors_repeat_a_lost_trial_once_among_them(storage: Storage) -> None:
    with processes(storage, 4, trials=12) as (killed, *survivors):
        lost = killed.ask()
        killed.kill()
        with ThreadPoolExecutor() as threads:
            results = list(threads.map(StudyProcess.run_to_the_end, survivors))
    trials = trials_of(storage)
    counted = [number for result in results for number in result]
    assert len(counted) == len(set(counted)) == len(complete(trials)) == 12
    assert len([trial for trial in complete(trials) if trial.params == lost["parameters"]]) == 1
    # Nothing was drawn twice either.
    drawn = [tuple(trial.params.items()) for trial in complete(trials)]
    assert len(drawn) == len(set(drawn))


def test_a_process_that_was_stopped_for_long_learns_that_its_trial_is_repeated(storage: Storage) -> None:
    with processes(storage, 2, trials=2) as (stopped, other):
        late = stopped.ask()
        os.kill(stopped.process.pid, signal.SIGSTOP)
        counted = other.run_to_the_end()
        os.kill(stopped.process.pid, signal.SIGCONT)
        assert len(counted) == 2
        assert stopped.tell(late["trial"]) is False
        assert stopped.ask()["trial"] is None
    assert len(complete(trials_of(storage))) == 2


def test_a_process_that_ends_in_order_leaves_its_trial_to_the_next_one_at_once(storage: Storage) -> None:
    first = StudyProcess(storage.address, beatS=1000)
    abandoned = first.ask()
    first.close()
    with processes(storage, 1, beatS=1000) as (second,):
        assert second.ask()["parameters"] == abandoned["parameters"]


def test_a_slow_trial_of_a_living_process_is_left_alone(storage: Storage) -> None:
    with processes(storage, 2, trials=1) as (slow, other):
        trial = slow.ask()["trial"]
        end_s = time.monotonic() + 3 * MISSED_BEATS * storage.beat_s
        while time.monotonic() < end_s:
            asked = other.ask()
            assert asked["trial"] is None and asked["wait"]
            time.sleep(storage.beat_s)
        assert slow.tell(trial) is True
        assert other.ask() == {"trial": None, "parameters": {}, "wait": False, "finished": 1}


def test_the_start_is_run_once_and_first(storage: Storage) -> None:
    start = {"sampling.samples": 20, "sampling.initial_std": 1.5, "planner": "mppi"}
    with processes(storage, 2, start=start) as (first, second):
        assert first.ask()["parameters"] == start
        assert second.ask()["parameters"] != start


def test_one_process_alone_draws_the_same_with_the_same_seed(tmp_path: Path) -> None:
    def drawn(name: str, seed: int) -> list[object]:
        with processes(Storage(str(tmp_path / name), BEAT_S), 1, trials=14, seed=seed) as (process,):
            parameters = []
            for index in range(14):
                asked = process.ask()
                parameters.append(asked["parameters"])
                process.tell(asked["trial"], (index % 3 / 3, asked["parameters"]["sampling.initial_std"]))
            return parameters

    first = drawn("a.log", 3)
    assert drawn("b.log", 3) == first
    assert drawn("c.log", 4) != first


def test_a_study_is_gone_on_with(storage: Storage) -> None:
    with processes(storage, 1) as (first,):
        for _ in range(4):
            first.tell(first.ask()["trial"])
    with processes(storage, 1) as (second,):
        assert second.opened == {"finished": 4}
        assert second.run_to_the_end() == [4, 5]


def test_processes_that_begin_a_study_at_the_same_moment_share_it(storage: Storage) -> None:
    def begin(_: int) -> StudyProcess:
        return StudyProcess(storage.address, beatS=storage.beat_s, trials=6)

    with ThreadPoolExecutor() as threads:
        started = list(threads.map(begin, range(3)))
        try:
            results = list(threads.map(StudyProcess.run_to_the_end, started))
        finally:
            for each in started:
                each.kill()
    counted = [number for result in results for number in result]
    assert len(counted) == len(set(counted)) == len(complete(trials_of(storage))) == 6


def test_an_empty_database_is_opened_by_several_at_the_same_moment(server: Postgres) -> None:
    address, together = server.new_database(), threading.Barrier(4)

    def begin(_: int) -> object:
        together.wait()
        return open_storage(address)

    with ThreadPoolExecutor() as threads:
        assert len(list(threads.map(begin, range(together.parties)))) == together.parties


def test_a_database_that_ends_is_named_and_the_study_goes_on_when_it_is_back(server: Postgres) -> None:
    storage = Storage(server.new_database(), DATABASE_BEAT_S)
    with processes(storage, 2, trials=3) as (first, second):
        first.tell(first.ask()["trial"])
        running = first.ask()
        server.stop()
        try:
            with pytest.raises(Refused, match=r"--storage.*connection") as refused:
                first.tell(running["trial"])
            assert "tuner:" not in str(refused.value), "a password does not belong in a message"
        finally:
            server.start()
        first.kill()
        counted = second.run_to_the_end()
    assert len(counted) == 2
    assert len(complete(trials_of(storage))) == 3
