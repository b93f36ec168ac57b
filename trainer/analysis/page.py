"""The report written down: one HTML file that needs nothing else, and one JSON file."""

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from restock.artifacts.whole_file import whole_file
from trainer.analysis.data_quality import REASONS
from trainer.analysis.figures import plain
from trainer.analysis.plots import (
    Plot,
    curve_plot,
    gaps_plot,
    intervals_plot,
    overlap_plot,
    segments_plot,
    slopes_plot,
)
from trainer.analysis.report import Report

TEMPLATES = Path(__file__).with_name("templates")
HTML = "report.html"
JSON = "report.json"
UNKNOWN = "–"
"""What stands where there is no number."""
MINUS = "\N{MINUS SIGN}"


def write_report(report: Report, folder: Path) -> tuple[Path, Path]:
    """Write both files into a folder, which is made where it is missing; name them.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    html, data = folder / HTML, folder / JSON
    for path, text in ((html, page(report)), (data, data_of(report))):
        with whole_file(path) as file:
            file.write(text.encode())
    return html, data


def data_of(report: Report) -> str:
    """Write the report as JSON; its keys are the fields of the sections' dataclasses."""
    return json.dumps(plain(report), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def page(report: Report) -> str:
    """Write the report as HTML. Whatever a data file says is escaped; nothing in it runs."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= FILTERS
    return templates.get_template("report.html").render(
        report=report, plots=plots_of(report), reasons=REASONS
    )


def plots_of(report: Report) -> dict[str, Plot]:
    """Draw what there is to draw, by name."""
    plots = {
        "segments": segments_plot(report.segments),
        "gaps": gaps_plot(report.repurchase),
        "curve": curve_plot(report.coverage),
    }
    if report.elasticity is not None and report.elasticity.items:
        plots["slopes"] = slopes_plot(report.elasticity)
        plots["intervals"] = intervals_plot(report.elasticity)
    if report.change is not None:
        plots["overlap"] = overlap_plot(report.change)
    return plots


def count(value: int | None) -> str:
    """Write a whole number, as in 1,441,448."""
    return UNKNOWN if value is None else f"{value:,}"


def percent(value: float | None, digits: int = 1) -> str:
    """Write a share, as in 98.1%."""
    return UNKNOWN if value is None else f"{value:.{digits}%}"


def number(value: float | None, digits: int = 2) -> str:
    """Write a number with digits behind the point, as in 1,441.50."""
    return UNKNOWN if value is None else f"{value:,.{digits}f}".replace("-", MINUS)


def difference(value: int) -> str:
    """Write by how many a count changed, as in +1,441."""
    return f"{value:+,}".replace("-", MINUS)


def value(anything: float | str | None) -> str:
    """Write a knob or a fact as it is, whole numbers with separators."""
    if anything is None:
        return UNKNOWN
    return f"{anything:,}" if isinstance(anything, int) else f"{anything}"


def words(name: str) -> str:
    """Write a key for people to read: insufficient_evidence is insufficient evidence."""
    return name.replace("_", " ")


FILTERS = {
    "count": count,
    "percent": percent,
    "number": number,
    "difference": difference,
    "value": value,
    "words": words,
}
"""How templates write numbers and keys."""
