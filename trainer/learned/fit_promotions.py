"""Learns how much more an item sells on promotion, from the promotions and purchases before a day.

Sales of an item are taken to be a rate a day times one factor for each way in which it is promoted (a
Poisson log-linear model, fitted by iterative proportional scaling), times the item's own response.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Longs
from restock.core.learned.promotion_plan import NEXT_DAYS, PromotionPlan, no_plan
from trainer.promotions import Promotions
from trainer.purchases import Purchases

Doubles = NDArray[np.float64]
PLANNED_DAYS = 2 * NEXT_DAYS
"""Promotions that begin later are not known yet: what a ranker looks at ends with the next week."""
MOST_DAYS = 100_000
"""More than any day count: makes one number of an item and a day."""


@dataclass(frozen=True)
class PromotionPriors:
    """How the factors are fitted."""

    effect_sales: float = 20.0
    """Household-days without any effect that each way's factor is held against."""
    kind_sales: float = 20.0
    """The same, of a kind's response."""
    item_sales: float = 5.0
    """Household-days at its kind's response that an item's own is held against."""
    rounds: int = 8
    """Of the scaling; the factors change by less than a hundredth in the last one."""
    usual_days: int = 56
    """Days before over which the usual lift is the mean."""


class Past(NamedTuple):
    """Promotions that have begun before the day, as far as purchases tell of them."""

    items: Longs
    """(past,) int64."""
    days: Longs
    """(past,) int64: days of each before the day."""
    sales: Longs
    """(past,) int64: household-days on which it was bought then."""
    effects: Longs
    """(past, ways) int64."""
    total: Doubles
    """(items,) float64: household-days in the time that promotions are known of."""
    time_days: int
    """Days of that time."""

    def off_days(self) -> Doubles:
        """Days of that time on which each item was not promoted, (items,) float64."""
        on_days = np.bincount(self.items, self.days, minlength=len(self.total))
        return np.maximum(self.time_days - on_days, 0.0)


def fit_promotions(
    purchases: Purchases,
    kinds: NDArray[np.int32],
    promotions: Promotions,
    day: int,
    priors: PromotionPriors = PromotionPriors(),
) -> PromotionPlan:
    """Learn the effects of promotions, and foretell those that are planned.

    Args:
        purchases: made before the day.
        kinds: (items,) int32 kind of each item of the purchases, -1 for none.
        promotions: of the same items, in their order; those that begin `PLANNED_DAYS` after the day or
            later are not looked at.
        day: counted from 1970-01-01.
        priors: of the fit.
    """
    items = len(purchases.item_ids)
    known = promotions.known_on(day, PLANNED_DAYS)
    if not len(known):
        return no_plan(items)
    past = past_of(purchases, known, day)
    effects = scaled(past, priors)
    responses = responses_of(past, effects, kinds, priors)
    lifts = factor_of(effects, known.effects) * responses[known.products]
    ahead = known.last_days >= day
    return PromotionPlan(
        starts=np.searchsorted(known.products[ahead], np.arange(items + 1)).astype(np.int64),
        first_days=known.first_days[ahead],
        last_days=known.last_days[ahead],
        lifts=lifts[ahead].astype(np.float32),
        shares=known.shares[ahead],
        responses=responses.astype(np.float32),
        usual_lifts=usual_lifts(known, lifts, items, day, priors.usual_days).astype(np.float32),
    )


def past_of(purchases: Purchases, promotions: Promotions, day: int) -> Past:
    """Count what was sold on promotion, and in all, since the first promotion that is told."""
    begin = max(int(promotions.first_days.min()), int(purchases.days.min()))
    begun = promotions.where((promotions.first_days < day) & (promotions.last_days >= begin))
    moments = np.sort(purchases.items.astype(np.int64) * MOST_DAYS + purchases.days)
    of_item = begun.products.astype(np.int64) * MOST_DAYS
    first = np.maximum(begun.first_days, begin)
    last = np.minimum(begun.last_days, day - 1)
    sales = np.searchsorted(moments, of_item + last, "right") - np.searchsorted(
        moments, of_item + first, "left"
    )
    counted = purchases.items[purchases.days >= begin]
    total = np.bincount(counted, minlength=len(purchases.item_ids)).astype(np.float64)
    return Past(
        items=begun.products.astype(np.int64),
        days=(last - first + 1).astype(np.int64),
        sales=sales,
        effects=begun.effects.astype(np.int64),
        total=total,
        time_days=max(day - begin, 1),
    )


def scaled(past: Past, priors: PromotionPriors) -> list[Doubles]:
    """Fit the factors: for each way, (its effects,) float64, the first 1."""
    items, ways = len(past.total), past.effects.shape[1]
    effects = [np.ones(int(past.effects[:, way].max(initial=0)) + 1) for way in range(ways)]
    off_days = past.off_days()
    base = past.total / past.time_days
    for _ in range(priors.rounds):
        for way in range(ways):
            codes = past.effects[:, way]
            others = factor_of(effects, past.effects) / effects[way][codes]
            expected = np.bincount(codes, base[past.items] * past.days * others, len(effects[way]))
            sold = np.bincount(codes, past.sales, len(effects[way]))
            effects[way] = (sold + priors.effect_sales) / (expected + priors.effect_sales)
            effects[way][0] = 1.0
            lifted = np.bincount(
                past.items, past.days * factor_of(effects, past.effects), minlength=items
            )
            base = past.total / np.maximum(off_days + lifted, 1)
    return effects


def factor_of(effects: list[Doubles], codes: NDArray[np.integer]) -> Doubles:
    """Multiply the factors of each promotion's ways, (promotions,) float64."""
    product = np.ones(len(codes))
    for way, effect in enumerate(effects):
        column = np.minimum(codes[:, way], len(effect))
        product *= np.append(effect, 1.0)[column]  # a way not seen yet has no effect
    return product


def responses_of(
    past: Past, effects: list[Doubles], kinds: NDArray[np.int32], priors: PromotionPriors
) -> Doubles:
    """Sales on promotion over those expected, by item, held against its kind's, (items,) float64.

    An item that answers to promotions more than others sells less without them than the factors alone
    would say: both are fitted in turn.
    """
    items = len(past.total)
    lifted = np.bincount(past.items, past.days * factor_of(effects, past.effects), minlength=items)
    off_days = past.off_days()
    sold = np.bincount(past.items, past.sales, minlength=items)
    classed, count = kinds >= 0, int(kinds.max(initial=-1)) + 1
    found = np.ones(items)
    for _ in range(priors.rounds):
        base = past.total / np.maximum(off_days + lifted * found, 1)
        expected = base * lifted
        kind_sold, kind_expected = (
            np.bincount(kinds[classed], column[classed], minlength=count)
            for column in (sold, expected)
        )
        of_kinds = (kind_sold + priors.kind_sales) / (kind_expected + priors.kind_sales)
        ahead = np.where(classed, np.append(of_kinds, 1.0)[kinds], 1.0)
        found = (sold + priors.item_sales * ahead) / (expected + priors.item_sales)
    return found


def usual_lifts(
    promotions: Promotions, lifts: Doubles, items: int, day: int, usual_days: int
) -> Doubles:
    """Mean lift of each item over the days before a day, (items,) float64, above 0."""
    first = np.maximum(promotions.first_days, day - usual_days)
    last = np.minimum(promotions.last_days, day - 1)
    days = np.maximum(last - first + 1, 0)
    gained = np.bincount(promotions.products, days * (lifts - 1), minlength=items)
    return np.maximum(1 + gained / usual_days, 1 / usual_days)
