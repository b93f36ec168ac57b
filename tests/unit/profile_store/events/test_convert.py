import math
from zoneinfo import ZoneInfo

import pytest

from restock.errors import InvalidRequest
from restock.v1 import events_pb2 as pb
from services.profile_store.events.calendar import Calendar
from services.profile_store.events.convert import (
    READERS,
    EventReader,
    event_of,
    hash_of,
    logged_order,
    payload_of,
)
from services.profile_store.facts import CartWord, Impression, Order, OrderLine, Return, View
from services.profile_store.repository import Entry
from tests.unit.profile_store.shop import (
    DAY,
    MICROS,
    NOON,
    NOW,
    at,
    message,
    order_line,
    ordered,
    returned,
    shown,
    viewed,
)

CALENDAR = Calendar(ZoneInfo("America/New_York"), 86_400)
READER = EventReader(CALENDAR, NOW)
NAN, INFINITY = math.nan, math.inf
WRONG_IDS = ["", "x" * 129, "ü" * 65, "a\nb", "a\x00b", "a\x85b"]
WRONG_QUANTITIES = [0.0, -1.0, 0.000999, 1_000_000.001, 1e308, NAN, INFINITY, -INFINITY]
WRONG_PRICES = [-0.001, 10_000_000.001, 1e308, NAN, INFINITY, -INFINITY]


def fact_of(event):
    return READER.event_from(event, 0).fact


def refused(event):
    with pytest.raises(InvalidRequest) as error:
        READER.event_from(event, 0)
    return error.value


def an_addition(quantity=2.0, product_id="milk"):
    return message(add_to_cart=pb.AddToCart(product_id=product_id, quantity=quantity))


def a_removal(product_id="milk"):
    return message(remove_from_cart=pb.RemoveFromCart(product_id=product_id))


def a_click(recommendation_id="r1", product_id="milk"):
    return message(click=pb.Click(recommendation_id=recommendation_id, product_id=product_id))


def impression(recommendation_id="r1", product_ids=("milk",)):
    seen = pb.Impression(recommendation_id=recommendation_id, product_ids=product_ids)
    return message(impression=seen)


def test_an_event_tells_who_when_and_where_it_stood():
    event = READER.event_from(viewed(event_id="e7", user_id="bob"), 3)
    assert (event.row, event.event_id, event.user_id) == (3, "e7", "bob")
    assert event.micros == NOON * MICROS


def test_an_order_in_whole_thousandths_on_its_local_day():
    event = ordered("o1", order_line("milk", 2, 1.499), order_line("tea", 0.001, 0), seconds=NOON)
    assert fact_of(event) == Order(
        hash_of("o1"), NOON * MICROS, DAY, (OrderLine("milk", 2000, 1499), OrderLine("tea", 1, 0))
    )


def test_an_order_before_the_shops_midnight_is_of_the_day_before():
    assert fact_of(ordered(seconds=DAY * 86_400 + 3600)).day == DAY - 1


@pytest.mark.parametrize(
    ("event", "fact"),
    [
        (returned("o1", 0.5, 3), Return(hash_of("o1"), 3, 500)),
        (viewed("milk"), View("milk", NOON * MICROS)),
        (a_click("r1", "milk"), View("milk", NOON * MICROS)),
        (an_addition(2), CartWord("milk", NOON * MICROS, DAY, 2000)),
        (an_addition(0), CartWord("milk", NOON * MICROS, DAY, 1000)),
        (a_removal(), CartWord("milk", NOON * MICROS, DAY, 0)),
        (shown("milk", "tea"), Impression()),
    ],
    ids=["return", "view", "click", "add", "add without a quantity", "remove", "impression"],
)
def test_each_kind_becomes_its_fact(event, fact):
    assert fact_of(event) == fact


def test_every_kind_of_the_proto_has_a_reader():
    assert list(READERS) == [field.name for field in pb.Event.DESCRIPTOR.oneofs[0].fields]


@pytest.mark.parametrize("wrong", WRONG_IDS)
@pytest.mark.parametrize(
    ("field", "event"),
    [
        ("event_id", lambda wrong: viewed(event_id=wrong)),
        ("user_id", lambda wrong: viewed(user_id=wrong)),
        ("order.order_id", lambda wrong: ordered(wrong, event_id="e")),
        ("order.lines[1].product_id", lambda wrong: ordered("o", order_line(), order_line(wrong))),
        ("order_return.order_id", lambda wrong: returned(wrong, event_id="e")),
        ("view.product_id", viewed),
        ("add_to_cart.product_id", lambda wrong: an_addition(product_id=wrong)),
        ("remove_from_cart.product_id", a_removal),
        ("impression.recommendation_id", impression),
        ("impression.product_ids[2]", lambda wrong: shown("milk", "tea", wrong)),
        ("click.recommendation_id", a_click),
        ("click.product_id", lambda wrong: a_click("r1", wrong)),
    ],
)
def test_an_id_that_is_none_is_refused_by_its_path(field, event, wrong):
    assert refused(event(wrong)).field == field


