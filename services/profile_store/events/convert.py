"""Events from the wire to facts, and into the log and out of it. Everything is checked here, once."""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

from restock.errors import InvalidRequest
from restock.serving.convert import check_id
from restock.v1 import events_pb2
from services.profile_store.events.calendar import Calendar, Moment
from services.profile_store.facts import (
    CartWord,
    Event,
    Fact,
    Impression,
    Order,
    OrderLine,
    Return,
    View,
)
from services.profile_store.fields import check_many_ids, check_size, milli
from services.profile_store.repository import Entry

MAX_LINES = 1_000
MAX_SHOWN = 100
MIN_QUANTITY = 0.001
MAX_QUANTITY = 1_000_000
MAX_UNIT_PRICE = 10_000_000
HASH_BYTES = 8


class EventReader:
    """Checks events as they come in.

    Args:
        calendar: the shop's.
        now_seconds: the clock's time, in seconds since 1970-01-01.
    """

    def __init__(self, calendar: Calendar, now_seconds: float) -> None:
        self._calendar = calendar
        self._now_seconds = now_seconds

    def event_from(self, event: events_pb2.Event, row: int) -> Event:
        """Check one event.

        Raises:
            InvalidRequest: a field is outside what is allowed; it is told from the event on.
        """
        event_id = check_id(event.event_id, "event_id")
        user_id = check_id(event.user_id, "user_id")
        if not event.HasField("event_time"):
            raise InvalidRequest("event_time", "required")
        time = event.event_time
        moment = self._calendar.moment(time.seconds, time.nanos, self._now_seconds, "event_time")
        fact = fact_from(event, moment)
        return Event(row, event_id, user_id, moment.micros, fact, payload_of(event))


def fact_from(event: events_pb2.Event, moment: Moment) -> Fact:
    """Check what happened.

    Raises:
        InvalidRequest: nothing did, or a field is outside what is allowed.
    """
    name = event.WhichOneof("fact")
    if name is None:
        raise InvalidRequest("fact", f"one of {', '.join(READERS)}")
    return READERS[name](getattr(event, name), moment)


def order_from(order: events_pb2.Order, moment: Moment) -> Order:
    """Check an order."""
    check_id(order.order_id, "order.order_id")
    check_size(len(order.lines), MAX_LINES, "order.lines")
    lines = tuple(
        line_from(line, f"order.lines[{position}]") for position, line in enumerate(order.lines)
    )
    return Order(hash_of(order.order_id), moment.micros, moment.day, lines)


def line_from(line: events_pb2.OrderLine, path: str) -> OrderLine:
    """Check one line of an order."""
    product_id = check_id(line.product_id, f"{path}.product_id")
    units = milli(line.quantity, MIN_QUANTITY, MAX_QUANTITY, f"{path}.quantity")
    price = milli(line.unit_price, 0, MAX_UNIT_PRICE, f"{path}.unit_price")
    discount = milli(line.unit_discount, 0, MAX_UNIT_PRICE, f"{path}.unit_discount")
    return OrderLine(product_id, units, price, discount)


def return_from(given_back: events_pb2.Return, _: Moment) -> Return:
    """Check a return; when it came back does not matter."""
    check_id(given_back.order_id, "order_return.order_id")
    if given_back.line >= MAX_LINES:
        raise InvalidRequest("order_return.line", f"0 to {MAX_LINES - 1}, not {given_back.line}")
    units = milli(given_back.quantity, MIN_QUANTITY, MAX_QUANTITY, "order_return.quantity")
    return Return(hash_of(given_back.order_id), given_back.line, units)


def view_from(view: events_pb2.View, moment: Moment) -> View:
    """Check a view."""
    return View(check_id(view.product_id, "view.product_id"), moment.micros)


def click_from(click: events_pb2.Click, moment: Moment) -> View:
    """Check a click: the product's page is looked at."""
    check_id(click.recommendation_id, "click.recommendation_id")
    return View(check_id(click.product_id, "click.product_id"), moment.micros)


def removed_from(removed: events_pb2.RemoveFromCart, moment: Moment) -> CartWord:
    """Check that a product left the cart."""
    product = check_id(removed.product_id, "remove_from_cart.product_id")
    return CartWord(product, moment.micros, moment.day, 0)


def added_from(added: events_pb2.AddToCart, moment: Moment) -> CartWord:
    """Check what lies in the cart."""
    product = check_id(added.product_id, "add_to_cart.product_id")
    quantity = added.quantity or 1.0
    units = milli(quantity, MIN_QUANTITY, MAX_QUANTITY, "add_to_cart.quantity")
    return CartWord(product, moment.micros, moment.day, units)


def impression_from(impression: events_pb2.Impression, _: Moment) -> Impression:
    """Check what was shown."""
    check_id(impression.recommendation_id, "impression.recommendation_id")
    shown = list(impression.product_ids)
    check_size(len(shown), MAX_SHOWN, "impression.product_ids")
    check_many_ids(shown, "impression.product_ids")
    return Impression()


READERS: Mapping[str, Callable[[Any, Moment], Fact]] = {
    "order": order_from,
    "order_return": return_from,
    "view": view_from,
    "add_to_cart": added_from,
    "remove_from_cart": removed_from,
    "impression": impression_from,
    "click": click_from,
}
"""How each fact is checked, by its name in the proto."""


def hash_of(order_id: str) -> int:
    """8 bytes that stand for an order's id: of a billion orders of one user two share one by 1 in 37."""
    return int.from_bytes(blake2b(order_id.encode(), digest_size=HASH_BYTES).digest(), "big")


def payload_of(event: events_pb2.Event) -> bytes:
    """Write an event for the log, without its id: that stands before it."""
    stored = events_pb2.Event()
    stored.CopyFrom(event)
    stored.ClearField("event_id")
    stored.DiscardUnknownFields()  # what nobody can show a person is not kept
    return stored.SerializeToString(deterministic=True)


def event_of(entry: Entry) -> events_pb2.Event:
    """Read an event out of the log, as it was sent."""
    event = events_pb2.Event.FromString(entry.payload)
    event.event_id = entry.event_id
    return event


def logged_order(entry: Entry, calendar: Calendar) -> Order:
    """Read an order out of the log."""
    event = event_of(entry)
    time = event.event_time
    moment = calendar.moment(time.seconds, time.nanos, float("inf"), "event_time")
    return order_from(event.order, moment)
