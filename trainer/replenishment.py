"""The coefficients of replenishment, learned from windows before the last training day.

A window of four weeks is looked into from the day before it: what was bought until then makes the features,
the first purchase within it the outcome. Every week of it in which a product had not been bought again is a
row of a logistic regression. Where a shop is too small to say otherwise, the built-in coefficients stay.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from restock.core.arrays import Floats, Ints, Longs
from restock.core.replenishment import PairColumns, evidence_of
from restock.core.replenishment_model import (
    DEFAULT_MODEL,
    WEEK_DAYS,
    Doubles,
    Evidence,
    ReplenishmentModel,
    Shoppers,
    features,
)
from restock.core.repurchase import shrunk_columns
from restock.core.signals import MILLI
from restock.tuning_config import TuningConfig
from trainer.clean import user_days
from trainer.cycles import item_cycles
from trainer.logistic import Sample, logistic_weights
from trainer.purchases import Purchases

WINDOW_WEEKS = 4
SAMPLED_PAIRS = 20_000
"""Most pairs taken of a window that were bought once, and of those bought more often (of half a million)."""
LEAST_HISTORY_DAYS = 28
NEVER = np.iinfo(np.int32).max
LEAST_PURCHASES_FOR_ELASTICITY = 5
CYCLE_GAPS = 6
"""Later gaps whose mean is taken for what the cycle really was."""
EVIDENCE_STEPS = (1, 2, 4, 8, 16)
"""Own gaps after which an estimate is compared with the later ones."""
LEAST_PAIRS_OF_A_STEP = 200
DECIMALS = 6
"""Kept of a coefficient: the last bits depend on the machine's arithmetic."""


