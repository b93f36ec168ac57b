"""Replenishment: when a shopper needs a product again, and how likely it is bought within a horizon.

The cycle is the shopper's mean gap, shrunk towards the item's cycle, which is shrunk towards its category's.
The gap after the last purchase is longer where more units than usual were bought. The day it ends is the due
day, and says which state a product is in; the chance of a purchase comes from `replenishment_model`. What is
"said to be due" is what is DUE or OVERDUE with a chance of at least `replenishment_due_probability`.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Floats, Ints, Mask
from restock.core.replenishment_model import (
    Doubles,
    Evidence,
    Numbers,
    ReplenishmentModel,
    Shoppers,
    cycle_spread,
    rebuy_probabilities,
)
from restock.core.repurchase import shrunk_columns
from restock.tuning_config import TuningConfig

SHORTEST_CYCLE_DAYS, LONGEST_CYCLE_DAYS = 1.0, 3650.0
USUAL_PRIOR_PURCHASES = 1.0
"""Purchases of evidence that the item's average units are worth against the shopper's own."""
LARGEST_QUANTITY_RATIO = 4.0
"""More than four times the usual units, or less than a quarter, says no more than that."""
DEVIATIONS_OF_80_PERCENT = 1.2815516
"""Standard deviations of a normal distribution within which 80% of it lie."""


class ReplenishmentState(IntEnum):
    """Where a product stands between two purchases; where several hold, the last of them."""

    TOO_SOON = 1
    """Due after the horizon."""
    DUE = 2
    """Due within the horizon, or likely to be bought within it: `replenishment_due_probability`."""
    OVERDUE = 3
    """The due day has come or passed."""
    LAPSED = 4
    """`lapsed_cycles` expected gaps have passed, and a purchase is not likely: given up."""
    INSUFFICIENT_DATA = 5
    """Fewer own gaps than `replenishment_least_gaps`, or neither a gap nor the item's cycle."""


@dataclass(frozen=True, eq=False)
class PairColumns:
    """Products bought, one entry a shopper and product, of any numeric dtype."""

    purchase_counts: Numbers
    """(products,) days on which it was bought, at least 1."""
    first_days: Numbers
    """(products,) the first of them, counted from 1970-01-01."""
    last_days: Numbers
    """(products,) the last of them."""
    units: Numbers
    """(products,) units in all."""
    last_units: Numbers
    """(products,) units bought on the last of them."""
    item_cycle_days: Numbers
    """(products,) the item's cycle from the model version; NaN where it does not hold the item."""
    item_average_units: Numbers
    """(products,) mean units of a purchase of the item; NaN likewise."""


@dataclass(frozen=True, eq=False)
class PurchaseHistory(PairColumns):
    """All products that one shopper ever bought."""

    shopping_days: int
    """Days on which anything was bought."""
    first_shopping_day: int
    """The first of them, counted from 1970-01-01."""
    last_shopping_day: int
    """The last of them."""


@dataclass(frozen=True, eq=False)
class Replenishment:
    """What is said of each product of a `PurchaseHistory`, in its order; never NaN."""

    cycle_days: Floats
    """(products,) float32: estimated days between purchases, at least 1."""
    cycle_days_low: Floats
    """(products,) float32: low end of the interval that holds the cycle with 80% probability."""
    cycle_days_high: Floats
    """(products,) float32: high end of it."""
    gaps: Ints
    """(products,) int32: own gaps between purchases that the estimate stands on."""
    due_days: Ints
    """(products,) int32: day on which it is due, counted from 1970-01-01."""
    states: NDArray[np.int8]
    """(products,) int8: `ReplenishmentState`."""
    probabilities: Floats
    """(products,) float32: chance of a purchase in (as-of day, as-of day + horizon], 0 to 1."""
    suggested_units: Floats
    """(products,) float32: units of a usual purchase; whole where the shopper bought whole units."""


