"""Level 1: from the whole catalogue to a few hundred candidates with their score parts."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from restock.core import als, item_cf, signals
from restock.core.arrays import Floats, Longs, Mask
from restock.core.blend import Strategy, blend, resolve, source_weights
from restock.core.catalogue import Catalogue
from restock.core.popularity import decay
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


@dataclass(frozen=True, eq=False)
class Query:
    """One request to level 1."""

    history: History
    """The shopper's purchases."""
    context_rows: Longs
    """Catalogue rows of what the shopper looks at, -1 for unknown: a signal, never a candidate."""
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
    affordable_rows: Longs
    """Those at or below the median price, most popular first: for shoppers without history."""
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
    """(candidates,) float32 by source, weighted; their sum is the level-1 score."""
    anchors: Longs
    """(candidates,) int64: which signal gave item-CF most: a position in the history, or, from its
    length on, in the context; -1 for none."""
    history_positions: Longs
    """(candidates,) int64: position in the history, -1 when never bought."""


@dataclass(frozen=True, eq=False)
class Signals:
    """Purchases and context that the catalogue knows, as one list."""

    rows: Longs
    strengths: Floats
    positions: Longs
    """Place in history, or, from its length on, in the context."""


def generate(query: Query, model: Level1) -> CandidateList:
    """Propose by every source, score all proposals by all sources, keep the best.

    A source proposes ``source_candidates`` rows; the shopper's own past products are a source of
    their own. The pool is then scored exactly by each, blended, and cut to ``candidate_count``.
    """
    heard = signals_of(query, model.catalogue)
    strategy = resolve(query.strategy, len(heard.rows) > 0)
    user = als.fold_in(
        model.item_factors, model.gram, heard.rows, heard.strengths, query.tuning.als_alpha
    )
    strongest = item_cf.strongest_first(heard.strengths, query.tuning.item_cf_history)
    space = model.workspace
    touched = item_cf.add_neighbours(
        model.neighbours, model.neighbour_weights, heard.rows[strongest], heard.strengths[strongest],
        space.gains, space.touched,
    )  # fmt: skip
    try:
        pool = pool_of(query, model, strategy, user, space.touched[:touched])
        return ranked(query, model, strategy, user, pool, heard.positions[strongest])
    finally:
        item_cf.forget(space.gains, space.touched, touched)


def signals_of(query: Query, catalogue: Catalogue) -> Signals:
    """Strengths of all purchases and context products that the catalogue knows."""
    history, tuning = query.history, query.tuning
    known = np.flatnonzero(history.rows >= 0)
    prices = signals.unit_prices(history.spend, history.units)
    average = signals.average_price(prices, history.purchase_counts)
    rows = history.rows[known]
    bought = signals.strengths(
        prices[known], average, history.units[known], catalogue.average_units[rows],
        history.purchase_counts[known], tuning,
    )  # fmt: skip
    if not len(query.context_rows):
        return Signals(rows, bought, known)
    seen = np.flatnonzero(query.context_rows >= 0)
    looked = np.full(len(seen), tuning.context_strength, np.float32)
    return Signals(
        np.concatenate([rows, query.context_rows[seen]]),
        np.concatenate([bought, looked]),
        np.concatenate([known, seen + len(history.rows)]),
    )


def pool_of(
    query: Query, model: Level1, strategy: Strategy, user: Floats, touched: np.ndarray
) -> Longs:
    """Rows that any source of the strategy proposes, each once, none that is not allowed."""
    if query.mask is not None:
        touched = touched[query.mask[touched]]
    proposals = [
        propose(query, model, user, touched)
        for name, propose in PROPOSALS.items()
        if name in SOURCES_OF[strategy]
    ]
    blocked = np.concatenate([query.blocked_rows, query.context_rows])
    return np.asarray(
        item_cf.distinct(
            np.concatenate(proposals), blocked[blocked >= 0], model.workspace.positions
        )
    )


def by_als(query: Query, model: Level1, user: Floats, touched: np.ndarray) -> Longs:
    """Rows of the largest inner product with the user's factors."""
    count = query.tuning.source_candidates
    if query.mask is None:
        return model.index.search(user, count)[0]
    allowed = np.flatnonzero(query.mask)
    scores = model.item_factors[allowed] @ user
    return allowed[item_cf.strongest_first(scores, count)]


def by_item_cf(query: Query, model: Level1, user: Floats, touched: np.ndarray) -> Longs:
    """Rows that item-CF scores highest."""
    return item_cf.best_touched(model.workspace.gains, touched, query.tuning.source_candidates)


def by_popularity(query: Query, model: Level1, user: Floats, touched: np.ndarray) -> Longs:
    """Most popular rows; so many that blocked ones leave ``source_candidates``.

    For a shopper without history those at or below the median price come first (seed).
    """
    blocked = len(query.blocked_rows) + len(query.context_rows)
    count = query.tuning.source_candidates + blocked
    order = model.popular_rows
    if not len(query.history.rows):
        order = model.affordable_rows
    if query.mask is None:
        return order[:count]
    within = order[query.mask[order]][:count]
    # A filter is filled up from all prices that it allows.
    return within if len(within) >= count else all_allowed(query.mask, model, within, count)


