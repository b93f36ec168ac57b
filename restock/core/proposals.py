"""Who proposes candidates: each source is one function here and one line in `PROPOSALS`."""

from collections.abc import Callable

import numpy as np

from restock.core import item_cf
from restock.core.arrays import Longs
from restock.core.blend import Strategy
from restock.core.learned.features import by_affinity as affinity_rows
from restock.core.request import Found, Level1, Query, bought_of


def by_als(query: Query, model: Level1, found: Found) -> Longs:
    """Rows of the largest inner product with the user's factors."""
    count = query.tuning.source_candidates
    if query.mask is None:
        return model.index.search(found.user, count)[0]
    allowed = np.flatnonzero(query.mask)
    scores = model.item_factors[allowed] @ found.user
    return allowed[item_cf.strongest_first(scores, count)]


def by_item_cf(query: Query, model: Level1, found: Found) -> Longs:
    """Rows that item-CF scores highest."""
    touched = found.touched
    if query.mask is not None:
        touched = touched[query.mask[touched]]
    best = item_cf.best_touched(model.workspace.gains, touched, query.tuning.source_candidates)
    return np.asarray(best)


def by_popularity(query: Query, model: Level1, found: Found) -> Longs:
    """Most popular rows; so many that blocked ones leave enough for a whole answer.

    Where a share is to be new, own products leave enough too. For a shopper without history those at or
    below the median price come first (seed).
    """
    order = model.popular_rows if len(query.history.rows) else model.newcomer_rows
    if query.mask is not None:
        order = order[query.mask[order]]
    wanted = max(query.tuning.source_candidates, query.tuning.candidate_count)
    spare = len(query.blocked_rows) + len(query.context_rows)
    if query.novelty is not None:
        spare += len(query.history.rows)
    return order[: wanted + spare]


def by_history(query: Query, model: Level1, found: Found) -> Longs:
    """The shopper's own products, most frequent and recent first."""
    return own_rows(query, found, query.tuning.history_candidates)


def by_long_history(query: Query, model: Level1, found: Found) -> Longs:
    """The same, as many as the ranker is to choose among."""
    return own_rows(query, found, query.tuning.learned_history)


def own_rows(query: Query, found: Found, count: int) -> Longs:
    """Rows of at most so many products of the history, most frequent and recent first."""
    best = item_cf.strongest_first(found.own, count)
    rows = query.history.rows[best]
    rows = rows[rows >= 0]
    return rows if query.mask is None else rows[query.mask[rows]]


def by_affinity(query: Query, model: Level1, found: Found) -> Longs:
    """New products of the kinds that the shopper buys."""
    if model.table is None:
        return np.empty(0, np.int64)
    count = query.tuning.learned_affinity
    rows: Longs = affinity_rows(bought_of(query), model.table, query.as_of_day, count)
    return rows if query.mask is None else rows[query.mask[rows]]


def by_novelty(query: Query, model: Level1, found: Found) -> Longs:
    """What most shoppers bought for the first time of late."""
    if model.table is None:
        return np.empty(0, np.int64)
    rows = model.table.novelties
    rows = rows if query.mask is None else rows[query.mask[rows]]
    return rows[: query.tuning.learned_novelties]


Propose = Callable[[Query, Level1, Found], Longs]
PROPOSALS: dict[str, Propose] = {
    "history": by_history,
    "long_history": by_long_history,
    "als": by_als,
    "item_cf": by_item_cf,
    "popularity": by_popularity,
    "affinity": by_affinity,
    "novelty": by_novelty,
}
"""Every source. A new one is one line here, and its name in the strategies that it proposes to."""
PROPOSERS: dict[Strategy, tuple[str, ...]] = {
    Strategy.ALS: ("history", "als", "popularity"),
    Strategy.ITEM_CF: ("history", "item_cf", "popularity"),
    Strategy.POPULARITY: ("popularity",),
    Strategy.HYBRID: ("history", "als", "item_cf", "popularity"),
    Strategy.LEARNED: ("long_history", "als", "item_cf", "affinity", "novelty"),
}
"""Who proposes under a strategy, in the order in which equal scores are kept; popularity always does,
so that a page can be filled: for LEARNED only where the others found too few, as each candidate costs."""
