"""The rows that the ranker scores, one a candidate: made by one code when it learns and when it serves."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from restock.core.arrays import Floats, Longs
from restock.core.learned.item_table import (
    ITEM_FEATURES,
    NEW_BUYERS,
    PRICE,
    ItemTable,
)
from restock.core.learned.own_features import (
    D60,
    FAR,
    LATEST_TRIPS,
    LEAST_AMOUNT,
    MANY,
    MEAN_PRICE,
    NEVER,
    OWN_FEATURES,
    SHOPPER_FEATURES,
    SINCE,
    Bought,
    Trips,
    own_features,
    shopper_features,
    trips_of,
)
from restock.core.learned.promotion_plan import PROMOTION_FEATURES, promotion_features

KIND_FEATURES = (
    "kind_decayed_30", "kind_decayed_120", "kind_days_since", "kind_days", "kind_since_over_cycle",
    "share_in_kind", "kind_products", "kind_in_last_5", "is_latest_of_kind", "kind_exploration",
    "category_decayed_60", "category_days_since", "category_share", "brand_decayed_60",
    "variant_decayed_60",
)  # fmt: skip
"""What the shopper bought of the candidate's kind, category and brand. kind_exploration: products over days;
variant: same kind and brand, another product."""
SCORE_FEATURES = (
    "als", "als_share", "item_cf", "item_cf_share", "affinity", "price_over_own", "price_over_kind",
)  # fmt: skip
"""als_share and item_cf_share: of the best candidate's; affinity: see `affinity`."""
FEATURES = (
    *OWN_FEATURES, *KIND_FEATURES, *ITEM_FEATURES, *PROMOTION_FEATURES, *SCORE_FEATURES,
    *SHOPPER_FEATURES,
)  # fmt: skip
"""Columns of a row."""
KIND_START = len(OWN_FEATURES)
ITEM_START = KIND_START + len(KIND_FEATURES)
PROMOTION_START = ITEM_START + len(ITEM_FEATURES)
SCORE_START = PROMOTION_START + len(PROMOTION_FEATURES)
SHOPPER_START = SCORE_START + len(SCORE_FEATURES)
KIND_DECAYED_30 = KIND_FEATURES.index("kind_decayed_30")
KIND_DECAYED_120 = KIND_FEATURES.index("kind_decayed_120")
KIND_DAYS_SINCE = KIND_FEATURES.index("kind_days_since")
KIND_DAYS = KIND_FEATURES.index("kind_days")
KIND_SINCE_OVER_CYCLE = KIND_FEATURES.index("kind_since_over_cycle")
SHARE_IN_KIND = KIND_FEATURES.index("share_in_kind")
KIND_PRODUCTS = KIND_FEATURES.index("kind_products")
KIND_IN_LAST_5 = KIND_FEATURES.index("kind_in_last_5")
IS_LATEST_OF_KIND = KIND_FEATURES.index("is_latest_of_kind")
KIND_EXPLORATION = KIND_FEATURES.index("kind_exploration")
CATEGORY_DECAYED_60 = KIND_FEATURES.index("category_decayed_60")
CATEGORY_DAYS_SINCE = KIND_FEATURES.index("category_days_since")
CATEGORY_SHARE = KIND_FEATURES.index("category_share")
BRAND_DECAYED_60 = KIND_FEATURES.index("brand_decayed_60")
VARIANT_DECAYED_60 = KIND_FEATURES.index("variant_decayed_60")
ALS = SCORE_FEATURES.index("als")
ALS_SHARE = SCORE_FEATURES.index("als_share")
ITEM_CF = SCORE_FEATURES.index("item_cf")
ITEM_CF_SHARE = SCORE_FEATURES.index("item_cf_share")
AFFINITY = SCORE_FEATURES.index("affinity")
PRICE_OVER_OWN = SCORE_FEATURES.index("price_over_own")
PRICE_OVER_KIND = SCORE_FEATURES.index("price_over_kind")
HALF_LIFE_30, HALF_LIFE_120 = 30.0, 120.0
GLOBAL_KINDS = 0.2
"""Weight of what all shoppers buy of late beside the shopper's own kinds (studied)."""
NEW_BUYER_PRIOR = 3.0
"""New buyers of a kind beside which an item's share of them counts (studied)."""
TINY = 1e-6
NONE_LEFT = -1.0
"""In place of an affinity, which is never below 0."""


