"""Price elasticity of products: how their weekly sales answer to their price.

The elasticity b of a product is the slope in

    log E[units of a week] = a + b * log price + c * promotion + d * season

fitted to each product's weeks with a sale (`truncated_poisson`). Promotion and season are held constant: an
advertised week sells more than its price alone explains, and a holiday sells more at any price. The
seed's slope, log units on log price and nothing else, stands beside it.

What a product is called is a claim that the whole confidence interval supports; all claims together
hold the share of false ones (Benjamini and Hochberg 1995).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from restock.core import truncated_poisson
from restock.core.arrays import Ints, Mask
from restock.core.truncated_poisson import Doubles

CLASSES = ("sensitive", "neutral", "insensitive", "insufficient_evidence")
SENSITIVE, NEUTRAL, INSENSITIVE, INSUFFICIENT = range(4)
REASONS = (
    "", "no_posted_price", "too_few_weeks", "too_few_prices", "price_follows_promotion_and_season",
    "no_fit", "interval_too_wide",
)  # fmt: skip
"""Why evidence is insufficient; empty where it is not."""
SUFFICIENT, UNPOSTED, FEW_WEEKS, FEW_PRICES, ENTANGLED, NO_FIT, WIDE = range(7)
INTERCEPT, PRICE, PROMOTION, SEASON = range(4)
"""Columns of the regression."""
COLUMNS = 4
PRICE_STEPS = 100
"""Prices are told apart by whole percents."""
LEAST_SPREAD = 1e-12
"""Sums of squares below it are rounding, not variation."""


@dataclass(frozen=True, slots=True)
class ElasticitySettings:
    """What counts as evidence, and where the classes part."""

    least_posted_share: float = 1 / 3
    """Share of a week's purchases that pay the week's price, to a percent, that a product needs. What is
    sold by weight has no price: dearer is only larger, and would look as if price did not matter."""
    least_weeks: int = 20
    """Weeks with a sale that a product needs: five for each of the four coefficients."""
    least_prices: int = 4
    """Different weekly prices, to a percent, that it needs: two cannot tell a slope from a coincidence."""
    least_price_spread: float = 0.03
    """Standard deviation of the log price that promotion and season leave over, that it needs: prices
    that move by less than 3% cannot show what 10% would do."""
    least_count: float = 2.0
    """Mean purchases of a week with a sale that it needs; where most weeks have exactly one, how many have
    none is guessed rather than fitted."""
    boundary: float = 0.5
    """Elasticity where the classes part: a price 10% lower then sells 5% more. Sensitive is below minus
    this, insensitive above plus this, neutral between."""
    confidence: float = 0.95
    """Of the interval."""
    false_discovery_rate: float = 0.05
    """Expected share of false claims among all claims made."""


@dataclass(frozen=True, eq=False)
class Panel:
    """Products by weeks."""

    counts: Doubles
    """(products, weeks) float64: what was sold, in average purchases of the product; 0 where nothing."""
    log_prices: Doubles
    """(products, weeks) float64: log of the unit price; anything where nothing was sold."""
    promotion: Doubles
    """(products, weeks) float64, 0 to 1: share of purchases at a discount."""
    season: Doubles
    """(products, weeks) float64: log of what other products sell in that week against their usual."""
    seen: Mask
    """(products, weeks) bool: sold at a known price."""
    posted: Doubles
    """(products,) float64, 0 to 1: share of purchases that pay the price of their week; NaN where no week
    has two."""


@dataclass(frozen=True, eq=False)
class Elasticities:
    """One entry a product of a panel; NaN where there was too little to fit."""

    estimates: Doubles
    """(products,) float64."""
    errors: Doubles
    """(products,) float64: their standard errors, above 0."""
    lows: Doubles
    """(products,) float64: lower end of the interval."""
    highs: Doubles
    """(products,) float64: upper end."""
    classes: Ints
    """(products,) int32: position in `CLASSES`."""
    reasons: Ints
    """(products,) int32: position in `REASONS`."""
    false_rates: Doubles
    """(products,) float64: lowest false discovery rate at which the claim would be made."""
    naive: Doubles
    """(products,) float64: the seed's slope."""
    naive_classes: Ints
    """(products,) int32: where the seed's slope lies, taken at its word."""
    weeks: Ints
    """(products,) int32: weeks seen."""


def estimate(panel: Panel, settings: ElasticitySettings) -> Elasticities:
    """Estimate and classify every product of a panel.

    A product with too few weeks or prices, or whose price moves with promotion and season only, is not
    fitted: no estimate is better than one that looks like one.
    """
    reasons = obstacles(panel, settings)
    chosen = np.flatnonzero(reasons == SUFFICIENT)
    slopes, errors = np.full((2, len(reasons)), np.nan)
    if chosen.size:
        slopes[chosen], errors[chosen] = fitted(chosen_rows(panel, chosen))
    failed = ~(errors > 0)
    reasons[(reasons == SUFFICIENT) & failed] = NO_FIT
    slopes[failed] = errors[failed] = np.nan
    weeks = panel.seen.sum(axis=1)
    freedom = np.maximum(weeks - COLUMNS, 1)
    margin = special.stdtrit(freedom, (1 + settings.confidence) / 2) * errors
    claims, rates = claimed(slopes, errors, freedom, settings)
    reasons[(reasons == SUFFICIENT) & (claims == INSUFFICIENT)] = WIDE
    naive = naive_slopes(panel)
    return Elasticities(
        slopes, errors, slopes - margin, slopes + margin, claims, reasons, rates,
        naive, at_its_word(naive, settings), weeks.astype(np.int32),
    )  # fmt: skip


