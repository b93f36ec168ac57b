"""Intervals of means over households: paired, clustered over cut-offs, seeded.

Households are drawn with replacement, each with all of its cut-offs, and the same draws serve every method,
so that a difference between two methods is judged on the same households (Efron and Tibshirani 1993, ch. 8).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restock.core.metrics import Values

RESAMPLES = 2000
"""Draws of as many households as there are."""
TAILS = (2.5, 97.5)
"""Percentiles between which 95% of the draws lie."""
Interval = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Households:
    """The households of several cut-offs, as rows of one table, and their draws."""

    ids: list[str]
    """Sorted, each once: the order in which they were given changes nothing."""
    draws: NDArray[np.float64]
    """(resamples, households) float64: how often each was drawn."""

    def table(self, cuts: list[tuple[list[str], Values]]) -> Values:
        """Lay out values by household and cut-off, (households, cuts) float64, NaN for who is missing."""
        place = {name: row for row, name in enumerate(self.ids)}
        table = np.full((len(self.ids), len(cuts)), np.nan)
        for column, (names, values) in enumerate(cuts):
            table[[place[name] for name in names], column] = values
        return table

    def means(self, table: Values) -> Values:
        """Mean over cut-offs of the mean over households, for each draw, (resamples,) float64.

        Args:
            table: (households, cuts) from `table`.
        """
        known = ~np.isnan(table)
        sums, counts = self.draws @ np.where(known, table, 0), self.draws @ known
        of_cuts = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
        return mean_of_known(of_cuts)


def drawn(ids: set[str], seed: int, resamples: int = RESAMPLES) -> Households:
    """Draw households.

    Args:
        ids: all that any cut-off judges.
        seed: the same seed and households give the same draws.
        resamples: how many draws.
    """
    chances = np.full(len(ids), 1 / max(len(ids), 1))
    draws = np.random.default_rng(seed).multinomial(len(ids), chances, size=resamples)
    return Households(sorted(ids), draws.astype(np.float64))


def mean_of_known(table: Values) -> Values:
    """Mean of each row's numbers, (rows,) float64, NaN where there is none."""
    known = ~np.isnan(table)
    counts = known.sum(axis=1)
    sums = np.where(known, table, 0).sum(axis=1)
    unknown = np.full(len(table), np.nan)
    return np.asarray(np.divide(sums, counts, out=unknown, where=counts > 0))


def interval(resampled: Values) -> Interval:
    """95% of the draws, (low, high); NaN where no draw has a value."""
    known = resampled[~np.isnan(resampled)]
    if not known.size:
        return (np.nan, np.nan)
    low, high = np.percentile(known, TAILS)
    return (float(low), float(high))
