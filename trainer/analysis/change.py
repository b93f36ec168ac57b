"""What a model change moved: two versions, the same households, the same histories, the same day."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from restock.artifacts.bundle import Bundle
from restock.artifacts.manifest import Manifest
from restock.artifacts.profiles import ProfileTable
from restock.core import segments
from restock.core.arrays import Floats, Longs
from restock.core.catalogue import NO_CATEGORY
from trainer.analysis.coverage import exposure, product
from trainer.analysis.figures import day_name, share
from trainer.analysis.pages import NO_PRODUCT, PAGE_SIZE, Pages
from trainer.analysis.segments import household_segments

PERSISTENCE = 0.8
"""Of rank-biased overlap: the chance to look at the next product, so that the first counts most."""
MOVED_MOST = 10
"""Products and categories listed each way."""


@dataclass(frozen=True)
class Moved:
    """A product or category that has more or fewer places on pages than before."""

    item_id: str
    """Empty for a category."""
    name: str
    category: str
    before: int
    """Places on all pages of the older version."""
    after: int
    """Places on those of the newer."""


@dataclass(frozen=True)
class SegmentChange:
    """What a segment's pages have in common."""

    name: str
    households: int
    overlap: float
    """Share of the five products that both pages show, averaged."""


@dataclass(frozen=True)
class Change:
    """The section on a model change."""

    before: str
    """The version compared with."""
    after: str
    """The version reported on."""
    households: int
    """Households whose pages were compared."""
    overlap: float | None
    """Share of the five products that both pages show, averaged over households."""
    rank_biased_overlap: float | None
    """The same with the first places counting most, 0 to 1."""
    in_common: tuple[int, ...]
    """Households whose pages have 0, 1, .. 5 products in common."""
    by_segment: tuple[SegmentChange, ...]
    """By the newer version's segments."""
    price_before: float | None
    """Mean price on the older version's pages, by the newer version's prices where known."""
    price_after: float | None
    """Mean price on the newer version's pages."""
    repeat_share_before: float | None
    """Share of places with a product that the household bought before, older version."""
    repeat_share_after: float | None
    """The same, newer version."""
    gained: tuple[Moved, ...]
    """Products with the most new places."""
    lost: tuple[Moved, ...]
    """Products that lost the most."""
    categories_gained: tuple[Moved, ...]
    """Categories with the most new places."""
    categories_lost: tuple[Moved, ...]
    """Categories that lost the most."""
    knobs: dict[str, tuple[Any, Any]]
    """Knobs that differ: before, after."""
    data: dict[str, tuple[Any, Any]]
    """What the versions were learned from: before, after."""
    items_new: int
    """Products that only the newer catalogue holds."""
    items_gone: int
    """Products that only the older one holds."""


def change(
    before: Bundle, after: Bundle, profiles: ProfileTable, households: Longs,
    pages: tuple[Pages, Pages],
) -> Change:  # fmt: skip
    """Compare pages.

    Args:
        before: the version compared with.
        after: the version reported on.
        profiles: of the newer version, whose histories both versions were asked with.
        households: (households,) int64: positions in them.
        pages: of the older version, then of the newer.
    """
    old, new = (named(bundle, page) for bundle, page in zip((before, after), pages, strict=True))
    matches = matched(old, new)
    common = matches.any(axis=2).sum(axis=1)
    items, categories = moved_items(before, after, pages), moved_categories(before, after, pages)
    old_ids, new_ids = set(before.catalogue.item_ids), set(after.catalogue.item_ids)
    return Change(
        before=before.version,
        after=after.version,
        households=len(households),
        overlap=share(float(common.sum()), len(common) * PAGE_SIZE),
        rank_biased_overlap=share(float(rank_biased(matches).sum()), len(common)),
        in_common=tuple(np.bincount(common, minlength=PAGE_SIZE + 1).tolist()),
        by_segment=by_segment(after, profiles, households, common),
        price_before=mean_price(old, after),
        price_after=mean_price(new, after),
        repeat_share_before=repeat_share(pages[0]),
        repeat_share_after=repeat_share(pages[1]),
        gained=winners(items),
        lost=losers(items),
        categories_gained=winners(categories),
        categories_lost=losers(categories),
        knobs=differing(before.manifest.tuning, after.manifest.tuning),
        data=differing(facts(before.manifest), facts(after.manifest), every=True),
        items_new=len(new_ids - old_ids),
        items_gone=len(old_ids - new_ids),
    )


def named(bundle: Bundle, pages: Pages) -> np.ndarray:
    """Item ids of pages, (households, 5) object, an empty text where a page is short."""
    ids = np.array([*bundle.catalogue.item_ids, ""], object)
    return np.asarray(ids[pages.rows])  # NO_PRODUCT is -1, which picks the empty text


