"""The profile that follows from a ledger: what the other services see of a shopper."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from restock.core.purchase_days import told_steps
from services.profile_store.ledger import Cell, Ledger

MICROS = 1_000_000


@dataclass(frozen=True)
class Profile:
    """What a shopper bought; entry i of each column belongs to ``product_ids[i]``."""

    product_ids: list[str] = field(default_factory=list)
    """Products of which not everything came back, sorted, each once."""
    purchase_counts: list[int] = field(default_factory=list)
    """Days on which the product was bought, at least 1."""
    first_days: list[int] = field(default_factory=list)
    """First of them, counted from 1970-01-01."""
    last_days: list[int] = field(default_factory=list)
    """Last of them."""
    units_milli: list[int] = field(default_factory=list)
    """Units in all, in thousandths."""
    spend_milli: list[int] = field(default_factory=list)
    """Money in all, in thousandths of the currency."""
    last_units_milli: list[int] = field(default_factory=list)
    """Units of the last day, in thousandths."""
    inner_steps: list[list[int]] = field(default_factory=list)
    """`told_steps` of its days."""
    days: frozenset[int] = frozenset()
    """Days on which anything was bought."""
    views: list[tuple[str, int]] = field(default_factory=list)
    """Products looked at, newest first, and when, in seconds since 1970-01-01."""
    cart: list[tuple[str, int]] = field(default_factory=list)
    """Products in the cart, newest first, and their units in thousandths."""


COLUMNS = (
    "product_ids", "purchase_counts", "first_days", "last_days", "units_milli", "spend_milli",
    "last_units_milli", "inner_steps",
)  # fmt: skip
"""Columns with an entry a product."""


def profile_of(ledger: Ledger) -> Profile:
    """Work out the profile. The same facts give the same profile, whichever way they came."""
    rows = [
        (product, *row)
        for product, cells in sorted(ledger.cells.items())
        if (row := row_of(cells)) is not None
    ]
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
    purchases: dict[str, Any] = dict(zip(COLUMNS, columns, strict=False))
    return Profile(
        **purchases, days=shopping_days(ledger), views=views_of(ledger), cart=cart_of(ledger)
    )


def row_of(cells: Mapping[int, Cell]) -> tuple[int, int, int, int, int, int, list[int]] | None:
    """A product's entry in each of `COLUMNS` after its id; None when everything came back."""
    if len(cells) == 1:  # three products in four
        ((day, (units, spend)),) = cells.items()
        return (1, day, day, units, max(spend, 0), units, []) if units > 0 else None
    live = sorted((day, cell) for day, cell in cells.items() if cell.units_milli > 0)
    if not live:
        return None
    units = sum(cell.units_milli for _, cell in live)
    spend = max(sum(cell.spend_milli for _, cell in live), 0)
    days = [day for day, _ in live]
    return len(days), days[0], days[-1], units, spend, live[-1][1].units_milli, told_steps(days)


def shopping_days(ledger: Ledger) -> frozenset[int]:
    """Days on which anything was bought that did not all come back."""
    return frozenset(
        day for days in ledger.cells.values() for day, cell in days.items() if cell.units_milli > 0
    )


def views_of(ledger: Ledger) -> list[tuple[str, int]]:
    """Products looked at and when, in seconds, newest first."""
    newest = sorted(ledger.views.items(), key=lambda view: (-view[1], view[0]))
    return [(product, micros // MICROS) for product, micros in newest]


def cart_of(ledger: Ledger) -> list[tuple[str, int]]:
    """Products in the cart and their units, newest first; what was bought since is not in it."""
    words = sorted(ledger.cart.values(), key=lambda word: (-word.micros, word.product_id))
    found = []
    for word in words:
        # A purchase that came back took it out as well; before the first day remembered some may have.
        bought = max(ledger.cells.get(word.product_id, ()), default=-1)
        since = max(bought + 1, ledger.first_day)
        if word.units_milli and word.day >= since:
            found.append((word.product_id, word.units_milli))
    return found
