"""Price rules: a budget that bends before it breaks, and upsell."""

import numpy as np

from restock.core.arrays import Floats, Mask
from restock.tuning_config import TuningConfig

LEAST_AVERAGE = 1e-6
"""Average prices below it say nothing: every price would be out of their budget, and by how much
would be more than a float32 can tell."""


def price_ratio(prices: Floats, average_price: float) -> Floats:
    """Price over the shopper's average price; NaN where either is unknown, and then no rule applies.

    Args:
        prices: (candidates,) float32 in the shop's currency, NaN when unknown.
        average_price: the shopper's, 0 when unknown.
    """
    if not average_price >= LEAST_AVERAGE:
        return np.full(len(prices), np.nan, np.float32)
    # An average beyond float32 is infinite there: all is cheap beside it.
    with np.errstate(over="ignore"):
        return prices / np.float32(average_price)


def price_factor(ratio: Floats, tuning: TuningConfig) -> Floats:
    """Soft penalty ``soft_price_ratio / ratio`` above that ratio, else 1 (seed: soft, from 1.5x)."""
    soft = np.float32(tuning.soft_price_ratio)
    return np.divide(soft, ratio, out=np.ones_like(ratio), where=ratio > soft)


def over_budget(ratio: Floats, tuning: TuningConfig) -> Mask:
    """Whether an item costs more than ``max_price_ratio`` times the average, and is left out."""
    return ratio > np.float32(tuning.max_price_ratio)


def upsell_factor(ratio: Floats, tuning: TuningConfig) -> Floats:
    """``1 + upsell_factor * price_boost_weight * min(ratio, max_price_ratio)`` (docs/quality.md).

    Higher-priced items within the budget gain; an unknown ratio gains nothing.
    """
    gain = np.float32(tuning.upsell_factor * tuning.price_boost_weight)
    bounded = np.minimum(np.nan_to_num(ratio, nan=0.0), np.float32(tuning.max_price_ratio))
    return np.asarray(1 + gain * bounded, np.float32)
