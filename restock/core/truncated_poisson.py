"""Many small regressions of counts at once: one zero-truncated Poisson fit a group, by Newton's method.

A week in which nothing was sold has no price, so only weeks with a sale are seen. Leaving the empty
weeks out makes demand look flatter than it is; the truncated likelihood knows that they are missing.
For large counts it is the plain Poisson regression.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Mask

Doubles = NDArray[np.float64]

NEWTON_STEPS = 40
"""Most steps; concave likelihoods take five to ten."""
LONGEST_STEP = 1.0
"""Most that a step changes a coefficient, against overshooting from far away."""
CONVERGED_STEP = 1e-7
"""A last step of at most this has found the maximum."""
LOG_RATE_RANGE = (-8.0, 15.0)
"""Bounds of the rate's log: below, the mean is 1 to three decimals; above, no shop sells as many."""
LARGEST_LEVERAGE = 0.99
"""Leverages are kept below it: a point that fixes a coefficient alone has no residual to tell."""
SINGULAR_RIDGE = 1e-9
"""Added to the diagonal of the information, so that a column without information does not stop the
others; its standard error comes out enormous."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Coefficients of every group."""

    coefficients: Doubles
    """(groups, columns) float64."""
    covariances: Doubles
    """(groups, columns, columns) float64: robust to heteroscedasticity, HC3."""
    converged: Mask
    """(groups,) bool: the maximum was found and lies inside."""


def truncated_mean(rates: Doubles) -> tuple[Doubles, Doubles]:
    """Mean and variance of a Poisson count that is known not to be zero.

    Args:
        rates: float64, above 0: mean of the count itself.

    Returns:
        ``rate / (1 - exp(-rate))``; and ``mean * (1 + rate - mean)``, which is also the derivative of the
        mean by the log of the rate.
    """
    mean = rates / -np.expm1(-rates)
    return mean, mean * np.maximum(1 + rates - mean, 0)


def fit(counts: Doubles, columns: Doubles, seen: Mask) -> Fit:
    """Fit ``log rate = columns @ coefficients`` in every group, by the zero-truncated likelihood.

    Only the mean is relied on: the covariances hold for counts that vary more or less than Poisson ones.

    Args:
        counts: (groups, weeks) float64, above 0 where seen; need not be whole.
        columns: (groups, weeks, columns) float64; the first is the intercept's.
        seen: (groups, weeks) bool: entries that count.
    """
    columns = columns * seen[:, :, None]
    coefficients = np.zeros((len(counts), columns.shape[2]))
    coefficients[:, 0] = np.log(group_mean(counts, seen))
    step = np.ones_like(coefficients)
    for _ in range(NEWTON_STEPS):
        residuals, variances = residuals_of(counts, columns, seen, coefficients)
        gradient = np.einsum("gw,gwc->gc", residuals, columns)
        step = np.linalg.solve(information(columns, variances), gradient[:, :, None])[:, :, 0]
        step = np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        coefficients += step
        if np.abs(step).max(initial=0) <= CONVERGED_STEP:
            break
    converged = np.abs(step).max(axis=1) <= CONVERGED_STEP
    return Fit(coefficients, covariances(counts, columns, seen, coefficients), converged)


def group_mean(values: Doubles, seen: Mask) -> Doubles:
    """Mean of what is seen of each group, (groups,) float64."""
    sizes = np.maximum(seen.sum(axis=1), 1)
    return np.asarray((values * seen).sum(axis=1) / sizes)


def residuals_of(
    counts: Doubles, columns: Doubles, seen: Mask, coefficients: Doubles
) -> tuple[Doubles, Doubles]:
    """Count less its mean, and its variance, (groups, weeks) float64 each, 0 where not seen."""
    log_rates = np.einsum("gwc,gc->gw", columns, coefficients)
    mean, variance = truncated_mean(np.exp(np.clip(log_rates, *LOG_RATE_RANGE)))
    return (counts - mean) * seen, variance * seen


def information(columns: Doubles, variances: Doubles) -> Doubles:
    """Fisher information of each group, (groups, columns, columns) float64."""
    products = np.einsum("gwc,gw,gwd->gcd", columns, variances, columns, optimize=True)
    return np.asarray(products + SINGULAR_RIDGE * np.eye(columns.shape[2]))


def covariances(counts: Doubles, columns: Doubles, seen: Mask, coefficients: Doubles) -> Doubles:
    """Sandwich covariance HC3 (MacKinnon and White 1985): squared residuals over (1 - leverage)^2."""
    residuals, variances = residuals_of(counts, columns, seen, coefficients)
    bread = np.linalg.inv(information(columns, variances))
    leverages = variances * np.einsum("gwc,gcd,gwd->gw", columns, bread, columns, optimize=True)
    inflated = residuals / (1 - np.minimum(leverages, LARGEST_LEVERAGE))
    meat = np.einsum("gwc,gw,gwd->gcd", columns, inflated**2, columns, optimize=True)
    return np.asarray(bread @ meat @ bread)
