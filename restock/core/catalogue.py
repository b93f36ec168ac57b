"""What is known of every item: one column a fact, one row an item."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from restock.core.arrays import Floats, Ints, Longs, Mask
from restock.core.item_lookup import ItemLookup
from restock.core.product_filter import ProductFilter

NO_CATEGORY = -1
"""Category code of an item without a category."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Item columns of one model version; row i of each belongs to `item_ids[i]`."""

    item_ids: list[str]
    """Item ids, each once; the trainer puts those most bought first."""
    item_names: list[str]
    """Names for people to read; empty where the retailer gave none."""
    categories: list[str]
    """Category names; a category code is a position in it."""
    category: Ints
    """(items,) int32: category code, `NO_CATEGORY` for none."""
    price: Floats
    """(items,) float32: median unit price in the shop's currency, NaN when unknown."""
    average_units: Floats
    """(items,) float32: mean units of a purchase, above 0."""
    popularity: Floats
    """(items,) float32: time-decayed purchases and buyers, 0 to 1, the highest is 1."""
    cycle_days: Floats
    """(items,) float32: the item's repurchase cycle in days, shrunk towards its category's."""
    segment_affinity: Floats
    """(items, 4) float32: a segment's share of the item's buyers over its share of all, shrunk to 1."""
    segment_cuts: tuple[float, float, float]
    """Spend of an average shopping day at which the next segment begins, ascending."""
    median_price: float
    """Median unit price over all purchases, in the shop's currency; NaN when no price is known."""
    lookup: ItemLookup = field(init=False, repr=False)
    """Rows by item id."""
    median_cycle_days: float = field(init=False, repr=False)
    """Median of `cycle_days`, which stands in for a product's that is not here; NaN without items."""

    def __post_init__(self) -> None:
        """Index the ids, and take the median once rather than by request."""
        object.__setattr__(self, "lookup", ItemLookup(self.item_ids))
        median = float(np.median(self.cycle_days)) if self.cycle_days.size else float("nan")
        object.__setattr__(self, "median_cycle_days", median)

    def __len__(self) -> int:
        """Count the items."""
        return len(self.item_ids)

    def rows(self, item_ids: Iterable[str]) -> Longs:
        """Rows of ids, (ids,) int64, -1 for an unknown one."""
        return self.lookup.rows(item_ids)

    def unknown(self, item_ids: Iterable[str]) -> list[str]:
        """Ids that the catalogue does not hold, each once, in the order given."""
        distinct = list(dict.fromkeys(item_ids))
        rows = self.rows(distinct).tolist()
        return [item for item, row in zip(distinct, rows, strict=True) if row < 0]


def allowed(catalogue: Catalogue, wanted: ProductFilter) -> Mask:
    """Tell which items pass a filter, (items,) bool; an unknown price passes no price bound."""
    mask = np.ones(len(catalogue), np.bool_)
    if wanted.categories:
        codes = [
            code for code, name in enumerate(catalogue.categories) if name in wanted.categories
        ]
        mask &= np.isin(catalogue.category, codes)
    # A bound beyond float32 is infinite there, which lets the same prices through.
    with np.errstate(over="ignore"):
        if wanted.min_price is not None:
            mask &= catalogue.price >= wanted.min_price
        if wanted.max_price is not None:
            mask &= catalogue.price <= wanted.max_price
    return mask


class FilterMasks:
    """Masks of one catalogue by filter, the last few kept: shops send the same filters again."""

    KEPT = 64

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._masks: dict[ProductFilter, Mask] = {}

    def get(self, wanted: ProductFilter) -> Mask | None:
        """Return the rows that pass, (items,) bool; None for a filter that lets all through."""
        if not wanted:
            return None
        mask = self._masks.pop(wanted, None)
        if mask is None:
            mask = allowed(self._catalogue, wanted)
        if len(self._masks) >= self.KEPT:
            del self._masks[next(iter(self._masks))]
        self._masks[wanted] = mask
        return mask
