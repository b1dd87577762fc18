"""Errors with what was found, what was expected and what to do, as the rest of the project has them."""

from __future__ import annotations


class TuningError(Exception):
    """Something that a user can put right."""

    def __init__(self, subject: str, found: str, expected: str, remedy: str) -> None:
        super().__init__(f"{subject}: found {found}, expected {expected}. {remedy}")
        self.facts = {"subject": subject, "found": found, "expected": expected, "remedy": remedy}
