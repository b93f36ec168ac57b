"""Level 2: the shop's rules over candidates, and the page that comes of them.

Each rule is one function that gives one factor column; the ranking multiplies them. Some rules also
leave candidates out. What is left out comes back, last and labelled, rather than leave a page short.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from restock.core import price, repurchase, segments
from restock.core.arrays import Floats, Longs, Mask
from restock.core.catalogue import NO_CATEGORY, Catalogue
from restock.tuning_config import TuningConfig

CATEGORY_CAP_PAGE = 5
"""Results for which ``max_per_category`` counts; a longer page allows proportionally more."""


@dataclass(frozen=True, eq=False)
class RankQuery:
    """One request to level 2; columns are parallel, best level-1 score first."""

    rows: Longs
    """(candidates,) int64: catalogue row, -1 for a product that the catalogue does not hold."""
    scores: Floats
    """(candidates,) float32: level-1 score, at least 0."""
    purchase_counts: Floats
    """(candidates,) float32: days on which the shopper bought it, 0 for never."""
    first_days: Floats
    """(candidates,) float32: first of them."""
    last_days: Floats
    """(candidates,) float32: last of them."""
    average_price: float
    """The shopper's, in the shop's currency; 0 when unknown."""
    spend_per_day: float
    """The shopper's spend of an average shopping day; 0 when unknown."""
    page_size: int
    """Results to keep."""
    as_of_day: int
    """The day for which to recommend."""
    mask: Mask | None
    """(items,) bool: catalogue rows that may be answered; None lets all, unknown products too."""
    tuning: TuningConfig
    """All knobs."""


@dataclass(frozen=True, eq=False)
class Facts:
    """What the rules look at, (candidates,) each."""

    price_ratio: Floats
    """Price over the shopper's average, NaN when unknown."""
    cycle_days: Floats
    """Estimated repurchase cycle."""
    cycle_share: Floats
    """Share of it that has passed, NaN when never bought."""
    segment_affinity: Floats
    """(candidates, 4): how much more than its share a segment buys it."""
    segment: int
    """The shopper's segment."""


Rule = Callable[[Facts, TuningConfig], Floats]
RULES: dict[str, Rule] = {
    "price": lambda facts, tuning: price.price_factor(facts.price_ratio, tuning),
    "repurchase": lambda facts, tuning: repurchase.due_factor(facts.cycle_share, tuning),
    "segment": lambda facts, tuning: segments.segment_factor(
        facts.segment_affinity, facts.segment, tuning
    ),
    "upsell": lambda facts, tuning: price.upsell_factor(facts.price_ratio, tuning),
}
"""Every rule, in the order in which the breakdown tells them. A new rule is one line here."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """One page, best first, in parallel columns."""

    positions: Longs
    """(results,) int64: position among the query's candidates."""
    scores: Floats
    """(results,) float32: level-1 score times all factors."""
    factors: dict[str, Floats]
    """(results,) float32 by rule."""
    backfilled: Mask
    """(results,) bool: a rule left it out and it came back to fill the page."""
    due: Mask
    """(results,) bool."""
    cycle_days: Floats
    """(results,) float32, 0 when never bought."""
    days_since: Longs
    """(results,) int64: days since last bought, 0 when never."""


def rerank(query: RankQuery, catalogue: Catalogue) -> Ranking:
    """Rank candidates by score times factors and keep one page."""
    facts = facts_of(query, catalogue)
    factors = {name: rule(facts, query.tuning) for name, rule in RULES.items()}
    final = query.scores.copy()
    for column in factors.values():
        final *= column
    out = price.over_budget(facts.price_ratio, query.tuning)
    out |= repurchase.recent(facts.cycle_share, query.tuning)
    kept, backfill = page_of(final, out, category_of(query, catalogue), query)
    page = np.concatenate([kept, backfill])
    bought = query.purchase_counts[page] > 0
    since = np.maximum(query.as_of_day - query.last_days[page], 0)
    return Ranking(
        positions=page,
        scores=final[page],
        factors={name: column[page] for name, column in factors.items()},
        backfilled=np.arange(len(page)) >= len(kept),
        due=repurchase.due(facts.cycle_share[page], query.tuning),
        cycle_days=np.where(bought, facts.cycle_days[page], np.float32(0)),
        days_since=np.where(bought, since, 0).astype(np.int64),
    )


