"""Items beside an item: alike in taste, or bought together with it."""

import numpy as np

from restock.core.arrays import Floats, Longs, Mask
from restock.core.request import Level1


def neighbours_of(
    model: Level1, row: int, count: int, mask: Mask | None, *, alike: bool
) -> tuple[Longs, Floats]:
    """Rows beside an item and their similarity, best first, the item itself left out.

    Args:
        model: the model version.
        row: the item.
        count: how many at most.
        mask: (items,) bool, rows that may be answered; None lets all.
        alike: cosine of ALS factors if true, else item-CF.
    """
    rows, scores = alike_rows(model, row) if alike else together_rows(model, row)
    keep = (rows >= 0) & (rows != row) & (scores > 0)
    if mask is not None:
        keep &= mask[rows]
    rows, scores = rows[keep], scores[keep]
    best = np.argsort(-scores, kind="stable")[:count]
    return rows[best].astype(np.int64), np.minimum(scores[best], 1)


def together_rows(model: Level1, row: int) -> tuple[Longs, Floats]:
    """Item-CF neighbours of an item."""
    return model.neighbours[row], model.neighbour_weights[row]


def alike_rows(model: Level1, row: int) -> tuple[Longs, Floats]:
    """All items with the cosine of their factors to an item's."""
    norms = np.linalg.norm(model.item_factors, axis=1)
    lengths = np.maximum(norms * norms[row], np.float32(1e-12))
    cosines = model.item_factors @ model.item_factors[row] / lengths
    return np.arange(len(cosines)), cosines
