"""Events of the log as rows of the export."""

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from restock.artifacts.event_files import EventRow
from restock.errors import RestockError
from restock.v1 import events_pb2 as pb

MICROS = 1_000_000
NANOS_A_MICRO = 1_000
DEFAULT_CART_QUANTITY = 1.0
"""What a cart's quantity of 0 means."""

Head = tuple[str, str, int]
"""Event id, user id and time of an event, as `EventRow` begins."""


def rows_of(event: pb.Event) -> list[EventRow]:
    """Lay out an event: one row a line of an order, return or product shown.

    Raises:
        RestockError: it is of a kind that this release does not know.
    """
    kind = event.WhichOneof("fact")
    if kind is None:
        raise RestockError(
            f"event {event.event_id!r} is of a kind that this release of Restock does not know"
        )
    head = (event.event_id, event.user_id, micros_of(event.event_time))
    return ROWS[kind](head, getattr(event, kind))


def micros_of(moment: Timestamp) -> int:
    """Microseconds since 1970-01-01; what is finer is cut off."""
    return moment.seconds * MICROS + moment.nanos // NANOS_A_MICRO


def ordinal_of(event: pb.Event, zone: tzinfo) -> int:
    """Local day of an event, counted as `date.toordinal` does."""
    return datetime.fromtimestamp(event.event_time.seconds, zone).toordinal()


def order_rows(head: Head, order: pb.Order) -> list[EventRow]:
    """One row a line."""
    return [
        EventRow(
            *head, "order", order.order_id, place,
            line.product_id, line.quantity, line.unit_price, line.unit_discount,
        )
        for place, line in enumerate(order.lines)
    ]  # fmt: skip


def return_rows(head: Head, back: pb.Return) -> list[EventRow]:
    """The line of the order that came back; which product that was, the order says."""
    return [EventRow(*head, "return", back.order_id, back.line, quantity=back.quantity)]


def view_rows(head: Head, view: pb.View) -> list[EventRow]:
    """The product."""
    return [EventRow(*head, "view", product_id=view.product_id)]


def add_to_cart_rows(head: Head, cart: pb.AddToCart) -> list[EventRow]:
    """The product and the units that lie in the cart."""
    units = cart.quantity or DEFAULT_CART_QUANTITY
    return [EventRow(*head, "add_to_cart", product_id=cart.product_id, quantity=units)]


def remove_from_cart_rows(head: Head, cart: pb.RemoveFromCart) -> list[EventRow]:
    """The product."""
    return [EventRow(*head, "remove_from_cart", product_id=cart.product_id)]


def impression_rows(head: Head, impression: pb.Impression) -> list[EventRow]:
    """One row a product shown, with its position."""
    return [
        EventRow(
            *head, "impression", None, place, product,
            recommendation_id=impression.recommendation_id,
        )
        for place, product in enumerate(impression.product_ids)
    ]  # fmt: skip


def click_rows(head: Head, click: pb.Click) -> list[EventRow]:
    """The product and the answer that it was shown in."""
    recommendation = click.recommendation_id
    return [EventRow(*head, "click", product_id=click.product_id, recommendation_id=recommendation)]


ROWS: dict[str, Callable[[Head, Any], list[EventRow]]] = {
    "order": order_rows,
    "order_return": return_rows,
    "view": view_rows,
    "add_to_cart": add_to_cart_rows,
    "remove_from_cart": remove_from_cart_rows,
    "impression": impression_rows,
    "click": click_rows,
}
"""By the name of the fact in the proto."""
