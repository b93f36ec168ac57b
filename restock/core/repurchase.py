"""Repurchase cycles: how often a shopper buys a product again, and what is due.

Evidence is scarce (three pairs in four are bought once), so a shopper's own mean gap is shrunk
towards the item's cycle, and that towards its category's: each prior is worth a number of gaps.
Compiled, one pair of shopper and product at a time.
"""

import numpy as np
from numba import njit, vectorize


@njit(cache=True)
def shrunk(
    own: np.float32, evidence: np.float32, prior: np.float32, prior_evidence: float
) -> np.float32:
    """Mean of `own` and `prior`, weighted by their evidence; `prior` where there is none of either."""
    weight = evidence + np.float32(prior_evidence)
    if not weight > 0:
        return prior
    # What is unknown for want of evidence is NaN, and NaN times nothing is NaN too.
    total = own * evidence if evidence > 0 else np.float32(0)
    return (total + prior * np.float32(prior_evidence)) / weight


@vectorize(cache=True)  # type: ignore[no-untyped-call, untyped-decorator]
def shrunk_columns(
    own: np.float32, evidence: np.float32, prior: np.float32, prior_evidence: float
) -> np.float32:
    """`shrunk` of (items,) float32 columns."""
    return shrunk(own, evidence, prior, prior_evidence)


@njit(cache=True)
def cycle_days(
    purchase_count: np.float32,
    first_day: np.float32,
    last_day: np.float32,
    item_cycle_days: np.float32,
    cycle_prior_gaps: float,
) -> np.float32:
    """Estimated repurchase cycle of a pair in days; the item's cycle where the pair has no gap.

    Args:
        purchase_count: days on which it was bought; 0 for never.
        first_day: the first of them.
        last_day: the last of them.
        item_cycle_days: the item's own cycle.
        cycle_prior_gaps: gaps of evidence that it is worth.
    """
    gaps = max(purchase_count - np.float32(1), np.float32(0))
    mean_gap = (last_day - first_day) / gaps if gaps > 0 else np.float32(0)
    return shrunk(mean_gap, gaps, item_cycle_days, cycle_prior_gaps)


@njit(cache=True)
def days_since(last_day: np.float32, as_of_day: int) -> np.float32:
    """Days since the last purchase; one after `as_of_day` counts as made on that day."""
    return max(np.float32(as_of_day) - last_day, np.float32(0))


@njit(cache=True)
def cycle_share(
    purchase_count: np.float32, last_day: np.float32, cycle: np.float32, as_of_day: int
) -> np.float32:
    """Share of the cycle that has passed since the last purchase; NaN where never bought.

    A cycle is a day at least.
    """
    if not purchase_count > 0:
        return np.float32(np.nan)
    return days_since(last_day, as_of_day) / max(cycle, np.float32(1))


@njit(cache=True)
def recent(share: np.float32, recent_cycle_share: float) -> bool:
    """Whether an item was bought within ``recent_cycle_share`` of its cycle, and is left out."""
    return bool(share < np.float32(recent_cycle_share))


@njit(cache=True)
def due(share: np.float32, lapsed_cycles: float) -> bool:
    """Whether a whole cycle has passed, but not so many that the shopper gave the item up."""
    return bool(1 <= share < np.float32(lapsed_cycles))


@njit(cache=True)
def due_factor(share: np.float32, due_boost: float, lapsed_cycles: float) -> np.float32:
    """`1 + due_boost` for what is due, else 1; NaN (never bought) counts as not due."""
    return np.float32(1 + due_boost) if due(share, lapsed_cycles) else np.float32(1)
