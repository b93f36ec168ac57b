"""Level 1: from the whole catalogue to a few hundred candidates with their score parts."""

import numpy as np

from restock.core import als, item_cf, signals
from restock.core.arrays import Floats, Longs, Mask
from restock.core.attention import attention
from restock.core.blend import BLENDED, SOURCES, Strategy, blend, resolve, source_weights
from restock.core.catalogue import Catalogue
from restock.core.learned.features import Evidence, feature_rows
from restock.core.learned.item_table import ItemTable
from restock.core.novelty import best_of_both
from restock.core.popularity import decay
from restock.core.proposals import PROPOSALS, PROPOSERS, by_popularity
from restock.core.request import CandidateList, Found, Level1, Query, Scored, Signals, bought_of
from restock.core.scoring import score_pool


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

    Context products are equally strong: where item-CF takes fewer (`item_cf_history`), the first ones count.
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
    wanted = query.tuning.candidate_count
    if strategy is Strategy.LEARNED and usable(query, model, pool) < wanted:
        pool = distinct_rows(query, model, [pool, by_popularity(query, model, found)])
    return pool


def usable(query: Query, model: Level1, pool: Longs) -> int:
    """Count a pool's rows; where a share is to be new, the new ones alone, as a page may want no others."""
    if query.novelty is None:
        return len(pool)
    bought = np.isin(pool, query.history.rows)
    variants = variants_of(query, model, pool, np.where(bought, 0, item_cf.NOBODY))
    return int(np.count_nonzero(~bought if variants is None else ~(bought | variants)))


def distinct_rows(query: Query, model: Level1, proposals: list[Longs]) -> Longs:
    """Rows of all proposals, each once, none that is blocked."""
    blocked = np.concatenate([query.blocked_rows, query.context_rows])
    found = item_cf.distinct(
        np.concatenate(proposals), blocked[blocked >= 0], model.workspace.positions
    )
    return np.asarray(found)


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
            pool, found.user, model.item_factors, space.gains, popularity_for(query, model, pool),
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


def popularity_for(query: Query, model: Level1, pool: Longs) -> Floats:
    """Popularity as it counts for this shopper, (items,) float32.

    A newcomer who filters above the median price is told what sells there.
    """
    if len(query.history.rows) or not model.newcomer_popularity[pool].any():
        return model.catalogue.popularity
    return model.newcomer_popularity
