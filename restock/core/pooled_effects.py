"""Averages of uncertain estimates, group by group, that allow for real differences inside a group."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Ints

Doubles = NDArray[np.float64]

NORMAL_97_5 = 1.959964
"""Of a standard normal: half-width of a 95% interval in standard errors."""


@dataclass(frozen=True, eq=False)
class PooledEffects:
    """One entry a group; NaN for one without an estimate."""

    means: Doubles
    """(groups,) float64: average effect."""
    lows: Doubles
    """(groups,) float64: lower end of its 95% interval."""
    highs: Doubles
    """(groups,) float64: upper end."""
    spreads: Doubles
    """(groups,) float64: standard deviation of the true effects around it, 0 where chance explains all."""
    sizes: Ints
    """(groups,) int32: estimates."""


def pooled(groups: Ints, estimates: Doubles, errors: Doubles, count: int) -> PooledEffects:
    """Pool by random effects (DerSimonian and Laird 1986).

    Args:
        groups: (estimates,) int32, 0 to `count` - 1.
        estimates: (estimates,) float64.
        errors: (estimates,) float64: their standard errors, above 0.
        count: number of groups.
    """
    weights = errors**-2
    total = summed(groups, weights, count)
    with np.errstate(divide="ignore", invalid="ignore"):
        fixed = summed(groups, weights * estimates, count) / total
        sizes = np.bincount(groups, minlength=count)
        excess = summed(groups, weights * (estimates - fixed[groups]) ** 2, count) - (sizes - 1)
        scale = total - summed(groups, weights**2, count) / total
        variance = np.where(scale > 0, np.maximum(excess, 0) / scale, 0)
        weights = 1 / (errors**2 + variance[groups])
        total = summed(groups, weights, count)
        means = summed(groups, weights * estimates, count) / total
        margins = NORMAL_97_5 / np.sqrt(total)
    spreads = np.where(sizes > 0, np.sqrt(variance), np.nan)
    return PooledEffects(means, means - margins, means + margins, spreads, sizes.astype(np.int32))


def summed(groups: Ints, values: Doubles, count: int) -> Doubles:
    """Sum of each group's values, (count,) float64."""
    return np.asarray(np.bincount(groups, values, minlength=count), np.float64)