T = TypeVar("T", Evidence, Shoppers)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Every pair of shopper and product as it stood on a day, and what followed."""

    users: Ints
    """(pairs,) int32."""
    items: Ints
    """(pairs,) int32."""
    columns: PairColumns
    """(pairs,) columns."""
    shoppers: Shoppers
    """(pairs,) columns: the shopper of each pair."""
    next_days: Ints
    """(pairs,) int32: days from the day until the next purchase, `NEVER` where none followed."""


def fit_replenishment(
    purchases: Purchases, category: Ints, tuning: TuningConfig
) -> ReplenishmentModel:
    """Learn the coefficients; the same purchases give the same, byte for byte.

    Args:
        purchases: sorted by user, item and day.
        category: (items,) int32 category codes.
        tuning: ``replenishment_windows``, ``replenishment_regularization``, and what cycles need.
    """
    cycles = item_cycles(purchases, category, tuning)
    low, per_gap = cycle_precisions(purchases, cycles, tuning)
    model = replace(
        DEFAULT_MODEL,
        quantity_elasticity=round(quantity_elasticity(purchases, tuning), DECIMALS),
        cycle_precision=round(low, DECIMALS),
        cycle_precision_per_gap=round(per_gap, DECIMALS),
        typical_cycle_days=round(float(np.median(cycles)), DECIMALS),
    )
    with threadpool_limits(1):  # sums in one order, whatever the machine
        samples = list(window_samples(purchases, category, model, tuning))
        prior = np.array(model.weights)
        weights = logistic_weights(samples, prior, tuning.replenishment_regularization)
    return replace(model, weights=tuple(np.round(weights, DECIMALS).tolist()))


def window_samples(
    purchases: Purchases, category: Ints, model: ReplenishmentModel, tuning: TuningConfig
) -> Iterator[Sample]:
    """Rows of the regression, window by window, the latest first."""
    window_days = WINDOW_WEEKS * WEEK_DAYS
    for window in range(1, tuning.replenishment_windows + 1):
        as_of_day = int(purchases.days.max()) - window * window_days
        if as_of_day - int(purchases.days.min()) < LEAST_HISTORY_DAYS:
            return
        found = snapshot(purchases, category, as_of_day, tuning)
        evidence = evidence_of(found.columns, model, as_of_day, tuning)
        for repeated in (False, True):
            pairs = np.flatnonzero((evidence.gaps > 0) == repeated)
            chosen = pairs[evenly_spaced(len(pairs), SAMPLED_PAIRS)]
            weight = len(pairs) / max(len(chosen), 1)
            yield from weekly_samples(
                taken(evidence, chosen),
                taken(found.shoppers, chosen),
                found.next_days[chosen],
                weight,
            )


def weekly_samples(
    evidence: Evidence, shoppers: Shoppers, next_days: Ints, weight: float
) -> Iterator[Sample]:
    """Rows of pairs for each week of a window that they had not been bought again before."""
    for week in range(WINDOW_WEEKS):
        waiting = np.flatnonzero(next_days > WEEK_DAYS * week)
        columns = features(taken(evidence, waiting), taken(shoppers, waiting), np.array(week))
        rows = np.stack(np.broadcast_arrays(*columns), axis=1)
        bought = next_days[waiting] <= WEEK_DAYS * (week + 1)
        yield Sample(rows, bought, np.full(len(waiting), weight))


def evenly_spaced(count: int, most: int) -> Longs:
    """Positions of at most `most` of `count` things, (positions,) int64: a sample without chance."""
    return np.unique(np.linspace(0, max(count - 1, 0), min(count, most)).astype(np.int64))


def taken(columns: T, positions: Longs) -> T:
    """Take some entries of every column."""
    chosen = {field.name: getattr(columns, field.name)[positions] for field in fields(columns)}
    return replace(columns, **chosen)


def snapshot(
    purchases: Purchases, category: Ints, as_of_day: int, tuning: TuningConfig
) -> Snapshot:
    """Every pair as it stood at the end of a day, by what was known then, and what followed.

    Args:
        purchases: sorted by user, item and day, some of them until that day.
        category: (items,) int32 category codes.
        as_of_day: counted from 1970-01-01.
        tuning: ``item_cycle_prior_gaps``.
    """
    known = np.flatnonzero(purchases.days <= as_of_day)
    past = until(purchases, known)
    starts = past.pair_starts()
    ends = np.append(starts[1:], len(past)) - 1
    counts = ends - starts + 1
    return Snapshot(
        users=past.users[starts],
        items=past.items[starts],
        columns=pair_columns(past, starts, ends, item_cycles(past, category, tuning)),
        shoppers=shoppers_of(past, past.users[starts], counts, as_of_day),
        next_days=next_purchases(purchases, known[ends], as_of_day),
    )


def until(purchases: Purchases, positions: Longs) -> Purchases:
    """Keep some purchases, and all ids."""
    names = ("users", "items", "days", "units_milli", "spend_milli")
    return replace(purchases, **{name: getattr(purchases, name)[positions] for name in names})


def pair_columns(past: Purchases, starts: Longs, ends: Longs, cycles: Floats) -> PairColumns:
    """Columns of pairs whose purchases lie between two positions each."""
    items, item_count = past.items[starts], len(past.item_ids)
    units, bought = past.units_milli / MILLI, np.bincount(past.items, minlength=item_count)
    averages = np.bincount(past.items, units, item_count) / np.maximum(bought, 1)
    return PairColumns(
        purchase_counts=ends - starts + 1,
        first_days=past.days[starts],
        last_days=past.days[ends],
        units=np.add.reduceat(units, starts),
        last_units=units[ends],
        item_cycle_days=cycles[items],
        item_average_units=averages[items],
    )


def shoppers_of(past: Purchases, users: Ints, counts: Longs, as_of_day: int) -> Shoppers:
    """The shopper of each pair, (pairs,) columns."""
    size = len(past.user_ids)
    shoppers, days = user_days(past)
    trips = np.bincount(shoppers, minlength=size)
    last = np.cumsum(trips) - 1
    # Who bought nothing yet has no pair that would look at its entry.
    first = np.minimum(last + 1 - trips, len(days) - 1)
    columns = Shoppers(
        shopping_days=trips,
        observed_days=as_of_day - days[first] + 1,
        absent_days=as_of_day - days[last],
        products=np.bincount(users, minlength=size),
        purchases=np.bincount(users, counts, size),
    )
    return taken(columns, users.astype(np.int64))


def next_purchases(purchases: Purchases, last: Longs, as_of_day: int) -> Ints:
    """Days until what follows the last known purchase of each pair, (pairs,) int32, `NEVER` if none does."""
    following = np.minimum(last + 1, len(purchases) - 1)
    same = (following > last) & (purchases.users[following] == purchases.users[last])
    same &= purchases.items[following] == purchases.items[last]
    return np.where(same, purchases.days[following] - as_of_day, NEVER).astype(np.int32)


def quantity_elasticity(purchases: Purchases, tuning: TuningConfig) -> float:
    """Slope of log(gap) on log(units before it) within pairs, 0 to 1, pulled towards the built-in one."""
    starts = purchases.pair_starts()
    counts = np.diff(np.append(starts, len(purchases)))
    pairs = np.repeat(np.arange(len(starts)), counts)
    inner = np.flatnonzero(
        (np.diff(pairs) == 0) & (counts[pairs[:-1]] >= LEAST_PURCHASES_FOR_ELASTICITY)
    )
    gaps = np.log(purchases.days[inner + 1] - purchases.days[inner])
    units = np.log(purchases.units_milli[inner] / MILLI)
    gaps, units = centred(gaps, pairs[inner]), centred(units, pairs[inner])
    pull = tuning.replenishment_regularization
    seen = float(units @ gaps) + pull * DEFAULT_MODEL.quantity_elasticity
    return float(np.clip(seen / max(float(units @ units) + pull, np.finfo(np.float64).tiny), 0, 1))


def centred(values: Doubles, groups: Longs) -> Doubles:
    """Take the mean of its group from each value, (values,) float64."""
    sizes = np.bincount(groups)
    return np.asarray(values - (np.bincount(groups, values) / np.maximum(sizes, 1))[groups])


def cycle_precisions(
    purchases: Purchases, cycles: Floats, tuning: TuningConfig
) -> tuple[float, float]:
    """Precision of an estimated cycle without an own gap, and what each gap adds.

    Of pairs with gaps enough, the first few make an estimate, and the mean of the next `CYCLE_GAPS` is
    the truth. 1 / mean squared log-error grows in a line with the gaps; where too few pairs tell, the
    built-in line stays.
    """
    starts = purchases.pair_starts()
    gaps = np.diff(np.append(starts, len(purchases))) - 1
    steps, precisions = [], []
    for step in EVIDENCE_STEPS:
        first = starts[gaps >= step + CYCLE_GAPS]
        if len(first) >= LEAST_PAIRS_OF_A_STEP:
            errors = cycle_errors(purchases, first, step, cycles, tuning)
            steps.append(step)
            precisions.append(1 / max(float(np.mean(errors**2)), np.finfo(np.float64).tiny))
    if len(steps) > 1:
        per_gap, low = np.polyfit(steps, precisions, 1)
        if low > 0 and per_gap >= 0:
            return float(low), float(per_gap)
    return DEFAULT_MODEL.cycle_precision, DEFAULT_MODEL.cycle_precision_per_gap


def cycle_errors(
    purchases: Purchases, first: Longs, step: int, cycles: Floats, tuning: TuningConfig
) -> Doubles:
    """log(mean of the next `CYCLE_GAPS` gaps / cycle estimated from the `step` gaps before), a pair."""
    begin, middle, end = (purchases.days[first + at] for at in (0, step, step + CYCLE_GAPS))
    own = ((middle - begin) / step).astype(np.float32)
    evidence = np.full(len(first), step, np.float32)
    prior = cycles[purchases.items[first]]
    estimate = shrunk_columns(own, evidence, prior, float(tuning.cycle_prior_gaps))
    return np.asarray(np.log((end - middle) / CYCLE_GAPS / np.maximum(estimate, 1)))