@pytest.mark.parametrize("quantity", WRONG_QUANTITIES)
@pytest.mark.parametrize(
    ("field", "event"),
    [
        ("order.lines[1].quantity", lambda q: ordered("o", order_line(), order_line(quantity=q))),
        ("order_return.quantity", lambda q: returned("o", q)),
    ],
)
def test_a_quantity_outside_its_range_is_refused_by_its_path(field, event, quantity):
    error = refused(event(quantity))
    assert (error.field, error.allowed) == (
        field, f"a number from 0.001 to 1,000,000, not {quantity}"
    )  # fmt: skip


@pytest.mark.parametrize("quantity", WRONG_QUANTITIES[1:])
def test_a_quantity_of_the_cart_may_be_0_but_nothing_else_outside_the_range(quantity):
    assert refused(an_addition(quantity)).field == "add_to_cart.quantity"


@pytest.mark.parametrize("price", WRONG_PRICES)
@pytest.mark.parametrize("name", ["unit_price", "unit_discount"])
def test_a_price_outside_its_range_is_refused_by_its_path(name, price):
    event = ordered("o", order_line(), order_line(**{name: price}))
    assert refused(event).field == f"order.lines[1].{name}"


@pytest.mark.parametrize(
    ("quantity", "price"), [(0.001, 0.0), (1_000_000, 10_000_000), (0.0014, 0.0004)]
)
def test_quantities_and_prices_at_their_bounds_are_taken(quantity, price):
    line = fact_of(ordered("o", order_line("milk", quantity, price))).lines[0]
    assert (line.units_milli, line.price_milli) == (round(quantity * 1000), round(price * 1000))


@pytest.mark.parametrize("count", [0, 1001])
def test_an_order_of_no_or_too_many_lines_is_refused(count):
    order = pb.Order(order_id="o", lines=[order_line()] * count)
    assert refused(message(order=order)).field == "order.lines"


def test_an_order_of_1_000_lines_is_taken():
    assert len(fact_of(ordered("o", *[order_line()] * 1000)).lines) == 1000


@pytest.mark.parametrize("count", [0, 101])
def test_an_impression_of_no_or_too_many_products_is_refused(count):
    assert refused(impression("r", ["milk"] * count)).field == "impression.product_ids"


def test_an_impression_of_100_products_is_taken():
    assert fact_of(impression("r", ["milk"] * 100)) == Impression()


@pytest.mark.parametrize("line", [1000, 2**32 - 1])
def test_a_line_that_no_order_can_have_is_refused(line):
    assert refused(returned("o", 1, line)).field == "order_return.line"


def test_an_event_without_a_fact_is_told_all_that_there_are():
    error = refused(pb.Event(event_id="e", user_id="u", event_time=at(NOON)))
    assert error.field == "fact"
    assert error.allowed.count(",") == 6


def test_an_event_without_a_time_is_refused():
    event = viewed()
    event.ClearField("event_time")
    error = refused(event)
    assert (error.field, error.allowed) == ("event_time", "required")


@pytest.mark.parametrize(
    ("time", "field"),
    [
        (at(NOW + 86_401), "event_time"),
        (at(-1), "event_time"),
        (at(2**62), "event_time"),
        (at(NOON, -1), "event_time.nanos"),
        (at(NOON, 10**9), "event_time.nanos"),
    ],
)
def test_a_time_outside_what_is_allowed_is_refused(time, field):
    event = viewed()
    event.event_time.CopyFrom(time)
    assert refused(event).field == field


def test_the_log_holds_an_event_as_it_was_sent():
    event = ordered("o1", order_line(unit_discount=0.25), seconds=NOON)
    event.event_time.nanos = 123_456_789
    assert event_of(Entry(event.event_id, payload_of(event))) == event


def test_the_id_stands_beside_the_payload_and_not_in_it():
    event = viewed(event_id="an-id-of-its-own")
    assert b"an-id-of-its-own" not in payload_of(event)
    assert event.event_id == "an-id-of-its-own"


def test_an_order_read_out_of_the_log_is_the_one_that_was_recorded():
    event = ordered("o1", order_line("milk", 2, 1.499), order_line("tea", 0.001))
    event.event_time.nanos = 999_999_999
    entry = Entry("e", payload_of(event))
    assert logged_order(entry, CALENDAR) == fact_of(event)


def test_order_ids_that_differ_have_hashes_that_differ():
    assert len({hash_of(f"order {n}") for n in range(10_000)}) == 10_000
    assert max(hash_of(f"order {n}") for n in range(1000)) < 2**64
