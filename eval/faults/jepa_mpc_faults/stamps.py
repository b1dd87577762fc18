"""Stamps of messages in nanoseconds."""

from __future__ import annotations

from builtin_interfaces.msg import Time


def stamp_of(stamp: Time) -> int:
    """Nanoseconds of a stamp."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def shifted(stamp: Time, by_ns: int) -> Time:
    """A later stamp, or an earlier one; never below 0."""
    total = max(0, stamp_of(stamp) + by_ns)
    return Time(sec=total // 1_000_000_000, nanosec=total % 1_000_000_000)