def chosen_rows(panel: Panel, rows: NDArray[np.int64]) -> Panel:
    """Some products of a panel."""
    return Panel(
        panel.counts[rows], panel.log_prices[rows], panel.promotion[rows], panel.season[rows],
        panel.seen[rows], panel.posted[rows],
    )  # fmt: skip


def obstacles(panel: Panel, settings: ElasticitySettings) -> Ints:
    """First reason not to fit each product, (products,) int32 positions in `REASONS`."""
    weeks = panel.seen.sum(axis=1)
    spread = unexplained_spread(panel)
    reasons = np.full(len(weeks), SUFFICIENT, np.int32)
    reasons[spread < settings.least_price_spread] = ENTANGLED
    reasons[distinct_prices(panel) < settings.least_prices] = FEW_PRICES
    thin = truncated_poisson.group_mean(panel.counts, panel.seen) < settings.least_count
    reasons[(weeks < settings.least_weeks) | thin] = FEW_WEEKS
    reasons[panel.posted < settings.least_posted_share] = UNPOSTED
    return reasons


def distinct_prices(panel: Panel) -> Ints:
    """Different prices of each product, to a percent, (products,) int32."""
    steps = np.rint(panel.log_prices * PRICE_STEPS)
    steps = np.sort(np.where(panel.seen, steps, np.inf), axis=1)
    new = (steps[:, 1:] != steps[:, :-1]) & np.isfinite(steps[:, 1:])
    return np.asarray(new.sum(axis=1) + np.isfinite(steps[:, 0]), np.int32)


def unexplained_spread(panel: Panel) -> Doubles:
    """Standard deviation of the log price around its regression on promotion and season, (products,)."""
    seen = panel.seen
    columns = np.stack([centred(panel.promotion, seen), centred(panel.season, seen)], axis=2)
    prices = centred(panel.log_prices, seen)
    normal = np.einsum("pwc,pwd->pcd", columns, columns) + LEAST_SPREAD * np.eye(2)
    slopes = np.linalg.solve(normal, np.einsum("pwc,pw->pc", columns, prices)[:, :, None])
    left = prices - np.einsum("pwc,pc->pw", columns, slopes[:, :, 0])
    return np.asarray(np.sqrt((left**2).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)))


def centred(values: Doubles, seen: Mask) -> Doubles:
    """Less the mean of what is seen, 0 where not seen, (products, weeks) float64."""
    means = truncated_poisson.group_mean(np.where(seen, values, 0), seen)
    return np.where(seen, values - means[:, None], 0)


def fitted(panel: Panel) -> tuple[Doubles, Doubles]:
    """Slope and its standard error, (products,) float64 each.

    An error that is not above 0 stands for no fit.
    """
    columns = np.empty((*panel.seen.shape, COLUMNS))
    columns[:, :, INTERCEPT] = 1
    columns[:, :, PRICE] = centred(panel.log_prices, panel.seen)
    columns[:, :, PROMOTION] = centred(panel.promotion, panel.seen)
    columns[:, :, SEASON] = centred(panel.season, panel.seen)
    found = truncated_poisson.fit(panel.counts, columns, panel.seen)
    variance = found.covariances[:, PRICE, PRICE]
    usable = found.converged & np.isfinite(variance) & (variance > 0)
    return found.coefficients[:, PRICE], np.sqrt(np.where(usable, variance, 0))


def claimed(
    slopes: Doubles, errors: Doubles, freedom: NDArray[np.int64], settings: ElasticitySettings
) -> tuple[Ints, Doubles]:
    """Class of each product, and the false discovery rate that making the claim costs.

    The claim is the class that the estimate lies in. Its p-value is that of the nearest elasticity outside
    that class, two-sided, so that p is at most 1 - confidence just where the interval lies inside.
    """
    claims = at_its_word(slopes, settings)
    distance = np.abs(np.abs(slopes) - settings.boundary)
    with np.errstate(divide="ignore", invalid="ignore"):
        p_values = 2 * special.stdtr(freedom, -distance / errors)
    rates = false_discovery_rates(np.asarray(p_values, np.float64))
    certain = (rates <= settings.false_discovery_rate) & (p_values <= 1 - settings.confidence)
    return np.where(certain, claims, INSUFFICIENT).astype(np.int32), rates


def at_its_word(slopes: Doubles, settings: ElasticitySettings) -> Ints:
    """Class in which a slope lies, whatever its error, (products,) int32; NaN is insufficient."""
    classes = np.full(len(slopes), NEUTRAL, np.int32)
    classes[slopes < -settings.boundary] = SENSITIVE
    classes[slopes > settings.boundary] = INSENSITIVE
    classes[np.isnan(slopes)] = INSUFFICIENT
    return classes


def inside(lows: Doubles, highs: Doubles, settings: ElasticitySettings) -> Ints:
    """Class that holds a whole interval, (intervals,) int32; insufficient where none does."""
    low, high = at_its_word(lows, settings), at_its_word(highs, settings)
    return np.where(low == high, low, INSUFFICIENT).astype(np.int32)


def false_discovery_rates(p_values: Doubles) -> Doubles:
    """Adjusted p-values of Benjamini and Hochberg (1995), (tests,) float64; NaN is no test."""
    rates = np.full(len(p_values), np.nan)
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    scaled = p_values[order] * len(order) / np.arange(1, len(order) + 1)
    rates[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    return rates


def naive_slopes(panel: Panel) -> Doubles:
    """Seed's slope: log units on log price, (products,) float64; NaN where the price never moves."""
    prices = centred(panel.log_prices, panel.seen)
    units = centred(np.log(np.where(panel.seen, panel.counts, 1)), panel.seen)
    spread = (prices**2).sum(axis=1)
    slopes = np.full(len(spread), np.nan)
    np.divide((prices * units).sum(axis=1), spread, out=slopes, where=spread > LEAST_SPREAD)
    return slopes
