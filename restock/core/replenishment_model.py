"""The chance that a product is bought again within a horizon: a logistic hazard a week.

It is the chance that the product is bought in the week that begins `w` weeks from the day, given that it was
not bought before. Chances of weeks multiply up to any horizon, so the total grows with it. Time since the
last purchase counts against the expected gap in broken lines, and the more so the more gaps the shopper has
shown. `trainer/replenishment.py` learns the weights; docs/replenishment.md holds what was measured.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[Any]
Doubles: TypeAlias = NDArray[np.float64]

WEEK_DAYS = 7
MONTH_DAYS = 28.0
RELIABLE_GAPS = 2.0
"""Own gaps at which what the expected gap says is believed by half."""
RATE_PRIOR_GAPS, RATE_PRIOR_DAYS = 0.5, 14.0
"""What is added to gaps and days, so that a pair of one day has a rate."""
TRIP_PRIOR_DAYS = 7.0
THIRD, WHOLE, TRIPLE = -1.0, 0.0, 1.0
"""Logarithms of the shares of an expected gap, near enough, at which its lines break."""
LARGEST_LOG_ODDS = 12.0

FEATURES = (
    "constant",
    "log_elapsed", "log_elapsed_beyond_month",
    "known_late", "known_late_beyond_third", "known_late_beyond_gap", "known_late_beyond_triple",
    "log_gap", "log_item_cycle", "known", "log_rate", "log_pair_days",
    "log_trip_rate", "absence", "log_repeats", "log_products", "log_shopper_days",
)  # fmt: skip
"""What `features` returns, in order: late is log(elapsed / expected gap), known the belief in that gap."""


@dataclass(frozen=True, eq=False)
class Shoppers:
    """The shopper behind each product: scalars, or (products,) where shoppers differ."""

    shopping_days: Numbers
    """Days on which anything was bought, at least 1."""
    observed_days: Numbers
    """Days since the first of them, at least 1."""
    absent_days: Numbers
    """Days since the last of them."""
    products: Numbers
    """Different products bought, at least 1."""
    purchases: Numbers
    """Days on which a product was bought, added up over the products."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of products bought: (products,) float64 columns, finite."""

    gaps: Doubles
    """Own gaps between purchases."""
    elapsed_days: Doubles
    """Days since the last purchase."""
    pair_days: Doubles
    """Days since the first purchase, at least 1."""
    item_cycle_days: Doubles
    """The item's cycle, at least 1."""
    cycle_days: Doubles
    """The shopper's cycle, at least 1."""
    gap_days: Doubles
    """Expected gap after the last purchase, at least 1: the cycle, stretched by the units bought."""


@dataclass(frozen=True)
class ReplenishmentModel:
    """Fitted coefficients, as the manifest of a model version holds them.

    Raises:
        ValueError: one is missing or not a number that the arithmetic can use.
    """

    weights: tuple[float, ...]
    """Log-odds of a purchase in a week, by unit of each of `FEATURES`."""
    quantity_elasticity: float
    """Exponent of units over usual units in the gap that follows; 1: twice the milk lasts twice as long."""
    cycle_precision: float
    """1 / variance of log(mean of later gaps / cycle) without an own gap; above 0."""
    cycle_precision_per_gap: float
    """What every own gap adds to it; at least 0."""
    typical_cycle_days: float
    """Cycle where neither the item's nor an own gap is known; at least 1."""

    def __post_init__(self) -> None:
        """Check that these are the coefficients that this release multiplies."""
        rest = (self.quantity_elasticity, self.cycle_precision_per_gap, self.typical_cycle_days)
        finite = np.isfinite([*self.weights, *rest, self.cycle_precision]).all()
        if len(self.weights) != len(FEATURES) or not finite:
            raise ValueError(f"weights: {len(FEATURES)} finite numbers, and finite coefficients")
        if min(rest) < 0 or self.typical_cycle_days < 1 or not self.cycle_precision > 0:
            raise ValueError("an elasticity, precision or cycle is out of its range")


