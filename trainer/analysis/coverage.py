"""Catalogue coverage: how much of what the shop sells the served pages show, and to whom."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restock.artifacts.bundle import Bundle
from restock.artifacts.profiles import ProfileTable
from restock.core.arrays import Longs
from restock.core.catalogue import NO_CATEGORY
from trainer.analysis.figures import share
from trainer.analysis.pages import NO_PRODUCT, Pages

HEAD_SHARE = 0.01
"""Share of the catalogue that counts as its head: the most bought products."""
SHOWN_MOST = 10
"""Products listed as shown most."""
CURVE_POINTS = 51
"""Points of the concentration curve."""


@dataclass(frozen=True)
class Shown:
    """A product and how many pages show it."""

    item_id: str
    name: str
    category: str
    pages: int


@dataclass(frozen=True)
class Coverage:
    """What the pages of the known households show."""

    households: int
    """Households with a page."""
    households_known: int
    """Households of the version; more than `households` where they were sampled."""
    slots: int
    """Products on all pages together."""
    items: int
    """Products of the catalogue."""
    items_shown: int
    """Products on at least one page."""
    item_coverage: float | None
    """Share of the catalogue that is shown."""
    categories: int
    """Categories of the catalogue."""
    categories_shown: int
    """Categories with a product on a page."""
    category_coverage: float | None
    """Share of them."""
    gini_shown: float | None
    """Concentration of the pages over the whole catalogue: 0 all alike, 1 one product."""
    gini_bought: float | None
    """The same of the purchases that the version was learned from."""
    head_items: int
    """Products that are the most bought hundredth of the catalogue."""
    head_share_shown: float | None
    """Share of all slots that they have."""
    head_share_bought: float | None
    """Share of all purchases that they have."""
    repeat_share: float | None
    """Share of all slots with a product that the household bought before."""
    most_shown: tuple[Shown, ...]
    """Products on the most pages."""
    curve_shown: tuple[float, ...]
    """Share of slots of the least shown 0, 2, .. 100% of the catalogue."""
    curve_bought: tuple[float, ...]
    """Share of purchases of the least bought 0, 2, .. 100%."""


def coverage(bundle: Bundle, profiles: ProfileTable, pages: Pages) -> Coverage:
    """Measure what pages show against what there is and what is bought."""
    catalogue = bundle.catalogue
    shown = exposure(pages, len(catalogue))
    bought = np.bincount(profiles.item_rows, profiles.purchase_counts, len(catalogue)).astype(float)
    head = np.argsort(-bought, kind="stable")[: max(round(len(catalogue) * HEAD_SHARE), 1)]
    category = catalogue.category[shown > 0]
    in_category = len(np.unique(category[category != NO_CATEGORY]))
    slots = int(shown.sum())
    return Coverage(
        households=len(pages.rows),
        households_known=len(profiles.user_ids),
        slots=slots,
        items=len(catalogue),
        items_shown=int((shown > 0).sum()),
        item_coverage=share(int((shown > 0).sum()), len(catalogue)),
        categories=len(catalogue.categories),
        categories_shown=in_category,
        category_coverage=share(in_category, len(catalogue.categories)),
        gini_shown=gini(shown),
        gini_bought=gini(bought),
        head_items=len(head),
        head_share_shown=share(float(shown[head].sum()), slots),
        head_share_bought=share(float(bought[head].sum()), float(bought.sum())),
        repeat_share=share(int(pages.repeats.sum()), slots),
        most_shown=most_shown(bundle, shown),
        curve_shown=curve(shown),
        curve_bought=curve(bought),
    )


def exposure(pages: Pages, items: int) -> NDArray[np.float64]:
    """Pages that show each product, (items,) float64."""
    rows = pages.rows[pages.rows != NO_PRODUCT]
    return np.bincount(rows, minlength=items).astype(np.float64)


def gini(amounts: NDArray[np.float64]) -> float | None:
    """Gini coefficient: 0 where all have the same, towards 1 where one has all; None of nothing."""
    in_order = np.sort(amounts)
    total = in_order.sum()
    if not total > 0:
        return None
    count = len(in_order)
    ranks = np.arange(1, count + 1)
    return float((2 * ranks - count - 1) @ in_order / (count * total))


def curve(amounts: NDArray[np.float64]) -> tuple[float, ...]:
    """Lorenz curve: share of the total that the smallest shares of the entries have; empty of nothing."""
    sums = np.append(0.0, np.cumsum(np.sort(amounts)))
    if not sums[-1] > 0:
        return ()
    places = np.linspace(0, len(amounts), CURVE_POINTS)
    return tuple(np.interp(places, np.arange(len(sums)), sums / sums[-1]).tolist())


def most_shown(bundle: Bundle, shown: NDArray[np.float64]) -> tuple[Shown, ...]:
    """List the products on the most pages; equal ones in the catalogue's order."""
    order: Longs = np.argsort(-shown, kind="stable")[:SHOWN_MOST]
    return tuple(
        Shown(*product(bundle, row), int(shown[row])) for row in order.tolist() if shown[row]
    )


def product(bundle: Bundle, row: int) -> tuple[str, str, str]:
    """Id, name and category of a catalogue row."""
    catalogue = bundle.catalogue
    code = int(catalogue.category[row])
    category = "" if code == NO_CATEGORY else catalogue.categories[code]
    return catalogue.item_ids[row], catalogue.item_names[row], category
