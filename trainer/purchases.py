"""What was bought, by whom, on which day: the clean input that everything is learned from."""

import hashlib
from dataclasses import dataclass, fields

import numpy as np

from restock.core.arrays import Ints, Longs, Mask


@dataclass(frozen=True, eq=False)
class Purchases:
    """One entry a user, item and local day, sorted by them in that order."""

    user_ids: list[str]
    """Sorted, each once, each with a purchase."""
    item_ids: list[str]
    """Most bought first, each once, each with a purchase."""
    users: Ints
    """(purchases,) int32: position in `user_ids`."""
    items: Ints
    """(purchases,) int32: position in `item_ids`."""
    days: Ints
    """(purchases,) int32: counted from 1970-01-01."""
    units_milli: Longs
    """(purchases,) int64: units, in thousandths, above 0."""
    spend_milli: Longs
    """(purchases,) int64: total paid, in thousandths of the currency."""

    def __len__(self) -> int:
        """Count the purchases."""
        return len(self.days)

    def pair_starts(self) -> Longs:
        """Where the purchases of each user-item pair begin, (pairs,) int64."""
        return run_starts(self.users, self.items)

    def digest(self) -> str:
        """Hex SHA-256 over all entries and ids."""
        digest = hashlib.sha256()
        for field in fields(self):
            column = getattr(self, field.name)
            data = "\n".join(column).encode() if isinstance(column, list) else column.tobytes()
            digest.update(f"{field.name} {len(data)}\n".encode() + data)
        return digest.hexdigest()


def run_starts(*columns: Ints | Longs) -> Longs:
    """Where a run of equal entries begins in sorted columns, (runs,) int64."""
    changes: Mask = np.ones(len(columns[0]), np.bool_)
    changes[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return np.flatnonzero(changes)


def compacted(codes: Ints, ids: list[str]) -> tuple[Ints, list[str]]:
    """Renumber codes so that they count the ids in use only, in the same order."""
    used, renumbered = np.unique(codes, return_inverse=True)
    return renumbered.astype(np.int32), [ids[code] for code in used.tolist()]


def most_bought_first(codes: Ints, ids: list[str]) -> tuple[Ints, list[str]]:
    """Renumber sorted ids by how often they occur, equally frequent ones in their order.

    What a request reads together then lies together in memory: most of it is about popular items.
    """
    order = np.argsort(-np.bincount(codes, minlength=len(ids)), kind="stable")
    place = np.empty(len(ids), np.int32)
    place[order] = np.arange(len(ids), dtype=np.int32)
    return place[codes], [ids[code] for code in order.tolist()]


def summed_by_day(
    users: Ints, items: Ints, days: Ints, units_milli: Longs, spend_milli: Longs
) -> tuple[Ints, Ints, Ints, Longs, Longs]:
    """Sort purchase lines and add up those of one user, item and day.

    Returns:
        The five columns in the same order, one entry a user-item-day.
    """
    order = np.lexsort((days, items, users))
    users, items, days = users[order], items[order], days[order]
    starts = run_starts(users, items, days)
    return (
        users[starts],
        items[starts],
        days[starts],
        np.add.reduceat(units_milli[order], starts),
        np.add.reduceat(spend_milli[order], starts),
    )


def kept(purchases: Purchases, mask: Mask) -> Purchases:
    """Keep some purchases, with users and items numbered as if there had been no others."""
    users, user_ids = compacted(purchases.users[mask], purchases.user_ids)
    codes, item_ids = compacted(purchases.items[mask], purchases.item_ids)
    # By id, or the order of equally frequent items would remember those left out.
    by_id = np.argsort(np.array(item_ids, object), kind="stable")
    place = np.empty(len(by_id), np.int32)
    place[by_id] = np.arange(len(by_id), dtype=np.int32)
    items, item_ids = most_bought_first(place[codes], [item_ids[code] for code in by_id])
    rest = (purchases.days[mask], purchases.units_milli[mask], purchases.spend_milli[mask])
    return Purchases(user_ids, item_ids, *summed_by_day(users, items, *rest))
