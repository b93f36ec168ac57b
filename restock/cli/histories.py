"""Users' purchases as the messages of an import."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from restock.artifacts.profiles import ProfileTable
from restock.core.arrays import Longs, Mask
from restock.limits import MAX_PURCHASES
from restock.v1 import profile_store_pb2 as pb

MESSAGE_USERS = 1_000
"""Most that the store takes in one message."""
MESSAGE_PURCHASES = 10_000
"""Purchases from which on a message ends: it stays far below the size that a server takes."""


@dataclass(frozen=True, eq=False)
class Histories:
    """What is to be imported."""

    profiles: ProfileTable
    """Users' purchases."""
    item_ids: list[str]
    """Product ids by catalogue row."""
    replace: bool = False
    """Replace the purchases of users that exist; else they are kept."""

    @cached_property
    def ends(self) -> Longs:
        """Purchases of all users before each one, and of all, (users + 1,) int64."""
        return self.profiles.day_starts[self.profiles.starts]

    @cached_property
    def large(self) -> Longs:
        """Users with more purchases than the store keeps."""
        return np.flatnonzero(np.diff(self.ends) > MAX_PURCHASES)

    @cached_property
    def fits(self) -> Mask:
        """Tell whom the store takes, (users,) bool: whose newest day it can keep."""
        fits = np.ones(len(self.profiles.user_ids), np.bool_)
        for user in self.large.tolist():
            days = self.profiles.days[self.ends[user] : self.ends[user + 1]]
            fits[user] = np.count_nonzero(days == days.max()) <= MAX_PURCHASES
        return fits

    def parts(self, users: range, purchases: int, most_users: int) -> Iterator[range]:
        """Cut consecutive users into parts that end with the user who makes so many purchases full."""
        start = users.start
        while start < users.stop:
            full = int(np.searchsorted(self.ends, self.ends[start] + purchases))
            stop = min(full, start + most_users, users.stop)
            yield range(start, stop)
            start = stop

    def request(self, users: range) -> pb.ImportProfilesRequest:
        """Encode consecutive users, without those that the store does not take."""
        found = [
            history_to(self.profiles, user, self.item_ids) for user in users if self.fits[user]
        ]
        return pb.ImportProfilesRequest(histories=found, replace_existing=self.replace)


def history_to(profiles: ProfileTable, user: int, item_ids: list[str]) -> pb.PurchaseHistory:
    """Encode one user's purchases."""
    pairs = slice(int(profiles.starts[user]), int(profiles.starts[user + 1]))
    starts = profiles.day_starts[pairs.start : pairs.stop + 1]
    purchases = slice(int(starts[0]), int(starts[-1]))
    days = profiles.days[purchases]
    units, spend = profiles.day_units_milli[purchases], profiles.day_spend_milli[purchases]
    rows, counts = profiles.item_rows[pairs], profiles.purchase_counts[pairs]
    if len(days) > MAX_PURCHASES:
        sent = days >= first_day_sent(days)
        counts = np.add.reduceat(sent, starts[:-1] - purchases.start, dtype=np.uint32)
        days, units, spend = days[sent], units[sent], spend[sent]
        rows, counts = rows[counts > 0], counts[counts > 0]
    return pb.PurchaseHistory(
        user_id=profiles.user_ids[user],
        product_ids=[item_ids[row] for row in rows.tolist()],
        day_counts=counts.tolist(),
        days=days.tolist(),
        units_milli=units.tolist(),
        spend_milli=spend.tolist(),
    )


def first_day_sent(days: NDArray[np.uint32]) -> int:
    """Latest day from which on there is more than the store keeps.

    The store leaves that day out, and what is older; it is sent so that the store knows from when on
    it has everything.
    """
    found, counts = np.unique(days, return_counts=True)
    place = np.searchsorted(np.cumsum(counts[::-1]), MAX_PURCHASES, side="right")
    return int(found[::-1][place])
