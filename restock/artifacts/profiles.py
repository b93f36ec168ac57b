"""Profiles as a trainer makes them: all users' purchases in parallel columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Ints, Longs


@dataclass(frozen=True, eq=False)
class ProfileTable:
    """Purchases of all users; user u owns pairs `starts[u]` to `starts[u + 1]`.

    A pair is a user and an item. Columns of pairs add up what the columns of days hold one by one.
    """

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
    day_starts: Longs
    """(pairs + 1,) int64: pair p owns entries `day_starts[p]` to `day_starts[p + 1]` of the day columns."""
    days: NDArray[np.uint32]
    """(purchases,) uint32: days on which the user bought the item, ascending within a pair."""
    day_units_milli: NDArray[np.uint64]
    """(purchases,) uint64: units of the day, in thousandths, at least 1."""
    day_spend_milli: NDArray[np.uint64]
    """(purchases,) uint64: money of the day, in thousandths of the currency."""


DTYPES: dict[str, type[np.generic]] = {
    "starts": np.int64,
    "item_rows": np.int32,
    "purchase_counts": np.uint32,
    "first_days": np.uint32,
    "last_days": np.uint32,
    "units_milli": np.uint64,
    "spend_milli": np.uint64,
    "shopping_days": np.uint32,
    "last_shopping_days": np.uint32,
    "day_starts": np.int64,
    "days": np.uint32,
    "day_units_milli": np.uint64,
    "day_spend_milli": np.uint64,
}
"""Columns of numbers."""
