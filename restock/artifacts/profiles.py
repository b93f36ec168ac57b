"""Profiles as a trainer makes them: all users' purchases in parallel columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Ints, Longs
from restock.core.purchase_days import PurchaseDays
from restock.core.request import History
from restock.core.signals import MILLI


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


def history_of(profiles: ProfileTable, user: int) -> History:
    """One user's purchases as a request carries them; empty for the user -1."""
    span = slice(profiles.starts[user], profiles.starts[user + 1]) if user >= 0 else slice(0)
    begins = profiles.day_starts[span.start or 0 : span.stop + 1]
    return History(
        rows=profiles.item_rows[span].astype(np.int64),
        purchase_counts=profiles.purchase_counts[span].astype(np.float32),
        first_days=profiles.first_days[span].astype(np.float32),
        last_days=profiles.last_days[span].astype(np.float32),
        units=profiles.units_milli[span].astype(np.float32) / np.float32(MILLI),
        spend=profiles.spend_milli[span].astype(np.float32) / np.float32(MILLI),
        days=PurchaseDays(
            begins - begins[0], profiles.days[begins[0] : begins[-1]].astype(np.int32)
        ),
    )


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
