"""Candidates without candidate_gen: the shopper's own products, then what sells."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from restock.core.product_filter import ProductFilter
from services.gateway.fallback.popular import PopularList

MAX_OWN = 150
"""Own products that stand in at most, so that there is room for others."""
MAX_STAND_INS = 300
"""As many as candidate_gen finds by default."""


class StandIn(NamedTuple):
    """One candidate: its parts of the score, and what the shopper did with it."""

    product_id: str
    popularity: float
    """0 to 1."""
    history: float = 0.0
    """Above 1 for an own product, so that it comes before the popular ones; else 0."""
    purchase_count: int = 0
    first_day: int = 0
    last_day: int = 0


@dataclass(frozen=True, eq=False)
class OwnProducts:
    """What a shopper bought, as in the profile; entry i of each column is the same product."""

    product_ids: Sequence[str]
    purchase_counts: Sequence[int]
    first_days: Sequence[int]
    last_days: Sequence[int]

    def best_first(self) -> list[int]:
        """Positions by purchase count, then by recency."""
        counts, days = np.array(self.purchase_counts), np.array(self.last_days)
        order: list[int] = np.lexsort((-days, -counts)).tolist()
        return order


def stand_ins(
    own: OwnProducts,
    popular: PopularList,
    included: Sequence[str],
    within: ProductFilter | None,
    allows: Callable[[str], bool],
) -> list[StandIn]:
    """Choose candidates, best first, each once.

    Args:
        own: the shopper's products.
        popular: the last known popular products.
        included: the only ones that may be answered; empty allows all.
        within: filter that a product must be known to pass.
        allows: whether the request's lists let a product through.
    """
    chosen: dict[str, StandIn] = {}
    for row in [*_own(own, popular, within, allows), *_popular(popular, within, allows)]:
        chosen.setdefault(row.product_id, row)
    if within is None:
        # The caller named them: they are better than a short page.
        for product_id in filter(allows, included):
            chosen.setdefault(product_id, StandIn(product_id, 0.0))
    return list(chosen.values())[:MAX_STAND_INS]


def _own(
    own: OwnProducts,
    popular: PopularList,
    within: ProductFilter | None,
    allows: Callable[[str], bool],
) -> Iterator[StandIn]:
    """Own products in order, at most `MAX_OWN`."""
    left, most = MAX_OWN, max(own.purchase_counts, default=1) or 1
    for place in own.best_first():
        product_id = own.product_ids[place]
        if not (allows(product_id) and popular.passes(product_id, within)):
            continue
        count = own.purchase_counts[place]
        days = own.first_days[place], own.last_days[place]
        yield StandIn(product_id, 0.0, 1 + count / most, count, *days)
        left -= 1
        if not left:
            return


def _popular(
    popular: PopularList, within: ProductFilter | None, allows: Callable[[str], bool]
) -> Iterator[StandIn]:
    """Popular products in order."""
    for product_id, score in popular.inside(within):
        if allows(product_id):
            yield StandIn(product_id, score)
