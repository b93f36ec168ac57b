"""The generated part of a Markdown page: tables of an evaluation between two marks."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
CHANGES = {
    "next basket": {"R10": ("next_basket", "recall_10"), "N10": ("next_basket", "ndcg_10")},
    "other tasks": {
        "28 days N10": ("28_days", "ndcg_10"),
        "explore R10": ("explore", "recall_10"),
    },
}
"""Task and metric of each column that is compared with the reference."""


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
    parts = (f"### {title}\n\n{table}" for title, table in sections(told))
    return "\n\n".join([cutoff_lines(told), *parts])


def sections(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Title and table of all that was judged."""
    tasks, cold_start, reference = told["tasks"], told["cold_start"], told["reference"]
    for task, (title, columns) in SECTIONS.items():
        if task in tasks:
            yield title, task_table(tasks[task], columns)
    for title, compared in CHANGES.items():
        yield f"Against the reference: {title}", change_table(told, compared)
    yield "Recall of the next basket by cut-off", cutoff_table(told)
    yield "Recall of the next basket by length of history", history_table(told["by_history"])
    if told["rules"]:
        yield "What the rules do to the recall of the next basket", rules_table(told["rules"])
    if cold_start:
        yield "Cold start", cold_table(cold_start)
    if any(reference in methods for methods in cold_start.values()):
        yield f"Cold start, to {reference}", cold_change_table(cold_start)


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


def change_table(told: Mapping[str, Any], columns: Mapping[str, tuple[str, str]]) -> str:
    """Metrics with intervals, each with its difference to the reference.

    Args:
        told: the evaluation.
        columns: task and metric by heading; of a task that was not judged there is none.
    """
    known = {head: of for head, of in columns.items() if of[0] in told["tasks"]}
    head = ["method"]
    for name in known:
        head += [f"{name} [95%]", f"to {told['reference']}"]
    rows = []
    for method in told["tasks"]["next_basket"]:
        row = [method]
        for task, metric in known.values():
            values = told["tasks"][task][method]
            row.append(with_interval(values[metric], values[f"{metric}_interval"]))
            row.append(percent(values.get(f"{metric}_change")))
        rows.append(row)
    return markdown(head, rows)


def cutoff_table(told: Mapping[str, Any]) -> str:
    """Recall of the next basket, cut-off by cut-off."""
    rows = (
        (name, *(decimals(mean) for mean in values["by_cutoff"]["recall_10"]))
        for name, values in told["tasks"]["next_basket"].items()
    )
    return markdown(("method", *(cut["day"] for cut in told["cutoffs"])), rows)


def rules_table(strategies: Mapping[str, Mapping[str, Any]]) -> str:
    """How much more or less recall a strategy has with a rule than without, a row a rule."""
    names = dict.fromkeys(rule for rules in strategies.values() for rule in rules)
    rows = ((rule, *(percent(rules.get(rule)) for rules in strategies.values())) for rule in names)
    return markdown(("rule", *strategies), rows)


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
    return by_days_kept(cold_start, lambda values: decimals(values["recall_10"]))


def cold_change_table(cold_start: Mapping[str, Any]) -> str:
    """The same as a difference to the reference."""
    return by_days_kept(cold_start, lambda values: percent(values.get("recall_10_change")))


def by_days_kept(cold_start: Mapping[str, Any], cell: Callable[[Mapping[str, Any]], str]) -> str:
    """One row a method, one column a number of shopping days kept."""
    first = next(iter(cold_start.values()))
    rows = ((name, *(cell(methods[name]) for methods in cold_start.values())) for name in first)
    heads = ("1 day" if days == "1" else f"{days} days" for days in cold_start)
    return markdown(("method", *heads), rows)


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
