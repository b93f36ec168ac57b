"""Level 1's item-CF: for each item, those bought by the same users, weighted by spending."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import njit
from scipy import sparse

from restock.core.arrays import Floats, Ints
from restock.tuning_config import TuningConfig

NO_NEIGHBOUR = -1
BLOCK_ITEMS = 2048
"""Items that one thread takes at a time."""


def fit_item_cf(
    strengths: sparse.csr_matrix, tuning: TuningConfig, advance: Callable[[], None] = lambda: None
) -> tuple[Ints, Floats]:
    """Find each item's nearest neighbours by the shrunk cosine of their strength columns.

    ``a.b / (|a| |b| + shrinkage)``: two items that one shopper bought once have a cosine of 1, and
    without shrinkage such chance pairs crowd out what many buy together (docs/adr/0004).
    An item is not its own neighbour: what a shopper has bought is a source of its own when serving.

    Args:
        strengths: (users, items) float32, at least 0.
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

    def fill(start: int) -> None:
        fill_rows(
            start, min(start + BLOCK_ITEMS, items),
            by_item.indptr, by_item.indices, by_item.data,
            strengths.indptr, strengths.indices, strengths.data,
            lengths, float(tuning.item_cf_shrinkage), neighbours, weights,
        )  # fmt: skip

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for _ in threads.map(fill, range(0, items, BLOCK_ITEMS)):
            advance()
    return neighbours, weights


@njit(cache=True, nogil=True)
def fill_rows(
    start: int, end: int, user_starts: Any, users: Any, own_strengths: Any,
    item_starts: Any, items: Any, strengths: Any,
    lengths: Any, shrinkage: float, neighbours: Any, weights: Any,
) -> None:  # fmt: skip
    """Fill the rows of the items from `start` to `end`.

    Products are added up user by user, in one order whatever the number of threads.
    """
    sums = np.zeros(len(lengths), np.float32)
    touched = np.empty(len(lengths), np.uint32)
    for row in range(start, end):
        count = 0
        for place in range(user_starts[row], user_starts[row + 1]):
            user, own = users[place], own_strengths[place]
            for other in range(np.uint32(item_starts[user]), np.uint32(item_starts[user + 1])):
                item, product = np.uint32(items[other]), own * strengths[other]
                if not product > 0:
                    continue
                if sums[item] == 0:
                    touched[count] = item
                    count += 1
                sums[item] += product
        keep_nearest(row, touched[:count], sums, lengths, shrinkage, neighbours[row], weights[row])


@njit(cache=True, nogil=True)
def keep_nearest(
    row: int, touched: Any, sums: Any, lengths: Any, shrinkage: float, nearest: Any, weights: Any
) -> None:
    """Keep the most similar of the items touched, best first, equal ones in row order; clear `sums`.

    A heap of the best so far, the worst on top: nearly every item fails its first comparison.
    """
    width, size = len(nearest), 0
    best = np.empty(width, np.float64)
    for item in touched:
        similarity = np.float64(sums[item]) / (lengths[row] * lengths[item] + shrinkage)
        sums[item] = 0
        if item == row:
            continue
        if size < width:
            best[size], nearest[size] = similarity, item
            size += 1
            rise(best, nearest, size - 1)
        elif behind(best[0], nearest[0], similarity, item):
            best[0], nearest[0] = similarity, item
            sink(best, nearest, size)
    for last in range(size - 1, -1, -1):
        weights[last] = min(best[0], 1.0)
        similarity, item = best[0], nearest[0]
        best[0], nearest[0] = best[last], nearest[last]
        best[last], nearest[last] = similarity, item
        sink(best, nearest, last)


@njit(cache=True, nogil=True)
def behind(similarity: float, item: int, other_similarity: float, other: int) -> bool:
    """Whether an item comes behind another: less similar, or as similar and of a later row."""
    return similarity < other_similarity or (similarity == other_similarity and item > other)


@njit(cache=True, nogil=True)
def rise(best: Any, nearest: Any, place: int) -> None:
    """Let an entry rise to where the one above it is behind it."""
    while place > 0:
        above = (place - 1) // 2
        if not behind(best[place], nearest[place], best[above], nearest[above]):
            break
        swap(best, nearest, place, above)
        place = above


@njit(cache=True, nogil=True)
def sink(best: Any, nearest: Any, size: int) -> None:
    """Let the topmost entry sink to where it is behind both entries below it."""
    place = 0
    while 2 * place + 1 < size:
        child = 2 * place + 1
        if child + 1 < size and behind(
            best[child + 1], nearest[child + 1], best[child], nearest[child]
        ):
            child += 1
        if behind(best[place], nearest[place], best[child], nearest[child]):
            break
        swap(best, nearest, place, child)
        place = child


@njit(cache=True, nogil=True)
def swap(best: Any, nearest: Any, one: int, other: int) -> None:
    """Let two entries change places."""
    best[one], best[other] = best[other], best[one]
    nearest[one], nearest[other] = nearest[other], nearest[one]
