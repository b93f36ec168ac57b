"""Items' repurchase cycles from the gaps between a user's purchases of the same item."""

import numpy as np

from restock.core.arrays import Floats, Ints
from restock.core.catalogue import NO_CATEGORY
from restock.core.repurchase import shrunk_columns
from restock.tuning_config import TuningConfig
from trainer.medians import group_medians
from trainer.purchases import Purchases

SHORTEST_CYCLE_DAYS = 1


def item_cycles(purchases: Purchases, category: Ints, tuning: TuningConfig) -> Floats:
    """Repurchase cycle of each item: its median gap, shrunk to its category's, that to all items'.

    Args:
        purchases: sorted by user, item and day.
        category: (items,) int32 category codes, -1 for none.
        tuning: ``item_cycle_prior_gaps``.

    Returns:
        (items,) float32 days, at least 1. Where nothing was ever bought twice: all days there are.
    """
    items, gaps = purchase_gaps(purchases)
    if not gaps.size:
        span = int(purchases.days.max() - purchases.days.min()) + SHORTEST_CYCLE_DAYS
        return np.full(len(category), span, np.float32)
    own, evidence = group_medians(items, gaps.astype(np.float64), len(category))
    prior = category_cycles(category, items, gaps, tuning)[category]
    cycles: Floats = shrunk_columns(own, evidence, prior, tuning.item_cycle_prior_gaps)
    return np.maximum(cycles, np.float32(SHORTEST_CYCLE_DAYS))


def category_cycles(category: Ints, items: Ints, gaps: Ints, tuning: TuningConfig) -> Floats:
    """Median gap of each category, shrunk to that of all items, (categories + 1,) float32.

    The last entry, which the code -1 also picks, stands for no category.
    """
    overall = np.float32(np.median(gaps))
    known = category[items] != NO_CATEGORY
    count = int(category.max(initial=NO_CATEGORY)) + 1
    own, evidence = group_medians(category[items][known], gaps[known].astype(np.float64), count)
    cycles: Floats = shrunk_columns(
        own, evidence, np.full(count, overall), tuning.item_cycle_prior_gaps
    )
    return np.append(cycles, overall)


def purchase_gaps(purchases: Purchases) -> tuple[Ints, Ints]:
    """Days between successive purchases of a pair: (gaps,) int32 items and (gaps,) int32 days."""
    same = (np.diff(purchases.users) == 0) & (np.diff(purchases.items) == 0)
    return purchases.items[1:][same], np.diff(purchases.days)[same]
