"""Level 1's item-CF: for each item, those bought by the same users, weighted by spending."""

import numpy as np
from implicit.nearest_neighbours import ItemItemRecommender
from scipy import sparse

from restock.core.arrays import Floats, Ints
from restock.tuning_config import TuningConfig

NO_NEIGHBOUR = -1


def fit_item_cf(strengths: sparse.csr_matrix, tuning: TuningConfig) -> tuple[Ints, Floats]:
    """Find each item's nearest neighbours by the cosine of their strength columns.

    An item is not its own neighbour: what a shopper has bought is a source of its own when serving
    (the item-CF measured in docs/quality.md kept it).

    Args:
        strengths: (users, items) float32.
        tuning: ``item_cf_neighbours``.

    Returns:
        (items, neighbours) int32 rows, most similar first and equally similar ones in row order,
        -1 where there are fewer; and their similarities, float32, 0 to 1.
    """
    kept = tuning.item_cf_neighbours
    model = ItemItemRecommender(K=kept + 1)
    model.fit(unit_columns(strengths), show_progress=False)
    found = model.similarity.tocoo()
    similarity = np.minimum(found.data, 1).astype(np.float32)
    neighbour = (found.row != found.col) & (similarity > 0)
    rows, columns, similarity = found.row[neighbour], found.col[neighbour], similarity[neighbour]
    order = np.lexsort((columns, -similarity, rows))
    return padded(rows[order], columns[order], similarity[order], strengths.shape[1], kept)


def unit_columns(strengths: sparse.csr_matrix) -> sparse.csr_matrix:
    """Scale each column to length 1, (users, items) float64, so that products are cosines."""
    scaled = strengths.astype(np.float64)
    squares = np.bincount(scaled.indices, scaled.data**2, minlength=scaled.shape[1])
    scaled.data /= np.sqrt(squares)[scaled.indices]
    return scaled


def padded(
    rows: Ints, columns: Ints, values: Floats, items: int, width: int
) -> tuple[Ints, Floats]:
    """Lay out entries sorted by row in arrays of one width; more than fit are dropped."""
    starts = np.searchsorted(rows, np.arange(items))
    rank = np.arange(len(rows)) - starts[rows]
    fits = rank < width
    neighbours = np.full((items, width), NO_NEIGHBOUR, np.int32)
    weights = np.zeros((items, width), np.float32)
    neighbours[rows[fits], rank[fits]] = columns[fits]
    weights[rows[fits], rank[fits]] = values[fits]
    return neighbours, weights
