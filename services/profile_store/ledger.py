"""All that decides a shopper's profile, as facts added up to days.

Everything in it is a function of the set of facts, whichever way they came:

- units and money of a product and day are sums of whole thousandths;
- what came back of an order's line is a sum too, and at most the whole line is taken off;
- of the words on a product in the cart, and of the views of one, the newest counts;
- bounds keep the newest: the latest days (`first_day` rises), the latest views and cart words. What
  is dropped is older than everything kept, so it would be dropped in any other order as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from services.profile_store.facts import CartWord

MAX_DAY = 2**16 - 1
"""Last day that a profile can hold, counted from 1970-01-01: 2149-06-06."""
MAX_MILLI = 2**63 - 1
"""Highest sum of a product's units or money, in thousandths: readers may keep it signed."""


class Cell(NamedTuple):
    """Purchases of one product on one day."""

    units_milli: int
    """Units that did not come back, in thousandths; 0 when all came back. Below 0 only where an import
    replaced what came back later: that counts as 0, and adds up in any order."""
    spend_milli: int
    """Money for them, in thousandths of the currency."""


class OrderPlace(NamedTuple):
    """Where a known order stands."""

    place: int
    """In the user's part of the log."""
    day: int
    """The day that it counts on, also should the shop's time zone change."""


Cells = Mapping[str, Mapping[int, Cell]]
"""By product id and day."""


@dataclass(frozen=True)
class Ledger:
    """What is kept of one user beside the log. Never changed: applying a fact makes a new one."""

    revision: int = 0
    """Grows with each accepted event that may change the profile, and with each import."""
    last_micros: int = 0
    """When the latest of its events happened, in microseconds since 1970-01-01."""
    log_id: str = ""
    """Name of the user's part of the log, empty before the first event."""
    log_length: int = 0
    """Events in it."""
    cells: Cells = field(default_factory=dict)
    """Purchases by product and day. A day stays when all came back, so that bounds do not move."""
    first_day: int = 0
    """Days before it were forgotten to keep the profile within its bounds."""
    orders: Mapping[int, OrderPlace] = field(default_factory=dict)
    """Where each order stands, by hash of its id."""
    first_order_day: int = 0
    """Orders of days before it were forgotten to keep the ledger within its bounds."""
    returns: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """Units that came back, in thousandths, by order hash and line; also of orders not known yet."""
    views: Mapping[str, int] = field(default_factory=dict)
    """When each product was last looked at, in microseconds since 1970-01-01; the latest ones."""
    cart: Mapping[str, CartWord] = field(default_factory=dict)
    """Last word on each product in the cart; the latest ones."""


def until(ledger: Ledger, day: int) -> Ledger:
    """Return a ledger without purchases of later days, as if they had not happened yet."""
    if not any(later > day for days in ledger.cells.values() for later in days):
        return ledger
    cut = {
        product: {one: cell for one, cell in days.items() if one <= day}
        for product, days in ledger.cells.items()
    }
    return replace(ledger, cells={product: days for product, days in cut.items() if days})
