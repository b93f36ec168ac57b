"""The best rows of dense scores, in one compiled pass."""

from typing import Any

import numpy as np
from numba import njit

from restock.core.metrics import NOTHING


@njit(cache=True)
def top_rows(scores: Any, k: int) -> Any:
    """Rows of the k highest scores of each user, best first; equal ones in row order.

    Args:
        scores: (users, items) float; minus infinity is never a result.
        k: how many.

    Returns:
        (users, k) int32, `NOTHING` where there are fewer.
    """
    users, items = scores.shape
    best = np.full((users, k), NOTHING, np.int32)
    tops = np.empty(k, scores.dtype)
    for user in range(users):
        held = 0
        for item in range(items):
            score = scores[user, item]
            if score == -np.inf or (held == k and score <= tops[k - 1]):
                continue
            place = min(held, k - 1)
            while place > 0 and tops[place - 1] < score:
                tops[place] = tops[place - 1]
                best[user, place] = best[user, place - 1]
                place -= 1
            tops[place] = score
            best[user, place] = item
            held = min(held + 1, k)
    return best
