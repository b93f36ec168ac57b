"""Item-CF as a library has it: the cosine of items' columns, the item itself among its neighbours."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, ItemItemRecommender
from implicit.utils import ParameterWarning
from scipy import sparse

from trainer.evaluation.methods.method import Ranker, ScoredRanker, ScoreOf
from trainer.evaluation.past import Past

NEIGHBOURS = 100
"""Neighbours kept for each item, itself included."""


@dataclass(frozen=True)
class ItemCf:
    """A household's counts times the similarities of its products, with two ways to weigh the columns."""

    neighbours: int = NEIGHBOURS
    """Neighbours kept for each item, itself included."""
    names: tuple[str, ...] = ("item-CF, cosine", "item-CF, BM25")
    """Their names."""

    def fit(self, past: Past) -> Mapping[str, Ranker]:
        """Compare all pairs of columns, twice."""
        models = (CosineRecommender, BM25Recommender)
        return {
            name: neighbour_ranker(past, past.counts, model(K=self.neighbours))
            for name, model in zip(self.names, models, strict=True)
        }


def neighbour_ranker(
    past: Past, strengths: sparse.csr_matrix, model: ItemItemRecommender
) -> ScoredRanker:
    """Learn similarities from strengths, (users, catalogue), and rank by their product."""
    score = neighbour_scores(strengths, model)
    return ScoredRanker(past, score)


def neighbour_scores(strengths: sparse.csr_matrix, model: ItemItemRecommender) -> ScoreOf:
    """Learn similarities, and give the function that scores users with them."""
    with warnings.catch_warnings():  # of its own conversion
        warnings.simplefilter("ignore", ParameterWarning)
        model.fit(strengths, show_progress=False)
    similarity = sparse.csr_matrix(model.similarity)
    return lambda users: np.asarray((strengths[users] @ similarity).toarray())
