"""Level 2: the shop's rules over candidates, and the page that comes of them.

Each rule is one function that gives a candidate's factor; the ranking multiplies them. Some rules also
leave candidates out. What is left out comes back, last and labelled, rather than leave a page short.
All of it is one compiled loop: a request has too few candidates for an array call a step to pay.
"""

import math
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from restock.core import price, repurchase, segments
from restock.core.arrays import Floats, Ints, Longs, Mask
from restock.core.catalogue import NO_CATEGORY, Catalogue
from restock.core.novelty import new_of
from restock.tuning_config import TuningConfig

CATEGORY_CAP_PAGE = 5
"""Results for which ``max_per_category`` counts; a longer page allows proportionally more."""
KEPT, TOO_MANY, LEFT_OUT, BARRED = 0, 1, 2, 3
"""Standings of a candidate, best first: on the page by right; its category or kind has its share of the page
already; a rule on price or repurchase leaves it out; the filter bars it, or it is on the page already."""
NO_MASK = np.zeros(0, np.bool_)


def cycle_rules_apply(learned: bool, tuning: TuningConfig) -> bool:
    """Say whether the rules on the repurchase cycle apply: not to LEARNED's scores, which know the time.

    Args:
        learned: whether the scores are LEARNED's.
        tuning: `cycle_rules_on_learned` applies them all the same.
    """
    return bool(tuning.cycle_rules_on_learned) or not learned


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
    cycle_rules: bool = True
    """Whether the rules on the repurchase cycle apply; see `cycle_rules_apply`."""
    novelty: float | None = None
    """Share of the page, 0 to 1, for products new to the shopper; None lets the scores decide."""
    variants: Mask | None = None
    """(candidates,) bool: another size or kind of what the shopper bought, and as well known as that;
    None for none."""


class Knobs(NamedTuple):
    """What the rules take of a `TuningConfig`, by its names."""

    soft_price_ratio: float
    max_price_ratio: float
    recent_cycle_share: float
    due_boost: float
    lapsed_cycles: float
    cycle_prior_gaps: float
    segment_floor: float
    upsell_factor: float
    price_boost_weight: float


KNOBS_OF = attrgetter(*Knobs._fields)


class Candidates(NamedTuple):
    """The columns of a `RankQuery` as compiled code takes them."""

    rows: Longs
    scores: Floats
    purchase_counts: Floats
    first_days: Floats
    last_days: Floats
    known: Mask
    """(candidates,) bool: bought before, or a variant of what was."""
    filtered: bool
    """Whether `mask` means anything."""
    mask: Mask


class Items(NamedTuple):
    """The columns of a `Catalogue` as compiled code takes them."""

    category: Ints
    price: Floats
    cycle_days: Floats
    median_cycle_days: float
    segment_affinity: Floats


class Shopper(NamedTuple):
    """Who asks, and when."""

    average_price: float
    segment: int
    """Position in `segments.SEGMENTS` or `segments.UNKNOWN`."""
    as_of_day: int


class Page(NamedTuple):
    """What is to be filled."""

    size: int
    category_cap: int
    """Products of one category, `category_cap`."""
    new_cap: int
    """Products new to the shopper."""
    known_cap: int
    """All others."""


class Facts(NamedTuple):
    """What the rules look at of one candidate."""

    price_ratio: np.float32
    """Price over the shopper's average, NaN when unknown."""
    cycle_days: np.float32
    """Estimated repurchase cycle."""
    cycle_share: np.float32
    """Share of it that has passed, NaN when never bought."""
    segment_affinity: np.float32
    """How much more than its share the shopper's segment buys it, 1 when unknown."""


# Numba keeps what it compiled beside this file and does not see that a rule in another file has
# changed: remove restock/core/__pycache__ then (tests/unit/core/test_rerank.py tells).


