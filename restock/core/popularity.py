"""What sells: time-decayed purchases and buyers, on a scale from 0 to 1."""

import numpy as np

from restock.core.arrays import Floats, Ints, Longs
from restock.tuning_config import TuningConfig


def decay(age_days: Floats, half_life_days: float) -> Floats:
    """Weight of something that old: 1 today, 0.5 after a half-life."""
    return np.asarray(np.exp2(-age_days / np.float32(half_life_days)), np.float32)


def popularity(
    purchase_items: Ints,
    purchase_days: Ints,
    pair_items: Ints,
    pair_last_days: Ints,
    items: int,
    as_of_day: int,
    tuning: TuningConfig,
) -> Floats:
    """Popularity of every item (seed: purchase count and unique buyers with time decay).

    Args:
        purchase_items: (purchases,) int32, item row of each user-item-day.
        purchase_days: (purchases,) int32, its day.
        pair_items: (pairs,) int32, item row of each user-item pair: one buyer.
        pair_last_days: (pairs,) int32, the day that buyer last bought it.
        items: number of items.
        as_of_day: the day from which age counts.
        tuning: half-life, and the weight of buyers against purchases.

    Returns:
        (items,) float32, 0 to 1; the most popular item has 1, unless nothing was bought.
    """
    counts = decayed_counts(purchase_items, purchase_days, items, as_of_day, tuning)
    buyers = decayed_counts(pair_items, pair_last_days, items, as_of_day, tuning)
    weight = tuning.popularity_buyer_weight
    return to_top((1 - weight) * to_top(counts) + weight * to_top(buyers)).astype(np.float32)


def decayed_counts(
    rows: Ints, days: Ints, items: int, as_of_day: int, tuning: TuningConfig
) -> Floats:
    """Sum the decay weights of things by item row, (items,) float32."""
    age = np.maximum(as_of_day - days, 0).astype(np.float32)
    weights = decay(age, tuning.popularity_half_life_days)
    return np.asarray(np.bincount(rows, weights, minlength=items), np.float32)


def to_top(scores: Floats) -> Floats:
    """Divide by the highest score, so that it becomes 1; all zero stays."""
    top = scores.max(initial=0)
    return scores / top if top > 0 else scores


def most_popular(scores: Floats) -> Longs:
    """Item rows from most to least popular; rows with equal scores in row order."""
    return np.argsort(-scores, kind="stable")
