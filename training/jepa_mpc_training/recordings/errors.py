"""What a recording cannot be used for, in the words of who recorded it."""

from __future__ import annotations


class RecordingError(RuntimeError):
    """A recording cannot be used: what was found, what is expected, and what to do about it."""

    def __init__(self, subject: str, *, found: str, expected: str, remedy: str) -> None:
        super().__init__(f"{subject}: found {found}, expected {expected}. {remedy}")
        self.subject, self.found, self.expected, self.remedy = subject, found, expected, remedy
