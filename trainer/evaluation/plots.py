"""Plots of an evaluation, as SVG that is the same for the same numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

SALT: Any = {"svg.hashsalt": "restock", "svg.fonttype": "none"}
"""Ids inside the file depend on nothing but this, and letters stay text."""
ROW_INCHES, WIDTH_INCHES = 0.24, 8.0
COMPARED = (
    "popularity",
    "GP-TopFreq",
    "TIFU-KNN",
    "EASE",
    "seed hybrid",
    "served HYBRID, no rules",
    "served LEARNED",
    "served LEARNED, no rules",
)
"""Methods whose recall is drawn by length of history, where they were judged."""


def plots(told: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw recall by method and by length of history; return the files written."""
    drawn = {"recall_by_method": by_method(told), "recall_by_history": by_history(told)}
    return [save(figure, folder / f"{name}.svg") for name, figure in drawn.items()]


def by_method(told: Mapping[str, Any]) -> Figure:
    """Recall@10 of the next basket with its interval, a row a method, best on top."""
    methods = told["tasks"]["next_basket"]
    names = sorted(methods, key=lambda name: methods[name]["recall_10"] or 0)
    figure = Figure((WIDTH_INCHES, 1 + ROW_INCHES * len(names)), layout="constrained")
    axes = figure.subplots()
    for row, name in enumerate(names):
        low, high = methods[name]["recall_10_interval"]
        colour = "C1" if name.startswith("served") else "C0"
        axes.plot([low or 0, high or 0], [row, row], color=colour)
        axes.plot([methods[name]["recall_10"] or 0], [row], "o", color=colour, markersize=4)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xlim(left=0)
    axes.grid(axis="x", alpha=0.3)
    axes.set_xlabel("recall@10 of the next basket, 95% interval; what serves in orange")
    return figure


def by_history(told: Mapping[str, Any]) -> Figure:
    """Recall@10 of the next basket by shopping days before the cut-off, a line a method."""
    groups = told["by_history"]["groups"]
    figure = Figure((WIDTH_INCHES, WIDTH_INCHES / 2), layout="constrained")
    axes = figure.subplots()
    drawn = 0
    for name, values in told["by_history"]["methods"].items():
        if name in COMPARED:
            means = [float("nan") if mean is None else mean for mean, _, _ in values]
            axes.plot(groups, means, "o-", label=name, markersize=4)
            drawn += 1
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", alpha=0.3)
    axes.set_xlabel("shopping days before the cut-off")
    axes.set_ylabel("recall@10 of the next basket")
    if drawn:
        figure.legend(fontsize=8, loc="outside right center")
    return figure


def save(figure: Figure, path: Path) -> Path:
    """Write a figure without the time of day."""
    with rc_context(SALT):
        figure.savefig(path, format="svg", metadata={"Date": None})
    return path
