"""ALS at request time: a user's factors from purchases made a second ago, without a user table."""

from typing import Protocol

import numpy as np
from scipy.linalg import lapack

from restock.core.arrays import Floats, Longs


class FactorIndex(Protocol):
    """Finds the items whose factors have the largest inner product with a user's."""

    def search(self, user_factors: Floats, count: int) -> tuple[Longs, Floats]:
        """Return the best rows and their scores, best first; fewer in a small catalogue.

        Args:
            user_factors: (factors,) float32.
            count: how many.
        """


def gramian(item_factors: Floats, regularization: float) -> Floats:
    """``Y'Y + lambda I``, (factors, factors) float32: what all users' normal equations share."""
    width = item_factors.shape[1]
    gram = item_factors.T @ item_factors
    return gram + np.float32(regularization) * np.eye(width, dtype=np.float32)


def fold_in(
    item_factors: Floats, gram: Floats, rows: Longs, strengths: Floats, alpha: float
) -> Floats:
    """Solve for the factors of a user with these purchases, items held fixed.

    The half-step of Hu, Koren, Volinsky 2008 in `implicit`'s form: confidence ``c = alpha * s`` and
    ``(Y'Y + lambda I + sum (c - 1) y y') x = sum c y``.

    Args:
        item_factors: (items, factors) float32.
        gram: `gramian` of them.
        rows: (signals,) int64, item rows.
        strengths: (signals,) float32, above 0.
        alpha: confidence of one unit of strength.

    Returns:
        (factors,) float32; zeros when there is no signal.
    """
    factors = item_factors[rows]
    confidence = strengths * np.float32(alpha)
    system = gram + (factors.T * (confidence - 1)) @ factors
    _, solution, fault = lapack.sposv(system, confidence @ factors, lower=1)
    # Tiny strengths with weak regularisation can leave the system not positive definite.
    if fault:
        solution = np.linalg.lstsq(system, confidence @ factors, rcond=None)[0]
    return np.asarray(solution, np.float32)
