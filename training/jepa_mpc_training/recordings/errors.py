"""The error for recordings that cannot be used."""

from __future__ import annotations


class RecordingError(RuntimeError):
    """A recording cannot be used. Says what was found, what was expected, and what to do."""

    def __init__(self, subject: str, *, found: str, expected: str, remedy: str) -> None:
        super().__init__(f"{subject}: found {found}, expected {expected}. {remedy}")
        self.subject, self.found, self.expected, self.remedy = subject, found, expected, remedy
