"""Candidates without candidate_gen: the shopper's own products, then what sells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from restock.core.arrays import Longs, Mask
from services.gateway.fallback.popular import PopularList

if TYPE_CHECKING:
    from services.gateway.query import Query

MAX_OWN = 100
"""Own products that stand in at most: a whole page, and room for as many others."""
MAX_STAND_INS = 200
"""As many as candidate_gen finds by default."""


@dataclass(frozen=True, eq=False)
class OwnProducts:
    """What a shopper bought, as in the profile; entry i of each column is the same product."""

    product_ids: Sequence[str]
    purchase_counts: Longs
    """(products,) int64."""
    first_days: Sequence[int]
    """Counted from 1970-01-01."""
    last_days: Longs
    """(products,) int64, counted from 1970-01-01."""

    def best_first(self) -> list[int]:
        """Positions by purchase count, then by recency."""
        order: list[int] = np.lexsort((-self.last_days, -self.purchase_counts)).tolist()
        return order


@dataclass(slots=True)
class StandIns:
    """Candidates, best first, each once: own products, then others."""

    product_ids: list[str]
    popularity: list[float]
    """0 to 1; 0 for own products, so that their history alone counts."""
    history: list[float] = field(default_factory=list)
    """Above 1, so that they come before the popular ones; as many as there are own products."""
    purchase_counts: list[int] = field(default_factory=list)
    """As many as there are own products; so the days."""
    first_days: list[int] = field(default_factory=list)
    last_days: list[int] = field(default_factory=list)


def stand_ins(own: OwnProducts, popular: PopularList, query: Query) -> StandIns:
    """Choose at most `MAX_STAND_INS` candidates.

    Args:
        own: the shopper's products; without any the shopper is a newcomer.
        popular: the last known popular products.
        query: its lists and its filter are never violated; what is not known to pass a filter does not.
    """
    mask = popular.mask(query.within)
    mine = _own(own, popular, mask, query)
    chosen = [own.product_ids[position] for position in mine]
    places = _places(own, popular, mask, query, MAX_STAND_INS - len(mine))
    scores = _scores(popular, places, newcomer=not own.product_ids)
    others = [popular.product_ids[place] for place in places]
    if mask is None and not popular.whole:
        # The caller named them, and they may be known: they are better than a short page.
        named = dict.fromkeys(filter(query.allows, query.request.include_product_ids))
        room = MAX_STAND_INS - len(chosen) - len(others)
        others += [one for one in named if one not in popular.place_of and one not in chosen][:room]
    zeros = [0.0] * (len(others) - len(scores))
    counts = own.purchase_counts[mine]
    most = own.purchase_counts.max(initial=1)
    return StandIns(
        product_ids=chosen + others,
        popularity=[0.0] * len(chosen) + scores + zeros,
        history=(1 + counts / most).tolist(),
        purchase_counts=counts.tolist(),
        first_days=[own.first_days[position] for position in mine],
        last_days=own.last_days[mine].tolist(),
    )


def _own(own: OwnProducts, popular: PopularList, mask: Mask | None, query: Query) -> list[int]:
    """Positions of own products that are let through, in order, at most `MAX_OWN`."""
    chosen: dict[str, int] = {}
    for position in own.best_first():
        product_id = own.product_ids[position]
        if query.allows(product_id) and popular.passes(product_id, mask):
            chosen.setdefault(product_id, position)
            if len(chosen) == MAX_OWN:
                break
    return list(chosen.values())


def _places(
    own: OwnProducts, popular: PopularList, mask: Mask | None, query: Query, count: int
) -> list[int]:
    """Places of the first products that are let through and not the shopper's own."""
    passed_over = query.blocked.union(own.product_ids)
    if query.included:
        included = popular.mask_of(query.included)
        mask = included if mask is None else included & mask
    newcomer = not own.product_ids
    places = popular.best(mask, count + len(passed_over), newcomer).tolist()
    ids = popular.product_ids
    return list(islice((place for place in places if ids[place] not in passed_over), count))


def _scores(popular: PopularList, places: list[int], newcomer: bool) -> list[float]:
    """Popularity as it counts for this shopper, by place.

    A newcomer who filters above the median price is told what sells there, as by level 1.
    """
    scores = popular.newcomer_scores[places] if newcomer else popular.scores[places]
    counted: list[float] = (scores if scores.any() else popular.scores[places]).tolist()
    return counted
