"""How much a ledger keeps. The newest is kept; what is dropped is older than everything kept."""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from restock.errors import InvalidRequest
from restock.limits import MAX_CART_PRODUCTS, MAX_PURCHASES, MAX_VIEWS
from services.profile_store.facts import CartWord
from services.profile_store.ledger import Cells, Ledger


@dataclass(frozen=True)
class Bounds:
    """Most entries of each kind."""

    product_days: int = MAX_PURCHASES
    """Products and days on which they were bought: the latest whole days that fit."""
    orders: int = 5_000
    """Orders: those of the latest whole days that fit. Of days before them nothing counts."""
    returns: int = 10_000
    """Lines of orders not known yet of which something came back; more are REJECTED."""
    views: int = MAX_VIEWS
    """Products looked at."""
    cart: int = MAX_CART_PRODUCTS
    """Products of which the cart has heard."""


def check_day(ledger: Ledger, day: int, bounds: Bounds) -> None:
    """Check that one day alone fits.

    Raises:
        InvalidRequest: it has too many products or orders.
    """
    if sum(day in days for days in ledger.cells.values()) > bounds.product_days:
        allowed = f"at most {bounds.product_days:,} products of a user on one day"
        raise InvalidRequest("order.lines", allowed)
    if sum(order.day == day for order in ledger.orders.values()) > bounds.orders:
        allowed = f"at most {bounds.orders:,} orders of a user on one day"
        raise InvalidRequest("order.order_id", allowed)


def within_days(ledger: Ledger, most: int) -> Ledger:
    """Forget the oldest days until at most `most` product-days are left."""
    if sum(map(len, ledger.cells.values())) <= most:
        return ledger
    first_day = first_that_fits((day for days in ledger.cells.values() for day in days), most)
    return replace(ledger, first_day=first_day, cells=_since(ledger.cells, first_day))


def within_orders(ledger: Ledger, most: int) -> Ledger:
    """Forget the orders of the oldest days until at most `most` are left, and all of those days."""
    if len(ledger.orders) <= most:
        return ledger
    first = first_that_fits((order.day for order in ledger.orders.values()), most)
    gone = {name for name, order in ledger.orders.items() if order.day < first}
    first_day = max(ledger.first_day, first)
    return replace(
        ledger,
        first_order_day=first,
        first_day=first_day,
        orders={name: order for name, order in ledger.orders.items() if name not in gone},
        returns={key: units for key, units in ledger.returns.items() if key[0] not in gone},
        cells=_since(ledger.cells, first_day),
    )


def first_that_fits(days: Iterable[int], most: int) -> int:
    """Day after the latest one from which on more than `most` entries lie.

    Not the earliest that is kept: a day between the two may still come, and fit.
    """
    entries = Counter(days)
    kept = 0
    for day in sorted(entries, reverse=True):
        kept += entries[day]
        if kept > most:
            return day + 1
    return 0


def _since(cells: Cells, first_day: int) -> Cells:
    kept = {
        product: {day: cell for day, cell in days.items() if day >= first_day}
        for product, days in cells.items()
    }
    return {product: days for product, days in kept.items() if days}


def newest_views(views: Mapping[str, int], most: int) -> Mapping[str, int]:
    """Keep the latest views, of several at one time those of the first product ids."""
    if len(views) <= most:
        return views
    return dict(heapq.nsmallest(most, views.items(), key=lambda view: (-view[1], view[0])))


def newest_words(cart: Mapping[str, CartWord], most: int) -> Mapping[str, CartWord]:
    """Keep the latest words on the cart, of several at one time those of the first product ids."""
    if len(cart) <= most:
        return cart
    return dict(heapq.nsmallest(most, cart.items(), key=lambda word: (-word[1].micros, word[0])))
