"""The rows of a result file as a table for docs/faults.md: `python -m jepa_mpc_faults.report faults.json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path


def as_markdown(result: Mapping[str, object]) -> str:
    """A table of the rows, with the recovery from the details."""
    details = {detail["fault"]: detail for detail in result["details"]}
    heads = ("fault", "reaction", "reaction, ms", "bound, ms", "noticed, ms", "on again, ms", "ok")
    lines = [_line(heads), _line(["---", "---", *["--:"] * 4, "---"])]
    for row in result["rows"]:
        recovery = details[row["fault"]]["recoveryMs"]
        numbers = (row["reactionMs"], row["boundMs"], row["detectionMs"], recovery)
        lines.append(
            _line([row["fault"], row["reaction"], *(_number(one) for one in numbers), "yes" if row["ok"] else "no"])
        )
    good = sum(bool(row["ok"]) for row in result["rows"])
    lines.append("")
    lines.append(f"{good} of {len(result['rows'])} rows ok, {result['limitViolations']} limit violations.")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(as_markdown(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
