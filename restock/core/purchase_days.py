"""On which days each product of a shopper was bought, and how a profile tells them in few numbers.

A profile holds the first day, the last and how many there are. What lies between is told as steps: three
products in four were bought on one day and need none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from restock.core.arrays import Ints, Longs

ENDS = 2
"""The first day and the last, which a profile holds anyway."""
STEPS_FIT, STEPS_DIFFER = 0, 1
Whole = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class PurchaseDays:
    """Days of purchases, product by product."""

    starts: Longs
    """(products + 1,) int64: product p owns `days[starts[p]:starts[p + 1]]`."""
    days: Ints
    """(purchases,) int32: counted from 1970-01-01, ascending within a product."""


NO_DAYS = PurchaseDays(np.zeros(1, np.int64), np.empty(0, np.int32))
"""Of a shopper who bought nothing."""


def told_steps(days: Sequence[int]) -> list[int]:
    """Steps to each day between the first and the last of one product.

    Args:
        days: ascending, at least one.
    """
    return [days[place] - days[place - 1] for place in range(1, len(days) - 1)]


def days_of(
    counts: Whole, first_days: Whole, last_days: Whole, steps: Whole
) -> PurchaseDays | None:
    """Put the days of all products together.

    Args:
        counts: (products,) integers: days of each, at least 1.
        first_days: (products,) integers.
        last_days: (products,) integers, not before the first ones.
        steps: (steps,) integers: `told_steps` of all products, one after another. Empty where they are not
            told: the days are taken to be as evenly spread as can be.

    Returns:
        The days; None when the steps are not as many as the counts say, or lead past a last day.
    """
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    days = np.empty(starts[-1], np.int32)
    evenly = not len(steps)
    if not evenly and len(steps) != np.maximum(counts - ENDS, 0).sum():
        return None
    first, last, told = (
        np.ascontiguousarray(column, np.int64) for column in (first_days, last_days, steps)
    )
    if spread(starts, first, last, told, evenly, days) == STEPS_DIFFER:
        return None
    return PurchaseDays(starts, days)


@njit("i8(i8[::1], i8[::1], i8[::1], i8[::1], b1, i4[::1])", cache=True)
def spread(
    starts: Any, first_days: Any, last_days: Any, steps: Any, evenly: bool, days: Any
) -> int:
    """Fill in every product's days; say whether the steps stay between first and last.

    Compiled when imported, so that no request waits for it.
    """
    told = 0
    for product in range(len(first_days)):
        begin, end = starts[product], starts[product + 1]
        first, last = first_days[product], last_days[product]
        days[begin] = first
        for place in range(begin + 1, end - 1):
            if evenly:
                days[place] = first + (last - first) * (place - begin) // (end - 1 - begin)
            else:
                days[place] = days[place - 1] + steps[told]
                told += 1
                if days[place] <= days[place - 1] or days[place] >= last:
                    return STEPS_DIFFER
        days[end - 1] = last
    return STEPS_FIT
