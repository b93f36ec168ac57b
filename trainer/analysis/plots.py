"""Plots of the report, as SVG images that a page can hold. No text of a data file is drawn."""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from restock.core.elasticity import CLASSES, INSUFFICIENT
from trainer.analysis.change import Change
from trainer.analysis.coverage import Coverage
from trainer.analysis.elasticity import ElasticitySection
from trainer.analysis.repurchase import Repurchase, Unit
from trainer.analysis.segments import Segments

STYLE: Any = {
    "svg.hashsalt": "restock",
    "svg.fonttype": "path",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e3e3",
    "text.parse_math": False,
}
"""The same numbers give the same bytes."""
WIDTH_INCHES, HEIGHT_INCHES = 4.8, 3.0
"""Narrow, so that letters are still letters on a phone."""
OURS, SEEDS = "#1b6ca8", "#d1813b"
CLASS_COLOURS = ("#b3402e", "#6b6b6b", "#2b7a4b", "#c9c9c9")
"""In the order of `CLASSES`."""
SLOPE_LIMIT = 6.0
"""Slopes beyond it are drawn at it."""
SLOPE_BINS = 49
BAR_WIDTH = 0.4
THOUSANDS = "{x:,.0f}"


@dataclass(frozen=True)
class Plot:
    """An image and what it shows."""

    source: str
    """A data URI: SVG inside a page cannot run anything as an image."""
    text: str
    """What it shows, in words."""


def drawn(draw: Callable[[Axes], None], text: str) -> Plot:
    """Draw on a fresh figure of the house's size."""
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), layout="constrained")
        draw(figure.add_subplot())
        written = io.BytesIO()
        canvas: Any = FigureCanvasSVG(figure)  # its printer has no types
        canvas.print_svg(written, metadata={"Date": None, "Creator": None})
    image = base64.b64encode(written.getvalue()).decode()
    return Plot(f"data:image/svg+xml;base64,{image}", text)


def slopes_plot(section: ElasticitySection) -> Plot:
    """Our estimates beside the seed's slopes of the same products."""
    bins = np.linspace(-SLOPE_LIMIT, SLOPE_LIMIT, SLOPE_BINS).tolist()
    ours = [item.elasticity for item in section.items]
    naive = [item.naive for item in section.items]

    def draw(axes: Axes) -> None:
        for values, colour, label in (
            (naive, SEEDS, "naive slope"),
            (ours, OURS, "promotion and season held"),
        ):
            held = np.clip(values, -SLOPE_LIMIT, SLOPE_LIMIT)
            axes.hist(held, bins=bins, histtype="step", linewidth=1.8, color=colour, label=label)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set(xlabel=f"elasticity (beyond ±{SLOPE_LIMIT:.0f} drawn at it)", ylabel="products")
        axes.legend(frameon=False, fontsize=8)

    text = (
        f"Histogram of {section.estimated:,} products: the naive slope has a median of "
        f"{section.median_naive or 0:.2f}, the estimate with promotion and season held constant one "
        f"of {section.median_elasticity or 0:.2f}."
    )
    return drawn(draw, text)


def intervals_plot(section: ElasticitySection) -> Plot:
    """Interval of every product that has a class."""
    certain = [item for item in section.items if item.classified != CLASSES[INSUFFICIENT]]
    certain.sort(key=lambda item: item.elasticity)

    def draw(axes: Axes) -> None:
        for code, name in enumerate(CLASSES[:INSUFFICIENT]):
            rows = [row for row, item in enumerate(certain) if item.classified == name]
            if not rows:
                continue
            axes.hlines(
                rows,
                [certain[row].low for row in rows],
                [certain[row].high for row in rows],
                color=CLASS_COLOURS[code],
                linewidth=0.8,
                label=f"{name} ({len(rows)})",
            )
            points = [certain[row].elasticity for row in rows]
            axes.plot(points, rows, ".", markersize=2, color=CLASS_COLOURS[code])
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set(xlabel="elasticity, with its interval", ylabel="products, in order")
        if certain:
            axes.legend(frameon=False, fontsize=8)

    text = f"Estimates and intervals of the {len(certain)} products with a class, most sensitive first."
    return drawn(draw, text)


def segments_plot(section: Segments) -> Plot:
    """Share of households and of revenue by segment."""
    names = [segment.name for segment in section.segments]
    households = [100 * (segment.household_share or 0) for segment in section.segments]
    revenue = [100 * (segment.revenue_share or 0) for segment in section.segments]
    places = np.arange(len(names))

    def draw(axes: Axes) -> None:
        axes.bar(places - BAR_WIDTH / 2, households, BAR_WIDTH, color=SEEDS, label="households")
        axes.bar(places + BAR_WIDTH / 2, revenue, BAR_WIDTH, color=OURS, label="revenue")
        axes.set_xticks(places, names)
        axes.set(ylabel="%")
        axes.legend(frameon=False, fontsize=8)

    told = ", ".join(
        f"{name} {part:.0f}% and {money:.0f}%"
        for name, part, money in zip(names, households, revenue, strict=True)
    )
    return drawn(draw, f"Share of households and of revenue by segment: {told}.")


def gaps_plot(section: Repurchase) -> Plot:
    """How long until a household buys a product again."""
    counts, width, units = section.gaps_by_bin, section.bin_width, f"{section.unit}s"
    ends = [(place + 1) * width for place in range(len(counts))]

    def draw(axes: Axes) -> None:
        axes.bar(ends, counts, width * 2 * BAR_WIDTH, color=OURS)
        axes.yaxis.set_major_formatter(THOUSANDS)
        label = f"{units} to the next purchase, up to (last: over {ends[-2]})"
        axes.set(xlabel=label, ylabel="gaps")

    middle = section.gap_quantiles.get("p50", 0)
    bins = "weeks" if section.unit is Unit.DAY else units
    return drawn(
        draw, f"Histogram of {section.gaps:,} gaps in {bins}; the median is {middle:.0f} {units}."
    )


def curve_plot(section: Coverage) -> Plot:
    """Concentration of pages and of purchases."""
    catalogue = np.linspace(0, 100, max(len(section.curve_shown), len(section.curve_bought), 2))

    def draw(axes: Axes) -> None:
        axes.plot(catalogue[[0, -1]], catalogue[[0, -1]], ":", color="black", label="all alike")
        for curve, colour, label in (
            (section.curve_bought, SEEDS, "purchases"),
            (section.curve_shown, OURS, "pages"),
        ):
            if curve:
                axes.plot(catalogue, 100 * np.array(curve), color=colour, label=label)
        axes.set(xlabel="% of the catalogue, least first", ylabel="% of the total")
        axes.legend(frameon=False, fontsize=8)

    text = (
        f"Lorenz curves: Gini {section.gini_shown or 0:.3f} of places on pages and "
        f"{section.gini_bought or 0:.3f} of purchases."
    )
    return drawn(draw, text)


def overlap_plot(section: Change) -> Plot:
    """Products that two versions' pages have in common."""
    counts = section.in_common

    def draw(axes: Axes) -> None:
        axes.bar(range(len(counts)), counts, 2 * BAR_WIDTH, color=OURS)
        axes.yaxis.set_major_formatter(THOUSANDS)
        axes.set(xlabel="products in common, of five", ylabel="households")

    told = ", ".join(f"{common}: {count:,}" for common, count in enumerate(counts))
    return drawn(draw, f"Households by products in common on both pages: {told}.")
