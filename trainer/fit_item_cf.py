"""Level 1's item-CF: for each item, those bought by the same users, weighted by spending."""

from collections.abc import Callable

import numpy as np
from scipy import sparse

from restock.core.arrays import Floats, Ints
from restock.tuning_config import TuningConfig

NO_NEIGHBOUR = -1
BLOCK_ITEMS = 2048
"""Items whose products with all others are in memory at once."""


def fit_item_cf(
    strengths: sparse.csr_matrix, tuning: TuningConfig, advance: Callable[[], None] = lambda: None
) -> tuple[Ints, Floats]:
    """Find each item's nearest neighbours by the shrunk cosine of their strength columns.

    ``a.b / (|a| |b| + shrinkage)``: two items that one shopper bought once have a cosine of 1, and
    without shrinkage such chance pairs crowd out what many buy together (docs/adr/0004).
    An item is not its own neighbour: what a shopper has bought is a source of its own when serving.

    Args:
        strengths: (users, items) float32.
        tuning: ``item_cf_neighbours``, ``item_cf_shrinkage``.
        advance: called after each block of items.

    Returns:
        (items, neighbours) int32 rows, most similar first and equally similar ones in row order,
        -1 where there are fewer; and their similarities, float32, 0 to 1.
    """
    items, width = strengths.shape[1], tuning.item_cf_neighbours
    neighbours = np.full((items, width), NO_NEIGHBOUR, np.int32)
    weights = np.zeros((items, width), np.float32)
    by_item = strengths.T.tocsr()
    lengths = np.sqrt(np.bincount(strengths.indices, strengths.data**2, minlength=items))
    for start in range(0, items, BLOCK_ITEMS):
        products = by_item[start : start + BLOCK_ITEMS] @ strengths
        for place in range(products.shape[0]):
            row = start + place
            span = slice(products.indptr[place], products.indptr[place + 1])
            others = products.indices[span]
            scale = lengths[row] * lengths[others] + tuning.item_cf_shrinkage
            nearest, similarity = nearest_of(row, others, products.data[span] / scale, width)
            neighbours[row, : len(nearest)] = nearest
            weights[row, : len(nearest)] = np.minimum(similarity, 1)
        advance()
    return neighbours, weights


def nearest_of(row: int, others: Ints, similarity: Floats, width: int) -> tuple[Ints, Floats]:
    """Keep the `width` most similar, best first, equal ones in row order, `row` itself left out."""
    keep = (others != row) & (similarity > 0)
    others, similarity = others[keep], similarity[keep]
    if len(others) > width:
        least = np.partition(similarity, -width)[-width]
        keep = similarity >= least
        others, similarity = others[keep], similarity[keep]
    best = np.lexsort((others, -similarity))[:width]
    return others[best], similarity[best]
