"""Stages: each leaves its output and a stamp of what it was made from, and is skipped when the stamp still fits."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def fingerprint(*parts: Any) -> str:
    """A short hash of configuration dataclasses and texts."""
    plain = [dataclasses.asdict(part) if dataclasses.is_dataclass(part) else part for part in parts]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def run_stage(
    folder: Path, name: str, made_from: str, output: Path, work: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Runs `work` unless `folder/<name>.json` says that it was done from the same inputs and `output` is there.

    Returns the figures that `work` returned, then or now. The stamp is written last, so an interrupted stage is not
    taken for a finished one.
    """
    stamp = folder / f"{name}.json"
    if stamp.exists() and output.exists():
        known = json.loads(stamp.read_text())
        if known["made_from"] == made_from:
            print(f"{name}: up to date ({folder})")
            return known["figures"]
    folder.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    figures = work()
    stamp.write_text(json.dumps({"made_from": made_from, "figures": figures}, indent=2) + "\n")
    return figures
