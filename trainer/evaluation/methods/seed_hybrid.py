"""The seed document's hybrid, to the letter: 40% ALS, 40% item-CF, 20% popularity over the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from implicit.nearest_neighbours import CosineRecommender
from numpy.typing import NDArray

from restock.core.arrays import Floats, Longs
from restock.core.popularity import popularity
from restock.tuning_config import TuningConfig
from trainer.evaluation.methods.als import factor_scores
from trainer.evaluation.methods.item_cf import NEIGHBOURS, neighbour_scores
from trainer.evaluation.methods.method import Ranker, ScoredRanker, ScoreOf, Scores
from trainer.evaluation.methods.seed_rules import RULE_NAMES, Rule, SeedRules
from trainer.evaluation.past import Past

PLAIN = "seed hybrid"
"""Its name, and the beginning of those with rules."""


@dataclass(frozen=True)
class SeedHybrid:
    """ALS and item-CF on the seed's strengths, their blend, and the blend with each rule."""

    tuning: TuningConfig = field(default_factory=TuningConfig)
    """``als_*``, weights of the blend, weights of ratios, popularity's half-life."""
    with_rules: bool = True
    """Whether the rules are judged as well."""

    @property
    def names(self) -> tuple[str, ...]:
        """Parts, blend, and the blend with each rule."""
        parts = ("ALS, seed strengths", "item-CF, seed strengths", PLAIN)
        return parts + tuple(f"{PLAIN} + {rule}" for rule in RULE_NAMES if self.with_rules)

    def fit(self, past: Past) -> Mapping[str, Ranker]:
        """Learn both parts once."""
        strengths = past.by_pair(purchase_strengths(past, self.tuning)).astype(np.float32)
        als = factor_scores(strengths, self.tuning)
        item_cf = neighbour_scores(strengths, CosineRecommender(K=NEIGHBOURS))
        blend = Blend(past, self.tuning, als, item_cf)
        chains = SeedRules(past).chains().values() if self.with_rules else ()
        scores = (als, item_cf, blend.scores, *(blend.after(chain) for chain in chains))
        return {
            name: ScoredRanker(past, score) for name, score in zip(self.names, scores, strict=True)
        }


def purchase_strengths(past: Past, tuning: TuningConfig) -> NDArray[np.float64]:
    """Strength of each purchase by the seed's ratios, (purchases,) float64.

    ``clip(a log1p(unit price / household's mean) + b log1p(units / item's mean), low, high)``.
    """
    purchases = past.purchases
    prices = purchases.spend_milli / purchases.units_milli
    usual_price = np.bincount(purchases.users, prices) / np.bincount(purchases.users)
    usual_units = np.bincount(purchases.items, purchases.units_milli) / np.bincount(purchases.items)
    mean = usual_price[purchases.users]
    spending = np.divide(prices, mean, out=np.zeros_like(prices), where=mean > 0)
    quantity = purchases.units_milli / usual_units[purchases.items]
    mixed = tuning.spending_weight * np.log1p(spending) + tuning.quantity_weight * np.log1p(
        quantity
    )
    return np.asarray(np.clip(mixed, tuning.min_strength, tuning.max_strength))


@dataclass(frozen=True, eq=False)
class Blend:
    """The weighted sum of three min-max scaled scores."""

    past: Past
    """What was learned from."""
    tuning: TuningConfig
    """Weights, and popularity's half-life."""
    als: ScoreOf
    """Of users by ALS."""
    item_cf: ScoreOf
    """Of users by item-CF."""
    known: dict[bytes, Scores] = field(default_factory=dict)
    """Blocks of users that were scored before: every rule begins with the same."""

    @cached_property
    def popular(self) -> Floats:
        """Popularity of the catalogue as it serves, min-max scaled, (1, catalogue) float32."""
        purchases, profiles = self.past.purchases, self.past.profiles
        scores = popularity(
            purchases.items, purchases.days, profiles.item_rows, profiles.last_days.astype(np.int32),
            len(purchases.item_ids), self.past.day, self.tuning,
        )  # fmt: skip
        return minmax(scores[None, : self.past.catalogue_items])

    def scores(self, users: Longs) -> Scores:
        """Blend, (users, catalogue) float32, 0 to 1; the caller may change it."""
        key = users.tobytes()
        if key not in self.known:
            tuning = self.tuning
            blend = tuning.als_weight * minmax(self.als(users))
            blend += tuning.item_cf_weight * minmax(self.item_cf(users))
            blend += tuning.popularity_weight * self.popular
            self.known[key] = blend
        return self.known[key].copy()

    def after(self, rules: tuple[Rule, ...]) -> ScoreOf:
        """Blend, then apply rules."""

        def score(users: Longs) -> Scores:
            scores = self.scores(users)
            for rule in rules:
                rule(scores, users)
            return scores

        return score


def minmax(scores: Scores) -> Floats:
    """Bring each user's scores to 0..1, (users, items) float32; equal ones all become 0."""
    low = scores.min(axis=1, keepdims=True)
    span = scores.max(axis=1, keepdims=True) - low
    return np.asarray((scores - low) / np.where(span > 0, span, 1), np.float32)
