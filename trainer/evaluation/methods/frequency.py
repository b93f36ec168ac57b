"""A household's own frequencies: the baselines that are hard to beat where people buy things again.

P-TopFreq and GP-TopFreq as in Li, Jullien, Ariannezhad, de Rijke 2023, "A Next Basket Recommendation
Reality Check".
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from restock.core.arrays import Longs
from trainer.evaluation.methods.method import Ranker, ScoredRanker, Scores
from trainer.evaluation.methods.popular import decayed_popularity
from trainer.evaluation.past import Past

BELOW_ONE = 0.999
"""A tie-breaker below it never outweighs one household-day."""


@dataclass(frozen=True)
class PersonalTopFrequency:
    """Own purchase count, ties by the most recent; nothing that was never bought (P-TopFreq)."""

    names: tuple[str, ...] = ("P-TopFreq",)
    """Its name."""

    def fit(self, past: Past) -> Mapping[str, Ranker]:
        """Count, and note the last day."""
        oldest = int(past.ages.max(initial=1))
        recency = latest(past, BELOW_ONE * (1 - past.ages / (oldest + 1)))
        own = (past.counts.astype(np.float64) + recency).tocsr()

        def score(users: Longs) -> Scores:
            dense = own[users].toarray()
            dense[dense == 0] = -np.inf
            return np.asarray(dense)

        return {self.names[0]: ScoredRanker(past, score)}


def latest(past: Past, values: NDArray[np.float64]) -> sparse.csr_matrix:
    """Value of each pair's last purchase, (users, catalogue) float64; values grow with the day."""
    order = np.lexsort((past.purchases.days, past.purchases.items, past.purchases.users))
    last = np.append(past.purchases.pair_starts()[1:], len(order)) - 1
    of_last = np.zeros(len(order))
    of_last[order[last]] = values[order[last]]
    return past.by_pair(of_last)


@dataclass(frozen=True)
class GlobalPersonalTopFrequency:
    """Own purchase count, ties and fill by popularity (GP-TopFreq)."""

    names: tuple[str, ...] = ("GP-TopFreq",)
    """Its name."""

    def fit(self, past: Past) -> Mapping[str, Ranker]:
        """Count own and all purchases."""
        return {self.names[0]: over_popularity(past, past.counts, past.popularity)}


@dataclass(frozen=True)
class RecentFrequency:
    """Own purchases, each counting half after a half-life; ties and fill by what sells now (RecFreq)."""

    half_life_days: float = 60.0
    """Age at which an own purchase counts half (tuned on the validation window)."""
    popularity_half_life_days: float = 14.0
    """Age at which a purchase counts half for the fill."""
    tie_weight: float = 1e-6
    """What all of the popularity is worth against one purchase of today."""
    names: tuple[str, ...] = ("RecFreq",)
    """Its name."""

    def fit(self, past: Past) -> Mapping[str, Ranker]:
        """Decay own and all purchases."""
        own = past.by_pair(np.exp2(-past.ages / self.half_life_days))
        popular = decayed_popularity(past, self.popularity_half_life_days)
        return {self.names[0]: over_popularity(past, own, popular, self.tie_weight)}


def over_popularity(
    past: Past, own: sparse.csr_matrix, popularity: NDArray[np.float64], weight: float = BELOW_ONE
) -> ScoredRanker:
    """Rank by own scores, ties and fill by popularity.

    Args:
        past: what was learned from.
        own: (users, catalogue), 0 for what was never bought.
        popularity: (catalogue,) float64, at least 0.
        weight: what the most popular product's popularity is worth on the scale of `own`.
    """
    fill = weight * popularity / popularity.max(initial=1.0)
    return ScoredRanker(past, lambda users: own[users].toarray() + fill)
