"""Errors of the simulators: they cannot start, or they reject a message."""

from __future__ import annotations


class StartupError(RuntimeError):
    """The simulator cannot start as requested. The message is one line with the remedy."""


class RejectedMessage(ValueError):
    """An incoming message was rejected, without an effect on the robot. The error says what is wrong with it."""
