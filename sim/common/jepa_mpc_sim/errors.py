"""The two ways this simulator refuses something: it cannot start, or it does not take a message."""

from __future__ import annotations


class StartupError(RuntimeError):
    """The simulator cannot run as asked; the message is one line that says what to do about it."""


class RejectedMessage(ValueError):
    """An incoming message was not obeyed; the robot goes on as before. The message says what was wrong with it."""
