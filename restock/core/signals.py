"""How much a purchase says: the seed's spending and quantity ratios, turned into one strength a pair.

The very same functions make the training matrix and fold in a shopper at request time.
"""

from typing import Any

import numpy as np
from numba import vectorize

from restock.core.arrays import Floats
from restock.tuning_config import TuningConfig

MILLI = 1000.0
"""Profiles keep units and money in whole thousandths."""


def unit_prices(spend: Floats, units: Floats) -> Floats:
    """Price of one unit of each pair; 0 for a give-away and where no units are known."""
    return np.divide(spend, units, out=np.zeros_like(spend), where=units > 0)


def average_price(prices: Floats, purchase_counts: Floats) -> float:
    """Return a user's average item price: the mean unit price, each purchase counting once.

    Args:
        prices: (pairs,) float32, unit price of each item bought.
        purchase_counts: (pairs,) float32, days on which it was bought.

    Returns:
        The average in the shop's currency, 0 when nothing was bought.
    """
    total = float(purchase_counts.sum())
    return float(prices @ purchase_counts) / total if total > 0 else 0.0


def strengths(
    prices: Floats,
    users_average_price: Floats | float,
    units: Floats,
    items_average_units: Floats,
    purchase_counts: Floats,
    tuning: TuningConfig,
) -> Floats:
    """Strength of user-item pairs: that of an average purchase of the pair, times their number.

    One purchase is ``clip(log1p(a * spending + b * quantity), low, high)`` with the spending ratio
    price over the user's average price and the quantity ratio units over the item's average units
    (seed). Pairs are summed, not averaged: averaging destroys frequency. A price
    of 0 gives a spending ratio of 0: the row stays.

    Args:
        prices: (pairs,) float32, unit price paid.
        users_average_price: scalar or (pairs,) float32, 0 when unknown.
        units: (pairs,) float32, units in all.
        items_average_units: (pairs,) float32, mean units of one purchase of the item, above 0.
        purchase_counts: (pairs,) float32, at least 1.
        tuning: weights, floor and cap.

    Returns:
        (pairs,) float32, at least ``min_strength``.
    """
    single = strength(
        prices, users_average_price, units, purchase_counts * items_average_units,
        tuning.spending_weight, tuning.quantity_weight, tuning.min_strength, tuning.max_strength,
    )  # fmt: skip
    return np.asarray(single * purchase_counts)


@vectorize(  # type: ignore[no-untyped-call, untyped-decorator]
    ["float32(float32,float32,float32,float32,float32,float32,float32,float32)"], cache=True
)
def strength(
    price: Any, average_price: Any, units: Any, usual_units: Any,
    spending_weight: Any, quantity_weight: Any, low: Any, high: Any,
) -> Any:  # fmt: skip
    """Strength of one purchase; compiled, for arrays of any one shape and scalars."""
    spending = price / average_price if average_price > 0 else np.float32(0)
    mix = spending_weight * spending + quantity_weight * units / usual_units
    return min(max(np.log1p(mix), low), high)
