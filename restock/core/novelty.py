"""Products new to a shopper, beside those that the shopper knows."""

import math

import numpy as np

from restock.core.arrays import Floats, Longs, Mask

NEAREST = 0.5
"""Added before rounding down: halves are rounded up."""


def new_of(count: int, novelty: float) -> int:
    """How many of so many products are to be new."""
    return math.floor(novelty * count + NEAREST)


def best_of_both(scores: Floats, known: Mask, count: int, novelty: float) -> Longs:
    """Choose the best known and the best new products in the share asked for, best first.

    Where one kind has too few, more of the other are chosen.

    Args:
        scores: (candidates,) float32.
        known: (candidates,) bool.
        count: how many to choose.
        novelty: share of new ones, 0 to 1.

    Returns:
        (chosen,) int64 positions, by falling score; equal scores keep their order.
    """
    order = np.argsort(-scores, kind="stable")
    ranked = known[order]
    olds, news = np.cumsum(ranked), np.cumsum(~ranked)
    new = new_of(count, novelty)
    new = max(min(new, int(news[-1])), count - int(olds[-1])) if len(order) else 0
    kept = np.where(ranked, olds <= count - new, news <= new)
    return order[kept]
