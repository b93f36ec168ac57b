"""ALS for implicit feedback, scored over the whole catalogue.

Hu, Koren, Volinsky 2008, "Collaborative Filtering for Implicit Feedback Datasets".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from restock.tuning_config import TuningConfig
from trainer.evaluation.methods.method import Ranker, ScoredRanker, ScoreOf
from trainer.evaluation.past import Past
from trainer.fit_als import fit_als


@dataclass(frozen=True)
class Als:
    """Inner products of trained user and item factors, from plain counts and from bought-or-not."""

    tuning: TuningConfig = field(default_factory=TuningConfig)
    """``als_*`` and ``seed``."""
    names: tuple[str, ...] = ("ALS, counts", "ALS, bought or not")
    """Their names."""

    def fit(self, past: Past) -> Mapping[str, Ranker]:
        """Factorise both matrices."""
        bought = (past.counts > 0).astype(np.float32)
        return {
            name: ScoredRanker(past, factor_scores(strengths, self.tuning))
            for name, strengths in zip(self.names, (past.counts, bought), strict=True)
        }


def factor_scores(strengths: sparse.csr_matrix, tuning: TuningConfig) -> ScoreOf:
    """Factorise, and give the function that scores users.

    Args:
        strengths: (users, catalogue) float32.
        tuning: ``als_*`` and ``seed``.
    """
    user_factors, item_factors = fit_als(strengths, tuning, lambda: None)
    return lambda users: user_factors[users] @ item_factors.T