def all_allowed(mask: Mask, model: Level1, first: Longs, count: int) -> Longs:
    """Rows that pass the mask, `first` ones first, then by popularity."""
    return np.concatenate([first, model.popular_rows[mask[model.popular_rows]][:count]])


def by_history(query: Query, model: Level1, user: Floats, touched: np.ndarray) -> Longs:
    """The shopper's own products, most frequent and recent first."""
    scores = history_scores(query)
    best = item_cf.strongest_first(scores, query.tuning.history_candidates)
    rows = query.history.rows[best]
    rows = rows[rows >= 0]
    return rows if query.mask is None else rows[query.mask[rows]]


Propose = Callable[[Query, Level1, Floats, np.ndarray], Longs]
PROPOSALS: dict[str, Propose] = {
    "history": by_history,
    "als": by_als,
    "item_cf": by_item_cf,
    "popularity": by_popularity,
}
"""Every source, in the order in which equal scores are kept. A new source is one line here."""
SOURCES_OF: dict[Strategy, frozenset[str]] = {
    Strategy.ALS: frozenset({"als", "history", "popularity"}),
    Strategy.ITEM_CF: frozenset({"item_cf", "history", "popularity"}),
    Strategy.POPULARITY: frozenset({"popularity"}),
    Strategy.HYBRID: frozenset({"als", "item_cf", "popularity", "history"}),
}
"""Who proposes under a strategy; popularity always does, so that a page can be filled."""


def history_scores(query: Query) -> Floats:
    """Own purchase frequency, halved for every half-life since the last purchase, (products,)."""
    age = np.maximum(np.float32(query.as_of_day) - query.history.last_days, 0)
    return query.history.purchase_counts * decay(age, query.tuning.history_half_life_days)


def ranked(
    query: Query, model: Level1, strategy: Strategy, user: Floats, pool: Longs, heard: Longs
) -> CandidateList:
    """Score the pool by every source, blend, and keep the best."""
    owned = history_positions(query.history.rows, pool, model.workspace.positions)
    own = np.append(history_scores(query), np.float32(0))
    scores = {
        "als": model.item_factors[pool] @ user,
        "item_cf": model.workspace.scores(pool),
        "popularity": model.catalogue.popularity[pool],
        "history": own[owned],
    }
    parts = blend(scores, source_weights(strategy, query.tuning))
    total = parts["als"] + parts["item_cf"] + parts["popularity"] + parts["history"]
    best = np.argsort(-total, kind="stable")[: query.tuning.candidate_count]
    anchors = np.append(heard, item_cf.NOBODY)[model.workspace.anchors(pool[best])]
    return CandidateList(
        strategy=strategy,
        rows=pool[best],
        parts={name: column[best] for name, column in parts.items()},
        anchors=anchors,
        history_positions=owned[best],
    )


def history_positions(history_rows: Longs, pool: Longs, positions: np.ndarray) -> Longs:
    """Position of each pool row in the history, -1 for none; `positions` must be -1 and is again."""
    known = np.flatnonzero(history_rows >= 0)
    positions[history_rows[known]] = known
    found = positions[pool].astype(np.int64)
    positions[history_rows[known]] = item_cf.NOBODY
    return found


def neighbours_of(
    model: Level1, row: int, count: int, mask: Mask | None, *, alike: bool
) -> tuple[Longs, Floats]:
    """Rows beside an item and their similarity, best first, the item itself left out.

    Args:
        model: the model version.
        row: the item.
        count: how many at most.
        mask: (items,) bool, rows that may be answered; None lets all.
        alike: cosine of ALS factors if true, else item-CF.
    """
    rows, scores = alike_rows(model, row) if alike else together_rows(model, row)
    keep = (rows >= 0) & (rows != row) & (scores > 0)
    if mask is not None:
        keep &= mask[rows]
    rows, scores = rows[keep], scores[keep]
    best = np.argsort(-scores, kind="stable")[:count]
    return rows[best].astype(np.int64), np.minimum(scores[best], 1)


def together_rows(model: Level1, row: int) -> tuple[Longs, Floats]:
    """Item-CF neighbours of an item."""
    return model.neighbours[row], model.neighbour_weights[row]


def alike_rows(model: Level1, row: int) -> tuple[Longs, Floats]:
    """All items with the cosine of their factors to an item's."""
    norms = np.linalg.norm(model.item_factors, axis=1)
    lengths = np.maximum(norms * norms[row], np.float32(1e-12))
    cosines = model.item_factors @ model.item_factors[row] / lengths
    return np.arange(len(cosines)), cosines
