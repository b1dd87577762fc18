"""What the node promises for each fault: the table that `jepa-mpc ladder` prints."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from .settings import ROOT

Reaction = Literal["continues", "degrade", "hold", "stop", "refuse"]


@dataclass(frozen=True)
class Rung:
    """A reaction and the time [ms] within which it begins."""

    id: str
    reaction: Reaction
    bound_ms: float


# What the table has no row for: a worker that ignores a signal, and a node that ends before it has anything to hold.
_OTHERS = {
    rung.id: rung
    for rung in (
        Rung("", "continues", 0),
        Rung("model-refused", "refuse", 30000),
        Rung("device-missing", "refuse", 30000),
    )
}


def read_ladder(text: str) -> Mapping[str, Rung]:
    """The rungs of the printed table by id."""
    return {row["id"]: Rung(row["id"], row["reaction"], float(row["boundMs"])) for row in json.loads(text)}


@cache
def _printed() -> Mapping[str, Rung]:
    command = ["node", str(ROOT / "dist" / "src" / "cli" / "main.js"), "ladder"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return read_ladder(done.stdout)


def rung_of(name: str) -> Rung:
    """The rung of this id. Raises KeyError for one that the node's table does not have."""
    return _OTHERS.get(name) or _printed()[name]
