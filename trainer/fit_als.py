"""Level 1's ALS: factors of users and items from the strength matrix."""

from collections.abc import Callable

import numpy as np
from implicit.als import AlternatingLeastSquares
from scipy import sparse
from threadpoolctl import threadpool_limits

from restock.core.arrays import Floats
from restock.tuning_config import TuningConfig


def fit_als(
    strengths: sparse.csr_matrix, tuning: TuningConfig, iterated: Callable[[], None]
) -> tuple[Floats, Floats]:
    """Factorise the strength matrix.

    The same matrix and tuning give the same bytes, however many cores there are: rows are solved
    one by one, and BLAS is held to one thread.

    Args:
        strengths: (users, items) float32.
        tuning: ``als_*`` and ``seed``.
        iterated: called after each alternation.

    Returns:
        (users, factors) and (items, factors), both float32.
    """
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=tuning.als_factors,
            regularization=tuning.als_regularization,
            alpha=tuning.als_alpha,
            iterations=tuning.als_iterations,
            random_state=tuning.seed,
        )
        model.fit(strengths, show_progress=False, callback=lambda *_: iterated())
    return np.asarray(model.user_factors), np.asarray(model.item_factors)
