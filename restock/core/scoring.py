"""The pool of candidates, scored by every source in one compiled pass."""

from typing import Any

import numpy as np
from numba import njit

from restock.core import item_cf


@njit(cache=True, fastmath=True)
def score_pool(
    pool: Any, user: Any, item_factors: Any, gains: Any, popularity: Any,
    history_rows: Any, own: Any, heard: Any, positions: Any,
) -> Any:  # fmt: skip
    """Score rows by every source.

    `positions` is scratch: all -1, and so again on return.

    Returns:
        (sources, pool) float32 scores in the order of `BLENDED`, on the sources' own scales;
        (pool,) int64 positions in the history, -1 for a product never bought; (pool,) int64
        positions of the signal that gave item-CF most, -1 for none.
    """
    scores = np.zeros((4, len(pool)), np.float32)
    owned = np.full(len(pool), -1, np.int64)
    anchors = np.full(len(pool), -1, np.int64)
    for position in range(len(history_rows)):
        if history_rows[position] >= 0:
            positions[history_rows[position]] = position
    for place in range(len(pool)):
        row = pool[place]
        product = np.float32(0)
        for factor in range(len(user)):
            product += user[factor] * item_factors[row, factor]
        scores[0, place] = product
        if gains[row, item_cf.SUM] > 0:
            scores[1, place] = gains[row, item_cf.SUM]
            anchors[place] = heard[int(gains[row, item_cf.ANCHOR])]
        scores[2, place] = popularity[row]
        owned[place] = positions[row]
        if owned[place] >= 0:
            scores[3, place] = own[owned[place]]
    for row in history_rows:
        if row >= 0:
            positions[row] = -1
    return scores, owned, anchors
