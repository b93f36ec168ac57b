"""Popularity: the same ranking for everybody."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trainer.evaluation.methods.method import Ranker, ScoredRanker
from trainer.evaluation.past import Past


@dataclass(frozen=True)
class Popular:
    """Household-days on which a product was bought, each counting half after a half-life."""

    name: str = "popularity"
    """As the tables show it."""
    half_life_days: float = np.inf
    """Age at which a household-day counts half."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its name."""
        return (self.name,)

    def fit(self, past: Past) -> Mapping[str, Ranker]:
        """Count."""
        scores = decayed_popularity(past, self.half_life_days)
        return {self.name: ScoredRanker(past, lambda users: np.tile(scores, (len(users), 1)))}


def decayed_popularity(past: Past, half_life_days: float) -> np.ndarray:
    """Household-days of each product of the catalogue, decayed by age, (catalogue,) float64."""
    weights = np.exp2(-past.ages / half_life_days)
    counts = np.bincount(past.purchases.items, weights, minlength=len(past.purchases.item_ids))
    return np.asarray(counts[: past.catalogue_items], np.float64)