def replenishment(
    history: PurchaseHistory,
    model: ReplenishmentModel,
    as_of_day: int,
    horizon_days: int,
    tuning: TuningConfig,
) -> Replenishment:
    """Say of each product when it is due, and how likely it is bought within the horizon.

    Args:
        history: one shopper's purchases.
        model: fitted coefficients; `DEFAULT_MODEL` where a model version has none.
        as_of_day: day looked from, counted from 1970-01-01; later purchases count as made on it.
        horizon_days: days to look ahead, 1 to 90.
        tuning: ``cycle_prior_gaps``, ``lapsed_cycles``, ``least_quantity_elasticity``,
            ``replenishment_due_probability``, ``replenishment_least_gaps``.
    """
    evidence = evidence_of(history, model, as_of_day, tuning)
    chances = rebuy_probabilities(evidence, shopper_of(history, as_of_day), model, horizon_days)
    spread = cycle_spread(evidence.gaps, model, DEVIATIONS_OF_80_PERCENT)
    states = states_of(evidence, chances, horizon_days, tuning)
    unknown = (evidence.gaps == 0) & ~is_positive(history.item_cycle_days)
    return Replenishment(
        cycle_days=evidence.cycle_days.astype(np.float32),
        cycle_days_low=(evidence.cycle_days / spread).astype(np.float32),
        cycle_days_high=(evidence.cycle_days * spread).astype(np.float32),
        gaps=evidence.gaps.astype(np.int32),
        due_days=(as_of_day + remaining_days(evidence)).astype(np.int32),
        states=np.where(unknown, ReplenishmentState.INSUFFICIENT_DATA, states).astype(np.int8),
        probabilities=chances.astype(np.float32),
        suggested_units=suggested_units(history).astype(np.float32),
    )


def evidence_of(
    pairs: PairColumns, model: ReplenishmentModel, as_of_day: int, tuning: TuningConfig
) -> Evidence:
    """Estimate cycles and expected gaps, (products,) float64 each, from whatever was recorded."""
    last = np.minimum(pairs.last_days.astype(np.float64), as_of_day)
    first = np.minimum(pairs.first_days.astype(np.float64), last)
    gaps = np.maximum(pairs.purchase_counts.astype(np.float64) - 1, 0.0)
    item_cycle = clipped_cycle_days(positive_or(pairs.item_cycle_days, model.typical_cycle_days))
    own = (last - first) / np.maximum(gaps, 1.0)
    columns = (column.astype(np.float32) for column in (own, gaps, item_cycle))
    cycle = clipped_cycle_days(shrunk_columns(*columns, float(tuning.cycle_prior_gaps)))
    elasticity = max(model.quantity_elasticity, tuning.least_quantity_elasticity)
    return Evidence(
        gaps=gaps,
        elapsed_days=as_of_day - last,
        pair_days=as_of_day - first + 1,
        item_cycle_days=item_cycle,
        cycle_days=cycle,
        gap_days=clipped_cycle_days(cycle * quantity_ratios(pairs) ** elasticity),
    )


def shopper_of(history: PurchaseHistory, as_of_day: int) -> Shoppers:
    """Sum up one shopper, as scalars; one without any purchase counts as having made one."""
    first = min(history.first_shopping_day, as_of_day)
    last = max(min(history.last_shopping_day, as_of_day), first)
    products = max(len(history.purchase_counts), 1)
    return Shoppers(
        shopping_days=np.array(max(history.shopping_days, 1)),
        observed_days=np.array(as_of_day - first + 1),
        absent_days=np.array(as_of_day - last),
        products=np.array(products),
        purchases=np.maximum(history.purchase_counts.sum(dtype=np.float64), products),
    )