@njit(cache=True)
def factors_of(facts: Facts, knobs: Knobs) -> Any:
    """Every rule's factor, in the order of `RULES`. A new rule is one line here and a name there."""
    return (
        price.price_factor(facts.price_ratio, knobs.soft_price_ratio),
        repurchase.due_factor(facts.cycle_share, knobs.due_boost, knobs.lapsed_cycles),
        segments.segment_factor(facts.segment_affinity, knobs.segment_floor),
        price.upsell_factor(
            facts.price_ratio, knobs.upsell_factor, knobs.price_boost_weight, knobs.max_price_ratio
        ),
    )


RULES = ("price", "repurchase", "segment", "upsell")
"""Names of `factors_of`, in the order in which the breakdown tells them."""


@njit(cache=True)
def left_out(facts: Facts, knobs: Knobs) -> bool:
    """Whether a rule leaves a candidate out."""
    return price.over_budget(facts.price_ratio, knobs.max_price_ratio) or repurchase.recent(
        facts.cycle_share, knobs.recent_cycle_share
    )


@dataclass(frozen=True, eq=False)
class Ranking:
    """One page, best first, in parallel columns."""

    positions: Longs
    """(results,) int64: position among the query's candidates."""
    scores: Floats
    """(results,) float32: level-1 score times all factors."""
    factors: Floats
    """(rules, results) float32, in the order of `RULES`."""
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
    filtered = query.mask is not None
    candidates = Candidates(
        query.rows, query.scores, query.purchase_counts, query.first_days, query.last_days,
        known_of(query), filtered, NO_MASK if query.mask is None else query.mask,
    )  # fmt: skip
    items = Items(
        catalogue.category, catalogue.price, catalogue.cycle_days, catalogue.median_cycle_days,
        catalogue.segment_affinity,
    )  # fmt: skip
    segment = segments.segment_of(query.spend_per_day, catalogue.segment_cuts)
    shopper = Shopper(query.average_price, segment, query.as_of_day)
    # A knob that was set to a whole number is an int, which compiled code would tell apart.
    knobs = Knobs._make(map(float, KNOBS_OF(query.tuning)))
    if not query.cycle_rules:
        knobs = knobs._replace(recent_cycle_share=0.0, due_boost=0.0)
    page = Page(
        query.page_size,
        category_cap(query.page_size, query.tuning),
        *kind_caps(query.page_size, query.novelty),
    )
    return Ranking(*rank(candidates, items, shopper, knobs, page))


@njit(cache=True)
def rank(candidates: Candidates, items: Items, shopper: Shopper, knobs: Knobs, page: Page) -> Any:
    """Weigh all candidates, choose the page, and tell the columns of `Ranking` in their order."""
    final, standing, category = weigh(candidates, items, shopper, knobs)
    positions, kept = page_of(final, standing, category, candidates.known, page)
    results = len(positions)
    factors = np.empty((len(RULES), results), np.float32)
    due = np.empty(results, np.bool_)
    cycle_days = np.zeros(results, np.float32)
    days_since = np.zeros(results, np.int64)
    for place in range(results):
        position = positions[place]
        facts = facts_of(candidates, items, shopper, knobs, position)
        by_rule = factors_of(facts, knobs)
        for rule in range(len(RULES)):
            factors[rule, place] = by_rule[rule]
        due[place] = repurchase.due(facts.cycle_share, knobs.lapsed_cycles)
        if candidates.purchase_counts[position] > 0:
            cycle_days[place] = facts.cycle_days
            last_day = candidates.last_days[position]
            days_since[place] = int(repurchase.days_since(last_day, shopper.as_of_day))
    return (
        positions, final[positions], factors, np.arange(results) >= kept, due, cycle_days, days_since,
    )  # fmt: skip


@njit(cache=True)
def weigh(candidates: Candidates, items: Items, shopper: Shopper, knobs: Knobs) -> Any:
    """Score times factors, standing and category code of each candidate, (candidates,) each."""
    final = candidates.scores.copy()
    standing = np.empty(len(final), np.int8)
    category = np.empty(len(final), np.int64)
    for position in range(len(final)):
        row = candidates.rows[position]
        category[position] = items.category[row] if row >= 0 else NO_CATEGORY
        if candidates.filtered and (row < 0 or not candidates.mask[row]):
            standing[position] = BARRED
            continue
        facts = facts_of(candidates, items, shopper, knobs, position)
        for factor in factors_of(facts, knobs):
            final[position] *= factor
        standing[position] = LEFT_OUT if left_out(facts, knobs) else KEPT
    return final, standing, category


