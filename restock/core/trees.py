"""A sum of regression trees, scored a comparison at a time for many rows at once.

The leaves that a row may still come to are the bits of a number, a tree's leftmost leaf the lowest. Where a
row's feature lies above a node's threshold the row goes right, and the leaves on the node's left are out.
When every such node has had its say, the lowest bit left is the row's leaf (QuickScorer: Lucchese et al.,
SIGIR 2015). Comparisons do not wait for one another, so that the processor makes them for many rows in one
step; a feature's thresholds ascend, so that the rest is left out once no row lies above.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from restock.core.arrays import Floats

LEAVES = 32
"""Most leaves of a tree: bits of a mask."""
LANES = 64
"""Rows that are scored together. With fewer, known as the code is compiled, the loop over them is unrolled
before it can be turned into wide instructions: four times as slow (measured)."""
ALL_LEAVES = np.uint32(0xFFFF_FFFF)
DE_BRUIJN = np.uint32(0x077C_B531)
"""Multiplied by a power of two, its upper five bits tell which (Leiserson, Prokop, Randall 1998)."""
TOP_BITS = np.uint32(27)
FIRST_LEAF = np.zeros(LEAVES, np.uint8)
"""The power of two, by these bits."""
FIRST_LEAF[(DE_BRUIJN << np.arange(LEAVES, dtype=np.uint32)) >> TOP_BITS] = np.arange(LEAVES)
Unsigned = NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Trees:
    """All comparisons of all trees by feature, and the trees' leaves."""

    starts: Unsigned
    """(features + 1,) uint32: feature f's comparisons are `starts[f]` to `starts[f + 1]`."""
    thresholds: Floats
    """(comparisons,) float32: largest value that goes left; ascending within a feature."""
    owners: Unsigned
    """(comparisons,) uint32: the tree of each."""
    masks: Unsigned
    """(comparisons,) uint32: the leaves that a row may still come to if it goes right."""
    values: NDArray[np.float64]
    """(trees, `LEAVES`) float64: what a leaf adds, from left to right; 0 behind the last."""

    def score(self, rows: Floats) -> NDArray[np.float64]:
        """Add up, tree after tree, the leaves that each row comes to.

        Args:
            rows: (rows, features) float32, finite, C order.

        Returns:
            (rows,) float64.
        """
        sums: NDArray[np.float64] = summed(
            rows, self.starts, self.thresholds, self.owners, self.masks, self.values
        )
        return sums


def trees_of(
    features: NDArray[np.int64], thresholds: Floats, owners: Unsigned, masks: Unsigned,
    values: NDArray[np.float64], width: int,
) -> Trees:  # fmt: skip
    """Sort comparisons that come in any order.

    Args:
        features: (comparisons,) int64: column of the feature that each looks at.
        thresholds: as in `Trees`, like the next three.
        owners: see there.
        masks: see there.
        values: see there.
        width: features of a row.
    """
    order = np.lexsort((masks, owners, thresholds, features))
    starts = np.searchsorted(features[order], np.arange(width + 1)).astype(np.uint32)
    return Trees(starts, thresholds[order], owners[order], masks[order], values)


def features_of(trees: Trees) -> NDArray[np.int64]:
    """Column of the feature that each comparison looks at, (comparisons,) int64."""
    return np.repeat(np.arange(len(trees.starts) - 1), np.diff(trees.starts))


def trees_fit(trees: Trees, features: int) -> bool:
    """Say whether the arrays belong together and to rows of so many features, are finite and in order."""
    comparisons = len(trees.thresholds)
    return bool(
        len(trees.starts) == features + 1
        and trees.starts[0] == 0
        and trees.starts[-1] == comparisons
        and (trees.starts[:-1] <= trees.starts[1:]).all()
        and len(trees.owners) == len(trees.masks) == comparisons
        and (trees.owners < len(trees.values)).all()
        and np.isfinite(trees.thresholds).all()
        and np.isfinite(trees.values).all()
        and ((np.diff(trees.thresholds) >= 0) | (np.diff(features_of(trees)) > 0)).all()
    )


@njit(cache=True)
def summed(rows: Any, starts: Any, thresholds: Any, owners: Any, masks: Any, values: Any) -> Any:
    """Do what `Trees.score` says."""
    sums = np.zeros(len(rows), np.float64)
    left = np.empty((len(values), LANES), np.uint32)
    for begin in range(0, len(rows), LANES):
        count = min(LANES, len(rows) - begin)
        left[:] = ALL_LEAVES
        compare(rows[begin : begin + count], starts, thresholds, owners, masks, left)
        for tree in range(len(values)):
            for lane in range(count):
                leaves = left[tree, lane]
                first = np.uint32(leaves & (~leaves + np.uint32(1)))
                sums[begin + lane] += values[
                    tree, FIRST_LEAF[np.uint32(first * DE_BRUIJN) >> TOP_BITS]
                ]
    return sums


@njit(cache=True)
def compare(
    rows: Any, starts: Any, thresholds: Any, owners: Any, masks: Any, left: Any
) -> None:  # fmt: skip
    """Take from `left`, (trees, `LANES`) uint32, the leaves that rows cannot come to; up to `LANES` rows."""
    values = np.empty(LANES, np.float32)
    for feature in range(len(starts) - 1):
        if starts[feature] == starts[feature + 1]:
            continue
        highest = np.float32(-np.inf)
        for lane in range(LANES):
            values[lane] = rows[min(lane, len(rows) - 1), feature]
            highest = max(highest, values[lane])
        for place in range(starts[feature], starts[feature + 1]):
            threshold, mask = thresholds[place], masks[place]
            if highest <= threshold:
                break
            of_tree = left[owners[place]]
            for lane in range(LANES):
                of_tree[lane] &= mask if values[lane] > threshold else ALL_LEAVES
