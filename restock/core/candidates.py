"""Level 1: from the whole catalogue to a few hundred candidates with their score parts."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from restock.core import als, item_cf, signals
from restock.core.arrays import Floats, Longs, Mask
from restock.core.attention import NO_VIEWS, Views, attention
from restock.core.blend import BLENDED, SOURCES, Strategy, blend, resolve, source_weights
from restock.core.catalogue import Catalogue
from restock.core.popularity import decay
from restock.core.purchase_days import NO_DAYS, PurchaseDays
from restock.core.scoring import score_pool
from restock.tuning_config import TuningConfig


@dataclass(frozen=True, eq=False)
class History:
    """What a shopper bought: parallel columns, one entry a product."""

    rows: Longs
    """(products,) int64: catalogue row, -1 for a product that the catalogue does not hold."""
    purchase_counts: Floats
    """(products,) float32: days on which it was bought."""
    first_days: Floats
    """(products,) float32: first of them."""
    last_days: Floats
    """(products,) float32: last of them."""
    units: Floats
    """(products,) float32: units in all."""
    spend: Floats
    """(products,) float32: money in all, in the shop's currency."""
    days: PurchaseDays = NO_DAYS
    """On which days each was bought; what does not ask for single days works without."""


@dataclass(frozen=True, eq=False)
class Query:
    """One request to level 1."""

    history: History
    """The shopper's purchases."""
    context_rows: Longs
    """Catalogue rows of what the shopper looks at and then of what lies in the cart, -1 for unknown: a
    signal, never a candidate."""
    blocked_rows: Longs
    """Catalogue rows that must not be candidates beside the context's."""
    mask: Mask | None
    """(items,) bool: rows that may be candidates; None lets all."""
    strategy: Strategy
    """How to find and score."""
    as_of_day: int
    """The day for which to recommend, counted from 1970-01-01."""
    tuning: TuningConfig
    """All knobs."""
    views: Views = NO_VIEWS
    """What the shopper looked at of late: a weaker signal, and may be a candidate."""


@dataclass(frozen=True, eq=False)
class Level1:
    """A model version, ready to answer. Not to be used by two threads at once."""

    catalogue: Catalogue
    item_factors: Floats
    """(items, factors) float32."""
    gram: Floats
    """`als.gramian` of the factors."""
    index: als.FactorIndex
    """Search over the factors."""
    neighbours: np.ndarray
    """(items, neighbours) int32, -1 where there are fewer."""
    neighbour_weights: Floats
    """(items, neighbours) float32."""
    popular_rows: Longs
    """All rows, most popular first."""
    newcomer_rows: Longs
    """All rows in the order for a shopper without history: `newcomer_popularity`, then popularity."""
    newcomer_popularity: Floats
    """(items,) float32: popularity, 0 above the median price (seed)."""
    workspace: item_cf.Workspace
    """Scratch arrays."""


@dataclass(frozen=True, eq=False)
class CandidateList:
    """Level 1's answer, best first, in parallel columns."""

    strategy: Strategy
    """The strategy that answered."""
    rows: Longs
    """(candidates,) int64, catalogue rows, each once."""
    parts: dict[str, Floats]
    """(candidates,) float32 by source, in the order of `SOURCES`, weighted; their sum is the level-1
    score."""
    anchors: Longs
    """(candidates,) int64: which signal gave item-CF most: a position in the history, then, counting
    on, in the context, then in the views; -1 for none."""
    history_positions: Longs
    """(candidates,) int64: position in the history, -1 when never bought."""


@dataclass(frozen=True, eq=False)
class Signals:
    """Purchases, context and views that the catalogue knows, as one list."""

    rows: Longs
    strengths: Floats
    positions: Longs
    """Place in the history, then, counting on, in the context, then in the views."""
    strongest: Longs
    """Which of them item-CF hears: at most `item_cf_history`."""


@dataclass(frozen=True, eq=False)
class Found:
    """What the models say of a shopper, before any item is chosen."""

    user: Floats
    """(factors,) float32, folded in."""
    touched: np.ndarray
    """(touched,) int32: rows that item-CF has a sum for in the workspace."""
    own: Floats
    """(products,) float32: score of each product of the history."""


def generate(query: Query, model: Level1) -> CandidateList:
    """Propose by every source, score all proposals by all sources, keep the best.

    A source proposes ``source_candidates`` rows; the shopper's own past products are a source of
    their own. The pool is then scored exactly by each, blended, and cut to ``candidate_count``.
    """
    heard = signals_of(query, model.catalogue)
    strategy = resolve(query.strategy, len(heard.rows) > 0, False, False)
    user = als.fold_in(
        model.item_factors, model.gram, heard.rows, heard.strengths, query.tuning.als_alpha
    )
    strongest, space = heard.strongest, model.workspace
    touched = item_cf.add_neighbours(
        model.neighbours, model.neighbour_weights, heard.rows[strongest], heard.strengths[strongest],
        space.gains, space.touched,
    )  # fmt: skip
    try:
        own = history_scores(query)
        found = Found(user, space.touched[:touched], own)
        pool = pool_of(query, model, strategy, found)
        return ranked(query, model, strategy, found, pool, heard.positions[strongest])
    finally:
        item_cf.forget(space.gains, space.touched, touched)


