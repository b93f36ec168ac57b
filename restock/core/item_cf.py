"""Item-CF at request time: neighbours of what the shopper buys, added up by compiled loops."""

from typing import Any

import numpy as np
from numba import njit

from restock.core.arrays import Floats, Ints, Longs

NOBODY = -1
"""Marks the absence of a neighbour, an anchor or a position."""
SUM, LARGEST, ANCHOR = 0, 1, 2
"""Columns of `Workspace.gains`."""


class Workspace:
    """Arrays as long as the catalogue, cleared after each use, so that no request allocates them.

    One workspace serves one request at a time.
    """

    def __init__(self, items: int) -> None:
        self.gains = np.zeros((items, 4), np.float32)
        """Per item: sum of gains, largest gain, position of the signal that gave it; side by side, so
        that an item costs one cache line, not three. Only rows with a sum above 0 mean anything."""
        self.touched = np.empty(items, np.int32)
        self.positions = np.full(items, NOBODY, np.int32)

    def scores(self, rows: Longs) -> Floats:
        """Summed gains of rows, 0 where there was none."""
        return np.asarray(self.gains[rows, SUM])

    def anchors(self, rows: Longs) -> Longs:
        """Position of the signal that gave each row most, `NOBODY` where none gave anything."""
        found = self.gains[rows]
        return np.where(found[:, SUM] > 0, found[:, ANCHOR], NOBODY).astype(np.int64)


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


def best_touched(gains: Floats, touched: Ints, count: int) -> Longs:
    """Rows with the highest sums among those touched, at most `count`."""
    if len(touched) <= count:
        return touched.astype(np.int64)
    best = np.argpartition(gains[touched, SUM], len(touched) - count)[-count:]
    return touched[best].astype(np.int64)
