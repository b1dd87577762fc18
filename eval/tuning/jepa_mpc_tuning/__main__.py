"""Serves a study over standard input and output, one JSON value a line: requests in, answers out, in the same order.

A request is `{"op": ..., ...}`; the answer is `{"answer": ...}` or `{"error": {subject, found, expected, remedy}}`.
Ends with its input.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TextIO

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.trial import FrozenTrial
from sqlalchemy.exc import SQLAlchemyError

from .errors import TuningError
from .report import write_report
from .search import Objective, Search, open_storage

DATABASE_ERRORS = (StorageInternalError, SQLAlchemyError)


class Service:
    """Turns requests into calls of a search."""

    def __init__(self) -> None:
        self._search: Search | None = None
        self._operations: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
            "open": self._open,
            "ask": lambda _: vars(self.search.ask()),
            "report": lambda request: {"stop": self.search.report(request["trial"], request["episodes"])},
            "tell": self._tell,
            "fail": lambda request: {"counted": self.search.fail(request["trial"], request["reason"])},
            "front": lambda _: {"trials": [_plain(trial) for trial in self.search.front()]},
            "write_report": self._write_report,
        }

    @property
    def search(self) -> Search:
        assert self._search is not None, "the first request opens the study"
        return self._search

    def answer(self, line: str) -> str:
        """The answer to one line."""
        request = json.loads(line)
        try:
            return json.dumps({"answer": self._operations[request["op"]](request)})
        except TuningError as error:
            return json.dumps({"error": error.facts})
        except DATABASE_ERRORS as error:
            return json.dumps({"error": _lost(error).facts})

    def close(self) -> None:
        """Leaves trials that are not finished to other processes. They also notice by themselves, only later."""
        if self._search is not None:
            with suppress(*DATABASE_ERRORS):
                self._search.claims.give_up()

    def _open(self, request: Mapping[str, Any]) -> object:
        search = Search(
            open_storage(request["storage"]),
            request["study"],
            [Objective(**objective) for objective in request["objectives"]],
            request["space"],
            request["setting"],
            trials=request["trials"],
            episodes=request["episodes"],
            seed=request["seed"],
            beat_s=request["beatS"],
        )
        if request["start"] is not None:
            search.enqueue_start(request["start"])
        search.claims.start_beating()
        self._search = search
        return {"finished": search.finished}

    def _tell(self, request: Mapping[str, Any]) -> object:
        counted = self.search.tell(
            request["trial"], request["values"], request["episodes"], request["stopped"], request["facts"]
        )
        return {"counted": counted}

    def _write_report(self, request: Mapping[str, Any]) -> object:
        write_report(self.search, request["file"], request["title"], request["tables"], request["storage"])
        return {}


def _lost(error: Exception) -> TuningError:
    cause = error.__cause__ or error
    return TuningError(
        "--storage",
        f"no connection to the database any more: {str(cause).splitlines()[0]}",
        "a database that answers",
        "Start it, then give the same command again: finished trials are in the study.",
    )


def _plain(trial: FrozenTrial) -> dict[str, Any]:
    return {"number": trial.number, "parameters": trial.params, "values": trial.values}


def serve(lines: TextIO, out: TextIO) -> None:
    service = Service()
    for line in lines:
        print(service.answer(line), file=out, flush=True)
    service.close()


if __name__ == "__main__":
    optuna.logging.set_verbosity(logging.WARNING)
    warnings.filterwarnings("ignore", category=ExperimentalWarning)
    serve(sys.stdin, sys.stdout)
