"""How much a ledger keeps. The newest is kept; what is dropped is older than everything kept."""

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from restock.errors import InvalidRequest
from services.profile_store.facts import CartWord
from services.profile_store.ledger import Cells, Ledger


@dataclass(frozen=True)
class Bounds:
    """Most entries of each kind."""

    product_days: int = 20_000
    """Products and days on which they were bought: the latest whole days that fit."""
    views: int = 20
    """Products looked at."""
    cart: int = 100
    """Products of which the cart has heard."""


def within_days(ledger: Ledger, most: int) -> Ledger:
    """Forget the oldest days until at most `most` product-days are left.

    Raises:
        InvalidRequest: the newest day alone has more.
    """
    if sum(map(len, ledger.cells.values())) <= most:
        return ledger
    first_day = _first_day(ledger.cells, most)
    return replace(ledger, first_day=first_day, cells=_since(ledger.cells, first_day))


def _first_day(cells: Cells, most: int) -> int:
    """Day after the latest one from which on more than `most` product-days lie.

    Not the earliest that is kept: a day between the two may still come, and fit.
    """
    products = Counter(day for days in cells.values() for day in days)
    newest, kept = max(products), 0
    for day in sorted(products, reverse=True):
        kept += products[day]
        if kept > most:
            break
    if day == newest:
        raise InvalidRequest("order.lines", f"at most {most:,} products of a user on one day")
    return day + 1


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
