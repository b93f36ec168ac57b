"""Item-CF at request time: neighbours of what the shopper buys, added up by compiled loops."""

from typing import Any

import numpy as np
from numba import njit

from restock.core.arrays import Floats, Longs

NOBODY = -1
GAIN_COLUMNS = 4
"""Three in use; with a fourth no row lies across two cache lines."""
"""Marks the absence of a neighbour, an anchor or a position."""
SUM, LARGEST, ANCHOR = 0, 1, 2
"""Columns of `Workspace.gains`."""


class Workspace:
    """Arrays as long as the catalogue, cleared after each use, so that no request allocates them.

    One workspace serves one request at a time.
    """

    def __init__(self, items: int) -> None:
        self.gains = np.zeros((items, GAIN_COLUMNS), np.float32)
        """Per item: sum of gains, largest gain, position of the signal that gave it; side by side, so
        that an item costs one cache line, not three. Only rows with a sum above 0 mean anything."""
        self.touched = np.empty(items, np.int32)
        self.positions = np.full(items, NOBODY, np.int32)


@njit(cache=True)
def add_neighbours(
    neighbours: Any, weights: Any, rows: Any, strengths: Any, gains: Any, touched: Any
) -> int:  # fmt: skip
    """Add ``strength * similarity`` of every neighbour of every row to its sum in `gains`.

    The anchor is the position in `rows` that gave an item most. Returns how many entries of
    `touched` now hold the rows that have a sum.
    """
    count = 0
    for position in range(len(rows)):
        row = rows[position]
        for place in range(neighbours.shape[1]):
            item = neighbours[row, place]
            if item < 0:
                break
            gain = strengths[position] * weights[row, place]
            if gain <= 0:
                continue
            entry = gains[item]
            if entry[SUM] == 0:
                touched[count] = item
                count += 1
                entry[LARGEST] = 0
            entry[SUM] += gain
            if gain > entry[LARGEST]:
                entry[LARGEST] = gain
                entry[ANCHOR] = position
    return count


@njit(cache=True)
def forget(gains: Any, touched: Any, count: int) -> None:
    """Clear the sums that `add_neighbours` wrote."""
    for place in range(count):
        gains[touched[place], SUM] = 0


@njit(cache=True)
def distinct(rows: Any, blocked: Any, marks: Any) -> Any:
    """Rows in their order, each once, blocked ones left out; `marks` must be all -1 and is again."""
    kept = np.empty(len(rows), np.int64)
    count = 0
    for row in blocked:
        marks[row] = 1
    for row in rows:
        if marks[row] < 0:
            marks[row] = 1
            kept[count] = row
            count += 1
    for row in blocked:
        marks[row] = -1
    for place in range(count):
        marks[kept[place]] = -1
    return kept[:count]


def strongest_first(strengths: Floats, count: int) -> Longs:
    """Positions of the largest strengths, at most `count`, in no set order beyond that."""
    if len(strengths) <= count:
        return np.arange(len(strengths))
    return np.argpartition(-strengths, count - 1)[:count]


@njit(cache=True)
def best_touched(gains: Any, touched: Any, count: int) -> Any:
    """Rows with the highest sums among those touched, at most `count`, in no set order.

    A heap of the best so far, smallest on top: nearly every row fails its first comparison.
    """
    size = min(count, len(touched))
    rows = touched[:size].astype(np.int64)
    sums = np.empty(size, np.float32)
    for place in range(size):
        sums[place] = gains[rows[place], SUM]
    for place in range(size // 2 - 1, -1, -1):
        sink(sums, rows, place)
    for item in touched[size:]:
        if size and gains[item, SUM] > sums[0]:
            sums[0], rows[0] = gains[item, SUM], item
            sink(sums, rows, 0)
    return rows


@njit(cache=True)
def sink(sums: Any, rows: Any, place: int) -> None:
    """Let an entry sink to where both entries below it have larger sums."""
    size = len(sums)
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and sums[child + 1] < sums[child]:
            child += 1
        if sums[place] <= sums[child]:
            break
        sums[place], sums[child] = sums[child], sums[place]
        rows[place], rows[child] = rows[child], rows[place]
        place = child