class Kinds(NamedTuple):
    """What a shopper bought, by kind and category; zeros where nothing."""

    decayed_30: Any
    """(kinds,) float32: shopping days of the kind, halved every 30 days."""
    decayed_120: Any
    """(kinds,) float32."""
    last_days: Any
    """(kinds,) int32: 0 for never."""
    first_days: Any
    """(kinds,) int32."""
    days: Any
    """(kinds,) float32: shopping days of the kind."""
    in_last: Any
    """(kinds,) float32: of these among the last five of all."""
    products: Any
    """(kinds,) float32: products of the kind."""
    decayed_60: Any
    """(kinds,) float32: sum of its products' decayed purchases."""
    purchases: Any
    """(kinds,) float32: sum of its products' purchase days."""
    category_decayed_60: Any
    """(categories,) float32."""
    category_last_days: Any
    """(categories,) int32."""
    brand_decayed_60: Any
    """(brands,) float32."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the models of level 1 say of candidates, beside which the ranker puts its own columns."""

    rows: Longs
    """(candidates,) int64 catalogue rows."""
    owned: Longs
    """(candidates,) int64: position among the products bought, -1 for never."""
    als: Floats
    """(candidates,) float32: ALS' score."""
    item_cf: Floats
    """(candidates,) float32: item-CF's."""


def feature_rows(
    bought: Bought, evidence: Evidence, table: ItemTable, median_cycle_days: float, day: int
) -> Floats:
    """Make the rows of candidates.

    Args:
        bought: the shopper's purchases.
        evidence: of the candidates.
        table: item facts.
        median_cycle_days: stands in for a product's cycle that the table does not hold.
        day: the day asked for, counted from 1970-01-01.

    Returns:
        (candidates, `FEATURES`) float32, finite.
    """
    rows: Floats = assembled(
        bought, evidence.rows, evidence.owned, evidence.als, evidence.item_cf, table,
        float(median_cycle_days), day, NEVER,
    )  # fmt: skip
    return rows


# Numba keeps what it compiled beside this file and does not see that `own_features` has changed: remove
# restock/core/learned/__pycache__ then (tests/unit/core/learned/test_features.py tells).


@njit(cache=True)
def assembled(
    bought: Bought, rows: Any, owned: Any, als: Any, item_cf: Any, table: ItemTable,
    median_cycle: float, day: int, never: Any,
) -> Any:  # fmt: skip
    """Do what `feature_rows` says."""
    trips = trips_of(bought)
    shopper = shopper_features(bought, trips, day)
    own = own_features(bought, trips, table.columns, table.hazards, median_cycle, day)
    kinds = kinds_of(bought, trips, own, table, day)
    total_60 = max(own[:, D60].sum(), TINY) if len(own) else TINY
    weights = kind_weights(kinds.decayed_120, table)
    best_als = max(als.max(), TINY) if len(als) else TINY
    best_cf = max(item_cf.max(), TINY) if len(item_cf) else TINY
    found = np.zeros((len(rows), len(FEATURES)), np.float32)
    for place in range(len(rows)):
        row, product = rows[place], owned[place]
        into = found[place]
        into[:KIND_START] = own[product] if product >= 0 else never
        of_kind(into[KIND_START:ITEM_START], kinds, table, row, into, day, total_60)
        into[ITEM_START:PROMOTION_START] = table.columns[row]
        promotion_features(into[PROMOTION_START:SCORE_START], table.plan, row, day)
        scores = into[SCORE_START:SHOPPER_START]
        scores[ALS] = als[place]
        scores[ALS_SHARE] = als[place] / best_als
        scores[ITEM_CF] = item_cf[place]
        scores[ITEM_CF_SHARE] = item_cf[place] / best_cf
        scores[AFFINITY] = affinity(row, weights, table)
        price = table.columns[row, PRICE]
        scores[PRICE_OVER_OWN] = min(price / max(shopper[MEAN_PRICE], LEAST_AMOUNT), MANY)
        kind = table.kinds[row]
        scores[PRICE_OVER_KIND] = 1.0
        if kind >= 0:
            scores[PRICE_OVER_KIND] = min(price / max(table.kind_price[kind], LEAST_AMOUNT), MANY)
        into[SHOPPER_START:] = shopper
    variants(found, rows, owned, bought, own, table)
    return found


