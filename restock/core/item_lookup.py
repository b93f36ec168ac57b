"""From item ids to catalogue rows, for hundreds of ids at a time.

A dict of strings touches four places in memory for every id: the index, the entry, the string and its
text. A request asks for some hundred ids of which none lies in the processor's cache, and that was a tenth
of candidate_gen's time. Here an id is its hash, and a hash and its row lie side by side.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numba import njit

from restock.core.arrays import Longs

MISSING = -1
SPARSENESS = 4
"""Slots an id: few probes meet an occupied slot that is not theirs."""


class ItemLookup:
    """Rows by id. Python's string hash has 64 bits and a secret key: two ids do not share one."""

    def __init__(self, item_ids: list[str]) -> None:
        size = 1 << max(SPARSENESS * len(item_ids), 2).bit_length()
        self._slots = np.full((size, 2), MISSING, np.int64)
        fill(self._slots, hashes_of(item_ids))

    def rows(self, item_ids: Iterable[str]) -> Longs:
        """Rows of ids, (ids,) int64, -1 for an unknown one."""
        return np.asarray(find(self._slots, hashes_of(item_ids)))


def hashes_of(item_ids: Iterable[str]) -> Longs:
    """Hash of each id, (ids,) int64."""
    return np.array([*map(hash, item_ids)], np.int64)


@njit("void(int64[:,::1], int64[::1])", cache=True)
def fill(slots: Any, hashes: Any) -> None:
    """Put the rows 0, 1, 2 ... of these hashes into empty slots."""
    last = len(slots) - 1
    for row in range(len(hashes)):
        slot = hashes[row] & last
        while slots[slot, 1] >= 0:
            slot = (slot + 1) & last
        slots[slot, 0] = hashes[row]
        slots[slot, 1] = row


@njit("int64[::1](int64[:,::1], int64[::1])", cache=True)
def find(slots: Any, hashes: Any) -> Any:
    """Row of each hash, `MISSING` where there is none."""
    last = len(slots) - 1
    rows = np.full(len(hashes), MISSING, np.int64)
    for place in range(len(hashes)):
        slot = hashes[place] & last
        while slots[slot, 1] >= 0:
            if slots[slot, 0] == hashes[place]:
                rows[place] = slots[slot, 1]
                break
            slot = (slot + 1) & last
    return rows
