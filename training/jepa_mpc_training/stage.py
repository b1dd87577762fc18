"""Stages write their output and a stamp of their inputs, and are skipped if the stamp still matches."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .config import ADDED
from .distributed import SINGLE_PROCESS, ProcessGroup


def fingerprint(*parts: Any) -> str:
    """A short hash of configuration dataclasses and strings."""
    plain = [_fields_of(part) if dataclasses.is_dataclass(part) else part for part in parts]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def _fields_of(config: Any) -> dict[str, Any]:
    """The fields of a dataclass by name, without added ones that have the value of earlier versions: what these made
    from the same inputs is kept."""
    added = {field.name: field.metadata[ADDED] for field in dataclasses.fields(config) if ADDED in field.metadata}
    return {
        name: value for name, value in dataclasses.asdict(config).items() if name not in added or value != added[name]
    }


def run_stage(
    folder: Path,
    name: str,
    made_from: str,
    output: Path,
    work: Callable[[], dict[str, Any]],
    group: ProcessGroup = SINGLE_PROCESS,
    distributed: bool = False,
) -> dict[str, Any]:
    """Runs `work` unless `folder/<name>.json` shows that it was done from the same inputs and `output` exists.

    Returns the figures of `work`, from this run or an earlier one. The stamp is written last, so that an interrupted
    stage does not count as finished. In a `group` the main process runs `work`, the others wait and return no figures;
    if `distributed`, all of them run it.
    """
    stamp = folder / f"{name}.json"
    if stamp.exists() and output.exists():
        known = json.loads(stamp.read_text())
        if known["made_from"] == made_from:
            if group.is_main:
                print(f"{name}: up to date ({folder})")
            group.barrier()
            return known["figures"]
    # No process may delete the stamp before every process has read it.
    group.barrier()
    figures: dict[str, Any] = {}
    if group.is_main:
        if stamp.exists():
            why = (
                f"its settings or inputs have changed since {folder} was made"
                if output.exists()
                else f"{output} is gone"
            )
            print(f"{name}: made again, because {why}")
        folder.mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)
    if group.is_main or distributed:
        figures = work()
    if group.is_main:
        stamp.write_text(json.dumps({"made_from": made_from, "figures": figures}, indent=2) + "\n")
    group.barrier()
    return figures
