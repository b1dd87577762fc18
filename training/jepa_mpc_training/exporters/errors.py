"""What an exporter refuses, and what to do about it."""

from __future__ import annotations


class ExportRefusedError(Exception):
    """A checkpoint or an option that does not fit: what it is about, what was found, what was expected, what to do."""

    def __init__(self, subject: str, *, found: str, expected: str, remedy: str) -> None:
        super().__init__(f"{subject}: found {found}; expected {expected}. {remedy}")
        self.subject = subject
        self.found = found
        self.expected = expected
        self.remedy = remedy
