"""What became of orders: each counted once, without what came back."""

import numpy as np

from restock.core.arrays import Ints, Longs, Mask
from restock.core.signals import MILLI
from trainer.deletions import Deletions
from trainer.event_log import EventRows
from trainer.purchases import run_starts
from trainer.quality import EventCounts
from trainer.read import Transactions
from trainer.table import IdColumn

HALF = 0.5


def order_lines(rows: EventRows, deletions: Deletions) -> tuple[Transactions, EventCounts]:
    """Turn orders into purchase lines, and take what was returned out of them.

    An order that is there twice counts as the earlier event says. Several returns of a line add up, at
    most to all of it. A return whose line is not there is left out. The order of rows changes nothing.

    Args:
        rows: lines of orders and returns.
        deletions: what these users did up to their deletion is forgotten before anything else.
    """
    forgotten = deletions.forgotten(rows.users, rows.moments)
    orders = order_keys(rows)
    keys = orders * (int(rows.lines.max(initial=0)) + 1) + rows.lines
    counted = first_lines(rows, orders, keys, rows.is_order & ~forgotten)
    back = first_returns(rows, keys, ~rows.is_order & ~forgotten)
    returned, applied = returned_units(rows, keys, counted, back)
    units = rows.units_milli - returned
    of_orders = rows.is_order
    lines = Transactions(
        users=IdColumn(rows.users.codes[of_orders], rows.users.ids),
        products=IdColumn(rows.products.codes[of_orders], rows.products.ids),
        days=rows.days[of_orders],
        units_milli=units[of_orders],
        spend_milli=spend(units, rows.price_milli)[of_orders],
        repeats=~counted[of_orders],
        forgotten=forgotten[of_orders],
        returned=((returned > 0) & (units == 0))[of_orders],
    )
    counts = EventCounts(
        rows=rows.count,
        orders=len(np.unique(orders[counted])),
        returns_applied=applied,
        returns_without_order=len(back) - applied,
    )
    return lines, counts


def order_keys(rows: EventRows) -> Longs:
    """Number of each row's order, (rows,) int64, the same for equal user and order id."""
    width = int(rows.orders.max(initial=0)) + 1
    pairs = rows.users.codes.astype(np.int64) * width + rows.orders
    _, numbers = np.unique(pairs, return_inverse=True)
    return np.asarray(numbers, np.int64)


def first_lines(rows: EventRows, orders: Longs, keys: Longs, among: Mask) -> Mask:
    """Tell which rows are the lines of the earliest event of each order, each once, (rows,) bool."""
    order = in_order(
        np.flatnonzero(among),
        (orders, rows.moments, rows.events, rows.lines, rows.days, rows.products.codes,
         rows.units_milli, rows.price_milli),
    )  # fmt: skip
    starts = run_starts(orders[order])
    first_event = np.repeat(rows.events[order[starts]], np.diff(np.append(starts, len(order))))
    of_first = order[rows.events[order] == first_event]
    counted = np.zeros(len(keys), np.bool_)
    counted[of_first[np.unique(keys[of_first], return_index=True)[1]]] = True
    return counted


def first_returns(rows: EventRows, keys: Longs, among: Mask) -> Longs:
    """Places of the returns that count: of each event, moment and line one.

    Ids of events may be used again after some days; a fact's moment does not change.
    """
    order = in_order(np.flatnonzero(among), (keys, rows.events, rows.moments, rows.units_milli))
    return order[run_starts(keys[order], rows.events[order], rows.moments[order])]


def in_order(places: Longs, columns: tuple[Longs | Ints, ...]) -> Longs:
    """Sort places by columns, the first one foremost."""
    return places[np.lexsort([column[places] for column in reversed(columns)])]


def returned_units(rows: EventRows, keys: Longs, counted: Mask, back: Longs) -> tuple[Longs, int]:
    """Add up what came back of each line.

    Args:
        rows: lines of orders and returns.
        keys: (rows,) int64, number of each row's line.
        counted: (rows,) bool, lines of orders that count.
        back: places of the returns that count.

    Returns:
        (rows,) int64 thousandths, at most all of the line, 0 where nothing came back; and how many
        returns found their line.
    """
    lines = np.flatnonzero(counted)
    lines = lines[np.argsort(keys[lines])]
    place = np.searchsorted(keys[lines], keys[back])
    found = place < len(lines)
    found[found] = keys[lines[place[found]]] == keys[back[found]]
    returned = np.zeros(len(keys), np.int64)
    np.add.at(returned, lines[place[found]], rows.units_milli[back[found]])
    return np.minimum(returned, rows.units_milli), int(np.count_nonzero(found))


def spend(units_milli: Longs, price_milli: Longs) -> Longs:
    """Money for units, (rows,) int64 thousandths, halves rounded up as the profile store does."""
    millionths = units_milli.astype(np.float64) * price_milli
    return np.floor(millionths / MILLI + HALF).astype(np.int64)