@njit(cache=True)
def kinds_of(bought: Bought, trips: Trips, own: Any, table: ItemTable, day: int) -> Any:
    """Add the purchases up by kind, category and brand."""
    kinds = len(table.kind_cycle_days)
    categories = table.categories.max() + 1 if len(table.categories) else 0
    brands = table.brands.max() + 1 if len(table.brands) else 0
    found = Kinds(
        np.zeros(kinds, np.float32), np.zeros(kinds, np.float32), np.zeros(kinds, np.int32),
        np.zeros(kinds, np.int32), np.zeros(kinds, np.float32), np.zeros(kinds, np.float32),
        np.zeros(kinds, np.float32), np.zeros(kinds, np.float32), np.zeros(kinds, np.float32),
        np.zeros(categories, np.float32), np.zeros(categories, np.int32),
        np.zeros(brands, np.float32),
    )  # fmt: skip
    for product in range(len(bought.rows)):
        row = bought.rows[product]
        if row < 0:
            continue
        begin, end = bought.starts[product], bought.starts[product + 1]
        kind, category, brand = table.kinds[row], table.categories[row], table.brands[row]
        if kind >= 0:
            found.products[kind] += 1
            found.purchases[kind] += end - begin
            found.decayed_60[kind] += own[product, D60]
        if category >= 0:
            found.category_decayed_60[category] += own[product, D60]
            last = max(found.category_last_days[category], bought.days[end - 1])
            found.category_last_days[category] = last
        if brand >= 0:
            found.brand_decayed_60[brand] += own[product, D60]
    by_day(found, moments_of(bought, table, day), trips, day)
    return found


@njit(cache=True)
def moments_of(bought: Bought, table: ItemTable, day: int) -> Any:
    """Shopping days of each kind, each once, ascending, (moments,) int64: kind * (day + 1) + day bought."""
    moments = np.empty(len(bought.days), np.int64)
    used = 0
    for product in range(len(bought.rows)):
        row = bought.rows[product]
        if row < 0 or table.kinds[row] < 0:
            continue
        for place in range(bought.starts[product], bought.starts[product + 1]):
            moments[used] = np.int64(table.kinds[row]) * (day + 1) + bought.days[place]
            used += 1
    return np.unique(moments[:used])


@njit(cache=True)
def by_day(found: Kinds, moments: Any, trips: Trips, day: int) -> None:
    """Add up the shopping days of each kind, `moments_of`."""
    if not len(moments):
        return
    latest = trips.days[max(len(trips.days) - LATEST_TRIPS, 0)]
    for moment in moments:
        kind, bought_on = moment // (day + 1), moment % (day + 1)
        if not found.days[kind]:
            found.first_days[kind] = bought_on
        found.last_days[kind] = bought_on
        found.days[kind] += 1
        age = float(day - bought_on)
        found.decayed_30[kind] += 0.5 ** (age / HALF_LIFE_30)
        found.decayed_120[kind] += 0.5 ** (age / HALF_LIFE_120)
        found.in_last[kind] += bought_on >= latest


@njit(cache=True)
def of_kind(
    into: Any, kinds: Kinds, table: ItemTable, row: int, own: Any, day: int,
    total_60: float,
) -> None:  # fmt: skip
    """Write a candidate's `KIND_FEATURES` but the last, which `variants` writes.

    Args:
        into: where to.
        kinds: of the shopper.
        table: item facts.
        row: the candidate.
        own: its `OWN_FEATURES`.
        day: the day asked for.
        total_60: all products' decayed purchases.
    """
    into[KIND_DAYS_SINCE], into[KIND_SINCE_OVER_CYCLE], into[CATEGORY_DAYS_SINCE] = FAR, MANY, FAR
    kind, category, brand = table.kinds[row], table.categories[row], table.brands[row]
    if kind >= 0 and kinds.days[kind]:
        since = float(day - kinds.last_days[kind])
        cycle = kinds.last_days[kind] - kinds.first_days[kind] + table.kind_cycle_days[kind]
        into[KIND_DECAYED_30] = kinds.decayed_30[kind]
        into[KIND_DECAYED_120] = kinds.decayed_120[kind]
        into[KIND_DAYS_SINCE] = since
        into[KIND_DAYS] = kinds.days[kind]
        into[KIND_SINCE_OVER_CYCLE] = since / (cycle / kinds.days[kind])
        into[SHARE_IN_KIND] = own[D60] / max(kinds.decayed_60[kind], TINY)
        into[KIND_PRODUCTS] = kinds.products[kind]
        into[KIND_IN_LAST_5] = kinds.in_last[kind]
        into[IS_LATEST_OF_KIND] = own[SINCE] == since
        into[KIND_EXPLORATION] = kinds.products[kind] / kinds.purchases[kind]
    if category >= 0 and kinds.category_last_days[category]:
        into[CATEGORY_DECAYED_60] = kinds.category_decayed_60[category]
        into[CATEGORY_DAYS_SINCE] = day - kinds.category_last_days[category]
        into[CATEGORY_SHARE] = kinds.category_decayed_60[category] / total_60
    if brand >= 0:
        into[BRAND_DECAYED_60] = kinds.brand_decayed_60[brand]


