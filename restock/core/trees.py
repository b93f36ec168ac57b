"""A sum of regression trees, walked without a branch.

A row goes right where its feature lies above a node's threshold. The two children of a node lie side by
side and a leaf leads to itself, so that a step is one comparison and one addition for every row alike:
nothing for the processor to guess wrong. Four rows walk a tree together, as each waits for memory.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from restock.core.arrays import Floats

BLOCK_ROWS = 1024
"""Rows that walk a tree before the next tree: they stay in the processor's cache."""
Unsigned = NDArray[np.uint32]
"""Positions that compiled code need not check for counting from the end: twice as fast (measured)."""


@dataclass(frozen=True, eq=False)
class Trees:
    """All nodes of all trees in parallel columns."""

    features: Unsigned
    """(nodes,) uint32: column of the feature that a node looks at; 0 for a leaf."""
    thresholds: Floats
    """(nodes,) float32: largest value that goes left; infinite for a leaf."""
    children: Unsigned
    """(nodes,) uint32: left child, the right one follows it; a leaf's own position."""
    values: NDArray[np.float64]
    """(nodes,) float64: what a leaf adds; 0 for an inner node."""
    roots: Unsigned
    """(trees,) uint32: where each tree begins."""
    depths: Unsigned
    """(trees,) uint32: steps from its root to its deepest leaf."""

    def score(self, rows: Floats) -> NDArray[np.float64]:
        """Add up, tree after tree, the leaves that each row comes to.

        Args:
            rows: (rows, features) float32, finite, C order.

        Returns:
            (rows,) float64.
        """
        if len(rows) > BLOCK_ROWS:
            begins = range(0, len(rows), BLOCK_ROWS)
            return np.concatenate(
                [self.score(rows[begin : begin + BLOCK_ROWS]) for begin in begins]
            )
        sums: NDArray[np.float64] = walk(
            rows, self.features, self.thresholds, self.children, self.values, self.roots,
            self.depths,
        )  # fmt: skip
        return sums


def trees_fit(trees: Trees, features: int) -> bool:
    """Say whether no walk over rows of so many features can leave the arrays, or go on for ever."""
    nodes = len(trees.features)
    columns = (trees.thresholds, trees.children, trees.values)
    if any(len(column) != nodes for column in columns) or len(trees.roots) != len(trees.depths):
        return False
    places = np.arange(nodes, dtype=np.uint32)
    leaves = trees.children == places
    inner = ~leaves
    return bool(
        (trees.features < features).all()
        and (trees.children[inner] < nodes - 1).all()
        and (trees.children[inner] > places[inner]).all()
        and np.isposinf(trees.thresholds[leaves]).all()
        and np.isfinite(trees.thresholds[inner]).all()
        and np.isfinite(trees.values).all()
        and (trees.roots < nodes).all()
        and (trees.depths <= nodes).all()
    )


@njit(cache=True, inline="always")
def step(rows: Any, row: Any, node: Any, features: Any, thresholds: Any, children: Any) -> Any:
    """Go from a node to the child that a row belongs to."""
    return children[node] + np.uint32(rows[row, features[node]] > thresholds[node])


@njit(cache=True)
def walk(
    rows: Any, features: Any, thresholds: Any, children: Any, values: Any, roots: Any, depths: Any
) -> Any:
    """Do what `Trees.score` says."""
    sums = np.zeros(len(rows), np.float64)
    count, one, four = np.uint32(len(rows)), np.uint32(1), np.uint32(4)
    for tree in range(len(roots)):
        row = np.uint32(0)
        while row + four <= count:
            second, third, fourth = row + one, row + np.uint32(2), row + np.uint32(3)
            a = b = c = d = roots[tree]
            for _ in range(depths[tree]):
                a = step(rows, row, a, features, thresholds, children)
                b = step(rows, second, b, features, thresholds, children)
                c = step(rows, third, c, features, thresholds, children)
                d = step(rows, fourth, d, features, thresholds, children)
            sums[row] += values[a]
            sums[second] += values[b]
            sums[third] += values[c]
            sums[fourth] += values[d]
            row += four
        while row < count:
            a = roots[tree]
            for _ in range(depths[tree]):
                a = step(rows, row, a, features, thresholds, children)
            sums[row] += values[a]
            row += one
    return sums
