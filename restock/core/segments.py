"""Spending segments: Small, Low Average, Average, High, by the spend of an average shopping day.

Quartile cuts, as in the seed. Spend a day and not in all, so that a shopper of long standing with a
small basket does not count as a big spender.
"""

import numpy as np
from numba import njit

from restock.core.arrays import Floats, Ints
from restock.tuning_config import TuningConfig

SEGMENTS = ("small", "low average", "average", "high")
UNKNOWN = -1


def cuts_of(spend_per_day: Floats) -> tuple[float, float, float]:
    """Quartiles of the users' spend of an average shopping day; zeros when there is no user."""
    if not spend_per_day.size:
        return (0.0, 0.0, 0.0)
    low, middle, high = np.quantile(spend_per_day, (0.25, 0.5, 0.75))
    return (float(low), float(middle), float(high))


def segment_of(spend_per_day: float, cuts: tuple[float, float, float]) -> int:
    """Position in `SEGMENTS`, `UNKNOWN` for a spend of 0; a spend at a cut is in the upper segment."""
    if not spend_per_day > 0:
        return UNKNOWN
    return sum(spend_per_day >= cut for cut in cuts)


def affinity(buyers: Floats, tuning: TuningConfig) -> Floats:
    """How much more than its share a segment buys each item.

    Args:
        buyers: (items, 4) float32, distinct buyers by segment.
        tuning: ``segment_prior_buyers`` is the evidence that "all alike" is worth.

    Returns:
        (items, 4) float32: the segment's share of the item's buyers over its share of all buyers,
        shrunk towards 1 where there are few.
    """
    everyone = buyers.sum()
    if everyone == 0:
        return np.ones_like(buyers)
    share = buyers.sum(axis=0) / everyone
    prior = np.float32(tuning.segment_prior_buyers)
    shrunk = buyers + prior * share
    of_item = shrunk / np.maximum(shrunk.sum(axis=1, keepdims=True), np.float32(1e-9))
    ratio: Floats = np.divide(of_item, share, out=np.ones_like(of_item), where=share > 0)
    return np.asarray(ratio, np.float32)


@njit(cache=True)
def segment_factor(item_affinity: np.float32, segment_floor: float) -> np.float32:
    """Below 1 where the shopper's segment buys an item less than others do, never above 1.

    Args:
        item_affinity: of the shopper's segment, from `affinity`; 1 for an unknown one.
        segment_floor: the lowest factor.
    """
    return min(max(item_affinity, np.float32(segment_floor)), np.float32(1))


def segments_of(spend_per_day: Floats, cuts: tuple[float, float, float]) -> Ints:
    """Segment of each of many users, (users,) int32, by the rule of `segment_of`."""
    found = np.searchsorted(np.asarray(cuts), spend_per_day, side="right").astype(np.int32)
    found[~(spend_per_day > 0)] = UNKNOWN
    return found
