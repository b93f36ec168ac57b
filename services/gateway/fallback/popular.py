"""The last known popular products: what stands in when candidate_gen is away."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from restock.core.product_filter import ProductFilter


@dataclass(frozen=True, eq=False)
class PopularList:
    """Columns, best first; entry i of each belongs to the same product."""

    product_ids: list[str]
    """Each once."""
    scores: list[float]
    """Popularity, 0 to 1."""
    categories: list[str]
    """Empty for a product without one."""
    prices: list[float]
    """Median unit price in the shop's currency, NaN when unknown."""
    place_of: dict[str, int] = field(init=False, repr=False)
    """Position of a product id."""

    def __post_init__(self) -> None:
        """Index the ids."""
        places = {product: place for place, product in enumerate(self.product_ids)}
        object.__setattr__(self, "place_of", places)

    def passes(self, product_id: str, within: ProductFilter | None) -> bool:
        """Tell whether a product is known to be inside a filter; an unknown one is not."""
        if within is None:
            return True
        place = self.place_of.get(product_id)
        if place is None:
            return False
        if within.categories and self.categories[place] not in within.categories:
            return False
        return in_bounds(self.prices[place], within)

    def inside(self, within: ProductFilter | None) -> Iterator[tuple[str, float]]:
        """Products inside a filter with their popularity, best first."""
        for product_id, score in zip(self.product_ids, self.scores, strict=True):
            if self.passes(product_id, within):
                yield product_id, score


def in_bounds(price: float, within: ProductFilter) -> bool:
    """Tell whether a price is inside a filter's bounds; NaN passes only when there are none."""
    low, high = within.min_price, within.max_price
    # Comparisons with NaN are false, so an unknown price fails each bound that is set.
    return (low is None or price >= low) and (high is None or price <= high)


NOTHING_POPULAR = PopularList([], [], [], [])
"""Before any list was ever seen."""
