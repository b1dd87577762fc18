"""Stages: each leaves its output and a stamp of what it was made from, and is skipped when the stamp still fits."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .distributed import SINGLE_PROCESS, ProcessGroup


def fingerprint(*parts: Any) -> str:
    """A short hash of configuration dataclasses and texts."""
    plain = [dataclasses.asdict(part) if dataclasses.is_dataclass(part) else part for part in parts]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def run_stage(
    folder: Path,
    name: str,
    made_from: str,
    output: Path,
    work: Callable[[], dict[str, Any]],
    group: ProcessGroup = SINGLE_PROCESS,
    distributed: bool = False,
) -> dict[str, Any]:
    """Runs `work` unless `folder/<name>.json` says that it was done from the same inputs and `output` is there.

    Returns the figures that `work` returned, then or now. The stamp is written last, so an interrupted stage is not
    taken for a finished one. In a `group` the first one works, or all of them `together`; the others wait, and return
    nothing.
    """
    stamp = folder / f"{name}.json"
    if stamp.exists() and output.exists():
        known = json.loads(stamp.read_text())
        if known["made_from"] == made_from:
            if group.is_main:
                print(f"{name}: up to date ({folder})")
            group.barrier()
            return known["figures"]
    # All have looked before the stamp goes.
    group.barrier()
    figures: dict[str, Any] = {}
    if group.is_main:
        folder.mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)
    if group.is_main or distributed:
        figures = work()
    if group.is_main:
        stamp.write_text(json.dumps({"made_from": made_from, "figures": figures}, indent=2) + "\n")
    group.barrier()
    return figures
