"""What shoppers did, as facts and as messages, and a profile store in memory to send it to."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

from restock.v1 import events_pb2
from services.profile_store.apply import applied
from services.profile_store.bounds import Bounds
from services.profile_store.events.calendar import Calendar
from services.profile_store.events.convert import EventReader, hash_of
from services.profile_store.facts import (
    CartWord,
    Event,
    Fact,
    Order,
    OrderLine,
    Return,
    View,
)
from services.profile_store.importing import Importer
from services.profile_store.ledger import Ledger, OrderPlace
from services.profile_store.reading import ledger_of
from services.profile_store.recording import Recorder
from services.profile_store.user_locks import UserLocks
from services.profile_store.wiring import codec_of

DAY = 17_500
"""2017-11-30."""
SECONDS_A_DAY = 86_400
MICROS = 1_000_000
NOON = DAY * SECONDS_A_DAY + 43_200
NOW = NOON + 400 * SECONDS_A_DAY
"""The clock's time where a test needs one."""
BOUNDS = Bounds()
CALENDAR = Calendar(ZoneInfo("UTC"), SECONDS_A_DAY)
CODEC = codec_of(CALENDAR)


def micros_of(day: int) -> int:
    """Noon of a day, in microseconds since 1970-01-01."""
    return (day * SECONDS_A_DAY + 43_200) * MICROS


def a_line(product_id: str = "milk", units_milli: int = 1000, price_milli: int = 1500) -> OrderLine:
    return OrderLine(product_id, units_milli, price_milli)


def an_order(order_id: str = "o1", day: int = DAY, *lines: OrderLine) -> Order:
    """One unit of milk for 1.50, unless lines say otherwise."""
    return Order(hash_of(order_id), micros_of(day), day, lines or (a_line(),))


def a_basket(day: int, products: str) -> Order:
    """One unit for 1.50 of each product, parted by spaces; its id names them all."""
    return an_order(f"{day} {products}", day, *map(a_line, products.split()))


def a_return(order_id: str = "o1", units_milli: int = 1000, line: int = 0) -> Return:
    return Return(hash_of(order_id), line, units_milli)


def a_word(product_id: str = "milk", units_milli: int = 1000, day: int = DAY) -> CartWord:
    """Units in the cart from noon on; 0 is the word that it was taken out."""
    return CartWord(product_id, micros_of(day), day, units_milli)


def the_ledger(*facts: Fact, bounds: Bounds = BOUNDS, ledger: Ledger | None = None) -> Ledger:
    """Apply facts one after the other, knowing the orders among those before."""
    ledger, orders = ledger or Ledger(), {}
    for fact in facts:
        ledger = applied(ledger, fact, orders, bounds)
        if isinstance(fact, Order):
            orders[fact.order_hash] = fact
    return ledger


def cells(ledger: Ledger) -> dict[str, dict[int, tuple[int, int]]]:
    """Units and money by product and day, as plain numbers."""
    return {
        product: {day: tuple(cell) for day, cell in days.items()}
        for product, days in ledger.cells.items()
    }


def an_event(event_id: str, fact: Fact | None = None, row: int = 0, user_id: str = "ann") -> Event:
    """An order of its own id, unless a fact is given."""
    fact = fact or an_order(event_id)
    micros = fact.micros if isinstance(fact, Order | View | CartWord) else micros_of(DAY)
    return Event(row, event_id, user_id, micros, fact, f"payload of {event_id}".encode())


def at(seconds: int, nanos: int = 0) -> Timestamp:
    return Timestamp(seconds=seconds, nanos=nanos)


def order_line(product_id="milk", quantity=2.0, unit_price=1.5, **more: Any) -> Any:
    return events_pb2.OrderLine(
        product_id=product_id, quantity=quantity, unit_price=unit_price, **more
    )


def message(event_id: str = "e1", user_id: str = "ann", seconds: int = NOON, **fact: Any) -> Any:
    """An event as it is sent: a view of milk unless a fact is named."""
    fact = fact or {"view": events_pb2.View(product_id="milk")}
    return events_pb2.Event(event_id=event_id, user_id=user_id, event_time=at(seconds), **fact)


def ordered(order_id: str = "o1", *lines: Any, **changes: Any) -> Any:
    """An order as it is sent, under an event id of its own unless that is changed."""
    order = events_pb2.Order(order_id=order_id, lines=lines or [order_line()])
    return message(**({"event_id": f"event of {order_id}", "order": order} | changes))


def returned(order_id: str = "o1", quantity: float = 1.0, line: int = 0, **changes: Any) -> Any:
    """A return as it is sent."""
    given_back = events_pb2.Return(order_id=order_id, line=line, quantity=quantity)
    return message(**({"event_id": f"return of {order_id}", "order_return": given_back} | changes))


def viewed(product_id: str = "milk", **changes: Any) -> Any:
    return message(**({"view": events_pb2.View(product_id=product_id)} | changes))


def shown(*product_ids: str, **changes: Any) -> Any:
    seen = events_pb2.Impression(recommendation_id="r1", product_ids=product_ids or ["milk"])
    return message(**({"impression": seen} | changes))


def events_of(messages: Iterable[Any], now_seconds: float = NOW) -> list[Event]:
    """Valid events out of messages, in rows from 0 on."""
    reader = EventReader(CALENDAR, now_seconds)
    return [reader.event_from(one, row) for row, one in enumerate(messages)]


def a_recorder(profiles: Any, bounds: Bounds = BOUNDS, attempts: int = 64) -> Recorder:
    return Recorder(profiles, CODEC, bounds, attempts, UserLocks())


def an_importer(profiles: Any, bounds: Bounds = BOUNDS, attempts: int = 64) -> Importer:
    return Importer(profiles, CODEC, bounds, attempts, UserLocks())


async def record(profiles: Any, *messages: Any, bounds: Bounds = BOUNDS) -> list[Any]:
    """Record messages at once; what became of each, in order."""
    found = await a_recorder(profiles, bounds).record(events_of(messages))
    return [found[row] for row in range(len(messages))]


async def kept_ledger(profiles: Any, user_id: str = "ann") -> Ledger:
    return await ledger_of(profiles, CODEC, user_id)


def without_places(ledger: Ledger) -> Ledger:
    """What is the same whichever way facts came: all but the log's name and places in it."""
    days = {name: ledger.orders[name].day for name in sorted(ledger.orders)}
    return replace(
        ledger, log_id="", orders={name: OrderPlace(0, day) for name, day in days.items()}
    )
