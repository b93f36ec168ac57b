"""Item-CF at request time: neighbours of what the shopper buys, added up by compiled loops."""

from typing import Any

import numpy as np
from numba import njit

from restock.core.arrays import Floats, Ints, Longs

NOBODY = -1
"""Marks the absence of a neighbour, an anchor or a position."""


class Workspace:
    """Arrays as long as the catalogue, cleared after each use, so that no request allocates them.

    One workspace serves one request at a time.
    """

    def __init__(self, items: int) -> None:
        self.scores = np.zeros(items, np.float32)
        self.strongest = np.zeros(items, np.float32)
        self.anchors = np.full(items, NOBODY, np.int32)
        self.touched = np.empty(items, np.int32)
        self.positions = np.full(items, NOBODY, np.int32)


@njit(cache=True)
def add_neighbours(
    neighbours: Any, weights: Any, rows: Any, strengths: Any,
    scores: Any, strongest: Any, anchors: Any, touched: Any,
) -> int:  # fmt: skip
    """Add ``strength * similarity`` of every neighbour of every row to `scores`.

    `anchors` receives which position in `rows` gave an item most. Returns how many entries of
    `touched` now hold the rows that have a score.
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
            if scores[item] == 0:
                touched[count] = item
                count += 1
            scores[item] += gain
            if gain > strongest[item]:
                strongest[item] = gain
                anchors[item] = position
    return count


@njit(cache=True)
def forget(scores: Any, strongest: Any, anchors: Any, touched: Any, count: int) -> None:
    """Clear what `add_neighbours` wrote."""
    for place in range(count):
        item = touched[place]
        scores[item] = 0
        strongest[item] = 0
        anchors[item] = -1


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


def best_touched(scores: Floats, touched: Ints, count: int) -> Longs:
    """Rows with the highest scores among those touched, at most `count`."""
    if len(touched) <= count:
        return touched.astype(np.int64)
    best = np.argpartition(-scores[touched], count - 1)[:count]
    return touched[best].astype(np.int64)