def matched(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Tell which places of two pages hold the same product, (households, 5, 5) bool."""
    return np.asarray((old[:, :, None] == new[:, None, :]) & (old[:, :, None] != ""))


def rank_biased(matches: np.ndarray) -> Floats:
    """Rank-biased overlap (Webber et al. 2010) cut at five and brought to 0..1, (households,) float64."""
    depths = range(1, PAGE_SIZE + 1)
    agreed = [matches[:, :depth, :depth].sum(axis=(1, 2)) / depth for depth in depths]
    weights = PERSISTENCE ** np.arange(PAGE_SIZE)
    return np.asarray(np.stack(agreed, axis=1) @ weights / weights.sum())


def by_segment(
    after: Bundle, profiles: ProfileTable, households: Longs, common: Longs
) -> tuple[SegmentChange, ...]:
    """Average overlap by segment; a segment without a household is left out."""
    codes = household_segments(profiles, after.catalogue.segment_cuts)[households]
    return tuple(
        SegmentChange(name, int(members.sum()), float(common[members].mean() / PAGE_SIZE))
        for code, name in enumerate(segments.SEGMENTS)
        if (members := codes == code).any()
    )


def mean_price(page: np.ndarray, bundle: Bundle) -> float | None:
    """Mean price of the products on pages, in the shop's currency; None where none is known."""
    rows = bundle.catalogue.rows(page.ravel().tolist())
    prices = bundle.catalogue.price[rows[rows >= 0]]
    known = prices[~np.isnan(prices)]
    return float(known.mean(dtype=np.float64)) if len(known) else None


def repeat_share(pages: Pages) -> float | None:
    """Share of places with a product that the household bought before."""
    return share(int(pages.repeats.sum()), int((pages.rows != NO_PRODUCT).sum()))


def moved_items(before: Bundle, after: Bundle, pages: tuple[Pages, Pages]) -> tuple[Moved, ...]:
    """Products whose places changed, the largest gain first; equal ones by id."""
    places: dict[str, list[int]] = {}
    facts_of: dict[str, tuple[str, str, str]] = {}
    for side, (bundle, page) in enumerate(zip((before, after), pages, strict=True)):
        shown = exposure(page, len(bundle.catalogue))
        for row in np.flatnonzero(shown).tolist():
            described = product(bundle, row)
            facts_of[described[0]] = described
            places.setdefault(described[0], [0, 0])[side] = int(shown[row])
    moves = [Moved(*facts_of[item], *counts) for item, counts in places.items()]
    return ordered(moves)


def moved_categories(
    before: Bundle, after: Bundle, pages: tuple[Pages, Pages]
) -> tuple[Moved, ...]:
    """Categories whose places changed, the largest gain first; equal ones by name."""
    places: dict[str, list[int]] = {}
    for side, (bundle, page) in enumerate(zip((before, after), pages, strict=True)):
        catalogue = bundle.catalogue
        codes = catalogue.category[page.rows[page.rows != NO_PRODUCT]]
        for code, count in zip(*np.unique(codes, return_counts=True), strict=True):
            name = "" if code == NO_CATEGORY else catalogue.categories[code]
            places.setdefault(name, [0, 0])[side] = int(count)
    return ordered([Moved("", name, name, *counts) for name, counts in places.items()])


def ordered(moves: list[Moved]) -> tuple[Moved, ...]:
    """The largest gain first; equal ones by id and name."""
    return tuple(
        sorted(moves, key=lambda move: (move.before - move.after, move.item_id, move.name))
    )


def winners(moves: tuple[Moved, ...]) -> tuple[Moved, ...]:
    """Those that gained most, of what is ordered."""
    return tuple(move for move in moves if move.after > move.before)[:MOVED_MOST]


def losers(moves: tuple[Moved, ...]) -> tuple[Moved, ...]:
    """Those that lost most, the largest loss first."""
    return tuple(move for move in moves[::-1] if move.after < move.before)[:MOVED_MOST]


def facts(manifest: Manifest) -> dict[str, Any]:
    """What a version was learned from, for people to read; without dates no days."""
    days = {
        "first_day": day_name(manifest.trained_from_day),
        "last_day": day_name(manifest.trained_through_day),
    }
    return (days if manifest.dated else {}) | {
        "rows_read": manifest.data_quality.get("raw_rows"),
        "purchases": manifest.purchases,
        "users": manifest.users,
        "items": manifest.items,
        "median_price": manifest.median_price,
    }


def differing(
    before: dict[str, Any], after: dict[str, Any], every: bool = False
) -> dict[str, tuple[Any, Any]]:
    """Pairs of values that differ, by name; all of them if wanted."""
    names = sorted(before.keys() | after.keys()) if not every else list(after)
    pairs = {name: (before.get(name), after.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if every or pair[0] != pair[1]}
