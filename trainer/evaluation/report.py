"""An evaluation for people and programs: tables on the terminal, JSON, plots, and a part of a page."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from trainer.evaluation.page import rewrite
from trainer.evaluation.plots import plots

TITLES = {
    "next_basket": "Next basket",
    "7_days": "All products of the next 7 days",
    "28_days": "All products of the next 28 days",
    "explore": "Explore: products new to the household, next basket",
}
"""What a task is called; another length of window is called by its name."""
HEADINGS = {
    "recall_10": "R10",
    "ndcg_10": "N10",
    "hit_rate_10": "HR10",
    "repeat_recall_10": "Rrep10",
    "explore_recall_10": "Rexp10",
    "coverage": "cov",
}
"""Columns of a task's table on a terminal; the JSON has every metric."""
LEGEND = (
    "Of the ten products recommended: R10 share of what was bought that they hold (recall), N10 the same "
    "weighted by rank (NDCG), HR10 share of households with a hit; Rrep10 and Rexp10 recall of what the "
    "household had bought before and of what was new to it; cov share of the catalogue recommended."
)
"""What the headings mean."""


def number(value: float | None) -> str:
    """Four decimals, or nothing where there is no number."""
    return "" if value is None else f"{value:.4f}"


def tables(told: Mapping[str, Any]) -> Iterable[Table]:
    """Lay out every task, what its headings mean, and the cold starts."""
    for task, methods in told["tasks"].items():
        table = titled(TITLES.get(task, task), HEADINGS.values())
        for name, values in methods.items():
            table.add_row(name, *(number(values[metric]) for metric in HEADINGS))
        yield table
    yield legend()
    if told["cold_start"]:
        yield cold_table(told["cold_start"])


def legend() -> Table:
    """Lay out what the headings mean, as a table of one cell, which is wrapped like the others."""
    table = Table.grid()
    table.add_row(LEGEND)
    return table


def titled(title: str, columns: Iterable[str]) -> Table:
    """Begin a table of one row a method."""
    table = Table(title=title, title_justify="left")
    table.add_column("method", overflow="fold")
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def cold_table(cold_start: Mapping[str, Any]) -> Table:
    """Recall of the next basket by shopping days kept."""
    title = "Cold start: recall@10 of the next basket, by last shopping days kept"
    table = titled(title, cold_start)
    for name in next(iter(cold_start.values())):
        values = (methods[name]["recall_10"] for methods in cold_start.values())
        table.add_row(name, *(number(value) for value in values))
    return table


def write(told: Mapping[str, Any], out: Path | None, page: Path | None) -> list[Path]:
    """Write JSON and plots to a folder, and tables into a page; return what was written.

    The same evaluation gives the same bytes.

    Raises:
        InvalidFile: the page has no marked part.
        OSError: a file cannot be written.
    """
    written = []
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        path = out / "evaluation.json"
        path.write_text(json.dumps(told, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        written = [path, *plots(told, out)]
    if page is not None:
        rewrite(page, told)
        written.append(page)
    return written