def signals_of(query: Query, catalogue: Catalogue) -> Signals:
    """Strengths of all purchases, context products and recent views that the catalogue knows.

    Context products are equally strong: where item-CF does not hear them all, the first ones count.
    """
    history, tuning = query.history, query.tuning
    prices = signals.unit_prices(history.spend, history.units)
    average = signals.average_price(prices, history.purchase_counts)
    known = np.flatnonzero(history.rows >= 0)
    rows = history.rows[known]
    bought = signals.strengths(
        prices[known], average, history.units[known], catalogue.average_units[rows],
        history.purchase_counts[known], tuning,
    )  # fmt: skip
    if not (len(query.context_rows) or len(query.views.rows)):
        strongest = item_cf.strongest_first(bought, tuning.item_cf_history)
        return Signals(rows, bought, known, strongest)
    now = attention(query.context_rows, query.views, query.as_of_day, tuning)
    strengths = np.concatenate([bought, now.strengths])
    return Signals(
        np.concatenate([rows, now.rows]),
        strengths,
        np.concatenate([known, now.positions + len(history.rows)]),
        np.argsort(-strengths, kind="stable")[: tuning.item_cf_history],
    )


def pool_of(query: Query, model: Level1, strategy: Strategy, found: Found) -> Longs:
    """Rows that any source of the strategy proposes, each once, none that is not allowed."""
    proposals = [PROPOSALS[name](query, model, found) for name in PROPOSERS[strategy]]
    blocked = np.concatenate([query.blocked_rows, query.context_rows])
    return np.asarray(
        item_cf.distinct(
            np.concatenate(proposals), blocked[blocked >= 0], model.workspace.positions
        )
    )


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

    For a shopper without history those at or below the median price come first (seed).
    """
    order = model.popular_rows if len(query.history.rows) else model.newcomer_rows
    if query.mask is not None:
        order = order[query.mask[order]]
    wanted = max(query.tuning.source_candidates, query.tuning.candidate_count)
    return order[: wanted + len(query.blocked_rows) + len(query.context_rows)]


def by_history(query: Query, model: Level1, found: Found) -> Longs:
    """The shopper's own products, most frequent and recent first."""
    best = item_cf.strongest_first(found.own, query.tuning.history_candidates)
    rows = query.history.rows[best]
    rows = rows[rows >= 0]
    return rows if query.mask is None else rows[query.mask[rows]]


Propose = Callable[[Query, Level1, Found], Longs]
PROPOSALS: dict[str, Propose] = {
    "history": by_history,
    "als": by_als,
    "item_cf": by_item_cf,
    "popularity": by_popularity,
}
"""Every source. A new one is one line here, and its name in the strategies that it proposes to."""
PROPOSERS: dict[Strategy, tuple[str, ...]] = {
    Strategy.ALS: ("history", "als", "popularity"),
    Strategy.ITEM_CF: ("history", "item_cf", "popularity"),
    Strategy.POPULARITY: ("popularity",),
    Strategy.HYBRID: ("history", "als", "item_cf", "popularity"),
}
"""Who proposes under a strategy, in the order in which equal scores are kept; popularity always does,
so that a page can be filled."""


def history_scores(query: Query) -> Floats:
    """Own purchase frequency, halved for every half-life since the last purchase, (products,)."""
    age = np.maximum(np.float32(query.as_of_day) - query.history.last_days, 0)
    return query.history.purchase_counts * decay(age, query.tuning.history_half_life_days)


def ranked(
    query: Query, model: Level1, strategy: Strategy, found: Found, pool: Longs, heard: Longs
) -> CandidateList:
    """Score the pool by every source, blend, and keep the best.

    Args:
        query: the request.
        model: the model version.
        strategy: decides the sources' weights.
        found: what the models say of the shopper.
        pool: (pool,) int64 rows, each once.
        heard: history position of each signal that item-CF was given.
    """
    space = model.workspace
    scores, owned, anchors = score_pool(
        pool, found.user, model.item_factors, space.gains, popularity_for(query, model),
        query.history.rows, found.own, heard, space.positions,
    )  # fmt: skip
    parts = blend(scores, source_weights(strategy, query.tuning))
    best = np.argsort(-parts.sum(axis=0), kind="stable")[: query.tuning.candidate_count]
    return CandidateList(
        strategy=strategy,
        rows=pool[best],
        parts=parts_of(parts[:, best]),
        anchors=anchors[best],
        history_positions=owned[best],
    )


def parts_of(blended: Floats) -> dict[str, Floats]:
    """Name the parts of candidates that no ranker scored, (sources, candidates) float32 of `BLENDED`."""
    nothing = np.zeros(blended.shape[1], np.float32)
    return dict.fromkeys(SOURCES, nothing) | dict(zip(BLENDED, blended, strict=True))


def popularity_for(query: Query, model: Level1) -> Floats:
    """Popularity as it counts for this shopper, (items,) float32."""
    return model.catalogue.popularity if len(query.history.rows) else model.newcomer_popularity
