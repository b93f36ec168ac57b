"""Baskets of which only the order is known: a pseudo-day for each."""

import numpy as np

from restock.core.arrays import Ints, Longs
from trainer.table import IdColumn, Table

LARGEST_WHOLE = 2.0**53
"""Up to it a float64 tells all whole numbers apart."""


def pseudo_days(table: Table, column: str, users: IdColumn) -> Ints:
    """Give each row the pseudo-day of its basket, (rows,) int32, counted from 1970-01-01.

    A user's baskets are one pseudo-day apart, and everyone's last one is on the same pseudo-day; the longest
    history begins on 1970-01-01. So "of late" means "in the last baskets" to everything that decays.

    Args:
        table: the purchase lines.
        column: whole numbers that grow from basket to basket of a user; between users they may mean nothing.
        users: who bought.

    Raises:
        InvalidFile: names the row that has no whole number.
    """
    order = whole_numbers(table, column)
    pairs, basket = np.unique(np.stack([users.codes, order]), axis=1, return_inverse=True)
    baskets = np.bincount(pairs[0], minlength=len(users.ids))
    place = np.arange(pairs.shape[1]) - np.repeat(np.cumsum(baskets) - baskets, baskets)
    days = baskets.max() - baskets[pairs[0]] + place
    return np.asarray(days[basket.ravel()], np.int32)


def whole_numbers(table: Table, column: str) -> Longs:
    """Read a column of whole numbers, (rows,) int64.

    Raises:
        InvalidFile: names the row and what is allowed.
    """
    numbers = table.numeric(column)
    whole = (np.abs(numbers) <= LARGEST_WHOLE) & (np.floor(numbers) == numbers)
    table.refuse(~whole, column, "a whole number")
    return np.asarray(numbers, np.int64)