def facts_of(query: RankQuery, catalogue: Catalogue) -> Facts:
    """Look up the candidates' item facts; a product that the catalogue does not hold has neutral ones."""
    rows = np.maximum(query.rows, 0)
    known = query.rows >= 0
    prices = catalogue.price[rows]
    affinity = catalogue.segment_affinity[rows]
    cycles = catalogue.cycle_days[rows]
    if not known.all():
        prices = np.where(known, prices, np.float32(np.nan))
        affinity = np.where(known[:, None], affinity, np.float32(1))
        cycles = np.where(known, cycles, np.float32(np.median(catalogue.cycle_days)))
    cycle = repurchase.cycle_days(
        query.purchase_counts, query.first_days, query.last_days, cycles, query.tuning
    )
    bought = query.purchase_counts > 0
    return Facts(
        price_ratio=price.price_ratio(prices, query.average_price),
        cycle_days=cycle,
        cycle_share=repurchase.cycle_share(query.last_days, cycle, bought, query.as_of_day),
        segment_affinity=affinity,
        segment=segments.segment_of(query.spend_per_day, catalogue.segment_cuts),
    )


def category_of(query: RankQuery, catalogue: Catalogue) -> Longs:
    """Category code of each candidate, `NO_CATEGORY` where the catalogue does not hold it."""
    codes = catalogue.category[np.maximum(query.rows, 0)].astype(np.int64)
    return np.where(query.rows >= 0, codes, NO_CATEGORY)


def page_of(final: Floats, out: Mask, category: Longs, query: RankQuery) -> tuple[Longs, Longs]:
    """Positions of the page: what the rules keep, then what comes back to fill it.

    Args:
        final: (candidates,) float32, score times factors; equal ones keep level 1's order.
        out: (candidates,) bool, left out by a rule.
        category: (candidates,) int64.
        query: page size, filter and category cap.
    """
    order = np.argsort(-final, kind="stable")
    if query.mask is not None:
        rows = query.rows[order]
        order = order[(rows >= 0) & query.mask[rows]]
    stays = ~out[order]
    cap = category_cap(query.page_size, query.tuning)
    # Only what the other rules keep counts towards its category's share of the page.
    kept = order[stays]
    within = within_cap(category[kept], cap)
    page = kept[within][: query.page_size]
    missing = query.page_size - len(page)
    if missing == 0:
        return page, page[:0]
    # Variety is given up before the rules on time and budget are.
    spare = np.concatenate([kept[~within], order[~stays]])
    return page, spare[:missing]


def category_cap(page_size: int, tuning: TuningConfig) -> int:
    """Products of one category that a page may hold."""
    return math.ceil(tuning.max_per_category * page_size / CATEGORY_CAP_PAGE)


def within_cap(category: Longs, cap: int) -> Mask:
    """Whether fewer than `cap` before it, in rank order, are of its category; always for none.

    Args:
        category: (ranked,) int64, category codes in rank order.
        cap: at least 1.
    """
    by_category = np.argsort(category, kind="stable")
    grouped = category[by_category]
    starts = np.flatnonzero(np.diff(grouped, prepend=grouped[:1] - 1))
    sizes = np.diff(np.append(starts, len(grouped)))
    place = np.empty(len(category), np.int64)
    place[by_category] = np.arange(len(grouped)) - np.repeat(starts, sizes)
    return np.asarray((place < cap) | (category == NO_CATEGORY))


def breakdown(parts: dict[str, float], factors: dict[str, float]) -> dict[str, float]:
    """Additive parts of one result's score: level-1 parts, then what each factor added or took.

    Their sum is the level-1 score times all factors.

    Args:
        parts: weighted level-1 score by source.
        factors: by rule, in the order of `RULES`.
    """
    told = dict(parts)
    running = sum(parts.values())
    for name, factor in factors.items():
        told[name] = running * (factor - 1)
        running *= factor
    return told
