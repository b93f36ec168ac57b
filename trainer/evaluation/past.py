"""What may be known on a day: the purchases before it, and the promotions planned by then.

Leak-proof by construction: a method is handed a `Past` and never the file. Rows, ids and their order are
made of the purchases before the day alone, so that even a tie cannot be broken by what came later.
"""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from restock.artifacts.profiles import ProfileTable
from restock.core.arrays import Ints, Longs, Mask
from trainer.learned.fit_promotions import PLANNED_DAYS
from trainer.profiles import profile_table
from trainer.purchases import Purchases, kept
from trainer.read import Products


@dataclass(frozen=True, eq=False)
class RowLists:
    """A list of rows for each of several users."""

    starts: Longs
    """(users + 1,) int64: user u has `rows[starts[u]:starts[u + 1]]`."""
    rows: Ints
    """(entries,) int32."""

    def __getitem__(self, user: int) -> Ints:
        """Return one user's rows."""
        return self.rows[self.starts[user] : self.starts[user + 1]]

    def lists(self) -> list[Longs]:
        """Return every user's rows, int64 each."""
        users = range(len(self.starts) - 1)
        return [self[user].astype(np.int64) for user in users]

    def of_each(self) -> Longs:
        """Name the user of each entry, (entries,) int64."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


@dataclass(frozen=True, eq=False)
class Past:
    """All that a method learns from."""

    purchases: Purchases
    """Purchases before `day`; its products are those bought by then, most bought first."""
    day: int
    """The day for which to recommend, counted from 1970-01-01: the first that is not known."""
    products: Products
    """Records of the products in `purchases`, entry i of `purchases.item_ids[i]`."""
    least_item_days: int
    """Household-days on which a product must have been bought to be in the protocol's catalogue."""

    @cached_property
    def catalogue_items(self) -> int:
        """How many products the protocol's catalogue has: as they stand by frequency, the first rows."""
        counts = np.bincount(self.purchases.items, minlength=len(self.purchases.item_ids))
        return int(np.count_nonzero(counts >= self.least_item_days))

    @cached_property
    def profiles(self) -> ProfileTable:
        """Each household's purchases as the services' profiles hold them."""
        return profile_table(self.purchases)

    @cached_property
    def counts(self) -> sparse.csr_matrix:
        """Days on which each household bought each product of the catalogue, (users, catalogue) float32."""
        return self.by_pair(np.ones(len(self.purchases), np.float32))

    def by_pair(self, values: NDArray[Any]) -> sparse.csr_matrix:
        """Add up values of purchases by household and product, (users, catalogue) of their dtype.

        Args:
            values: (purchases,) one a purchase.
        """
        known = self.purchases.items < self.catalogue_items
        shape = (len(self.purchases.user_ids), self.catalogue_items)
        places = (self.purchases.users[known], self.purchases.items[known])
        return sparse.coo_matrix((values[known], places), shape=shape).tocsr()

    @cached_property
    def ages(self) -> Ints:
        """Days from each purchase to the day, (purchases,) int32, at least 1."""
        return self.day - self.purchases.days

    @cached_property
    def popularity(self) -> NDArray[np.float64]:
        """Household-days of each product of the catalogue, (catalogue,) float64."""
        counts = np.bincount(self.purchases.items, minlength=self.catalogue_items)
        return counts[: self.catalogue_items].astype(np.float64)

    def owned(self, users: Longs) -> RowLists:
        """List all products that households bought.

        Args:
            users: (users,) int64 positions in `purchases.user_ids`, -1 for a household without a purchase.
        """
        starts, rows = self.profiles.starts, self.profiles.item_rows
        lists = [rows[starts[user] : starts[user + 1]] if user >= 0 else rows[:0] for user in users]
        ends = np.cumsum([len(rows) for rows in lists], dtype=np.int64)
        return RowLists(np.append(0, ends), np.concatenate([*lists, rows[:0]]))

    def users_of(self, households: list[str]) -> Longs:
        """Positions of households in `purchases.user_ids`, (households,) int64, -1 for an unknown one."""
        place = {name: row for row, name in enumerate(self.purchases.user_ids)}
        return np.array([place.get(name, -1) for name in households], np.int64)

    def where(self, mask: Mask) -> "Past":
        """Keep some purchases, as if there had been no others.

        Args:
            mask: (purchases,) bool.
        """
        known = kept(self.purchases, mask)
        records = records_of(known.item_ids, self.products)
        return Past(known, self.day, records, self.least_item_days)

    def before(self, day: int) -> "Past":
        """Look further back: what was known on an earlier day, for methods that learn from windows.

        Raises:
            ValueError: the day is later than this past's own, which would be the future.
        """
        if day > self.day:
            raise ValueError(f"day {day} is not before {self.day}")
        return self if day == self.day else past_of(
            self.purchases, self.products, day, self.least_item_days
        )  # fmt: skip


def past_of(purchases: Purchases, products: Products, day: int, least_item_days: int) -> Past:
    """Cut purchases off at a day and forget that there ever was more.

    Args:
        purchases: of any days.
        products: records of their products.
        day: the first day that is not known.
        least_item_days: of the protocol's catalogue.
    """
    known = kept(purchases, purchases.days < day)
    records = records_of(known.item_ids, products)
    told = replace(records, promotions=records.promotions.known_on(day, PLANNED_DAYS))
    return Past(known, day, told, least_item_days)


def records_of(item_ids: list[str], products: Products) -> Products:
    """Records of some products in their order: every column, those of the file's other products left out."""
    places = [products.row_of[item] for item in item_ids]
    columns: dict[str, Any] = {"row_of": {item: row for row, item in enumerate(item_ids)}}
    for column in fields(Products):
        if column.name == "promotions":
            numbers = np.array(places, np.int64)
            columns[column.name] = products.promotions.of(numbers, len(products.names))
        elif column.name not in columns:
            columns[column.name] = picked(getattr(products, column.name), places)
    return Products(**columns)


def picked(column: Any, places: list[int]) -> Any:
    """Pick entries of a list or of an array."""
    if isinstance(column, np.ndarray):
        return column[places]
    return [column[place] for place in places]
