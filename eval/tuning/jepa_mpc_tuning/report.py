"""The report of a study: one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import optuna
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.trial import FrozenTrial
from plotly.graph_objects import Figure
from plotly.offline import get_plotlyjs

from .search import Search, database_url, is_database

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
body { color: #222; background: #fff; }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; }
th, td { border: 1px solid #ddd; padding: 0.25rem 0.6rem; text-align: left; }
th { background: #f3f3f3; }
code { background: #f3f3f3; padding: 0 0.2rem; }
"""


def write_report(search: Search, file: str, title: str, tables: Sequence[Mapping[str, Any]], storage: str) -> None:
    """Writes the report. tables: each with a title, and rows of cells, the first of them the head."""
    sections = [_table(table) for table in tables]
    sections += [_section(heading, make) for heading, make in _figures(search)]
    sections.append(_more(storage))
    Path(file).write_text(
        "<!doctype html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style><script>{get_plotlyjs()}</script></head>\n"
        f"<body><h1>{escape(title)}</h1>\n{chr(10).join(sections)}\n</body></html>\n",
        encoding="utf-8",
    )


def _more(storage: str) -> str:
    """How to look at each trial. A password of a database is left out."""
    package, address = "optuna-dashboard", storage
    if is_database(storage):
        address = database_url(storage).render_as_string(hide_password=True)
        package = 'optuna-dashboard "psycopg[binary]"'
    return (
        f"<h2>More</h2><p>To look at each trial: <code>pip install {escape(package)}</code>, then "
        f"<code>optuna-dashboard {escape(address)}</code>.</p>"
    )


def _figures(search: Search) -> Iterator[tuple[str, Callable[[], Figure]]]:
    """Headings, and what draws the figure below each."""
    study, names = search.study, [objective.name for objective in search.objectives]
    visual = optuna.visualization
    if len(names) in (2, 3):
        yield "Pareto front", lambda: visual.plot_pareto_front(study, target_names=names)
    for index, name in enumerate(names):

        def target(trial: FrozenTrial, index: int = index) -> float:
            return trial.values[index]

        of = {"target": target, "target_name": name}
        yield (
            f"Importance for {name}",
            lambda of=of: visual.plot_param_importances(study, evaluator=PedAnovaImportanceEvaluator(), **of),
        )
        yield f"Values and {name}", lambda of=of: visual.plot_slice(study, **of)
        yield f"Combinations and {name}", lambda of=of: visual.plot_parallel_coordinate(study, **of)
        yield f"History of {name}", lambda of=of: visual.plot_optimization_history(study, **of)


def _section(heading: str, make: Callable[[], Figure]) -> str:
    try:
        body = make().to_html(full_html=False, include_plotlyjs=False)
    except (ValueError, RuntimeError) as error:
        # Optuna draws nothing from a single trial, or from trials that are all alike.
        body = f"<p>Not enough different trials: {escape(str(error))}</p>"
    return f"<h2>{escape(heading)}</h2>\n{body}"


def _table(table: Mapping[str, Any]) -> str:
    head, *rows = table["rows"]
    cells = "".join(f"<th>{escape(str(cell))}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>{escape(table['title'])}</h2><table><tr>{cells}</tr>{body}</table>"
