"""Repurchase cycles: how often a shopper buys a product again, and what is due.

Evidence is scarce (three pairs in four are bought once), so a shopper's own mean gap is shrunk
towards the item's cycle, and that towards its category's: each prior is worth a number of gaps.
"""

import numpy as np

from restock.core.arrays import Floats, Mask
from restock.tuning_config import TuningConfig


def shrunk(own: Floats, evidence: Floats, prior: Floats, prior_evidence: float) -> Floats:
    """Mean of `own` and `prior`, weighted by their evidence; `prior` where there is none of either."""
    weight = evidence + np.float32(prior_evidence)
    total = np.where(evidence > 0, own, 0) * evidence + prior * np.float32(prior_evidence)
    mean: Floats = np.divide(total, weight, out=prior.astype(np.float32), where=weight > 0)
    return mean


def cycle_days(
    purchase_counts: Floats,
    first_days: Floats,
    last_days: Floats,
    items_cycle_days: Floats,
    tuning: TuningConfig,
) -> Floats:
    """Estimate each pair's repurchase cycle.

    Args:
        purchase_counts: (pairs,) float32, days on which it was bought; 0 for never.
        first_days: (pairs,) float32.
        last_days: (pairs,) float32.
        items_cycle_days: (pairs,) float32, the items' own cycles.
        tuning: ``cycle_prior_gaps``.

    Returns:
        (pairs,) float32 days; the item's cycle where the pair has no gap.
    """
    gaps = np.maximum(purchase_counts - 1, 0)
    mean_gap = np.divide(
        last_days - first_days, gaps, out=np.zeros_like(items_cycle_days), where=gaps > 0
    )
    return shrunk(mean_gap, gaps, items_cycle_days, tuning.cycle_prior_gaps)


def cycle_share(last_days: Floats, cycles: Floats, bought: Mask, as_of_day: int) -> Floats:
    """Share of the cycle that has passed since the last purchase; NaN where never bought.

    A purchase after `as_of_day` counts as made on that day.
    """
    since = np.maximum(np.float32(as_of_day) - last_days, 0)
    return np.where(bought, since / np.maximum(cycles, np.float32(1)), np.float32(np.nan))


def recent(share: Floats, tuning: TuningConfig) -> Mask:
    """Whether an item was bought within ``recent_cycle_share`` of its cycle, and is left out."""
    return share < np.float32(tuning.recent_cycle_share)


def due(share: Floats, tuning: TuningConfig) -> Mask:
    """Whether a whole cycle has passed, but not so many that the shopper gave the item up."""
    return (share >= 1) & (share < np.float32(tuning.lapsed_cycles))


def due_factor(share: Floats, tuning: TuningConfig) -> Floats:
    """`1 + due_boost` for what is due, else 1; NaN (never bought) counts as not due."""
    return np.where(due(share, tuning), np.float32(1 + tuning.due_boost), np.float32(1))
