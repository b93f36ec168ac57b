"""The learned ranker: trees over feature rows, and the chance of a purchase that their sum stands for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Floats, Longs
from restock.core.trees import Trees


@dataclass(frozen=True, eq=False)
class Head:
    """Trees, and what their sum means."""

    trees: Trees
    """Over rows of `FEATURES`."""
    slope: float
    """Above 0: of the log odds over the sum."""
    intercept: float
    """Log odds where the sum is 0."""

    def chances(self, rows: Floats) -> Floats:
        """Chance that each row's product is in the next basket, (rows,) float32, 0 to 1."""
        odds: NDArray[np.float64] = self.slope * self.trees.score(rows) + self.intercept
        return (1 / (1 + np.exp(-odds))).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Ranker:
    """One head for what the shopper bought before, one for what is new."""

    own: Head
    new: Head
    leads: bool
    """Whether it did better than HYBRID on the last window before the training's end: AUTO takes it then."""

    def chances(self, rows: Floats, owned: Longs) -> Floats:
        """Chance of each candidate.

        Args:
            rows: (candidates, `FEATURES`) float32.
            owned: (candidates,) int64, -1 for products never bought.

        Returns:
            (candidates,) float32, 0 to 1.
        """
        found = np.empty(len(rows), np.float32)
        bought = owned >= 0
        found[bought] = self.own.chances(rows[bought])
        found[~bought] = self.new.chances(rows[~bought])
        return found
