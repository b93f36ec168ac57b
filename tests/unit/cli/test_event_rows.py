from datetime import date
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.artifacts.event_files import SCHEMA, EventRow, table_of
from restock.cli.event_rows import ordinal_of, rows_of
from restock.errors import RestockError
from restock.v1.events_pb2 import (
    AddToCart,
    Click,
    Event,
    Impression,
    Order,
    OrderLine,
    RemoveFromCart,
    Return,
    View,
)
from tests.unit.cli.a_profile_store import an_event, event_from

IDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=32)
QUANTITIES = st.floats(0.001, 1_000_000)
MONEY = st.floats(0, 10_000_000)
LINES = st.builds(
    OrderLine, product_id=IDS, quantity=QUANTITIES, unit_price=MONEY, unit_discount=MONEY
)
FACTS = st.one_of(
    st.builds(Order, order_id=IDS, lines=st.lists(LINES, min_size=1, max_size=5)).map(
        lambda fact: {"order": fact}
    ),
    st.builds(Return, order_id=IDS, line=st.integers(0, 999), quantity=QUANTITIES).map(
        lambda fact: {"order_return": fact}
    ),
    st.builds(View, product_id=IDS).map(lambda fact: {"view": fact}),
    st.builds(AddToCart, product_id=IDS, quantity=QUANTITIES).map(
        lambda fact: {"add_to_cart": fact}
    ),
    st.builds(RemoveFromCart, product_id=IDS).map(lambda fact: {"remove_from_cart": fact}),
    st.builds(
        Impression, recommendation_id=IDS, product_ids=st.lists(IDS, min_size=1, max_size=5)
    ).map(lambda fact: {"impression": fact}),
    st.builds(Click, recommendation_id=IDS, product_id=IDS).map(lambda fact: {"click": fact}),
)


@st.composite
def events(draw):
    event = Event(event_id=draw(IDS), user_id=draw(IDS), **draw(FACTS))
    event.event_time.FromMicroseconds(draw(st.integers(0, 4_000_000_000_000_000)))
    return event


@given(event=events())
def test_an_event_can_be_put_together_again_from_its_rows(event):
    assert event_from(table_of(rows_of(event)).to_pylist()) == event


def test_an_order_has_a_row_a_line():
    rows = rows_of(an_event("e1", 1.5))
    assert rows == [
        EventRow("e1", "ann", 129_600_000_000, "order", "o-e1", 0, "milk", 2.0, 1.25, 0.25),
        EventRow("e1", "ann", 129_600_000_000, "order", "o-e1", 1, "bread", 0.5, 3.0, 0.0),
    ]


def test_a_return_says_the_line_but_no_product_and_no_price():
    back = Return(order_id="o1", line=3, quantity=1)
    (row,) = rows_of(an_event("e1", 0, order_return=back))
    assert row == EventRow("e1", "ann", 0, "return", "o1", 3, None, 1.0)


def test_products_shown_have_their_positions():
    shown = Impression(recommendation_id="r1", product_ids=["milk", "bread"])
    rows = rows_of(an_event("e1", 0, impression=shown))
    assert [(row.line, row.product_id, row.recommendation_id) for row in rows] == [
        (0, "milk", "r1"),
        (1, "bread", "r1"),
    ]


def test_a_cart_quantity_of_nothing_is_one_unit():
    (row,) = rows_of(an_event("e1", 0, add_to_cart=AddToCart(product_id="milk")))
    assert row.quantity == 1


def test_what_is_finer_than_a_microsecond_is_cut_off():
    event = an_event("e1", 0, view=View(product_id="milk"))
    event.event_time.nanos = 1_999
    assert rows_of(event)[0].event_time == 1


def test_a_fact_of_a_later_release_is_refused_and_not_left_out():
    with pytest.raises(RestockError, match="event 'e1' is of a kind that this release"):
        rows_of(Event(event_id="e1", user_id="ann"))


@pytest.mark.parametrize(
    ("zone", "day"),
    [("UTC", "2024-01-01"), ("Europe/Berlin", "2024-01-02"), ("America/New_York", "2024-01-01")],
)
def test_the_day_is_the_shops(zone, day):
    event = an_event("e1", 0)
    event.event_time.FromJsonString("2024-01-01T23:30:00Z")
    assert date.fromordinal(ordinal_of(event, ZoneInfo(zone))) == date.fromisoformat(day)


def test_no_rows_are_a_table_of_the_same_columns():
    assert table_of([]).schema == SCHEMA == table_of(rows_of(an_event("e1", 0))).schema
    assert SCHEMA.names == list(EventRow._fields)
    assert SCHEMA.field("event_time").type == pa.timestamp("us", tz="UTC")
