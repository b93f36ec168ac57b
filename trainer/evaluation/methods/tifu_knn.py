"""TIFU-KNN: temporal item frequency and nearest neighbours.

Hu, He, Gao, Zhang 2020, "Modeling Personalized Item Frequency Information for Next-basket Recommendation".
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from restock.core.arrays import Longs
from trainer.clean import user_days
from trainer.evaluation.methods.method import Ranker, ScoredRanker, Scores, blocks
from trainer.evaluation.past import Past


@dataclass(frozen=True)
class TifuKnn:
    """A household's decayed item frequencies, mixed with those of the most similar households.

    The defaults were tuned on the validation window; the authors' values for another grocer are worse here.
    """

    groups: int = 3
    """Consecutive groups of about equal size that a household's baskets are cut into."""
    basket_decay: float = 0.95
    """Weight of a basket against the next one of its group."""
    group_decay: float = 0.8
    """Weight of a group against the next one."""
    neighbours: int = 100
    """Most similar households that are averaged."""
    own_weight: float = 0.4
    """Weight of the household's own vector against the neighbours' mean."""
    names: tuple[str, ...] = ("TIFU-KNN",)
    """Its name."""

    def fit(self, past: Past) -> Mapping[str, Ranker]:
        """Make every household's vector, and find its neighbours."""
        vectors = past.by_pair(self.weights(past))
        near = nearest(vectors, self.neighbours)

        def score(users: Longs) -> Scores:
            mixed = self.own_weight * vectors[users] + (1 - self.own_weight) * (
                near[users] @ vectors
            )
            return np.asarray(mixed.toarray())

        return {self.names[0]: ScoredRanker(past, score)}

    def weights(self, past: Past) -> NDArray[np.float64]:
        """Weight of each purchase in its household's vector, (purchases,) float64.

        The basket decay counts all later baskets of the household, not those of the group alone, as in the
        code that the authors published; the paper's text, which counts within the group, is worse here.
        """
        users, days = user_days(past.purchases)
        baskets = np.bincount(users)
        place = np.arange(len(users)) - np.repeat(np.cumsum(baskets) - baskets, baskets)
        total = baskets[users]
        groups = np.minimum(total, self.groups)
        group, held = grouped(place, total, groups)
        decay = self.basket_decay ** (total - 1 - place) * self.group_decay ** (groups - 1 - group)
        keys = users.astype(np.int64) * past.day + days
        wanted = past.purchases.users.astype(np.int64) * past.day + past.purchases.days
        return np.asarray((decay / held / groups)[np.searchsorted(keys, wanted)])


def grouped(place: Longs, total: Longs, groups: Longs) -> tuple[Longs, Longs]:
    """Cut baskets into consecutive groups; where they do not divide, the last groups hold one more.

    Args:
        place: (baskets,) number of each in its household's history, from 0, the oldest.
        total: (baskets,) baskets of the household.
        groups: (baskets,) groups of the household, at most `total`.

    Returns:
        (baskets,) group of each basket, from 0, the oldest; (baskets,) baskets in that group.
    """
    size, larger = total // groups, total % groups
    in_smaller = (groups - larger) * size
    late = place >= in_smaller
    of_late = groups - larger + (place - in_smaller) // (size + 1)
    return np.where(late, of_late, place // size), size + late


def nearest(vectors: sparse.csr_matrix, count: int) -> sparse.csr_matrix:
    """Average over each row's nearest rows by Euclidean distance, itself left out.

    Args:
        vectors: (users, items).
        count: how many neighbours.

    Returns:
        (users, users) float64: the weight of each neighbour, one over their number.
    """
    users = vectors.shape[0]
    squares = np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel()
    width = min(count, users - 1)
    best = np.empty((users, width), np.int64)
    for block in blocks(users):
        distance = squares - 2 * (vectors[block] @ vectors.T).toarray()
        distance[np.arange(len(distance)), np.arange(block.start, block.stop)] = np.inf
        best[block] = np.argsort(distance, axis=1, kind="stable")[:, :width]
    weights = np.full(best.size, 1 / max(width, 1))
    return sparse.csr_matrix(
        (weights, best.ravel(), np.arange(users + 1) * width), shape=(users, users)
    )