@njit(cache=True)
def variants(found: Any, rows: Any, owned: Any, bought: Bought, own: Any, table: ItemTable) -> None:
    """Write what the shopper bought of the same kind and brand, other products than the candidate."""
    place_of = KIND_START + VARIANT_DECAYED_60
    for place in range(len(rows)):
        kind, brand = table.kinds[rows[place]], table.brands[rows[place]]
        if kind < 0 or brand < 0 or not found[place, KIND_START + KIND_PRODUCTS]:
            continue
        decayed = 0.0
        for product in range(len(bought.rows)):
            row = bought.rows[product]
            alike = row >= 0 and table.kinds[row] == kind and table.brands[row] == brand
            if alike and product != owned[place]:
                decayed += own[product, D60]
        found[place, place_of] = decayed


@njit(cache=True)
def kind_weights(decayed_120: Any, table: ItemTable) -> Any:
    """How much a shopper goes for each kind, (kinds,) float32: own days of late, and a little of what all
    shoppers buy."""
    own, sold = max(decayed_120.sum(), TINY), max(table.kind_sold.sum(), TINY)
    return decayed_120 / own + np.float32(GLOBAL_KINDS) * table.kind_sold / sold


@njit(cache=True)
def affinity(row: int, weights: Any, table: ItemTable) -> float:
    """Weight of an item's kind times its share of the kind's new buyers."""
    kind = table.kinds[row]
    if kind < 0:
        return 0.0
    share = table.columns[row, NEW_BUYERS] / (table.kind_new_buyers[kind] + NEW_BUYER_PRIOR)
    return float(weights[kind] * share)


@njit(cache=True)
def by_affinity(bought: Bought, table: ItemTable, day: int, count: int) -> Any:
    """Propose new products of the kinds that a shopper buys, by `affinity`.

    Returns:
        (rows,) int64, at most `count`, best first.
    """
    decayed_120 = np.zeros(len(table.kind_cycle_days), np.float32)
    bought_of_kind = np.zeros(len(decayed_120), np.bool_)
    for moment in moments_of(bought, table, day):
        kind, age = moment // (day + 1), float(day - moment % (day + 1))
        decayed_120[kind] += 0.5 ** (age / HALF_LIFE_120)
        bought_of_kind[kind] = True
    weights = kind_weights(decayed_120, table)
    # A kind's rows are in order: the best left is the first left of some kind.
    kinds = np.flatnonzero(bought_of_kind)
    places = table.kind_starts[kinds]
    heads = np.empty(len(kinds), np.float32)
    for which in range(len(kinds)):
        heads[which] = head_of(places[which], kinds[which], weights, table)
    rows = np.empty(count if len(kinds) else 0, np.int64)
    for taken in range(len(rows)):
        best = np.argmax(heads)
        if heads[best] == NONE_LEFT:
            return rows[:taken]
        rows[taken] = table.kind_rows[places[best]]
        places[best] += 1
        heads[best] = head_of(places[best], kinds[best], weights, table)
    return rows


@njit(cache=True)
def head_of(place: int, kind: int, weights: Any, table: ItemTable) -> float:
    """Affinity of the row at a place of a kind's, `NONE_LEFT` behind the last."""
    if place == table.kind_starts[kind + 1]:
        return NONE_LEFT
    return affinity(table.kind_rows[place], weights, table)
