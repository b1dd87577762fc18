"""Suggestions for names that are not among those known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_CUTOFF = 0.5


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """The remedy for an unknown name: the known one that resembles it but for case, or `otherwise` if none does."""
    by_lower = {one.lower(): one for one in known}
    nearest = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=_CUTOFF)
    return f"Did you mean '{by_lower[nearest[0]]}'?" if nearest else otherwise
