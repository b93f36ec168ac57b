"""Level 1: from the whole catalogue to a few hundred candidates with their score parts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from restock.core import als, item_cf, signals
from restock.core.arrays import Floats, Longs, Mask
from restock.core.attention import NO_VIEWS, Views, attention
from restock.core.blend import BLENDED, SOURCES, Strategy, blend, resolve, source_weights
from restock.core.catalogue import Catalogue
from restock.core.learned.features import Evidence, feature_rows
from restock.core.learned.features import by_affinity as affinity_rows
from restock.core.learned.item_table import ItemTable
from restock.core.learned.own_features import Bought
from restock.core.learned.ranker import Ranker
from restock.core.novelty import best_of_both
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
    novelty: float | None = None
    """Share of products new to the shopper that level 2 is going to keep; None lets the scores decide."""


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
    table: ItemTable | None = None
    """What the ranker knows of items; None where none was learned."""
    ranker: Ranker | None = None
    """The learned ranker; None where a model version has none."""


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
    variants: Mask | None = None
    """(candidates,) bool: another size or flavour of what was bought; None where novelty is not asked for."""


@dataclass(frozen=True, eq=False)
class Signals:
    """Purchases, context and views that the catalogue knows, as one list."""

    rows: Longs
    strengths: Floats
    positions: Longs
    """Place in the history, then, counting on, in the context, then in the views."""
    strongest: Longs
    """Which of them item-CF hears: at most `item_cf_history`."""


class Scored(NamedTuple):
    """A pool scored by every source."""

    scores: Floats
    """(sources, pool) float32 in the order of `BLENDED`, on the sources' own scales."""
    owned: Longs
    """(pool,) int64: position in the history, -1 when never bought."""
    anchors: Longs
    """(pool,) int64, as in `CandidateList`."""


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
    their own. The pool is then scored exactly by each, blended or learned, and cut to
    ``candidate_count``.
    """
    heard, ranker = signals_of(query, model.catalogue), model.ranker
    leads = ranker is not None and ranker.leads
    strategy = resolve(query.strategy, len(heard.rows) > 0, ranker is not None, leads)
    pool, scored = examined(query, model, strategy, heard)
    return ranked(query, model, strategy, pool, scored)


def examined(
    query: Query, model: Level1, strategy: Strategy, heard: Signals
) -> tuple[Longs, Scored]:
    """Find the pool of a request, (pool,) int64 rows, and what every source says of it."""
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
        return pool, scored_by_all(query, model, found, pool, heard.positions[strongest])
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
    pool = distinct_rows(query, model, proposals)
    if strategy is Strategy.LEARNED and len(pool) < query.tuning.candidate_count:
        pool = distinct_rows(query, model, [pool, by_popularity(query, model, found)])
    return pool


def distinct_rows(query: Query, model: Level1, proposals: list[Longs]) -> Longs:
    """Rows of all proposals, each once, none that is blocked."""
    blocked = np.concatenate([query.blocked_rows, query.context_rows])
    found = item_cf.distinct(
        np.concatenate(proposals), blocked[blocked >= 0], model.workspace.positions
    )
    return np.asarray(found)


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


def history_scores(query: Query) -> Floats:
    """Own purchase frequency, halved for every half-life since the last purchase, (products,)."""
    age = np.maximum(np.float32(query.as_of_day) - query.history.last_days, 0)
    return query.history.purchase_counts * decay(age, query.tuning.history_half_life_days)


def scored_by_all(query: Query, model: Level1, found: Found, pool: Longs, heard: Longs) -> Scored:
    """Score the pool by every source.

    Args:
        query: the request.
        model: the model version.
        found: what the models say of the shopper.
        pool: (pool,) int64 rows, each once.
        heard: history position of each signal that item-CF was given.
    """
    space = model.workspace
    return Scored(
        *score_pool(
            pool, found.user, model.item_factors, space.gains, popularity_for(query, model),
            query.history.rows, found.own, heard, space.positions,
        )
    )  # fmt: skip


def ranked(
    query: Query, model: Level1, strategy: Strategy, pool: Longs, scored: Scored
) -> CandidateList:
    """Blend the sources' scores, or let the ranker score anew, and keep the best."""
    parts = np.zeros((len(SOURCES), len(pool)), np.float32)
    if strategy is Strategy.LEARNED and model.ranker is not None:
        rows = ranker_rows(query, model, pool, scored)
        parts[-1] = model.ranker.chances(rows, scored.owned)
    else:
        parts[: len(BLENDED)] = blend(scored.scores, source_weights(strategy, query.tuning))
    variants = variants_of(query, model, pool, scored.owned)
    best = kept_of(query, parts.sum(axis=0), scored.owned, variants)
    return CandidateList(
        strategy=strategy,
        rows=pool[best],
        parts=dict(zip(SOURCES, parts[:, best], strict=True)),
        anchors=scored.anchors[best],
        history_positions=scored.owned[best],
        variants=None if variants is None else variants[best],
    )


def variants_of(query: Query, model: Level1, pool: Longs, owned: Longs) -> Mask | None:
    """Tell which new products are of the same kind and brand as one bought; None unless novelty is high."""
    table = model.table
    if table is None or query.novelty is None or query.novelty < query.tuning.variant_novelty:
        return None
    own = query.history.rows[query.history.rows >= 0]
    return (owned < 0) & np.isin(kinds_and_brands(table, pool), kinds_and_brands(table, own))


def kinds_and_brands(table: ItemTable, rows: Longs) -> Longs:
    """One number for the kind and brand of each row; one of its own where either is unknown."""
    kinds, brands = table.kinds[rows].astype(np.int64), table.brands[rows].astype(np.int64)
    known = (kinds >= 0) & (brands >= 0)
    return np.where(known, kinds * (int(table.brands.max(initial=0)) + 1) + brands, -1 - rows)


def kept_of(query: Query, scores: Floats, owned: Longs, variants: Mask | None) -> Longs:
    """Positions of the candidates that level 2 is given, (candidates,) int64, best first."""
    count = query.tuning.candidate_count
    if query.novelty is None:
        return np.argsort(-scores, kind="stable")[:count]
    known = owned >= 0 if variants is None else (owned >= 0) | variants
    return best_of_both(scores, known, count, query.novelty)


def ranker_rows(query: Query, model: Level1, pool: Longs, scored: Scored) -> Floats:
    """Make the rows that the ranker scores, (pool, `FEATURES`) float32: when it learns and when it serves.

    Raises:
        ValueError: the model version has no item table.
    """
    if model.table is None:
        raise ValueError("a ranker without its item table")
    evidence = Evidence(pool, scored.owned, scored.scores[0], scored.scores[1])
    return feature_rows(
        bought_of(query), evidence, model.table, model.catalogue.median_cycle_days, query.as_of_day
    )


def bought_of(query: Query) -> Bought:
    """The purchases as the ranker takes them; later ones count as made on the day asked for."""
    history = query.history
    days = np.minimum(history.days.days, query.as_of_day).astype(np.int32)
    return Bought(history.rows, history.days.starts, days, history.units, history.spend)


def popularity_for(query: Query, model: Level1) -> Floats:
    """Popularity as it counts for this shopper, (items,) float32."""
    return model.catalogue.popularity if len(query.history.rows) else model.newcomer_popularity
