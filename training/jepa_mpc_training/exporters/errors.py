"""What an exporter refuses, and what to do about it."""

from __future__ import annotations

import sys
from collections.abc import Callable


class ExportRefusedError(Exception):
    """A checkpoint or an option that does not fit: what it is about, what was found, what was expected, what to do."""

    def __init__(self, subject: str, *, found: str, expected: str, remedy: str) -> None:
        super().__init__(f"{subject}: found {found}; expected {expected}. {remedy}")
        self.subject = subject
        self.found = found
        self.expected = expected
        self.remedy = remedy


def exit_status(run: Callable[[], int]) -> int:
    """The exit status of a command that does `run`: its own, or 2 after saying what was refused."""
    try:
        return run()
    except ExportRefusedError as error:
        print(error, file=sys.stderr)
        return 2