def quantity_ratios(pairs: PairColumns) -> Doubles:
    """Units bought last over those of a usual earlier purchase, (products,) float64, 1/4 to 4."""
    earlier = np.maximum(pairs.purchase_counts.astype(np.float64) - 1, 0.0)
    last = positive_or(pairs.last_units, 0.0)
    units = np.maximum(positive_or(pairs.units, 0.0) - last, 0.0)
    usual = usual_units(pairs, units, earlier)
    ratios = np.where(last > 0, last, usual) / usual
    return np.clip(ratios, 1 / LARGEST_QUANTITY_RATIO, LARGEST_QUANTITY_RATIO)


def usual_units(pairs: PairColumns, units: Doubles, purchases: Doubles) -> Doubles:
    """Mean units of some of the shopper's purchases, the item's average counting as one more.

    Args:
        pairs: whose item's average; where it is unknown, the shopper's own stands in, else 1.
        units: (products,) float64, units of those purchases, not below 0.
        purchases: (products,) float64, their number.

    Returns:
        (products,) float64, above 0.
    """
    own = positive_or(pairs.units / np.maximum(pairs.purchase_counts, 1).astype(np.float64), 1.0)
    item = positive_or(pairs.item_average_units, own)
    return np.asarray((units + USUAL_PRIOR_PURCHASES * item) / (purchases + USUAL_PRIOR_PURCHASES))


def suggested_units(pairs: PairColumns) -> Doubles:
    """Units of a usual purchase of the shopper, (products,) float64, above 0.

    Rounded, to 1 at least, where both the total and the last purchase are whole.
    """
    purchases = np.maximum(pairs.purchase_counts.astype(np.float64), 1.0)
    usual = usual_units(pairs, positive_or(pairs.units, 0.0), purchases)
    whole = (np.rint(pairs.units) == pairs.units) & (np.rint(pairs.last_units) == pairs.last_units)
    return np.where(whole, np.maximum(np.rint(usual), 1.0), usual)


def states_of(
    evidence: Evidence, chances: Doubles, horizon_days: int, tuning: TuningConfig
) -> NDArray[np.int8]:
    """`ReplenishmentState` of products, (products,) int8, later ones overruling those before."""
    remaining = remaining_days(evidence)
    likely = chances >= tuning.replenishment_due_probability
    lapsed = evidence.elapsed_days >= tuning.lapsed_cycles * evidence.gap_days
    states = np.full(len(chances), ReplenishmentState.TOO_SOON, np.int8)
    states[(remaining <= horizon_days) | likely] = ReplenishmentState.DUE
    states[remaining <= 0] = ReplenishmentState.OVERDUE
    states[lapsed & ~likely] = ReplenishmentState.LAPSED
    states[evidence.gaps < tuning.replenishment_least_gaps] = ReplenishmentState.INSUFFICIENT_DATA
    return states


def said_to_be_due(states: NDArray[np.int8], chances: Doubles, tuning: TuningConfig) -> Mask:
    """Tell what is claimed to be bought within the horizon, (products,) bool."""
    due = (states == ReplenishmentState.DUE) | (states == ReplenishmentState.OVERDUE)
    return np.asarray(due & (chances >= tuning.replenishment_due_probability))


def remaining_days(evidence: Evidence) -> Doubles:
    """Whole days until the due day, (products,) float64, below 0 once it has passed."""
    return np.rint(evidence.gap_days) - evidence.elapsed_days


def clipped_cycle_days(values: Numbers) -> Doubles:
    """Keep cycles between a day and ten years, (products,) float64."""
    return np.clip(values.astype(np.float64), SHORTEST_CYCLE_DAYS, LONGEST_CYCLE_DAYS)


def positive_or(values: Numbers, fallback: Doubles | float) -> Doubles:
    """Put a fallback where (products,) values are unknown or not above 0, float64."""
    return np.where(is_positive(values), values, fallback).astype(np.float64)


def is_positive(values: Numbers) -> Mask:
    """Tell which of (products,) values are finite and above 0."""
    return np.asarray(np.isfinite(values) & (values > 0))
