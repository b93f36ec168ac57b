"""Which items the shop is going to promote, and how much more they then sell."""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from restock.core.arrays import Floats, Ints, Longs

PROMOTION_FEATURES = (
    "promotion_lift", "promotion_lift_next_week", "promotion_over_usual", "promotion_share",
    "promotion_response", "usual_promotion_lift",
)  # fmt: skip
"""Of an item on a day:

- promotion_lift: expected sales over those without a promotion, 1 without one; the same a week later;
- promotion_over_usual: that over usual_promotion_lift, its mean over the last eight weeks;
- promotion_share: share of the shops that promote it;
- promotion_response: sales on promotion over those that promotions of the kind bring on average.
"""
NEXT_DAYS = 7
USUAL = 1.0
"""Lift without a promotion."""


class PromotionPlan(NamedTuple):
    """Promotions that were known when a model version was learned; a tuple, as compiled code takes it."""

    starts: Longs
    """(items + 1,) int64: item i owns promotions `starts[i]` to `starts[i + 1]`."""
    first_days: Ints
    """(promotions,) int32: counted from 1970-01-01."""
    last_days: Ints
    """(promotions,) int32: inclusive."""
    lifts: Floats
    """(promotions,) float32: expected sales over those without a promotion."""
    shares: Floats
    """(promotions,) float32: share of the shops that promote it, 0 to 1."""
    responses: Floats
    """(items,) float32."""
    usual_lifts: Floats
    """(items,) float32: mean lift of the eight weeks before."""


def no_plan(items: int) -> PromotionPlan:
    """Return the plan of a shop without promotions."""
    none, ones = np.empty(0, np.int32), np.ones(items, np.float32)
    floats = np.empty(0, np.float32)
    return PromotionPlan(np.zeros(items + 1, np.int64), none, none, floats, floats, ones, ones)


def plan_fits(plan: PromotionPlan, items: int) -> bool:
    """Say whether the arrays belong together and to a catalogue of so many items, and are finite."""
    promotions = len(plan.first_days)
    return bool(
        len(plan.starts) == items + 1
        and plan.starts[0] == 0
        and plan.starts[-1] == promotions
        and (np.diff(plan.starts) >= 0).all()
        and len(plan.last_days) == len(plan.lifts) == len(plan.shares) == promotions
        and len(plan.responses) == len(plan.usual_lifts) == items
        and all(np.isfinite(column).all() for column in plan[3:])
        and (plan.usual_lifts > 0).all()
    )


@njit(cache=True)
def promotion_features(into: Any, plan: PromotionPlan, row: int, day: int) -> None:
    """Write an item's `PROMOTION_FEATURES` on a day.

    Args:
        into: where to.
        plan: what is known of promotions.
        row: the item.
        day: counted from 1970-01-01.
    """
    into[0], into[1], into[3] = USUAL, USUAL, 0.0
    for place in range(plan.starts[row], plan.starts[row + 1]):
        first, last = plan.first_days[place], plan.last_days[place]
        if first <= day <= last:
            into[0] = max(into[0], plan.lifts[place])
            into[3] = max(into[3], plan.shares[place])
        if first <= day + NEXT_DAYS <= last:
            into[1] = max(into[1], plan.lifts[place])
    into[2] = into[0] / plan.usual_lifts[row]
    into[4] = plan.responses[row]
    into[5] = plan.usual_lifts[row]
