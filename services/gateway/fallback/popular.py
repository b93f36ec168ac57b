"""The last known popular products: what stands in when candidate_gen is away."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from restock.core.arrays import Floats, Ints, Longs, Mask
from restock.core.product_filter import ProductFilter


@dataclass(frozen=True, eq=False)
class PopularList:
    """Columns, best first; entry i of each belongs to the same product."""

    product_ids: list[str]
    """Each once."""
    place_of: dict[str, int]
    """Position of a product id."""
    scores: Floats
    """(products,) float32: popularity, 0 to 1."""
    categories: list[str]
    """Category names; a code is a position in it."""
    category: Ints
    """(products,) int32: category code; that of the empty name for a product without one."""
    prices: Floats
    """(products,) float32: median unit price in the shop's currency, NaN when unknown."""
    median_price: float
    """Median unit price over all purchases, in the shop's currency; NaN when no price is known."""
    whole: bool
    """Whether these are all products that there are: then one that is not listed is unknown."""
    category_names: frozenset[str] = field(init=False, repr=False)
    """The same names, to look one up."""
    newcomer_order: Longs = field(init=False, repr=False)
    """(products,) int64: all places, those of sellers at or below the median price first (seed)."""
    newcomer_scores: Floats = field(init=False, repr=False)
    """(products,) float32: popularity, 0 above the median price or where a price is unknown."""

    def __post_init__(self) -> None:
        """Work out what is looked up; those that a newcomer can afford come first, as in level 1."""
        order, scores = np.arange(len(self.product_ids)), self.scores
        if self.median_price > 0:
            scores = np.where(self.prices <= self.median_price, scores, np.float32(0))
        first = scores > 0
        object.__setattr__(self, "category_names", frozenset(self.categories))
        object.__setattr__(self, "newcomer_order", np.concatenate([order[first], order[~first]]))
        object.__setattr__(self, "newcomer_scores", scores)

    def mask(self, within: ProductFilter | None) -> Mask | None:
        """Tell which products are inside a filter, (products,) bool; None when all are.

        As level 1 does: bounds are compared as float32, and an unknown price passes none.
        """
        if within is None:
            return None
        mask = np.ones(len(self.product_ids), np.bool_)
        if within.categories:
            wanted = np.array([name in within.categories for name in self.categories], np.bool_)
            mask &= wanted[self.category]
        # A bound beyond float32 is infinite there, which lets the same prices through.
        with np.errstate(over="ignore"):
            if within.min_price is not None:
                mask &= self.prices >= np.float32(within.min_price)
            if within.max_price is not None:
                mask &= self.prices <= np.float32(within.max_price)
        return mask

    def mask_of(self, product_ids: Iterable[str]) -> Mask:
        """Tell which products are among some ids, (products,) bool."""
        mask = np.zeros(len(self.product_ids), np.bool_)
        mask[[self.place_of[one] for one in product_ids if one in self.place_of]] = True
        return mask

    def passes(self, product_id: str, mask: Mask | None) -> bool:
        """Tell whether a product is known to be inside; one that is not listed may be, without a filter."""
        place = self.place_of.get(product_id)
        if place is None:
            return mask is None and not self.whole
        return mask is None or bool(mask[place])

    def best(self, mask: Mask | None, count: int, newcomer: bool = False) -> Longs:
        """Places of the first products inside a mask, (at most `count`,) int64, best first.

        Args:
            mask: (products,) bool; None lets all through.
            count: most places.
            newcomer: whether the order is that for a shopper without purchases.
        """
        if newcomer:
            order = self.newcomer_order
            return (order if mask is None else order[mask[order]])[:count]
        if mask is None:
            return np.arange(min(count, len(self.product_ids)))
        return np.flatnonzero(mask)[:count]

    def unknown(self, product_ids: Iterable[str]) -> tuple[str, ...]:
        """Ids that no product has, each once, in the order given; none when the list is not whole."""
        if not self.whole:
            return ()
        return tuple(one for one in dict.fromkeys(product_ids) if one not in self.place_of)

    def unknown_categories(self, names: Iterable[str]) -> tuple[str, ...]:
        """Names that no category has, each once, in the order given; none when the list is not whole."""
        if not self.whole:
            return ()
        return tuple(one for one in dict.fromkeys(names) if one not in self.category_names)


NO_NUMBERS = np.empty(0, np.float32)
NOTHING_POPULAR = PopularList(
    [], {}, NO_NUMBERS, [], np.empty(0, np.int32), NO_NUMBERS, float("nan"), whole=False
)
"""Before any list was ever seen."""