# Inlined, or each call would count references to all arrays up and down.
@njit(cache=True, inline="always")
def facts_of(
    candidates: Candidates, items: Items, shopper: Shopper, knobs: Knobs, position: int
) -> Any:
    """Look up one candidate; a product that the catalogue does not hold has neutral item facts."""
    row = candidates.rows[position]
    item_price = items.price[row] if row >= 0 else np.float32(np.nan)
    item_cycle = items.cycle_days[row] if row >= 0 else np.float32(items.median_cycle_days)
    affinity = np.float32(1)
    if row >= 0 and shopper.segment != segments.UNKNOWN:
        affinity = items.segment_affinity[row, shopper.segment]
    count = candidates.purchase_counts[position]
    last_day = candidates.last_days[position]
    cycle = repurchase.cycle_days(
        count, candidates.first_days[position], last_day, item_cycle, knobs.cycle_prior_gaps
    )
    return Facts(
        price.price_ratio(item_price, shopper.average_price),
        cycle,
        repurchase.cycle_share(count, last_day, cycle, shopper.as_of_day),
        affinity,
    )


@njit(cache=True)
def page_of(final: Floats, standing: Any, category: Longs, known: Mask, page: Page) -> Any:
    """Positions of the page, best first: what is kept, then what comes back to fill it.

    Variety and novelty are given up before the rules on time and budget are. Only what these keep
    counts towards its category's, or its kind's, share of the page. Equal scores keep level 1's order.

    Args:
        final: (candidates,) float32, score times factors.
        standing: (candidates,) int8, one of `KEPT`, `LEFT_OUT` and `BARRED`; consumed.
        category: (candidates,) int64 codes.
        known: (candidates,) bool.
        page: size and caps.

    Returns:
        (results,) int64 positions and how many of them are kept.
    """
    positions = np.empty(min(page.size, len(final)), np.int64)
    kept = kept_known = 0
    for kind, cap in ((True, page.known_cap), (False, page.new_cap)):
        if not cap:
            standing[(known == kind) & (standing == KEPT)] = TOO_MANY
    for place in range(len(positions)):
        best = first_of(final, standing)
        if standing[best] == BARRED:
            return positions[:place], kept
        if standing[best] == KEPT:
            kept += 1
            code = category[best]
            held = 1 + np.sum(category[positions[:place]] == code)
            if code != NO_CATEGORY and held == page.category_cap:
                standing[(category == code) & (standing == KEPT)] = TOO_MANY
            kept_known += known[best]
            alike, cap = kept - kept_known, page.new_cap
            if known[best]:
                alike, cap = kept_known, page.known_cap
            if alike == cap:
                standing[(known == known[best]) & (standing == KEPT)] = TOO_MANY
        standing[best] = BARRED
        positions[place] = best
    return positions, kept


@njit(cache=True)
def first_of(final: Floats, standing: Any) -> int:
    """Position of the best score among those of the best standing; the earliest of equal ones."""
    best = 0
    for position in range(1, len(final)):
        better = final[position] > final[best] and standing[position] == standing[best]
        if better or standing[position] < standing[best]:
            best = position
    return best


def known_of(query: RankQuery) -> Mask:
    """Tell what is not new to the shopper, (candidates,) bool."""
    bought = query.purchase_counts > 0
    return bought if query.variants is None else bought | query.variants


def kind_caps(page_size: int, novelty: float | None) -> tuple[int, int]:
    """Products new to the shopper that a page may hold, and others; halves are rounded up for new."""
    if novelty is None:
        return page_size, page_size
    new = new_of(page_size, novelty)
    return new, page_size - new


def category_cap(page_size: int, tuning: TuningConfig) -> int:
    """Products of one category that a page may hold."""
    return math.ceil(tuning.max_per_category * page_size / CATEGORY_CAP_PAGE)


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