def features(evidence: Evidence, shoppers: Shoppers, weeks_ahead: Numbers) -> list[Doubles]:
    """What speaks for or against a purchase in the week that begins some weeks ahead, not bought before.

    Args:
        evidence: (products,) columns.
        shoppers: scalars or (products,) columns.
        weeks_ahead: broadcasts against (products,): an integer a product, or (weeks, 1).

    Returns:
        One array for each of `FEATURES`, all of which broadcast to each other.
    """
    ahead_days = WEEK_DAYS * np.asarray(weeks_ahead, np.float64)
    elapsed, pair = evidence.elapsed_days + ahead_days, evidence.pair_days + ahead_days
    log_elapsed, log_gap = np.log1p(elapsed), np.log(evidence.gap_days)
    late = log_elapsed - log_gap
    known = evidence.gaps / (evidence.gaps + RELIABLE_GAPS)
    trip_rate = (shoppers.shopping_days + 1) / (shoppers.observed_days + TRIP_PRIOR_DAYS)
    return [
        np.ones(1),
        log_elapsed,
        beyond(log_elapsed, np.log1p(MONTH_DAYS)),
        known * late,
        *(known * beyond(late, point) for point in (THIRD, WHOLE, TRIPLE)),
        log_gap,
        np.log(evidence.item_cycle_days),
        known,
        np.log((evidence.gaps + RATE_PRIOR_GAPS) / (pair + RATE_PRIOR_DAYS)),
        np.log(pair),
        np.log(trip_rate),
        np.log1p(shoppers.absent_days * trip_rate),
        np.log(shoppers.purchases / shoppers.products),
        np.log(shoppers.products),
        np.log(shoppers.observed_days),
    ]


def beyond(values: Doubles, point: float) -> Doubles:
    """How far values lie above a point, 0 below it: what breaks a line there."""
    return np.maximum(values - point, 0.0)


def weekly_hazards(log_odds: Doubles) -> Doubles:
    """-log(1 - chance) of log-odds; held where neither chance nor its opposite vanishes."""
    held = np.clip(log_odds, -LARGEST_LOG_ODDS, LARGEST_LOG_ODDS)
    return np.asarray(np.logaddexp(0.0, held))


def rebuy_probabilities(
    evidence: Evidence, shoppers: Shoppers, model: ReplenishmentModel, horizon_days: int
) -> Doubles:
    """Chance of at least one purchase in the `horizon_days` days after the day looked from.

    Args:
        evidence: (products,) columns.
        shoppers: scalars or (products,) columns.
        model: fitted weights.
        horizon_days: a week that it ends in counts by the share of its days.

    Returns:
        (products,) float64, 0 to 1, never falling with the horizon.
    """
    weeks = np.arange(-(-max(horizon_days, 0) // WEEK_DAYS))[:, None]
    shares = np.minimum(horizon_days - WEEK_DAYS * weeks, WEEK_DAYS) / WEEK_DAYS
    columns = features(evidence, shoppers, weeks)
    log_odds = np.zeros((len(weeks), len(evidence.gaps)))
    for weight, column in zip(model.weights, columns, strict=True):
        log_odds += weight * column
    total = np.zeros(len(evidence.gaps))
    # Week by week, so that a longer horizon adds to the very sum of a shorter one.
    for hazards, share in zip(weekly_hazards(log_odds), shares[:, 0], strict=True):
        total += share * hazards
    return -np.expm1(-total)


def cycle_spread(gaps: Doubles, model: ReplenishmentModel, deviations: float) -> Doubles:
    """Factor by which the shopper's cycle may lie above or below its estimate.

    Args:
        gaps: (products,) float64, own gaps.
        model: fitted precisions.
        deviations: standard deviations of its logarithm.

    Returns:
        (products,) float64, above 1 and falling with the gaps.
    """
    precision = model.cycle_precision + model.cycle_precision_per_gap * gaps
    return np.asarray(np.exp(deviations / np.sqrt(precision)))


DEFAULT_MODEL = ReplenishmentModel(
    weights=(
        1.085,
        -0.018, 0.060,
        0.428, -0.579, -0.587, -0.582,
        0.166, -0.481, 1.863, 0.994, 0.316,
        -0.094, -0.138, 0.821, 0.101, -0.362,
    ),
    quantity_elasticity=0.134,
    cycle_precision=3.28,
    cycle_precision_per_gap=0.154,
    typical_cycle_days=27.0,
)  # fmt: skip
"""Learned from Complete Journey before 2017-08-07: a year of a grocer's loyal households."""
