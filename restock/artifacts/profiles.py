"""Profiles as a trainer makes them: all users' purchases in parallel columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Ints, Longs


@dataclass(frozen=True, eq=False)
class ProfileTable:
    """Purchases of all users; user u owns entries `starts[u]` to `starts[u + 1]` of the columns."""

    user_ids: list[str]
    """Sorted, each once."""
    starts: Longs
    """(users + 1,) int64."""
    item_rows: Ints
    """(pairs,) int32: catalogue row, ascending within a user."""
    purchase_counts: NDArray[np.uint32]
    """(pairs,) uint32: days on which the user bought the item."""
    first_days: NDArray[np.uint32]
    """(pairs,) uint32: first of them, counted from 1970-01-01."""
    last_days: NDArray[np.uint32]
    """(pairs,) uint32: last of them."""
    units_milli: NDArray[np.uint64]
    """(pairs,) uint64: units in all, in thousandths."""
    spend_milli: NDArray[np.uint64]
    """(pairs,) uint64: money in all, in thousandths of the currency."""
    shopping_days: NDArray[np.uint32]
    """(users,) uint32: days on which the user bought anything."""
    last_shopping_days: NDArray[np.uint32]
    """(users,) uint32: the last of them."""
