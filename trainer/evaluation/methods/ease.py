"""EASE: a linear item-to-item model in closed form.

Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data".
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from restock.core.arrays import Floats, Longs
from trainer.evaluation.methods.method import Ranker, ScoredRanker, Scores
from trainer.evaluation.past import Past


@dataclass(frozen=True)
class Ease:
    """A household's counts times item weights, which foretell each item from all others."""

    most_items: int = 5000
    """Products that it knows, the most bought ones: memory and time grow with their square and cube."""
    regularization: float = 100.0
    """L2 penalty on the weights."""
    names: tuple[str, ...] = ("EASE",)
    """Its name."""

    def fit(self, past: Past) -> Mapping[str, Ranker]:
        """Invert the items' co-occurrence."""
        counts = past.counts[:, : self.most_items].tocsr()
        weights = item_weights((counts.T @ counts).toarray(), self.regularization)

        def score(users: Longs) -> Scores:
            known = counts[users] @ weights
            beyond = past.catalogue_items - known.shape[1]
            return np.pad(known, ((0, 0), (0, beyond)), constant_values=-np.inf)

        return {self.names[0]: ScoredRanker(past, score)}


def item_weights(gram: Floats, regularization: float) -> Floats:
    """``B = I - P / diag(P)`` with ``P = (X'X + lambda I)^-1``: its diagonal is 0.

    Args:
        gram: (items, items) ``X'X``; consumed.
        regularization: lambda, above 0.

    Returns:
        (items, items) float32.
    """
    gram[np.diag_indices_from(gram)] += regularization
    factor, _ = linalg.cho_factor(gram, lower=True, overwrite_a=True)
    inverse, _ = linalg.lapack.spotri(factor, lower=True, overwrite_c=True)
    inverse = np.tril(inverse)
    inverse += np.tril(inverse, -1).T
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return np.asarray(weights, np.float32)
