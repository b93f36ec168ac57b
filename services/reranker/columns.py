"""The checks of all columns of a request in one compiled pass."""

import numpy as np
from numba import njit

from restock.core.arrays import Floats, Longs
from restock.core.blend import SOURCES
from restock.limits import LAST_DAY, MAX_SCORE_PART

COLUMNS = (*SOURCES, "purchase_counts", "first_days", "last_days")
"""Rows of the matrix that a request's columns are decoded to: score parts, then purchases."""
PARTS = len(SOURCES)
COUNTS, FIRST, LAST = PARTS, PARTS + 1, PARTS + 2
NO_FAULT, ROWS_FAULT, PURCHASES_FAULT = -1, PARTS, PARTS + 1
"""What `first_fault` tells besides the position of a source in `SOURCES`."""


@njit("i8(f4[:, ::1], i8[::1], i8, f4[::1])", cache=True)
def first_fault(columns: Floats, rows: Longs, items: int, scores: Floats) -> int:
    """Add the parts up to scores, and say what is the first column that cannot be.

    Compiled when imported, so that no request waits for it.

    Args:
        columns: (columns, candidates) in the order of `COLUMNS`.
        rows: (candidates,) catalogue rows, below 0 for unknown products.
        items: rows that there are.
        scores: (candidates,) to be written.
    """
    scores[:] = 0
    for source in range(PARTS):
        for place in range(len(rows)):
            # NaN fails both comparisons.
            if not 0 <= columns[source, place] <= MAX_SCORE_PART:
                return source
            scores[place] += columns[source, place]
    seen = np.zeros(items, np.bool_)
    for row in rows:
        if row >= items or (row >= 0 and seen[row]):
            return ROWS_FAULT
        if row >= 0:
            seen[row] = True
    for place in range(len(rows)):
        # `check_purchases` tells which of them it is.
        if columns[COUNTS, place] > LAST_DAY or columns[LAST, place] > LAST_DAY:
            return PURCHASES_FAULT
        if columns[FIRST, place] > columns[LAST, place]:
            return PURCHASES_FAULT
    return NO_FAULT
