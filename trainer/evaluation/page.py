"""The generated part of a Markdown page: tables of an evaluation between two marks."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from restock.errors import InvalidFile

BEGIN, END = "<!-- evaluate:begin -->", "<!-- evaluate:end -->"
"""Marks; what stands between them is written anew."""
FULL = {
    "recall_5": "R5", "recall_10": "R10", "ndcg_5": "N5", "ndcg_10": "N10", "map_10": "MAP10",
    "hit_rate_10": "HR10", "repeat_recall_10": "Rrep10", "explore_recall_10": "Rexp10",
    "repeat_share_10": "repeats", "coverage": "coverage",
}  # fmt: skip
SHORT = {
    "recall_5": "R5", "recall_10": "R10", "ndcg_10": "N10", "hit_rate_10": "HR10", "coverage": "coverage",
}  # fmt: skip
SECTIONS = {
    "next_basket": ("Next basket", FULL),
    "28_days": ("All products of the next 28 days", FULL),
    "7_days": ("All products of the next 7 days", SHORT),
    "explore": ("Explore: products new to the household, next basket", SHORT),
}
"""Title and columns of each task."""


def rewrite(path: Path, told: Mapping[str, Any]) -> None:
    """Put an evaluation between the marks of a page.

    Raises:
        InvalidFile: the marks are not both there, in their order.
    """
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise InvalidFile(path, f"the marks {BEGIN} and {END} are needed")
    path.write_text(f"{before}{BEGIN}\n{generated(told)}\n{END}{after}", encoding="utf-8")


def generated(told: Mapping[str, Any]) -> str:
    """Write all tables."""
    parts = [cutoff_lines(told)]
    for task, (title, columns) in SECTIONS.items():
        if task in told["tasks"]:
            parts += [f"### {title}", task_table(told["tasks"][task], columns)]
    parts += ["### Against the reference", change_table(told)]
    parts += ["### By length of history", history_table(told["by_history"])]
    if told["cold_start"]:
        parts += ["### Cold start", cold_table(told["cold_start"])]
    return "\n\n".join(parts)


def cutoff_lines(told: Mapping[str, Any]) -> str:
    """Say at which cut-offs how many households were judged."""
    cutoffs = ((cut["day"], cut["households"], cut["catalogue_items"]) for cut in told["cutoffs"])
    rows = [(day, f"{households:,}", f"{items:,}") for day, households, items in cutoffs]
    return markdown(("cut-off", "households", "catalogue"), rows)


def task_table(methods: Mapping[str, Any], columns: Mapping[str, str]) -> str:
    """One row a method."""
    rows = (
        (name, *(decimals(values[metric]) for metric in columns))
        for name, values in methods.items()
    )
    return markdown(("method", *columns.values()), rows)


def change_table(told: Mapping[str, Any]) -> str:
    """Recall and NDCG of the next basket with intervals, and the difference to the reference."""
    head = (
        "method",
        "R10 [95%]",
        f"to {told['reference']}",
        "N10 [95%]",
        f"to {told['reference']}",
    )
    rows = (
        (
            name,
            with_interval(values["recall_10"], values["recall_10_interval"]),
            percent(values.get("recall_10_change")),
            with_interval(values["ndcg_10"], values["ndcg_10_interval"]),
            percent(values.get("ndcg_10_change")),
        )
        for name, values in told["tasks"]["next_basket"].items()
    )
    return markdown(head, rows)


def history_table(by_history: Mapping[str, Any]) -> str:
    """Recall of the next basket by shopping days before the cut-off."""
    sizes = zip(by_history["groups"], by_history["households"], strict=True)
    head = ("method", *(f"{name} days ({count:,})" for name, count in sizes))
    rows = (
        (name, *(decimals(group[0]) for group in groups))
        for name, groups in by_history["methods"].items()
    )
    return markdown(head, rows)


def cold_table(cold_start: Mapping[str, Any]) -> str:
    """Recall of the next basket by shopping days kept."""
    first = next(iter(cold_start.values()))
    rows = (
        (name, *(decimals(methods[name]["recall_10"]) for methods in cold_start.values()))
        for name in first
    )
    return markdown(("method", *(f"{days} days" for days in cold_start)), rows)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def decimals(value: float | None) -> str:
    """Four decimals, or nothing where there is no number."""
    return "" if value is None else f"{value:.4f}"


def with_interval(value: float | None, bounds: Sequence[float | None]) -> str:
    """Write a value and its interval."""
    return f"{decimals(value)} [{', '.join(decimals(bound) for bound in bounds)}]"


def percent(change: Sequence[float | None] | None) -> str:
    """Write a relative difference and its interval; nothing where there is no reference."""
    if change is None or None in change:
        return ""
    value, low, high = (f"{100 * (part or 0):+.1f}" for part in change)
    return f"{value}% [{low}, {high}]"
