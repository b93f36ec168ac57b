"""Repurchase cycles: how often households buy a product again, and how much of that is seen."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from restock.artifacts.bundle import Bundle
from restock.artifacts.profiles import ProfileTable
from restock.core.arrays import Ints
from restock.core.catalogue import NO_CATEGORY
from trainer.analysis.figures import share
from trainer.medians import group_medians

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
LEAST_GAPS = 100
"""Observed gaps from which a category is listed."""
BINS = 20
"""Bins of the distribution; the last holds all longer gaps."""


class Unit(StrEnum):
    """What gaps and cycles are counted in."""

    DAY = "day"
    BASKET = "basket"
    """Of the household's own, where the file has no dates."""


BIN_WIDTHS = {Unit.DAY: 7, Unit.BASKET: 1}
"""Width of a bin: a week, or a basket."""


@dataclass(frozen=True)
class CategoryCycle:
    """How often the products of a category are bought again."""

    category: str
    gaps: int
    """Observed gaps between a household's purchases of the same product."""
    median_gap: float
    """Median of them."""
    repeat_share: float
    """Share of pairs of household and product that were bought again."""


@dataclass(frozen=True)
class Repurchase:
    """The section on repurchase cycles."""

    unit: Unit
    """What gaps and cycles are counted in."""
    pairs: int
    """Pairs of household and product."""
    repeated_pairs: int
    """Those bought on two days or more: only they have a gap of their own."""
    evidence_share: float | None
    """Their share of all pairs; the others rest on the product's cycle."""
    items: int
    """Products of the catalogue."""
    items_with_gap: int
    """Products of which some household's gap was seen; the others rest on their category's cycle."""
    gaps: int
    """Gaps seen."""
    gap_quantiles: dict[str, float]
    """Quantiles of the gaps."""
    bin_width: int
    """Units of a bin below: 7 days, or 1 basket."""
    gaps_by_bin: tuple[int, ...]
    """Gaps of up to one bin, up to two, ..; the last entry holds all longer ones."""
    cycle_quantiles: dict[str, float]
    """Quantiles of the cycles that serve (shrunk), over the products with a gap."""
    categories: tuple[CategoryCycle, ...]
    """Categories with enough gaps, shortest cycle first."""


def repurchase(bundle: Bundle, profiles: ProfileTable) -> Repurchase:
    """Describe the gaps between purchases, and the cycles learned from them."""
    items, gaps = gaps_of(profiles)
    repeated = profiles.purchase_counts > 1
    with_gap = np.unique(items)
    unit = Unit.DAY if bundle.manifest.dated else Unit.BASKET
    bins = np.minimum((gaps - 1) // BIN_WIDTHS[unit], BINS - 1)
    return Repurchase(
        unit=unit,
        pairs=len(repeated),
        repeated_pairs=int(repeated.sum()),
        evidence_share=share(int(repeated.sum()), len(repeated)),
        items=len(bundle.catalogue),
        items_with_gap=len(with_gap),
        gaps=len(gaps),
        gap_quantiles=quantiles(gaps),
        bin_width=BIN_WIDTHS[unit],
        gaps_by_bin=tuple(np.bincount(bins, minlength=BINS).tolist()),
        cycle_quantiles=quantiles(bundle.catalogue.cycle_days[with_gap]),
        categories=tuple(category_cycles(bundle, profiles, items, gaps)),
    )


def gaps_of(profiles: ProfileTable) -> tuple[Ints, Ints]:
    """Days between successive purchases of a pair: (gaps,) int32 items and (gaps,) int32 days.

    Of baskets in order they are baskets: each counts as a day.
    """
    pairs = np.repeat(np.arange(len(profiles.item_rows)), np.diff(profiles.day_starts))
    same = np.diff(pairs) == 0
    days = np.diff(profiles.days.astype(np.int32))[same]
    return profiles.item_rows[pairs[1:][same]], days


def quantiles(values: np.ndarray) -> dict[str, float]:
    """Quantiles by name, such as p50; none of nothing."""
    if not len(values):
        return {}
    found = np.quantile(values, QUANTILES).tolist()
    return {f"p{level * 100:.0f}": value for level, value in zip(QUANTILES, found, strict=True)}


def category_cycles(
    bundle: Bundle, profiles: ProfileTable, items: Ints, gaps: Ints
) -> list[CategoryCycle]:
    """Describe each category with enough gaps, the shortest median first."""
    names, category = bundle.catalogue.categories, bundle.catalogue.category
    known = category[items] != NO_CATEGORY
    medians, sizes = group_medians(
        category[items[known]], gaps[known].astype(np.float64), len(names)
    )
    of_pair = category[profiles.item_rows]
    repeated = profiles.purchase_counts > 1
    pairs = np.bincount(of_pair[of_pair != NO_CATEGORY], minlength=len(names))
    again = np.bincount(of_pair[repeated & (of_pair != NO_CATEGORY)], minlength=len(names))
    listed = np.flatnonzero(sizes >= LEAST_GAPS)
    listed = listed[np.argsort(medians[listed], kind="stable")]
    return [
        CategoryCycle(
            names[code], int(sizes[code]), float(medians[code]), float(again[code] / pairs[code])
        )
        for code in listed.tolist()
    ]
