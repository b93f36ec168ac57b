"""Price rules: a budget that bends before it breaks, and upsell. Compiled, one candidate at a time."""

import numpy as np
from numba import njit

LEAST_AVERAGE = 1e-6
"""Average prices below it say nothing: every price would be out of their budget, and by how much
would be more than a float32 can tell."""


@njit(cache=True)
def price_ratio(price: np.float32, average_price: float) -> np.float32:
    """Price over the shopper's average price; NaN where either is unknown, and then no rule applies.

    Args:
        price: in the shop's currency, NaN when unknown.
        average_price: the shopper's, 0 when unknown.
    """
    if not average_price >= LEAST_AVERAGE:
        return np.float32(np.nan)
    # An average beyond float32 is infinite there: all is cheap beside it.
    return price / np.float32(average_price)


@njit(cache=True)
def price_factor(ratio: np.float32, soft_price_ratio: float) -> np.float32:
    """Soft penalty ``soft_price_ratio / ratio`` above that ratio, else 1 (seed: soft, from 1.5x)."""
    soft = np.float32(soft_price_ratio)
    return soft / ratio if ratio > soft else np.float32(1)


@njit(cache=True)
def over_budget(ratio: np.float32, max_price_ratio: float) -> bool:
    """Whether an item costs more than ``max_price_ratio`` times the average, and is left out."""
    return bool(ratio > np.float32(max_price_ratio))


@njit(cache=True)
def upsell_factor(
    ratio: np.float32, upsell: float, price_boost_weight: float, max_price_ratio: float
) -> np.float32:
    """``1 + upsell * price_boost_weight * min(ratio, max_price_ratio)``.

    Higher-priced items within the budget gain; an unknown ratio gains nothing.
    """
    gain = np.float32(upsell * price_boost_weight)
    known = np.float32(0) if np.isnan(ratio) else ratio
    return np.float32(1) + gain * min(known, np.float32(max_price_ratio))
