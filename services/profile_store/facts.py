"""What shoppers did, as the profile store sees it: checked, in whole thousandths and microseconds."""

from dataclasses import dataclass
from typing import TypeAlias

MILLI = 1000
"""Units and money are kept in whole thousandths."""


@dataclass(frozen=True)
class OrderLine:
    """One line of an order."""

    product_id: str
    """What."""
    units_milli: int
    """Units, in thousandths, at least 1."""
    price_milli: int
    """Price of one unit as paid, in thousandths of the currency, 0 for a give-away."""
    discount_milli: int = 0
    """What was taken off the list price of one unit, likewise. No sum has it: it tells an order that is
    sent again from another one under its id."""

    def spend_milli(self, units_milli: int) -> int:
        """Money for so many of its units, in thousandths, halves rounded up."""
        return (units_milli * self.price_milli + MILLI // 2) // MILLI


@dataclass(frozen=True)
class Order:
    """A finished purchase."""

    order_hash: int
    """8 bytes that stand for the order's id."""
    micros: int
    """When, in microseconds since 1970-01-01."""
    day: int
    """Local day of it, counted from 1970-01-01."""
    lines: tuple[OrderLine, ...]
    """What was bought; a product may come more than once."""


@dataclass(frozen=True)
class Return:
    """Units of one line of an order that came back."""

    order_hash: int
    """Which order."""
    line: int
    """Which line, counted from 0."""
    units_milli: int
    """Units, in thousandths, at least 1."""


@dataclass(frozen=True)
class View:
    """A product was looked at."""

    product_id: str
    """What."""
    micros: int
    """When, in microseconds since 1970-01-01."""


@dataclass(frozen=True)
class CartWord:
    """What lies of a product in the cart from a moment on."""

    product_id: str
    """What."""
    micros: int
    """When, in microseconds since 1970-01-01."""
    day: int
    """Local day of it, counted from 1970-01-01."""
    units_milli: int
    """Units, in thousandths; 0 when it was taken out."""

    def is_newer_than(self, other: "CartWord") -> bool:
        """Tell which of two counts: the later, at the same time the removal, then the larger."""
        return self._rank() > other._rank()

    def _rank(self) -> tuple[int, bool, int]:
        return self.micros, self.units_milli == 0, self.units_milli


@dataclass(frozen=True)
class Impression:
    """Recommendations were shown: kept in the log, changes no profile."""


Fact: TypeAlias = Order | Return | View | CartWord | Impression


@dataclass(frozen=True)
class Event:
    """A fact about a user that was found valid."""

    row: int
    """Its place in the request."""
    event_id: str
    """The idempotency key."""
    user_id: str
    """Who."""
    micros: int
    """When, in microseconds since 1970-01-01."""
    fact: Fact
    """What happened."""
    payload: bytes
    """The event as the log keeps it, without its id."""
