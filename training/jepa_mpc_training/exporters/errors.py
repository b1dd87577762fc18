"""The error of the exporters, and the exit status that follows from it."""

from __future__ import annotations

import sys
from collections.abc import Callable


class ExportRefusedError(Exception):
    """A checkpoint, a folder or an option that cannot be used. Says what was found, what was expected, and what to
    do."""

    def __init__(self, subject: str, *, found: str, expected: str, remedy: str) -> None:
        super().__init__(f"{subject}: found {found}; expected {expected}. {remedy}")
        self.subject = subject
        self.found = found
        self.expected = expected
        self.remedy = remedy


def exit_status(run: Callable[[], int]) -> int:
    """The exit status of `run`: its result, or 2 after printing an ExportRefusedError to stderr."""
    try:
        return run()
    except ExportRefusedError as error:
        print(error, file=sys.stderr)
        return 2
